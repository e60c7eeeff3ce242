"""The rails an entry must pass: permission is all of them, size is the least of them."""

from math import floor

from haetae.kernel.codes import (
    COOLDOWN,
    DAY_LOSS,
    ENTRY,
    ENTRY_SIGNAL,
    EXIT_THIS_MINUTE,
    EXPIRED,
    MAX_COST,
    MAX_ENTRIES,
    MAX_POSITIONS,
    MIN_INTERVAL,
    MIN_ORDER,
    MODE,
    ROLLING_WEEK,
    RUN,
    STALE,
    WEEK_LOSS,
)
from haetae.kernel.loss_limits import rolling_floor
from haetae.kernel.records import (
    NO_ORDER_OPEN,
    NO_VERDICT,
    Account,
    Market,
    Moment,
    Order,
    Params,
    Rails,
    Verdict,
)
from haetae.kernel.registry import kernel
from haetae.kernel.rounding import BPS, MICRO
from haetae.kernel.sizing import cost_share, least_order, size, small_size, stop_distance


@kernel
def refusals(rails: Rails, a: Account, m: Market, moment: Moment) -> tuple[int, Verdict]:
    """Return the mask of all rails that refuse an entry now, and the verdict of the first."""
    t = moment.t
    fired = 0
    first = NO_VERDICT
    if rails.max_positions > 0 and moment.held >= rails.max_positions:
        fired = fired | 1 << MAX_POSITIONS
        first = refuse(MAX_POSITIONS, float(rails.max_positions), float(moment.held))
    if t < a.cooldown:
        fired = fired | 1 << COOLDOWN
        first = refuse(COOLDOWN, float(a.cooldown), float(t))
    if rails.max_entries > 0 and a.day.entries >= rails.max_entries:
        fired = fired | 1 << MAX_ENTRIES
        first = refuse(MAX_ENTRIES, float(rails.max_entries), float(a.day.entries))
    since = t - a.last_entry
    if rails.min_interval_s > 0 and since < rails.min_interval_s and a.last_entry > 0:
        fired = fired | 1 << MIN_INTERVAL
        first = refuse(MIN_INTERVAL, float(rails.min_interval_s), float(since))
    if rails.rolling_week_bps > 0 and moment.equity <= rolling_floor(rails, a):
        lowest = rolling_floor(rails, a)
        fired = fired | 1 << ROLLING_WEEK
        first = refuse(ROLLING_WEEK, float(lowest) / MICRO, float(moment.equity) / MICRO)
    if a.week.latch != 0:
        fired = fired | 1 << WEEK_LOSS
        first = refuse(WEEK_LOSS, float(a.week.floor) / MICRO, float(moment.equity) / MICRO)
    if a.day.latch != 0:
        fired = fired | 1 << DAY_LOSS
        first = refuse(DAY_LOSS, float(a.day.floor) / MICRO, float(moment.equity) / MICRO)
    if a.exit_t == t:
        fired = fired | 1 << EXIT_THIS_MINUTE
        first = refuse(EXIT_THIS_MINUTE, 0.0, 0.0)
    age = moment.now - m.indicators.t
    if age > rails.entry_delay_s:
        fired = fired | 1 << EXPIRED
        first = refuse(EXPIRED, float(rails.entry_delay_s), float(age))
    silence = t - m.seen
    if silence > rails.stale_s:
        fired = fired | 1 << STALE
        first = refuse(STALE, float(rails.stale_s), float(silence))
    if moment.mode != RUN:
        fired = fired | 1 << MODE
        first = refuse(MODE, float(RUN), float(moment.mode))
    return fired, first


@kernel
def refuse(rail: int, limit: float, observed: float) -> Verdict:
    """Return the verdict of a rail that leaves no size."""
    return Verdict(rail=rail, limit=limit, observed=observed, krw=0)


@kernel
def propose_entry(
    rails: Rails, p: Params, a: Account, m: Market, moment: Moment
) -> tuple[Order, Verdict, int]:
    """Return the entry order (kind 0 where refused), the verdict, and the rails that fired."""
    fired, verdict = refusals(rails, a, m, moment)
    if fired != 0:
        return NO_ORDER_OPEN, verdict, fired
    distance = stop_distance(p, m.indicators.atr, m.close)
    stop = distance / m.close
    cost = cost_share(rails, m.close)
    if rails.max_cost_bps > 0 and cost * BPS > rails.max_cost_bps * stop:
        too_dear = refuse(MAX_COST, rails.max_cost_bps / BPS, cost / stop)
        return NO_ORDER_OPEN, too_dear, 1 << MAX_COST
    loss = stop + cost
    bound = small_size(rails, p, a, moment, loss, size(rails, a, m, moment, loss))
    fired = 1 << bound.rail
    least = least_order(rails, loss)
    if bound.krw <= 0:
        return NO_ORDER_OPEN, bound, fired
    if bound.krw < least:
        fired = fired | 1 << MIN_ORDER
        return NO_ORDER_OPEN, refuse(MIN_ORDER, float(least), float(bound.krw)), fired
    risk = floor(bound.krw * loss * MICRO)
    reserved = floor(bound.krw * (loss + rails.gap_bps / BPS) * MICRO) + 1
    distance = p.stop_atr * m.indicators.atr
    order = Order(
        kind=ENTRY,
        t=moment.t,
        reason=ENTRY_SIGNAL,
        krw=bound.krw,
        units=0,
        distance=distance,
        reserved=reserved,
        risk=risk,
        mark=m.close,
    )
    return order, bound, fired
