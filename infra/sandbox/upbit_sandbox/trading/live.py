"""The order books of an upstream, mirrored: real prices to trade against on paper."""

from collections.abc import Iterator
from decimal import Decimal

from upbit_sandbox.base.arithmetic import floor_volume, parse_amount
from upbit_sandbox.base.errors import exchange
from upbit_sandbox.trading.book import Book, Flow, Level
from upbit_sandbox.trading.orders import Side

NEW_ENOUGH_S = 5.0  # an order is accepted only while the upstream has answered this recently


class MirroredBooks:
    """The newest books that were seen; an order meets those that were asked for after it."""

    def __init__(self) -> None:
        """Begin without any market."""
        self.codes: frozenset[str] = frozenset()
        self._newest: dict[str, Book] = {}

    def see(self, codes: frozenset[str], books: dict[str, Book]) -> None:
        """Take the upstream's markets, and its books where they are newer than those known."""
        self.codes = codes
        for code, book in books.items():
            known = self._newest.get(code)
            if known is None or book.seen_s > known.seen_s:
                self._newest[code] = book

    def check(self, code: str | None, now_s: float) -> None:
        """Raise ApiError 500 while the markets are unknown, or there is no book of now."""
        book = self._newest.get(code or "")
        is_old = code in self.codes and (book is None or now_s - book.seen_s > NEW_ENOUGH_S)
        if is_old or not self.codes:
            raise exchange("internal_server_error", "The upstream does not answer.")

    def at(self, code: str, now_s: float) -> Book | None:
        """Give the newest book; a mirror knows no other."""
        del now_s
        return self._newest.get(code)

    def next_book(self, code: str, placed_s: float, met: Book | None, now_s: float) -> Book | None:
        """Give the newest book unless it is older than the order or met before."""
        book = self.at(code, now_s)
        return None if book is None or book is met or book.seen_s <= placed_s else book

    def flow(self, code: str, after_s: float, until_s: float) -> Iterator[Flow]:
        """Give the newest book's levels: who offers beyond a resting order's price meets it."""
        del after_s
        book = self.at(code, until_s)
        if book is not None:
            for levels, side in ((book.asks, Side.BID), (book.bids, Side.ASK)):
                for level in levels:
                    yield Flow(book.seen_s, level, (side,))


def read_books(rows: object, seen_s: float) -> dict[str, Book]:
    """Read the body of GET /v1/orderbook, parsed with Decimal numbers; raises ValueError."""
    if not isinstance(rows, list):
        raise ValueError("an order book is a list")
    books = {}
    for row in rows:
        match row:
            case {"market": str(code), "orderbook_units": list(units)}:
                asks = sorted(_levels(units, "ask"), key=lambda level: level.price)
                bids = sorted(_levels(units, "bid"), key=lambda level: -level.price)
                books[code] = Book(seen_s=seen_s, asks=tuple(asks), bids=tuple(bids))
            case _:
                raise ValueError("an order book has a market and units")
    return books


def _levels(units: list[object], side: str) -> Iterator[Level]:
    for unit in units:
        if not isinstance(unit, dict):
            raise ValueError("a unit is an object")
        price, size = unit.get(f"{side}_price"), unit.get(f"{side}_size")
        if not isinstance(price, Decimal) or not isinstance(size, Decimal):
            raise ValueError(f"{side}_price and {side}_size are numbers")
        if price and size:
            if parse_amount(str(price)) is None or parse_amount(str(size)) is None:
                raise ValueError(f"{side}_price and {side}_size are amounts")
            yield Level(price, floor_volume(size))
