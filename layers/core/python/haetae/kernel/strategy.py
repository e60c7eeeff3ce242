"""Strategies: pure functions of the indicators; a strategy is an int and one dispatcher."""

from haetae.kernel.codes import TREND_FOLLOW
from haetae.kernel.records import Indicators, Params
from haetae.kernel.registry import kernel

HOLD = 0
LONG = 1
FLAT = -1


@kernel
def signal(p: Params, x: Indicators) -> int:
    """Return LONG where the strategy would hold the coin, FLAT where it would not, else HOLD."""
    match p.strategy:
        case 1:
            return trend_follow(p, x)
        case _:
            return HOLD


@kernel
def trend_follow(p: Params, x: Indicators) -> int:
    """LONG above the fast EMA while fast > slow; FLAT once fast < slow; HOLD until seeded."""
    if x.n < p.ema_slow or x.n <= p.atr_len:
        return HOLD
    if x.averages.fast < x.averages.slow:
        if p.only_long_when_fast_gt_slow != 0:
            return FLAT
        return HOLD
    above = x.averages.fast > x.averages.slow or p.only_long_when_fast_gt_slow == 0
    if x.close > x.averages.fast and above:
        return LONG
    return HOLD


assert TREND_FOLLOW == 1  # `match` needs the literal
