"""An account that trades on paper against a mirrored order book: real prices, nothing real."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from upbit_sandbox.arithmetic import floor_volume, parse_amount, subtract, volume_for
from upbit_sandbox.errors import ApiError
from upbit_sandbox.exchange import Exchange
from upbit_sandbox.ledger import Ledger
from upbit_sandbox.matching import Fill
from upbit_sandbox.orders import Order, OrderType, Side
from upbit_sandbox.wire import Json

NEW_ENOUGH_S = 5.0  # an order is accepted only while the upstream has answered this recently


@dataclass(slots=True)
class Level:
    """One price of the book, in KRW, and how many coins are left there."""

    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A mirrored order book, best price first; asked for at `seen_s` epoch seconds.

    What an order takes is gone from the levels, until the next book comes.
    """

    seen_s: float
    asks: tuple[Level, ...]
    bids: tuple[Level, ...]


class LiveExchange(Exchange):
    """Orders meet the newest book that was asked for after they were placed.

    A market order walks down the levels and waits for the next book with what they could not
    give. A limit order takes at the levels' prices when it meets its first book; from then on it
    rests, and trades at its own price when the book crosses it.
    """

    def __init__(self, ledger: Ledger, *, seed: int) -> None:
        """Open with what the ledger holds; what waited before has rested."""
        super().__init__({}, ledger, seed=seed, slippage_bps=0)
        self.books: dict[str, Book] = {}
        waiting = (self.orders[uuid] for uuid in self._untried_s)
        self._resting = {o.uuid for o in waiting if o.ord_type is OrderType.LIMIT}

    def see(self, codes: frozenset[str], books: dict[str, Book]) -> None:
        """Take the upstream's markets, and its books where they are newer than those known."""
        self.codes = codes
        for code, book in books.items():
            known = self.books.get(code)
            if known is None or book.seen_s > known.seen_s:
                self.books[code] = book

    def lists(self, market: str) -> bool:
        """Tell whether this market can be traded; ApiError 500 while nobody knows."""
        if not self.codes:
            raise _silent()
        return super().lists(market)

    def place(self, body: dict[str, Json], now_s: float) -> Order:
        """Book a new order; without a fresh book of its market nothing is, as ApiError 500."""
        market = body.get("market")
        if isinstance(market, str) and self.lists(market):
            book = self.books.get(market)
            if book is None or now_s - book.seen_s > NEW_ENOUGH_S:
                raise _silent()
        return super().place(body, now_s)

    def settle(self, now_s: float) -> None:
        """Match what waits, oldest first."""
        for uuid in list(self._untried_s):
            order = self.orders[uuid]
            book = self.books.get(order.market)
            if book is not None and book.seen_s > order.placed_s:
                self._match(order, book, now_s)

    def _match(self, order: Order, book: Book, now_s: float) -> None:
        is_bid = order.side is Side.BID
        trend = "up" if is_bid else "down"
        for level in _crossed(order, book.asks if is_bid else book.bids):
            price = level.price
            if order.uuid in self._resting and order.price is not None:
                price = order.price
            volume = min(_wanted(order, price), level.size)
            if volume:
                level.size = subtract(level.size, volume)
                order = self._traded(order, Fill(int(now_s), price, trend), volume)
                self._put(order)
            if not _wanted(order, price):
                self._resting.discard(order.uuid)
                self._finish(order)
                return
        if order.ord_type is OrderType.LIMIT:
            self._resting.add(order.uuid)

    def _last_price(self, market: str, now_s: float) -> Decimal | None:
        """Judge a market sell by the best bid."""
        del now_s
        book = self.books.get(market)
        return book.bids[0].price if book is not None and book.bids else None

    def _wake(self, market: str, now_s: float) -> None:
        """Do nothing: whoever looks brings a new book."""


def _silent() -> ApiError:
    return ApiError(500, "internal_server_error", "The upstream does not answer.")


def _crossed(order: Order, levels: tuple[Level, ...]) -> Iterator[Level]:
    """Give the levels that this order may take, best first."""
    limit = order.price if order.ord_type is OrderType.LIMIT else None
    for level in levels:
        if limit is not None:
            out_of_reach = level.price > limit if order.side is Side.BID else level.price < limit
            if out_of_reach:
                return
        yield level


def _wanted(order: Order, price: Decimal) -> Decimal:
    """Give the volume that the order still asks for at this price."""
    if order.volume is not None:
        return subtract(order.volume, order.executed_volume)
    assert order.price is not None, "a market buy has a total"
    left = order.price
    for trade in order.trades:
        left = subtract(left, trade.funds)
    return volume_for(left, price)


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
