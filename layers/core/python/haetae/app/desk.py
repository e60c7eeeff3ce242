"""The read side: how the account stands and what it traded, from the books and nothing else."""

from dataclasses import dataclass
from decimal import Decimal

from haetae.app.ports import Ports
from haetae.base.money import krw_of
from haetae.base.time import DAY_S, month_start
from haetae.config.setup import Setup
from haetae.kernel.codes import RAIL_NAMES
from haetae.kernel.state import NEW_MARKET, Market, Period
from haetae.kernel.step import worth
from haetae.ledger.book import OperatorMode, State, TradeLine
from haetae.ledger.intent import Intent

LONGEST_SPAN_S = 366 * DAY_S  # of one question; older fills are asked for by their own times


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
    """A KST day or week: it began with `start` won, latches at `floor` and ends at `until`."""

    start: Decimal
    floor: Decimal
    latched: bool
    until: int

    def used(self, equity: Decimal) -> Decimal:
        """Return the share of the loss limit that `equity` uses up: 0 at the start or above it.

        A book that began with nothing has no limit to use, and is used up.
        """
        if self.start == self.floor:
            return Decimal(1)
        return max(Decimal(0), self.start - equity) / (self.start - self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
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
class Account:
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
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How things stand: the operator's word, the open orders, and the account once it began."""

    halt: OperatorMode
    orders: tuple[Intent, ...]
    account: Account | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A fill's place in the order of all fills: its time, then its identifier."""

    t: int
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which fills are asked for: of `markets`, of `side` (empty: both), from_t <= t < to_t.

    At most `limit`, those before the place `before` where it is given.
    """

    markets: tuple[str, ...]
    from_t: int
    to_t: int
    limit: int
    side: str = ""
    before: Place | None = None

    def __post_init__(self) -> None:
        assert 0 <= self.from_t < self.to_t <= self.from_t + LONGEST_SPAN_S, self
        assert self.limit > 0, self


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Fills, newest first; `rest` is the place to go on before, None where there is no more."""

    lines: tuple[TradeLine, ...]
    rest: Place | None


def status(ports: Ports, setup: Setup) -> Status:
    """Return how things stand, as of one moment.

    Raises:
        BooksError: the books cannot be read.
    """
    book = ports.books.load(setup.markets)
    return Status(
        halt=book.halt,
        orders=tuple(book.intents[name] for name in setup.markets if name in book.intents),
        account=None if book.state is None else account_of(setup, book.state),
    )


def account_of(setup: Setup, state: State) -> Account:
    """Return a stored state in the words of the desk."""
    holdings = []
    equity = state.account.cash
    for name, p in zip(setup.markets, setup.params, strict=True):
        market = state.markets.get(name, NEW_MARKET)  # one just configured begins with a walk
        if market.position.units:
            value = worth(p, market)
            equity += value
            holdings.append(holding(name, market, value))
    return Account(
        t=state.t,
        equity=krw_of(equity),
        cash=krw_of(state.account.cash),
        holdings=tuple(holdings),
        day=loss_book(state.account.day),
        week=loss_book(state.account.week),
        verdicts=tuple(
            verdict(name, state.markets[name]) for name in setup.markets if name in state.markets
        ),
    )


def holding(name: str, market: Market, value: int) -> Holding:
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


def loss_book(period: Period) -> LossBook:
    """Return a day or week of the kernel."""
    return LossBook(
        start=krw_of(period.start),
        floor=krw_of(period.floor),
        latched=bool(period.latch),
        until=period.until,
    )


def verdict(name: str, market: Market) -> Verdict:
    """Return what the rails said of a market's last decided candle."""
    said = market.verdict
    return Verdict(
        market=name,
        t=market.decided,
        rail=RAIL_NAMES.get(said.rail, ""),
        limit=said.limit,
        observed=said.observed,
        krw=said.krw,
    )


def trades(ports: Ports, question: Question) -> Page:
    """Return a page of fills, newest first, read month by month back until it is full.

    Pages that follow one another by `rest` hold every fill once, though new ones come meanwhile.

    Raises:
        BooksError: the books cannot be read.
    """
    found: list[TradeLine] = []
    to_t = question.to_t
    if question.before is not None:
        to_t = min(to_t, question.before.t + 1)
    while to_t > question.from_t and len(found) <= question.limit:
        from_t = max(question.from_t, month_start(to_t - 1))
        lines = [
            line
            for name in question.markets
            for line in ports.books.trades(name, from_t=from_t, to_t=to_t)
            if wanted(question, line)
        ]
        found += sorted(lines, key=order_of, reverse=True)
        to_t = from_t
    page = tuple(found[: question.limit])
    more = len(found) > question.limit
    return Page(lines=page, rest=place(page[-1]) if more else None)


def wanted(question: Question, line: TradeLine) -> bool:
    """Tell whether a fill is of the side that is asked for, and before the place."""
    before = question.before
    return question.side in {"", line.side.value} and (
        before is None or order_of(line) < (before.t, before.identifier)
    )


def order_of(line: TradeLine) -> tuple[int, str]:
    """Return what fills are sorted by; an identifier is one fill's alone."""
    return line.t, line.identifier


def place(line: TradeLine) -> Place:
    """Return a fill's place."""
    return Place(t=line.t, identifier=line.identifier)


def fills_of_month(ports: Ports, setup: Setup, t: int) -> dict[tuple[str, str], int]:
    """Count the fills from the beginning of `t`'s UTC month to `t`, by market and side.

    Raises:
        BooksError: the books cannot be read.
    """
    counts = {(name, side): 0 for name in setup.markets for side in ("bid", "ask")}
    for name in setup.markets:
        for line in ports.books.trades(name, from_t=month_start(t), to_t=t + 1):
            counts[name, line.side.value] += 1
    return counts
