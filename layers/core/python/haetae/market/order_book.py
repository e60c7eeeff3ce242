"""An order book as a value, and how much of it a market sale may take."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from haetae.base.money import floor_units

BPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One step of an order book: a price in won and the coins offered or asked for at it."""

    price: Decimal
    volume: Decimal

    def __post_init__(self) -> None:
        """Refuse, with ValueError, a step that nobody could trade at."""
        if not (self.price > 0 and self.volume > 0):
            raise ValueError("a step without a price or a volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """The bids and asks of one market, each best first; either side may be empty."""

    market: str
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()

    def __post_init__(self) -> None:
        """Refuse, with ValueError, a side whose best step is not first."""
        if not is_rising(-bid.price for bid in self.bids):
            raise ValueError("the bids are out of order")
        if not is_rising(ask.price for ask in self.asks):
            raise ValueError("the asks are out of order")


def is_rising(prices: Iterable[Decimal]) -> bool:
    """Tell whether each price is higher than the one before."""
    return all(low < high for low, high in pairwise(prices))


def sellable_units(book: OrderBook, *, limit_bps: int) -> int:
    """Return the units (1e-8 coins) bid for within `limit_bps` of the best bid, rounded down."""
    if not book.bids:
        return 0
    worst = book.bids[0].price * (BPS - limit_bps) / BPS
    return floor_units(sum((bid.volume for bid in book.bids if bid.price >= worst), Decimal(0)))
