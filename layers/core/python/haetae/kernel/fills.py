"""What a fill does to a position, to cash and reservations, and to the trade statistics."""

from haetae.kernel.changes import release, with_order, with_position
from haetae.kernel.codes import (
    ENTRY,
    EXIT,
    PARTIAL_PROFIT,
    SLIPPAGE,
)
from haetae.kernel.records import (
    NO_ORDER_OPEN,
    NO_POSITION,
    Account,
    Candle,
    Fill,
    Market,
    Order,
    Params,
    Position,
    Rails,
    Trade,
    TradeStats,
)
from haetae.kernel.registry import kernel
from haetae.kernel.rounding import (
    MICRO,
    buy_units,
    ceil_tick,
    fee_ceil,
    floor_tick,
    funds_ceil,
    funds_floor,
    part,
    shift_bps,
)

FIRED_SLIPPAGE = 1 << SLIPPAGE
SMALLEST_PRICE = 0.00000001


@kernel
def simulate_fill(p: Params, order: Order, c: Candle) -> Fill:
    """Fill `order` at the open of `c`, the first candle that starts at or after the order.

    The price is moved by the assumed slippage against us and put on the tick. Where only
    decision candles exist, a touched stop or level trades at the price that touched it.
    """
    price = c.open
    if order.kind != ENTRY and order.distance > 0.0:
        price = order.distance
    if order.kind == ENTRY:
        paid = ceil_tick(shift_bps(price, p.slippage_bps))
        units = buy_units(order.krw, paid)
        return Fill(t=c.t, price=paid, units=units, funds=funds_ceil(paid, units))
    got = max(floor_tick(shift_bps(price, -p.slippage_bps)), SMALLEST_PRICE)
    return Fill(t=c.t, price=got, units=order.units, funds=funds_floor(got, order.units))


@kernel
def trade_of(p: Params, m: Market, fill: Fill) -> Trade:
    """Return the books' line for `fill` of the market's open order."""
    fee = fee_ceil(fill.funds, p.fee_bps)
    kind = m.order.kind
    if kind == ENTRY:
        return Trade(
            t=fill.t,
            kind=kind,
            reason=m.order.reason,
            price=fill.price,
            units=fill.units,
            funds=fill.funds,
            fee=fee,
            pnl=0,
            risk=0,
        )
    cost = part(m.position.spent, fill.units, m.position.units)
    pnl = fill.funds - fee - cost
    return Trade(
        t=fill.t,
        kind=kind,
        reason=m.order.reason,
        price=fill.price,
        units=fill.units,
        funds=fill.funds,
        fee=fee,
        pnl=pnl,
        risk=m.position.risk,
    )


@kernel
def is_abnormal(order: Order, price: float, limit_bps: int) -> bool:
    """Tell whether a fill was `limit_bps` or more worse than the mark of its decision."""
    if order.kind == ENTRY:
        return limit_bps != 0 and price >= shift_bps(order.mark, limit_bps)
    return limit_bps != 0 and price <= shift_bps(order.mark, -limit_bps)


@kernel
def first_stop(p: Params, price: float, distance: float) -> float:
    """Return the tightest enabled stop below a fill at `price`, on the tick."""
    stop = 0.0
    if p.stop_atr > 0.0 and distance < price:
        stop = floor_tick(price - distance)
    if p.stop_bps > 0:
        stop = max(stop, floor_tick(shift_bps(price, -p.stop_bps)))
    return stop


@kernel
def level_above(price: float, bps: int) -> float:
    """Return the lowest legal price at least `bps` above `price`; 0.0 where `bps` is off."""
    if bps == 0:
        return 0.0
    return ceil_tick(shift_bps(price, bps))


@kernel
def take_profit(p: Params, price: float, atr: float) -> float:
    """Return the lowest enabled take-profit above a fill at `price`, on the tick; 0.0 for none."""
    target = level_above(price, p.target_bps)
    if p.target_atr > 0.0:
        level = ceil_tick(price + p.target_atr * atr)
        if target == 0.0 or level < target:
            target = level
    return target


