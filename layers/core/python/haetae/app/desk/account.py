"""How the account stands, from the books and nothing else."""

from dataclasses import dataclass
from decimal import Decimal

from haetae.app.ports import DeskPorts
from haetae.base.money import krw_of
from haetae.config.setup import Setup
from haetae.kernel.codes import (
    RAIL_NAMES,
)
from haetae.kernel.loss_limits import DAY_S, oldest_start, raise_floors, rolling_floor
from haetae.kernel.records import (
    NEW_MARKET,
    Account,
    Market,
    Period,
    Rails,
)
from haetae.kernel.step import liquidation_value
from haetae.ledger.book import OperatorMode, State
from haetae.ledger.intent import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What is held in a market: `units` of 1e-8 coins, bought for `price` since `since`.

    `close` is the last stored one; `value` is what a sale there would bring after the fee, in won.
    A `stop` or `target` of 0.0 is none.
    """

    market: str
    units: int
    price: float
    stop: float
    target: float
    since: int
    close: float
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LossBook:
    """A KST day or week: it began with `start` won, latches at `floor` and ends at `until`.

    The window of the last seven days latches nothing: it is shown as latched while it refuses
    entries, and `until` is when the oldest day that is known of leaves.
    """

    start: Decimal
    floor: Decimal
    latched: bool
    until: int

    def used_share(self, equity: Decimal) -> Decimal:
        """Return the share of the loss limit that `equity` uses up: 0 at the start or above it.

        A book that began with nothing has no limit to use, and is used up.
        """
        if self.start == self.floor:
            return Decimal(1)
        return max(Decimal(0), self.start - equity) / (self.start - self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictView:
    """What the rails said of a market's last decided candle, which closed at `t`.

    `rail` is the one that refused or bound the entry, empty where there was no entry wish; `krw`
    is the size it left, 0 for none.
    """

    market: str
    t: int
    rail: str
    limit: float
    observed: float
    krw: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """The account as of the stored minute `t`; money in won.

    A minute with nothing to say stores nothing, so that `t` and `equity` may lie some minutes
    back; every order, fill, latch and decision is stored at once.
    """

    t: int
    equity: Decimal
    cash: Decimal
    holdings: tuple[Holding, ...]
    day: LossBook
    week: LossBook
    rolling_week: LossBook | None  # where it is limited
    verdicts: tuple[VerdictView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How things stand: the operator's word, the open orders, and the account once it began."""

    halt: OperatorMode
    orders: tuple[Intent, ...]
    account: AccountView | None


def account_status(ports: DeskPorts, setup: Setup) -> Status:
    """Return how things stand, as of one moment.

    Raises:
        BooksError: the books cannot be read.
    """
    book = ports.books.load()
    return Status(
        halt=book.halt,
        orders=tuple(book.intents.values()),
        account=None if book.state is None else account_view(setup, book.state),
    )


def account_view(setup: Setup, state: State) -> AccountView:
    """Return a stored state in the words of the desk."""
    setup = setup.selling(state.in_use)
    holdings = []
    books = raise_floors(setup.rails, state.account)  # what the next walk goes by
    equity = state.account.cash
    for name, p in zip(setup.markets, setup.params, strict=True):
        market = state.markets.get(name, NEW_MARKET)  # one just configured begins with a walk
        if market.position.units:
            value = liquidation_value(p, market)
            equity += value
            holdings.append(holding_view(name, market, value))
    return AccountView(
        t=state.t,
        equity=krw_of(equity),
        cash=krw_of(state.account.cash),
        holdings=tuple(holdings),
        day=loss_book_view(books.day),
        week=loss_book_view(books.week),
        rolling_week=rolling_week_view(setup.rails, books, equity),
        verdicts=tuple(
            verdict_view(name, state.markets[name])
            for name in setup.markets
            if name in state.markets
        ),
    )


def holding_view(name: str, market: Market, value: int) -> Holding:
    """Return a market's position, worth `value` micro."""
    position = market.position
    return Holding(
        market=name,
        units=position.units,
        price=position.price,
        stop=position.stop,
        target=position.target,
        since=position.t,
        close=market.close,
        value=krw_of(value),
    )


def loss_book_view(period: Period) -> LossBook:
    """Return a day or week of the kernel."""
    return LossBook(
        start=krw_of(period.start),
        floor=krw_of(period.floor),
        latched=bool(period.latch),
        until=period.until,
    )


def rolling_week_view(rails: Rails, a: Account, equity: int) -> LossBook | None:
    """Return the window of the last seven days for `equity` micro, None where it is off."""
    if rails.rolling_week_bps == 0:
        return None
    floor = rolling_floor(rails, a)
    return LossBook(
        start=krw_of(oldest_start(a)),
        floor=krw_of(floor),
        latched=equity <= floor,
        until=oldest_leaves(a),
    )


def oldest_leaves(a: Account) -> int:
    """Return when the oldest known one of the last seven KST days leaves their window."""
    ago = max((days for days, start in enumerate(a.past, 1) if start > 0), default=0)
    return a.day.until + (6 - ago) * DAY_S


def verdict_view(name: str, market: Market) -> VerdictView:
    """Return what the rails said of a market's last decided candle."""
    said = market.verdict
    return VerdictView(
        market=name,
        t=market.decided,
        rail=RAIL_NAMES.get(said.rail, ""),
        limit=said.limit,
        observed=said.observed,
        krw=said.krw,
    )
