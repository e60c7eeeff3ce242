"""Single trades made up from a candle, the same ones each time: what a tape of candles lacks.

The open comes first, then the extreme that lies against the candle's direction, then the other
one, then the close; up to eight trades lie between them. Prices in between are on the tick, and
the volumes are whole 1e-8 coins that add up to the candle's.
"""

from hashlib import blake2b
from struct import unpack
from typing import NamedTuple

from upbit_sandbox.base.ticks import nearest_tick

EXTRAS = 9  # from none to eight trades besides open, high, low and close
FIRST_MS = 500  # the open trades within the candle's first half second
COIN = 100_000_000  # units of volume in a coin
IDS_A_MS = 10_000  # an id is the time in ms and a number, as Upbit's look


class MarketTrade(NamedTuple):
    """One trade: epoch s, price in KRW, coins; `is_ask` where the seller took.

    `sequential_id` is unique in its market (docs: list-pair-trades).
    """

    t_s: float
    price: float
    volume: float
    is_ask: bool
    sequential_id: int


def market_trades_of(
    market: str,
    start_s: int,
    length_s: int,
    candle: tuple[float, float, float, float, float],
) -> list[MarketTrade]:
    """Make the trades of a candle (open, high, low, close, volume), oldest first.

    The first is in its first half second, the last in its last millisecond.
    """
    dice = unpack("<32H", blake2b(f"{market}:{start_s}".encode(), digest_size=64).digest())
    open_, high, low, close, volume = candle
    prices = _prices(_path(open_, high, low, close), dice[0] % EXTRAS, dice[23:31], low, high)
    count = len(prices)
    first_ms, last_ms = 1 + dice[31] % FIRST_MS, length_s * 1000 - 1
    span_ms = last_ms - first_ms
    between = sorted([first_ms + (span_ms * share >> 16) for share in dice[1 : count - 1]])
    weights = dice[11 : 11 + count]
    whole, units = sum(weights) + count, round(volume * COIN)
    trades = []
    weight, spent, before, is_ask = 0, 0, open_, bool(dice[31] & 1)
    moments = (first_ms, *between, last_ms)
    for number, (ms, price) in enumerate(zip(moments, prices, strict=True)):
        weight += weights[number] + 1
        until = units * weight // whole
        if price != before:
            is_ask = price < before
        t_ms = start_s * 1000 + ms
        size = (until - spent) / COIN
        trades.append(MarketTrade(t_ms / 1000, price, size, is_ask, t_ms * IDS_A_MS + number))
        spent, before = until, price
    return trades


def _path(open_: float, high: float, low: float, close: float) -> list[float]:
    """Give the prices that must trade, in their order."""
    against, along = (low, high) if close >= open_ else (high, low)
    ends = (open_, close)
    return [open_, *[price for price in (against, along) if price not in ends], close]


def _prices(
    path: list[float], extras: int, shares: tuple[int, ...], low: float, high: float
) -> list[float]:
    """Put the extra prices between the ones that must trade."""
    each, more = divmod(extras, len(path) - 1)
    prices = []
    used = 0
    for leg in range(len(path) - 1):
        from_, to = path[leg], path[leg + 1]
        prices.append(from_)
        for _ in range(each + (leg < more)):
            price = nearest_tick(from_ + (to - from_) * shares[used] / 65_536)
            prices.append(min(max(price, low), high))
            used += 1
    prices.append(path[-1])
    return prices
