"""The minute's work on a market: test the exits as they stood, then raise the chandelier."""

from haetae.kernel.codes import (
    CHANDELIER,
    EXIT,
    EXIT_SIGNAL,
    FIRST_STOP,
    FLASH_CRASH,
    LEAST_ORDER,
    MINUTE_S,
    NO_ORDER,
    PARTIAL,
    PARTIAL_PROFIT,
    TAKE_PROFIT,
)
from haetae.kernel.records import (
    NO_ORDER_OPEN,
    Bar,
    Candle,
    Crash,
    Market,
    Order,
    Params,
    Position,
)
from haetae.kernel.registry import kernel
from haetae.kernel.rounding import MICRO, floor_tick, share_floor, shift_bps, value_nearest

CRASH_BLOCK_S = 300


@kernel
def find_exit(position: Position, c: Candle) -> int:
    """Return which exit the candle touched: the stop first, then the levels above; 0 for none."""
    if c.low <= position.stop:
        if position.trailing != 0:
            return CHANDELIER
        return FIRST_STOP
    if position.target > 0.0 and c.high >= position.target:
        return TAKE_PROFIT
    if position.partial > 0.0 and c.high >= position.partial:
        return PARTIAL_PROFIT
    return 0


@kernel
def raise_stop(p: Params, position: Position, atr: float, high: float) -> Position:
    """Raise the highest price and with it the chandelier stop, which never falls."""
    top = max(position.high, high)
    stop = position.stop
    trailing = position.trailing
    if p.trail_atr > 0.0:
        level = top - p.trail_atr * atr
        if level > stop:
            on_tick = floor_tick(level)
            if on_tick > stop:
                stop = on_tick
                trailing = 1
    if top == position.high and stop == position.stop:
        return position
    return Position(
        position.units,
        position.t,
        position.price,
        position.spent,
        stop,
        trailing,
        position.target,
        position.partial,
        top,
        position.risk,
        position.pnl,
        position.reserved,
        position.exit_reason,
    )


@kernel
def may_rise(p: Params, position: Position, atr: float, high: float) -> bool:
    """Tell whether `raise_stop` may change the position."""
    return high > position.high or (
        p.trail_atr > 0.0 and position.high - p.trail_atr * atr > position.stop
    )


@kernel
def watch_crash(p: Params, crash: Crash, c: Candle) -> Crash:
    """Fold a candle that is higher, or of a later block, into the highs of the last two blocks."""
    if c.t < crash.block + CRASH_BLOCK_S:
        return crash_below(p, crash.block, c.high, crash.before)
    block = c.t // CRASH_BLOCK_S * CRASH_BLOCK_S
    if block == crash.block + CRASH_BLOCK_S:
        return crash_below(p, block, c.high, crash.high)
    return crash_below(p, block, c.high, 0.0)


@kernel
def crash_below(p: Params, block: int, high: float, before: float) -> Crash:
    """Return the highs with the price at which a fall from them counts as a flash crash."""
    if p.flash_crash_bps == 0:
        return Crash(block, high, before, 0.0)
    top = before if before > high else high
    return Crash(block, high, before, shift_bps(top, -p.flash_crash_bps))


