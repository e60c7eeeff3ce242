"""The bounds of an entry's size, of which the least holds, and what they are measured by."""

from math import floor, sqrt

from haetae.kernel.codes import (
    BUY_SHARE,
    CAPITAL,
    CASH,
    CASH_RESERVE,
    COIN_SHARE,
    KELLY,
    LEAST_ORDER,
    LIQUIDITY,
    LOSS_BUDGET,
    MAX_ORDER,
    SIZE_R,
    SIZE_SHARE,
)
from haetae.kernel.loss_limits import capital_of, entry_floor
from haetae.kernel.records import Account, Market, Moment, Params, Rails, Verdict
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
    n = a.trade_stats.n
    if rails.kelly_min_trades == 0 or n < rails.kelly_min_trades:
        return 1.0
    if a.trade_stats.wins == 0 or a.trade_stats.win_r <= 0.0:
        return 0.0
    w = a.trade_stats.wins / n
    z2 = KELLY_Z * KELLY_Z
    spread = KELLY_Z * sqrt(w * (1.0 - w) / n + z2 / (4.0 * n * n))
    low = (w + z2 / (2.0 * n) - spread) / (1.0 + z2 / n)
    losses = n - a.trade_stats.wins
    if losses == 0 or a.trade_stats.loss_r <= 0.0:
        return low / 2.0
    payoff = (a.trade_stats.win_r / a.trade_stats.wins) / (a.trade_stats.loss_r / losses)
    return max(0.0, (low - (1.0 - low) / payoff) / 2.0)


@kernel
def apply_bound(best: Verdict, rail: int, krw: int) -> Verdict:
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
def remaining_budget(rails: Rails, a: Account, equity: int) -> int:
    """Return the micro that the loss limits still allow, less what is reserved."""
    return equity - entry_floor(rails, a) - a.reserved


@kernel
def size(rails: Rails, a: Account, m: Market, moment: Moment, loss: float) -> Verdict:
    """Return the entry's won and the rail that bounds it.

    `loss` is stop plus costs as a share of the entry.
    """
    price = m.close
    equity = moment.equity
    capital = capital_of(rails, equity)
    free = a.cash - moment.committed
    cap = min(rails.max_order, floor(min(MAX_COINS * price, 1_000_000_000_000.0)))
    best = Verdict(rail=MAX_ORDER, limit=float(cap), observed=0.0, krw=cap)
    fee = rails.fee_assumed_bps
    best = apply_bound(best, CASH, after_fee(free, fee))
    spendable = free
    if rails.capital_limit > 0:
        left = rails.capital_limit * MICRO - moment.invested - moment.committed
        spendable = min(free, left)
        best = apply_bound(best, CAPITAL, after_fee(left, fee))
    if rails.reserve_bps > 0:
        spare = free - share_ceil(equity, rails.reserve_bps)
        best = apply_bound(best, CASH_RESERVE, after_fee(spare, fee))
    if rails.coin_bps > 0:
        best = apply_bound(best, COIN_SHARE, share_floor(capital, rails.coin_bps) // MICRO)
    if rails.buy_bps > 0:
        best = apply_bound(best, BUY_SHARE, share_floor(max(spendable, 0), rails.buy_bps) // MICRO)
    if rails.liquidity_bps > 0:
        turnover = min(m.indicators.value, 1_000_000_000_000.0)
        best = apply_bound(best, LIQUIDITY, floor(turnover * rails.liquidity_bps / BPS))
    if rails.r_bps > 0:
        best = apply_bound(best, SIZE_R, risk_to_krw(share_floor(capital, rails.r_bps), loss))
    budget = remaining_budget(rails, a, equity)
    best = apply_bound(best, LOSS_BUDGET, risk_to_krw(budget, loss + rails.gap_bps / BPS))
    kelly = kelly_share(rails, a)
    if kelly < 1.0:
        best = apply_bound(best, KELLY, risk_to_krw(floor(capital * kelly), loss))
    return best


@kernel
def small_size(
    rails: Rails, p: Params, a: Account, moment: Moment, loss: float, best: Verdict
) -> Verdict:
    """Return the bound, or the strategy's share of what cash, the share of cash and R allow."""
    if p.size_share_bps >= BPS:
        return best
    money = a.cash - moment.committed
    if rails.capital_limit > 0:
        money = min(money, rails.capital_limit * MICRO - moment.invested - moment.committed)
    krw = after_fee(money, rails.fee_assumed_bps)
    if rails.buy_bps > 0:
        krw = min(krw, share_floor(max(money, 0), rails.buy_bps) // MICRO)
    if rails.r_bps > 0:
        risk = share_floor(capital_of(rails, moment.equity), rails.r_bps)
        krw = min(krw, risk_to_krw(risk, loss))
    return apply_bound(best, SIZE_SHARE, krw * p.size_share_bps // BPS)


@kernel
def least_order(rails: Rails, loss: float) -> int:
    """Return the smallest entry: as set, and still to be sold at its stop with gap and costs."""
    left = 1.0 - loss - rails.gap_bps / BPS
    if left <= 0.0:
        return rails.max_order + 1
    return max(rails.min_order, floor(LEAST_ORDER / left) + 1)
