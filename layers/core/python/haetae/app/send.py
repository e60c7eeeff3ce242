"""From intent to the exchange's last word: send once, and ask when in doubt."""

from haetae.app.messages import exchange_trouble, order_refused, order_unknown
from haetae.app.ports import (
    Missing,
    OrderReport,
    Ports,
    Rejected,
    Unknown,
    Unreachable,
)
from haetae.base.errors import ExchangeError
from haetae.config.setup import Setup
from haetae.kernel.codes import ENTRY, KILLED, RUN
from haetae.ledger.book import OperatorMode
from haetae.ledger.executions import merge_executions
from haetae.ledger.intent import FINAL, Intent, Phase

REQUEST_S = 2.0  # the order request's timeout
MARGIN_S = 1.0  # for clocks that differ and requests still on the wire
GRACE_S = 10.0  # how long after its deadline an order may first become visible


def send(ports: Ports, halt: OperatorMode, intent: Intent) -> Intent:
    """Send a PENDING intent once, if the halt epoch still stands; return it as it then is."""
    deadline_s = ports.clock.now_s() + REQUEST_S + MARGIN_S
    if not ports.books.mark_sending(intent, epoch=halt.epoch, deadline_s=deadline_s):
        return intent
    sending = intent.to(Phase.SENDING, deadline_s=deadline_s)
    after = answered(sending, place(ports, sending))
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


def answered(sending: Intent, answer: OrderReport | Rejected | Unreachable | Unknown) -> Intent:
    """Return a SENDING intent after the exchange's answer to its request."""
    match answer:
        case OrderReport():
            return reported(sending, answer)
        case Rejected():
            return sending.to(Phase.REJECTED, note=f"{answer.name}: {answer.message}")
        case Unreachable():
            return sending.to(Phase.PENDING, deadline_s=0.0, note=answer.message)
        case Unknown():
            return sending.to(Phase.UNKNOWN, note=answer.message)


def reported(intent: Intent, report: OrderReport) -> Intent:
    """Return an intent that the exchange has reported on."""
    phase = Phase.DONE if report.ended else Phase.OPEN
    if phase is intent.phase:
        return intent
    executions = merge_executions(report.executions) if report.ended else ()
    return intent.to(phase, uuid=report.uuid, executions=executions, fee=report.fee)


def ask(ports: Ports, intent: Intent) -> Intent:
    """Ask the exchange what became of an intent that was sent; record and return it.

    Raises:
        ExchangeError: the exchange did not answer, so nothing is known.
    """
    after = intent
    match ports.exchange.order(intent.identifier):
        case OrderReport() as report:
            after = reported(intent, report)
        case Missing():
            if intent.phase is not Phase.OPEN and overdue(ports, intent):
                after = intent.to(Phase.REJECTED, note="the exchange knows no such order")
    if after is not intent:
        ports.books.record(intent, after)
    return after


def overdue(ports: Ports, intent: Intent) -> bool:
    """Tell whether an order that is still invisible can no longer appear."""
    return ports.clock.now_s() > intent.deadline_s + GRACE_S


def revoke(ports: Ports, intent: Intent, why: str) -> Intent:
    """Take back a PENDING intent; if it has gone on meanwhile, it stays what it is."""
    revoked = intent.to(Phase.REVOKED, note=why)
    return revoked if ports.books.record(intent, revoked) else intent


def reconcile(ports: Ports, setup: Setup, halt: OperatorMode, intent: Intent, t: int) -> Intent:
    """Bring one open intent up to date: the same step for start-up, recovery and every minute."""
    if intent.phase in FINAL:
        return intent
    if intent.phase is Phase.PENDING:
        late = t - intent.t > setup.rails.entry_delay_s
        if intent.kind == ENTRY and (late or halt.mode != RUN):
            return revoke(ports, intent, "expired" if late else "entries are stopped")
        return send(ports, halt, intent)
    if intent.phase is Phase.SENDING and on_the_way(ports, intent):
        return intent
    try:
        after = ask(ports, intent)
        if halt.mode == KILLED and after.kind == ENTRY and after.phase is Phase.OPEN:
            ports.exchange.cancel(after.identifier)
        return after
    except ExchangeError as error:
        ports.messages.publish(exchange_trouble(t, intent.market, error))
        return intent


def on_the_way(ports: Ports, intent: Intent) -> bool:
    """Tell whether an intent's request may still be travelling, given up by its sender or not."""
    sent = intent.phase in {Phase.SENDING, Phase.UNKNOWN}
    return sent and ports.clock.now_s() <= intent.deadline_s
