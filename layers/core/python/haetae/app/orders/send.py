"""From intent to the exchange's last word: send once, and ask when in doubt."""

from typing import assert_never

from haetae.app.ports import (
    OrderReport,
    Ports,
    Rejected,
    Unknown,
    Unreachable,
)
from haetae.ledger.book import OperatorMode
from haetae.ledger.executions import merge_executions
from haetae.ledger.intent import Intent, Phase
from haetae.notify.build import order_refused, order_unknown

REQUEST_S = 2.0  # the order request's timeout
MARGIN_S = 1.0  # for clocks that differ and requests still on the wire


def send(ports: Ports, halt: OperatorMode, intent: Intent) -> Intent:
    """Send a PENDING intent once, if the halt epoch still stands; return it as it then is."""
    deadline_s = ports.clock.now_s() + REQUEST_S + MARGIN_S
    if not ports.books.mark_sending(intent, epoch=halt.epoch, deadline_s=deadline_s):
        return intent
    sending = intent.to(Phase.SENDING, deadline_s=deadline_s)
    after = apply_answer(sending, place(ports, sending))
    ports.books.record(sending, after)
    if after.phase is Phase.REJECTED:
        ports.messages.publish(order_refused(after))
    if after.phase is Phase.UNKNOWN:
        ports.messages.publish(order_unknown(after))
    return after


def place(ports: Ports, sending: Intent) -> OrderReport | Rejected | Unreachable | Unknown:
    """Begin the request only where its timeout ends before the deadline that a kill waits for.

    Marking may have taken long, and a kill may have been acknowledged meanwhile.
    """
    if ports.clock.now_s() + REQUEST_S > sending.deadline_s:
        return Unreachable(message="marked too late to be sent")
    return ports.exchange.place(sending)


def apply_answer(sending: Intent, answer: OrderReport | Rejected | Unreachable | Unknown) -> Intent:
    """Return a SENDING intent after the exchange's answer to its request."""
    match answer:
        case OrderReport():
            return apply_report(sending, answer)
        case Rejected():
            return sending.to(Phase.REJECTED, note=f"{answer.name}: {answer.message}")
        case Unreachable():
            return sending.to(Phase.PENDING, deadline_s=0.0, note=answer.message)
        case Unknown():
            return sending.to(Phase.UNKNOWN, note=answer.message)
        case _ as never:
            assert_never(never)


def apply_report(intent: Intent, report: OrderReport) -> Intent:
    """Return an intent that the exchange has reported on."""
    phase = Phase.DONE if report.ended else Phase.OPEN
    if phase is intent.phase:
        return intent
    executions = merge_executions(report.executions) if report.ended else ()
    return intent.to(phase, uuid=report.uuid, executions=executions, fee=report.fee)
