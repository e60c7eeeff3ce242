"""Strategies: pure functions of the indicators; a strategy is an int and one dispatcher."""

from haetae.kernel.codes import TREND_FOLLOW
from haetae.kernel.records import Indicators, Params
from haetae.kernel.registry import kernel

HOLD = 0
LONG = 1
FLAT = -1


@kernel
def signal(p: Params, trend: Indicators) -> int:
    """Return LONG where the strategy would hold the coin, FLAT where it would not, else HOLD."""
    match p.strategy:
        case 1:
            return trend_follow(p, trend)
        case _:
            return HOLD


@kernel
def trend_follow(p: Params, trend: Indicators) -> int:
    """LONG above the fast EMA while fast > slow; FLAT once fast < slow; HOLD until seeded."""
    if trend.n < p.ema_slow or trend.n <= p.atr_len:
        return HOLD
    if trend.fast < trend.slow:
        if p.only_long_when_fast_gt_slow != 0:
            return FLAT
        return HOLD
    if trend.close > trend.fast and (trend.fast > trend.slow or p.only_long_when_fast_gt_slow == 0):
        return LONG
    return HOLD


assert TREND_FOLLOW == 1  # `match` needs the literal
