"""Going back to trading: confirmed in words, and only where books and exchange agree."""

from dataclasses import dataclass

from haetae.app.operator.kill import open_markets
from haetae.app.ports import Balance, Ports
from haetae.app.walk.prepare import load_book
from haetae.base.errors import ExchangeError
from haetae.base.money import MICRO, UNITS, krw_of, volume_text
from haetae.config.setup import Setup
from haetae.kernel.codes import (
    KILLED,
)
from haetae.ledger.book import Book, Mode, OperatorMode
from haetae.ledger.intent import FINAL
from haetae.market.names import KRW, currency_of
from haetae.notify.build import mode_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRefused:
    """Why trading was not resumed, one sentence a reason."""

    reasons: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.reasons, "a refusal has a reason"


def confirmation(setup: Setup) -> str:
    """Return the words that resuming asks for."""
    return f"RESUME {setup.account}"


def resume(
    ports: Ports, setup: Setup, *, t: int, reason: str, by: str, confirm: str
) -> OperatorMode | ResumeRefused:
    """Resume trading if it is confirmed in words and the books agree with the exchange.

    Where the bot trades already nothing changes and nothing is said.
    """
    book = load_book(ports, t)
    reasons = [] if confirm == confirmation(setup) else [f'confirm with "{confirmation(setup)}"']
    reasons += disagreements(book, ports)
    if reasons:
        return ResumeRefused(reasons=tuple(reasons))
    if book.halt.mode is Mode.RUN:
        return book.halt
    epoch = book.halt.epoch
    moved = ports.books.move_halt(mode=Mode.RUN, t=t, reason=reason, by=by, expected=epoch)
    if moved.mode is not Mode.RUN or moved.epoch != epoch + 1:
        return ResumeRefused(reasons=("another command came first",))
    ports.messages.publish(mode_changed(moved))
    return moved


def disagreements(book: Book, ports: Ports) -> list[str]:
    """Return where the books and the exchange differ, and what a kill has left to do."""
    if book.state is None:
        return []
    unsettled = [i.identifier for i in book.intents.values() if i.phase not in FINAL]
    found = [f"order {name} is not settled" for name in unsettled]
    if book.halt.mode == KILLED and open_markets(book):
        found.append(f"the kill is not flat yet: {', '.join(open_markets(book))}")
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
