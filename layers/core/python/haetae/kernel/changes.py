"""The changes of records: each returns its record with one thing changed, and is here once."""

from haetae.kernel.codes import ENTRY
from haetae.kernel.records import Account, Market, Order, Period, Position, Verdict
from haetae.kernel.registry import kernel


@kernel
def with_position(m: Market, position: Position) -> Market:
    """Return the market with another position."""
    return Market(
        seen=m.seen,
        close=m.close,
        decided=m.decided,
        crash=m.crash,
        bar=m.bar,
        indicators=m.indicators,
        position=position,
        order=m.order,
        verdict=m.verdict,
    )


@kernel
def with_order(m: Market, order: Order) -> Market:
    """Return the market with another open order."""
    return Market(
        seen=m.seen,
        close=m.close,
        decided=m.decided,
        crash=m.crash,
        bar=m.bar,
        indicators=m.indicators,
        position=m.position,
        order=order,
        verdict=m.verdict,
    )


@kernel
def with_verdict(m: Market, verdict: Verdict) -> Market:
    """Return the market with its last closed decision candle decided."""
    return Market(
        seen=m.seen,
        close=m.close,
        decided=m.indicators.t,
        crash=m.crash,
        bar=m.bar,
        indicators=m.indicators,
        position=m.position,
        order=m.order,
        verdict=verdict,
    )


@kernel
def with_exit_reason(position: Position, reason: int) -> Position:
    """Return the position with the reason why all of it is to be sold."""
    return Position(
        units=position.units,
        t=position.t,
        price=position.price,
        spent=position.spent,
        stop=position.stop,
        trailing=position.trailing,
        target=position.target,
        partial=position.partial,
        high=position.high,
        risk=position.risk,
        pnl=position.pnl,
        reserved=position.reserved,
        exit_reason=reason,
    )


@kernel
def drop_partial(position: Position) -> Position:
    """Return the position without its first take-profit level."""
    return Position(
        units=position.units,
        t=position.t,
        price=position.price,
        spent=position.spent,
        stop=position.stop,
        trailing=position.trailing,
        target=position.target,
        partial=0.0,
        high=position.high,
        risk=position.risk,
        pnl=position.pnl,
        reserved=position.reserved,
        exit_reason=position.exit_reason,
    )


@kernel
def with_exit_at(a: Account, t: int) -> Account:
    """Return the account with an exit decided at `t`."""
    return Account(
        cash=a.cash,
        reserved=a.reserved,
        last_entry=a.last_entry,
        exit_t=t,
        cooldown=a.cooldown,
        day=a.day,
        week=a.week,
        past=a.past,
        trade_stats=a.trade_stats,
    )


@kernel
def cool_down(a: Account, until: int) -> Account:
    """Return the account that refuses entries until `until`."""
    return Account(
        cash=a.cash,
        reserved=a.reserved,
        last_entry=a.last_entry,
        exit_t=a.exit_t,
        cooldown=until,
        day=a.day,
        week=a.week,
        past=a.past,
        trade_stats=a.trade_stats,
    )


@kernel
def reserve(a: Account, order: Order) -> Account:
    """Return the account with the worst case of a new entry reserved, and the entry counted."""
    return Account(
        cash=a.cash,
        reserved=a.reserved + order.reserved,
        last_entry=a.last_entry,
        exit_t=a.exit_t,
        cooldown=a.cooldown,
        day=count_entry(a.day),
        week=a.week,
        past=a.past,
        trade_stats=a.trade_stats,
    )


@kernel
def release(a: Account, order: Order) -> Account:
    """Return the account without the reservation of an entry that never traded."""
    if order.kind != ENTRY:
        return a
    return Account(
        cash=a.cash,
        reserved=a.reserved - order.reserved,
        last_entry=a.last_entry,
        exit_t=a.exit_t,
        cooldown=a.cooldown,
        day=a.day,
        week=a.week,
        past=a.past,
        trade_stats=a.trade_stats,
    )


@kernel
def count_entry(day: Period) -> Period:
    """Return the day book with one more entry."""
    return Period(
        until=day.until, start=day.start, floor=day.floor, latch=day.latch, entries=day.entries + 1
    )