@kernel
def open_position(p: Params, order: Order, trade: Trade, atr: float) -> Position:
    """Return the position an entry's fill opens; part of the order bears part of its risk.

    `atr` is that of the last decision candle folded before the fill.
    """
    spent = min(trade.funds, order.krw * MICRO)
    return Position(
        units=trade.units,
        t=trade.t,
        price=trade.price,
        spent=trade.funds + trade.fee,
        stop=first_stop(p, trade.price, order.distance),
        trailing=0,
        target=take_profit(p, trade.price, atr),
        partial=level_above(trade.price, p.partial_bps),
        high=trade.price,
        risk=part(order.risk, spent, order.krw * MICRO),
        pnl=0,
        reserved=part(order.reserved, spent, order.krw * MICRO),
        exit_reason=0,
    )


@kernel
def reduce_position(position: Position, kind: int, trade: Trade) -> Position:
    """Return what is left of a position after an exit's fill."""
    if trade.units >= position.units:
        return NO_POSITION
    level = position.partial
    if kind != EXIT and trade.reason == PARTIAL_PROFIT:
        level = 0.0
    return Position(
        units=position.units - trade.units,
        t=position.t,
        price=position.price,
        spent=position.spent - part(position.spent, trade.units, position.units),
        stop=position.stop,
        trailing=position.trailing,
        target=position.target,
        partial=level,
        high=position.high,
        risk=position.risk,
        pnl=position.pnl + trade.pnl,
        reserved=position.reserved - part(position.reserved, trade.units, position.units),
        exit_reason=position.exit_reason,
    )


@kernel
def count_trade(trade_stats: TradeStats, pnl: int, risk: int) -> TradeStats:
    """Count a closed trade in R."""
    if risk <= 0:
        return trade_stats
    r = float(pnl) / float(risk)
    if r > 0.0:
        return TradeStats(
            n=trade_stats.n + 1,
            wins=trade_stats.wins + 1,
            win_r=trade_stats.win_r + r,
            loss_r=trade_stats.loss_r,
        )
    return TradeStats(
        n=trade_stats.n + 1,
        wins=trade_stats.wins,
        win_r=trade_stats.win_r,
        loss_r=trade_stats.loss_r - r,
    )


@kernel
def apply_fill(
    rails: Rails, p: Params, a: Account, m: Market, fill: Fill, t: int
) -> tuple[Account, Market, int]:
    """Apply what became of the market's open order; return the rails fired by how it filled."""
    order = m.order
    if fill.units == 0:
        return release(a, order), with_order(m, NO_ORDER_OPEN), 0
    trade = trade_of(p, m, fill)
    position = m.position
    cash = a.cash - trade.funds - trade.fee
    reserved = a.reserved
    last_entry = a.last_entry
    trade_stats = a.trade_stats
    if order.kind == ENTRY:
        position = open_position(p, order, trade, m.indicators.atr)
        reserved = reserved - (order.reserved - position.reserved)
        last_entry = fill.t
    else:
        cash = a.cash + trade.funds - trade.fee
        position = reduce_position(m.position, order.kind, trade)
        reserved = reserved - (m.position.reserved - position.reserved)
        if position.units == 0:
            trade_stats = count_trade(a.trade_stats, m.position.pnl + trade.pnl, m.position.risk)
    fired = 0
    cooldown = a.cooldown
    if is_abnormal(order, fill.price, rails.slippage_limit_bps):
        fired = FIRED_SLIPPAGE
        cooldown = t + rails.cooldown_s
    account = Account(
        cash=cash,
        reserved=reserved,
        last_entry=last_entry,
        exit_t=a.exit_t,
        cooldown=cooldown,
        day=a.day,
        week=a.week,
        past=a.past,
        trade_stats=trade_stats,
    )
    return account, with_order(with_position(m, position), NO_ORDER_OPEN), fired
