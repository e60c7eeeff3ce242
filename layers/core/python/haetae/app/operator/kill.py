"""The kill: fence new orders first, then cancel, sell everything and report."""

from haetae.app.orders.reconcile import ask, is_in_flight, revoke
from haetae.app.outbox import messages_last
from haetae.app.ports import Ports
from haetae.app.walk.cycle import risk_check
from haetae.app.walk.prepare import load_book
from haetae.base.errors import ExchangeError
from haetae.config.setup import Setup
from haetae.ledger.book import Book, Mode, OperatorMode
from haetae.ledger.intent import FINAL, Intent, Phase
from haetae.notify.build import mode_changed
from haetae.notify.messages import KillReport

ROUNDS = 4  # of looking at what is still on the way
LONGEST_WAIT_S = 3.5  # an order request's deadline and a little more


def kill(ports: Ports, setup: Setup, *, t: int, reason: str, by: str) -> KillReport:
    """Fence first, then cancel, sell everything and report; safe to repeat.

    Moving the epoch is one write; after it nothing PENDING can go on to SENDING. Cancelling and
    selling are the risk check's work under a kill, so that it goes on with it every minute.
    That it was said is told at once, whatever comes of the rest; all else when the orders are out.
    """
    moved = ports.books.move_halt(mode=Mode.KILL, t=t, reason=reason, by=by, expected=None)
    ports.messages.publish(mode_changed(moved))
    with messages_last(ports) as held:
        return fence_and_sell(held, setup, moved, t)


def fence_and_sell(ports: Ports, setup: Setup, moved: OperatorMode, t: int) -> KillReport:
    """Carry out a kill whose epoch has moved."""
    revoked, acknowledged = fence(ports, t)
    risk_check(ports, setup, t)
    book = load_book(ports, t)
    report = KillReport(
        t=t,
        epoch=moved.epoch,
        acknowledged=acknowledged,
        flat=is_flat(book),
        revoked=revoked,
        open_orders=len(book.intents),
        positions=open_markets(book),
    )
    ports.messages.publish(report)
    return report


def fence(ports: Ports, t: int) -> tuple[int, bool]:
    """Revoke what is PENDING and wait out what is on the way; return (revoked, acknowledged)."""
    revoked = 0
    for _round in range(ROUNDS):
        intents = list(load_book(ports, t).intents.values())
        after = [revoke_pending(ports, i) for i in intents]
        revoked += sum(1 for i, now in zip(intents, after, strict=True) if now is not i)
        if any(i.phase is Phase.PENDING for i in after):
            continue  # somebody else was first with it: look again
        travelling = [i.deadline_s for i in after if is_in_flight(ports, i)]
        if not travelling:
            return revoked, resolve_doubtful(ports, after)
        ports.clock.wait(min(max(travelling) - ports.clock.now_s() + 0.01, LONGEST_WAIT_S))
    return revoked, False


def revoke_pending(ports: Ports, intent: Intent) -> Intent:
    """Revoke an intent that is still PENDING."""
    if intent.phase is not Phase.PENDING:
        return intent
    return revoke(ports, intent, "killed")


def resolve_doubtful(ports: Ports, intents: list[Intent]) -> bool:
    """Ask for every order in doubt; True if the exchange answered for each."""
    for intent in intents:
        if intent.phase in {Phase.SENDING, Phase.UNKNOWN}:
            try:
                ask(ports, intent)
            except ExchangeError:
                return False
    return True


def is_flat(book: Book) -> bool:
    """Tell whether nothing is held and nothing is open."""
    return not open_markets(book) and all(i.phase in FINAL for i in book.intents.values())


def open_markets(book: Book) -> tuple[str, ...]:
    """Return the markets in which something is held or on order."""
    return () if book.state is None else book.state.in_use
