"""Which candle fills a waiting order, at what price and from when the fill may be seen."""

from bisect import bisect_left
from decimal import Decimal
from typing import NamedTuple

from upbit_sandbox.base.arithmetic import from_float
from upbit_sandbox.base.ticks import buy_price, sell_price
from upbit_sandbox.prices.tape import Tape
from upbit_sandbox.trading.orders import Order, OrderType, Side, TimeInForce


class Fill(NamedTuple):
    """A fill: start of the candle in epoch s, price in KRW, and the price's direction."""

    start_s: float
    price: Decimal
    trend: str
    is_maker: bool = False


class Lapse(NamedTuple):
    """The end of an order that its time_in_force does not let wait, at a candle's start."""

    start_s: float


def find_fill(
    order: Order, tape: Tape, *, since_s: float, now_s: float, slippage_bps: int
) -> Fill | Lapse | None:
    """Fill by the first candle that starts at or after `since_s` and reaches the order's price.

    `since_s` is the order's own time, or later when all candles up to there were tried.

    Depth is unlimited, so that fills are whole and own orders never meet. A fill at a candle's
    open is seen once the clock is past that start; one at a limit price inside the candle when the
    candle has closed, since until then nobody knows that its low or high will get there. The first
    open after the order is what it could take at once: ioc and fok fill there or lapse, post_only
    lapses where it would fill.
    """
    index = bisect_left(tape.starts, since_s)
    end = bisect_left(tape.starts, now_s)
    if order.ord_type is OrderType.LIMIT:
        return _limit_fill(order, tape, range(index, end), now_s)
    if index >= end:
        return None
    open_ = from_float(tape.opens[index])
    price_at = buy_price if order.side is Side.BID else sell_price
    return Fill(tape.starts[index], price_at(open_, slippage_bps), _trend(tape, index))


def next_change_s(tape: Tape, now_s: float) -> float:
    """Give the next time at which a candle starts or the current one closes: no fill before it."""
    index = bisect_left(tape.starts, now_s)
    starts_s = tape.starts[index] if index < len(tape.starts) else float("inf")
    closes_s = tape.starts[index - 1] + tape.unit_min * 60 if index else starts_s
    return min(starts_s, closes_s) if closes_s > now_s else starts_s


def _limit_fill(order: Order, tape: Tape, indexes: range, now_s: float) -> Fill | Lapse | None:
    limit = order.price
    assert limit is not None, "a limit order has a price"
    is_bid = order.side is Side.BID
    reach = tape.lows if is_bid else tape.highs
    bound = float(limit)
    if order.time_in_force is not None and indexes:
        start_s = tape.starts[indexes[0]]
        is_first = indexes[0] == bisect_left(tape.starts, order.placed_s)
        open_ = from_float(tape.opens[indexes[0]])
        could_take = open_ <= limit if is_bid else open_ >= limit
        if order.time_in_force is TimeInForce.POST_ONLY:
            if is_first and could_take:
                return Lapse(start_s)
        elif not could_take:
            return Lapse(start_s)
    for index in indexes:
        if not (reach[index] <= bound if is_bid else reach[index] >= bound):
            continue
        open_ = from_float(tape.opens[index])
        if open_ <= limit if is_bid else open_ >= limit:
            price = limit if order.time_in_force is TimeInForce.POST_ONLY else open_
            return Fill(tape.starts[index], price, _trend(tape, index))
        if tape.starts[index] + tape.unit_min * 60 > now_s:
            return None
        return Fill(tape.starts[index], limit, _trend(tape, index))
    return None


def _trend(tape: Tape, index: int) -> str:
    return "down" if index and tape.opens[index] < tape.closes[index - 1] else "up"
