"""The rails an entry must pass: permission is all of them, size is the least of them."""

from math import floor, sqrt

from haetae.kernel.codes import (
    BUY_SHARE,
    CASH,
    CASH_RESERVE,
    COIN_SHARE,
    COOLDOWN,
    DAY_LOSS,
    ENTRY,
    ENTRY_SIGNAL,
    EXIT_THIS_MINUTE,
    EXPIRED,
    KELLY,
    LIQUIDITY,
    LOSS_BUDGET,
    MAX_ENTRIES,
    MAX_ORDER,
    MAX_POSITIONS,
    MIN_INTERVAL,
    MIN_ORDER,
    MODE,
    RUN,
    SIZE_R,
    STALE,
    WEEK_LOSS,
)
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
from haetae.kernel.rounding import (
    BPS,
    MICRO,
    floor_tick,
    share_ceil,
    share_floor,
    shift_bps,
    tick_of,
)

MAX_COINS = 9_000_000_000.0  # ten times as many would still fit 64 bits of units
KELLY_Z = 1.0  # the interval's half-width in standard errors


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
def stop_distance(p: Params, atr: float, price: float) -> float:
    """Return how far below `price` the tightest enabled first stop lies, with one tick of room."""
    scale, step = tick_of(price)
    distance = price
    if p.stop_atr > 0.0:
        distance = min(distance, p.stop_atr * atr)
    if p.stop_bps > 0:
        distance = min(distance, price - floor_tick(shift_bps(price, -p.stop_bps)))
    return min(distance + step / scale, price)


@kernel
def cost_share(rails: Rails, price: float) -> float:
    """Return what a round trip costs as a share: assumed fees, and slippage of at least a tick."""
    scale, step = tick_of(price)
    slip = max(rails.slippage_assumed_bps / BPS, step / scale / price)
    return 2.0 * (rails.fee_assumed_bps / BPS + slip)


@kernel
def kelly_share(rails: Rails, a: Account) -> float:
    """Return half of Kelly's share of equity to put at risk; 1.0 while there are too few trades.

    K = W − (1 − W) × average loss ÷ average win in R, W the lower end of its Wilson interval.
    """
    n = a.tally.n
    if rails.kelly_min_trades == 0 or n < rails.kelly_min_trades:
        return 1.0
    if a.tally.wins == 0 or a.tally.win_r <= 0.0:
        return 0.0
    w = a.tally.wins / n
    z2 = KELLY_Z * KELLY_Z
    spread = KELLY_Z * sqrt(w * (1.0 - w) / n + z2 / (4.0 * n * n))
    low = (w + z2 / (2.0 * n) - spread) / (1.0 + z2 / n)
    losses = n - a.tally.wins
    if losses == 0 or a.tally.loss_r <= 0.0:
        return low / 2.0
    payoff = (a.tally.win_r / a.tally.wins) / (a.tally.loss_r / losses)
    return max(0.0, (low - (1.0 - low) / payoff) / 2.0)


@kernel
def tighten(best: Verdict, rail: int, krw: int) -> Verdict:
    """Return the smaller of two size bounds; the earlier one wins a tie."""
    if krw < best.krw:
        return Verdict(rail=rail, limit=float(krw), observed=float(best.krw), krw=krw)
    return best


@kernel
def risk_to_krw(amount: int, share: float) -> int:
    """Return the whole won whose `share` is at most `amount` micro, never below zero."""
    if amount <= 0:
        return 0
    return floor(min(float(amount) / MICRO / share, 1_000_000_000_000.0))


@kernel
def after_fee(amount: int, fee_bps: int) -> int:
    """Return the whole won that `amount` micro can buy with the fee on top, never below zero."""
    if amount <= 0:
        return 0
    return amount // MICRO * BPS // (BPS + fee_bps)


@kernel
def budget_left(a: Account, equity: int) -> int:
    """Return the micro that may still be lost today and this week, less what is reserved."""
    return equity - max(a.day.floor, a.week.floor) - a.reserved


@kernel
def size(rails: Rails, a: Account, m: Market, moment: Moment, loss: float) -> Verdict:
    """Return the entry's won and the rail that bounds it.

    `loss` is stop plus costs as a share of the entry.
    """
    price = m.close
    equity = moment.equity
    free = a.cash - moment.committed
    cap = min(rails.max_order, floor(min(MAX_COINS * price, 1_000_000_000_000.0)))
    best = Verdict(rail=MAX_ORDER, limit=float(cap), observed=0.0, krw=cap)
    fee = rails.fee_assumed_bps
    best = tighten(best, CASH, after_fee(free, fee))
    if rails.reserve_bps > 0:
        spare = free - share_ceil(equity, rails.reserve_bps)
        best = tighten(best, CASH_RESERVE, after_fee(spare, fee))
    if rails.coin_bps > 0:
        best = tighten(best, COIN_SHARE, share_floor(equity, rails.coin_bps) // MICRO)
    if rails.buy_bps > 0:
        best = tighten(best, BUY_SHARE, share_floor(max(free, 0), rails.buy_bps) // MICRO)
    if rails.liquidity_bps > 0:
        turnover = min(m.indicators.value, 1_000_000_000_000.0)
        best = tighten(best, LIQUIDITY, floor(turnover * rails.liquidity_bps / BPS))
    if rails.r_bps > 0:
        best = tighten(best, SIZE_R, risk_to_krw(share_floor(equity, rails.r_bps), loss))
    budget = budget_left(a, equity)
    best = tighten(best, LOSS_BUDGET, risk_to_krw(budget, loss + rails.gap_bps / BPS))
    kelly = kelly_share(rails, a)
    if kelly < 1.0:
        best = tighten(best, KELLY, risk_to_krw(floor(equity * kelly), loss))
    return best


@kernel
def least_order(rails: Rails, loss: float) -> int:
    """Return the smallest entry whose position can still be sold at its stop, gap and costs in."""
    left = 1.0 - loss - rails.gap_bps / BPS
    if left <= 0.0:
        return rails.max_order + 1
    return floor(rails.min_order / left) + 1


@kernel
def propose_entry(
    rails: Rails, p: Params, a: Account, m: Market, moment: Moment
) -> tuple[Order, Verdict, int]:
    """Return the entry order (kind 0 where refused), the verdict, and the rails that fired."""
    fired, verdict = refusals(rails, a, m, moment)
    if fired != 0:
        return NO_ORDER_OPEN, verdict, fired
    distance = stop_distance(p, m.indicators.atr, m.close)
    loss = distance / m.close + cost_share(rails, m.close)
    bound = size(rails, a, m, moment, loss)
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
