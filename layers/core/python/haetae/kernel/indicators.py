"""Incremental indicators: each closed decision candle is folded once and never seen again.

EMA: seeded with the mean of the first n closes, then alpha = 2 / (n + 1).
ATR: Wilder, over true ranges from the second candle on, seeded with the mean of the first n.
"""

from haetae.kernel.records import Bar, Indicators, Params
from haetae.kernel.registry import kernel


@kernel
def ema(previous: float, value: float, length: int, n: int) -> float:
    """Fold the n-th `value` (from 1) into an EMA; a running sum until n reaches `length`."""
    if n < length:
        return previous + value
    if n == length:
        return (previous + value) / length
    return previous + (value - previous) * (2.0 / (length + 1.0))


@kernel
def wilder(previous: float, value: float, length: int, n: int) -> float:
    """Fold the n-th `value` (from 1) into Wilder's average; a running sum until `length`."""
    if n < length:
        return previous + value
    if n == length:
        return (previous + value) / length
    return (previous * (length - 1.0) + value) / length


@kernel
def true_range(high: float, low: float, previous_close: float) -> float:
    """Return the greatest of high − low and either's distance to the previous close."""
    return max(high, previous_close) - min(low, previous_close)


@kernel
def fold_bar(p: Params, trend: Indicators, bar: Bar) -> Indicators:
    """Fold a closed decision candle into the indicators."""
    n = trend.n + 1
    atr = 0.0
    if n > 1:
        tr = true_range(bar.high, bar.low, trend.close)
        atr = wilder(trend.atr, tr, p.atr_len, n - 1)
    return Indicators(
        n=n,
        t=bar.end,
        close=bar.close,
        fast=ema(trend.fast, bar.close, p.ema_fast, n),
        slow=ema(trend.slow, bar.close, p.ema_slow, n),
        atr=atr,
        value=bar.value,
    )
