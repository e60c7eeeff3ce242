"""Orders in doubt: ask the exchange by identifier, revoke, give up; every minute the same step."""

from typing import assert_never

from haetae.app.orders.send import apply_report, send
from haetae.app.ports import (
    Missing,
    OrderReport,
    Ports,
)
from haetae.base.errors import ExchangeError
from haetae.config.setup import Setup
from haetae.kernel.codes import (
    ENTRY,
    KILLED,
    RUN,
)
from haetae.ledger.book import OperatorMode
from haetae.ledger.intent import FINAL, Intent, Phase
from haetae.notify.messages import ExchangeTrouble

GRACE_S = 10.0  # how long after its deadline an order may first become visible


def reconcile(ports: Ports, setup: Setup, halt: OperatorMode, intent: Intent, t: int) -> Intent:
    """Bring one open intent up to date: the same step for start-up, recovery and every minute."""
    if intent.phase in FINAL:
        return intent
    if intent.phase is Phase.PENDING:
        late = t - intent.t > setup.rails.entry_delay_s
        barred = halt.mode != RUN or not setup.may_enter(intent.market)
        if intent.kind == ENTRY and (late or barred):
            return revoke(ports, intent, "expired" if late else "entries are stopped")
        return send(ports, halt, intent)
    if intent.phase is Phase.SENDING and is_in_flight(ports, intent):
        return intent
    try:
        after = ask(ports, intent)
        if halt.mode == KILLED and after.kind == ENTRY and after.phase is Phase.OPEN:
            ports.exchange.cancel(after.identifier)
        return after
    except ExchangeError as error:
        ports.messages.publish(ExchangeTrouble(t=t, market=intent.market, error=str(error)))
        return intent


def ask(ports: Ports, intent: Intent) -> Intent:
    """Ask the exchange what became of an intent that was sent; record and return it.

    Raises:
        ExchangeError: the exchange did not answer, so nothing is known.
    """
    after = intent
    match ports.exchange.order(intent.identifier):
        case OrderReport() as report:
            after = apply_report(intent, report)
        case Missing():
            if intent.phase is not Phase.OPEN and can_no_longer_appear(ports, intent):
                after = intent.to(Phase.REJECTED, note="the exchange knows no such order")
        case _ as never:
            assert_never(never)
    if after is not intent:
        ports.books.record(intent, after)
    return after


def can_no_longer_appear(ports: Ports, intent: Intent) -> bool:
    """Tell whether an order that is still invisible can no longer appear."""
    return ports.clock.now_s() > intent.deadline_s + GRACE_S


def revoke(ports: Ports, intent: Intent, why: str) -> Intent:
    """Take back a PENDING intent; if it has gone on meanwhile, it stays what it is."""
    revoked = intent.to(Phase.REVOKED, note=why)
    return revoked if ports.books.record(intent, revoked) else intent


def is_in_flight(ports: Ports, intent: Intent) -> bool:
    """Tell whether an intent's request may still be travelling, given up by its sender or not."""
    sent = intent.phase in {Phase.SENDING, Phase.UNKNOWN}
    return sent and ports.clock.now_s() <= intent.deadline_s
