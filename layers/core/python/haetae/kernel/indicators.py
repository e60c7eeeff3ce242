"""Incremental indicators: each closed decision candle is folded once and never seen again.

EMA: seeded with the mean of the first n closes, then alpha = 2 / (n + 1).
ATR: Wilder, over true ranges from the second candle on, seeded with the mean of the first n.
RSI: Wilder's averages of rises and falls between closes, seeded likewise.
"""

from haetae.kernel.records import Averages, Bar, Indicators, Params, Range, Rsi
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
def fold_rsi(p: Params, rsi: Rsi, change: float) -> Rsi:
    """Fold the change from one close to the next into the averages of rises and falls."""
    rise = 0.0
    fall = 0.0
    if change > 0.0:
        rise = change
    if change < 0.0:
        fall = -change
    n = rsi.n + 1
    return Rsi(
        n=n,
        gain=wilder(rsi.gain, rise, p.rsi_len, n),
        loss=wilder(rsi.loss, fall, p.rsi_len, n),
    )


@kernel
def fold_bar(p: Params, before: Indicators, bar: Bar) -> Indicators:
    """Fold a closed decision candle into the indicators."""
    n = before.n + 1
    atr = 0.0
    rsi = before.rsi
    if n > 1:
        tr = true_range(bar.high, bar.low, before.close)
        atr = wilder(before.atr, tr, p.atr_len, n - 1)
        rsi = fold_rsi(p, rsi, bar.close - before.close)
    return Indicators(
        n=n,
        t=bar.end,
        close=bar.close,
        value=bar.value,
        averages=Averages(
            fast=ema(before.averages.fast, bar.close, p.ema_fast, n),
            slow=ema(before.averages.slow, bar.close, p.ema_slow, n),
        ),
        atr=atr,
        rsi=rsi,
        range=Range(
            open=bar.open,
            high=bar.high,
            low=bar.low,
            before=before.range.high - before.range.low,
        ),
    )
