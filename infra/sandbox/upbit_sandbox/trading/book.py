"""Order books: what can be taken at which price, made up around the last trade of a market.

An upstream's books are in `live`; accounts meet both kinds through `BookSource`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from upbit_sandbox.base.arithmetic import average_price, floor_volume, from_float
from upbit_sandbox.base.ticks import next_above, next_below
from upbit_sandbox.prices.listing import Listings
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.market_trades import MarketTrade
from upbit_sandbox.trading.orders import Side

UNITS = 30  # levels on each side (docs: list-orderbooks)
BOTH = (Side.BID, Side.ASK)


@dataclass(slots=True)
class Level:
    """One price in KRW, and how many coins are left there."""

    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """An order book as of `seen_s` epoch seconds, best price first.

    What an order takes is gone from the levels, until the next book comes.
    """

    seen_s: float
    asks: tuple[Level, ...]
    bids: tuple[Level, ...]


class Flow(NamedTuple):
    """What comes to orders that rest on these sides: coins at a price, at `at_s` epoch s."""

    at_s: float
    level: Level
    sides: tuple[Side, ...]


class BookSource(Protocol):
    """Where an account's orders meet the market."""

    @property
    def codes(self) -> frozenset[str]:
        """The markets that can be traded."""

    def check(self, code: str | None, now_s: float) -> None:
        """Raise ApiError while nobody knows the markets, or the book of this one."""

    def at(self, code: str, now_s: float) -> Book | None:
        """Give the book as it stands; None when there is none."""

    def next_book(self, code: str, placed_s: float, met: Book | None, now_s: float) -> Book | None:
        """Give the book that an order meets now which has met this one (None: none) before."""

    def flow(self, code: str, after_s: float, until_s: float) -> Iterator[Flow]:
        """Give what came to resting orders since, oldest first; what they take is gone."""


class _Made(NamedTuple):
    last: MarketTrade
    book: Book


class Books:
    """The books of replayed and synthetic markets: levels of equal value around the last trade."""

    def __init__(
        self, markets: Mapping[str, Market], listings: Callable[[], Listings], depth_krw: Decimal
    ) -> None:
        """Put so many KRW on each level; without a trade yet a market has no book."""
        self.codes = frozenset(markets)
        self._markets = markets
        self._listings = listings
        self._depth_krw = depth_krw
        self._made: dict[str, _Made] = {}

    def check(self, code: str | None, now_s: float) -> None:
        """Know them always."""

    def at(self, code: str, now_s: float) -> Book | None:
        """Give the book as it stands: a new one when there was a trade since the last one.

        A look back gives that moment's whole book and leaves the present one alone.
        """
        last = self._markets[code].last_print(now_s) if code in self.codes else None
        if last is None:
            return None
        made = self._made.get(code)
        if made is not None and made.last == last:
            return made.book
        book = _around(from_float(last.price), self._depth_krw, last.t_s)
        if made is None or book.seen_s >= made.book.seen_s:
            self._made[code] = _Made(last, book)
        return book

    def next_book(self, code: str, placed_s: float, met: Book | None, now_s: float) -> Book | None:
        """Give the book of the order's own time, then each one that comes after."""
        if met is None:
            return self.at(code, placed_s)
        book = self.at(code, now_s) if self._is_open(code, now_s) else None
        return None if book is met else book

    def flow(self, code: str, after_s: float, until_s: float) -> Iterator[Flow]:
        """Give the market's trades, whichever side took."""
        for one in self._markets[code].market_trades(after_s, until_s):
            if self._is_open(code, one.t_s):
                volume = floor_volume(from_float(one.volume))
                yield Flow(one.t_s, Level(from_float(one.price), volume), BOTH)

    def _is_open(self, code: str, at_s: float) -> bool:
        listings = self._listings()
        return not (listings.is_offline(code, at_s) or listings.is_delisted(code, at_s))


def _around(last: Decimal, depth_krw: Decimal, seen_s: float) -> Book:
    above, below = next_above(last), next_below(last)
    asks: list[Level] = []
    bids: list[Level] = []
    for _ in range(UNITS):
        asks.append(Level(above, floor_volume(average_price(depth_krw, above))))
        above = next_above(above)
        if below is not None:
            bids.append(Level(below, floor_volume(average_price(depth_krw, below))))
            below = next_below(below)
    return Book(seen_s=seen_s, asks=tuple(asks), bids=tuple(bids))
