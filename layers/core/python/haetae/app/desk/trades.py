"""What the account traded: pages of fills, newest first, and their number."""

from dataclasses import dataclass

from haetae.app.ports import DeskPorts
from haetae.base.time import DAY_S, month_start
from haetae.config.setup import Setup
from haetae.ledger.book import TradeLine
from haetae.ledger.keys import END_T

LAST_T = END_T  # no time of a question is later
LONGEST_SPAN_S = 366 * DAY_S  # of one question; older fills are asked for by their own times


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A fill's place in the order of all fills: its time, then its identifier."""

    t: int
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeQuery:
    """Which fills are asked for: of `markets`, of `side` (empty: both), from_t <= t < to_t.

    At most `limit`, those before the place `before` where it is given.
    """

    markets: tuple[str, ...]
    from_t: int
    to_t: int
    limit: int
    side: str = ""
    before: Cursor | None = None

    def __post_init__(self) -> None:
        assert 0 <= self.from_t < self.to_t <= self.from_t + LONGEST_SPAN_S, self
        assert self.limit > 0, self


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Fills, newest first; `next_cursor` is where to go on, None at the end."""

    lines: tuple[TradeLine, ...]
    next_cursor: Cursor | None


def trades_page(ports: DeskPorts, question: TradeQuery) -> Page:
    """Return a page of fills, newest first, read month by month back until it is full.

    Pages that follow one another by `next_cursor` hold every fill once, though new ones come
    meanwhile.

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
            if matches(question, line)
        ]
        found += sorted(lines, key=sort_key, reverse=True)
        to_t = from_t
    page = tuple(found[: question.limit])
    more = len(found) > question.limit
    return Page(lines=page, next_cursor=place(page[-1]) if more else None)


def matches(question: TradeQuery, line: TradeLine) -> bool:
    """Tell whether a fill is of the side that is asked for, and before the place."""
    before = question.before
    return question.side in {"", line.side.value} and (
        before is None or sort_key(line) < (before.t, before.identifier)
    )


def sort_key(line: TradeLine) -> tuple[int, str]:
    """Return what fills are sorted by; an identifier is one fill's alone."""
    return line.t, line.identifier


def place(line: TradeLine) -> Cursor:
    """Return a fill's place."""
    return Cursor(t=line.t, identifier=line.identifier)


def count_fills_of_month(ports: DeskPorts, setup: Setup, t: int) -> dict[tuple[str, str], int]:
    """Count the fills from the beginning of `t`'s UTC month to `t`, by market and side.

    Raises:
        BooksError: the books cannot be read.
    """
    counts = {(name, side): 0 for name in setup.markets for side in ("bid", "ask")}
    for name in setup.markets:
        for line in ports.books.trades(name, from_t=month_start(t), to_t=t + 1):
            counts[name, line.side.value] += 1
    return counts
