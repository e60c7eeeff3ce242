"""The operator's four words: stop (no entries), halt (exits only), kill (sell all), start."""

from dataclasses import dataclass, field

from haetae.app import messages
from haetae.app.cycle import guard, load, tighten
from haetae.app.ports import Balance, Ports
from haetae.app.send import ask, on_the_way, revoke
from haetae.base.errors import ExchangeError
from haetae.base.money import MICRO, UNITS, krw_of, volume_text
from haetae.config.setup import Setup
from haetae.kernel.codes import HALT, KILLED, NO_ORDER, RUN, STOP
from haetae.ledger.book import Book, OperatorMode
from haetae.ledger.intent import FINAL, Intent, Phase
from haetae.market.names import KRW, currency_of

ROUNDS = 4  # of looking at what is still on the way
LONGEST_WAIT_S = 3.5  # an order request's deadline and a little more


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """How far a kill has come.

    `acknowledged`: no entry can reach the exchange any more and each doubtful order was asked
    for. `flat`: nothing is held and nothing is open. The risk check goes on until it is.
    """

    epoch: int
    acknowledged: bool
    flat: bool
    revoked: int
    open_orders: int
    positions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRefused:
    """Why trading was not resumed, one sentence a reason."""

    reasons: tuple[str, ...] = field(default_factory=tuple)


def stop(ports: Ports, *, t: int, reason: str, by: str) -> OperatorMode:
    """Refuse new entries from now on; positions keep their stops and targets."""
    return command(ports, STOP, t=t, reason=reason, by=by)


def halt(ports: Ports, *, t: int, reason: str, by: str) -> OperatorMode:
    """Do nothing but exits from now on."""
    return command(ports, HALT, t=t, reason=reason, by=by)


def command(ports: Ports, mode: int, *, t: int, reason: str, by: str) -> OperatorMode:
    """Move the halt epoch to `mode` and say so; only `start` goes back to a milder mode.

    A position that a kill is selling has no stop any more: the kill must go on until it is sold.
    """
    stands = tighten(ports, mode, t=t, reason=reason, by=by)
    ports.messages.publish(messages.halted(stands))
    return stands


def kill(ports: Ports, setup: Setup, *, t: int, reason: str, by: str) -> KillReport:
    """Fence first, then cancel, sell everything and report; safe to repeat.

    Moving the epoch is one write; after it nothing PENDING can go on to SENDING. Cancelling and
    selling are the risk check's work under a kill, so that it goes on with it every minute.
    """
    moved = ports.books.move_halt(mode=KILLED, t=t, reason=reason, by=by, expected=None)
    ports.messages.publish(messages.halted(moved))
    revoked, acknowledged = fence(ports, setup, t)
    guard(ports, setup, t)
    book = load(ports, setup, t)
    report = KillReport(
        epoch=moved.epoch,
        acknowledged=acknowledged,
        flat=is_flat(book),
        revoked=revoked,
        open_orders=len(book.intents),
        positions=positions(book),
    )
    ports.messages.publish(messages.kill_report(t, kill_facts(report)))
    return report


def fence(ports: Ports, setup: Setup, t: int) -> tuple[int, bool]:
    """Revoke what is PENDING and wait out what is on the way; return (revoked, acknowledged)."""
    revoked = 0
    for _round in range(ROUNDS):
        intents = list(load(ports, setup, t).intents.values())
        after = [taken_back(ports, i) for i in intents]
        revoked += sum(1 for i, now in zip(intents, after, strict=True) if now is not i)
        if any(i.phase is Phase.PENDING for i in after):
            continue  # somebody else was first with it: look again
        travelling = [i.deadline_s for i in after if on_the_way(ports, i)]
        if not travelling:
            return revoked, all_asked(ports, after)
        ports.clock.wait(min(max(travelling) - ports.clock.now_s() + 0.01, LONGEST_WAIT_S))
    return revoked, False


def taken_back(ports: Ports, intent: Intent) -> Intent:
    """Revoke an intent that is still PENDING."""
    if intent.phase is not Phase.PENDING:
        return intent
    return revoke(ports, intent, "killed")


def all_asked(ports: Ports, intents: list[Intent]) -> bool:
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
    return not positions(book) and all(i.phase in FINAL for i in book.intents.values())


def positions(book: Book) -> tuple[str, ...]:
    """Return the markets in which something is held or on order."""
    if book.state is None:
        return ()
    return tuple(
        name
        for name, m in book.state.markets.items()
        if m.position.units > 0 or m.order.kind != NO_ORDER
    )


def kill_facts(report: KillReport) -> dict[str, str]:
    """Return what a message says of a kill."""
    return {
        "acknowledged": "yes" if report.acknowledged else "no",
        "flat": "yes" if report.flat else "no",
        "revoked": str(report.revoked),
        "open_orders": str(report.open_orders),
        "positions": ", ".join(report.positions) or "–",
    }


def confirmation(setup: Setup) -> str:
    """Return the words that resuming asks for."""
    return f"RESUME {setup.account}"


def start(
    ports: Ports, setup: Setup, *, t: int, reason: str, by: str, confirm: str
) -> OperatorMode | StartRefused:
    """Resume trading if it is confirmed in words and the books agree with the exchange."""
    book = load(ports, setup, t)
    reasons = [] if confirm == confirmation(setup) else [f'confirm with "{confirmation(setup)}"']
    reasons += disagreements(book, ports)
    if reasons:
        return StartRefused(reasons=tuple(reasons))
    moved = ports.books.move_halt(mode=RUN, t=t, reason=reason, by=by, expected=book.halt.epoch)
    if moved.mode != RUN or moved.epoch != book.halt.epoch + 1:
        return StartRefused(reasons=("another command came first",))
    ports.messages.publish(messages.halted(moved))
    return moved


def disagreements(book: Book, ports: Ports) -> list[str]:
    """Return where the books and the exchange differ, and what a kill has left to do."""
    if book.state is None:
        return []
    unsettled = [i.identifier for i in book.intents.values() if i.phase not in FINAL]
    found = [f"order {name} is not settled" for name in unsettled]
    if book.halt.mode == KILLED and positions(book):
        found.append(f"the kill is not flat yet: {', '.join(positions(book))}")
    try:
        balances = {b.currency: b for b in ports.exchange.balances()}
    except ExchangeError as error:
        return [*found, f"the exchange does not answer: {error}"]
    return found + shortages(book, balances)


def shortages(book: Book, balances: dict[str, Balance]) -> list[str]:
    """Return what the exchange holds less of than the books say; more is the owner's business."""
    assert book.state is not None
    found = []
    for name, m in book.state.markets.items():
        coin = balances.get(currency_of(name)) or Balance.none(currency_of(name))
        if (coin.free + coin.locked) * UNITS < m.position.units:
            found.append(f"{name}: the books hold {volume_text(m.position.units)}")
    krw = balances.get(KRW) or Balance.none(KRW)
    if not book.intents and (krw.free + krw.locked + 1) * MICRO < book.state.account.cash:
        found.append(f"the books hold {krw_of(book.state.account.cash):,.0f} KRW")
    return found