@kernel
def build_bar(p: Params, bar: Bar, c: Candle) -> Bar:
    """Add a candle to the decision candle being built."""
    if bar.end == 0:
        end = (c.t // p.interval_s + 1) * p.interval_s
        return Bar(end, c.open, c.high, c.low, c.close, c.close * c.volume)
    high = bar.high
    low = bar.low
    close = c.close
    if c.high > high:
        high = c.high
    if c.low < low:
        low = c.low
    return Bar(bar.end, bar.open, high, low, close, bar.value + close * c.volume)


@kernel
def find_trigger_price(p: Params, position: Position, c: Candle, reason: int) -> float:
    """Return the price that touched an exit inside a decision candle, where no minutes exist.

    The worse of open and stop, or the level; 0.0 for an exit that trades in the next candle.
    """
    if p.candle_s == MINUTE_S:
        return 0.0
    if reason == FIRST_STOP or reason == CHANDELIER:
        return min(c.open, position.stop)
    if reason == TAKE_PROFIT:
        return position.target
    if reason == PARTIAL_PROFIT:
        return position.partial
    return 0.0


@kernel
def candle_step(p: Params, m: Market, c: Candle) -> tuple[Market, int, float]:
    """Fold one closed candle; return the market, an exit's reason (0: none) and trigger price.

    A position that is being left asks for nothing more: it has its reason.
    """
    reason = 0
    trigger_price = 0.0
    position = m.position
    crash = m.crash
    indicators = m.indicators
    t = c.t
    if c.high > crash.high or t >= crash.block + CRASH_BLOCK_S:
        crash = watch_crash(p, crash, c)
    if position.units > 0:
        if position.exit_reason == 0:
            reason = find_exit(position, c)
            if c.close <= crash.floor and (reason == 0 or reason == PARTIAL_PROFIT):
                reason = FLASH_CRASH
            if reason != 0:
                if reason == PARTIAL_PROFIT and m.order.kind != NO_ORDER:
                    reason = 0  # it is on its way
                trigger_price = find_trigger_price(p, position, c, reason)
        if may_rise(p, position, indicators.atr, c.high):
            position = raise_stop(p, position, indicators.atr, c.high)
    bar = m.bar
    if t >= indicators.t:
        bar = build_bar(p, bar, c)
    market = Market(
        t + p.candle_s,
        c.close,
        m.decided,
        crash,
        bar,
        indicators,
        position,
        m.order,
        m.verdict,
    )
    return market, reason, trigger_price


@kernel
def exit_order(m: Market, t: int, trigger_price: float) -> Order:
    """Return the order that sells all of a position that is being left.

    There is none while it is worth less than the exchange's minimum, nor while another is open.
    """
    position = m.position
    if m.order.kind != NO_ORDER or not is_sellable(m.close, position.units):
        return m.order
    return sale(m, EXIT, t, position.exit_reason, position.units, trigger_price)


@kernel
def partial_order(p: Params, m: Market, t: int, trigger_price: float) -> Order:
    """Return the order of a first take-profit: kind 0 where the part is too small to be sold,
    all of the position where the rest would be.
    """
    units = m.position.units
    some = share_floor(units, p.partial_share_bps)
    if not is_sellable(m.close, some):
        return NO_ORDER_OPEN
    if not is_sellable(m.close, units - some):
        return sale(m, EXIT, t, PARTIAL_PROFIT, units, trigger_price)
    return sale(m, PARTIAL, t, PARTIAL_PROFIT, some, trigger_price)


@kernel
def share_order(p: Params, m: Market, t: int) -> Order:
    """Return the order that sells an exit signal's share of the position.

    Kind 0 where the share or what it would leave is too small to be sold: all of it is to go.
    """
    units = m.position.units
    some = share_floor(units, p.exit_share_bps)
    if not is_sellable(m.close, some) or not is_sellable(m.close, units - some):
        return NO_ORDER_OPEN
    return sale(m, PARTIAL, t, EXIT_SIGNAL, some, 0.0)


@kernel
def sale(m: Market, kind: int, t: int, reason: int, units: int, trigger_price: float) -> Order:
    """Return a sell order; its mark is the price that touched it, else the last close."""
    mark = m.close
    if trigger_price > 0.0:
        mark = trigger_price
    return Order(
        kind=kind,
        t=t,
        reason=reason,
        krw=0,
        units=units,
        distance=trigger_price,
        reserved=0,
        risk=0,
        mark=mark,
    )


@kernel
def is_sellable(price: float, units: int) -> bool:
    """Tell whether `units` at `price` reach the exchange's minimum, whatever entries are set to."""
    return value_nearest(price, units) >= LEAST_ORDER * MICRO
