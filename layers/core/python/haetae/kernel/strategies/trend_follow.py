"""Trend following: hold the coin above its fast average, and not once that is below the slow one.

Two exponential averages of closes, whose lengths are settings of their own: 20 and 50 in the
plan. Source: the plan's main strategy; the stops that belong to it are the profile's.
"""

from typing import Final

from haetae.kernel.codes import FLAT, HOLD, LONG
from haetae.kernel.records import Indicators, Params
from haetae.kernel.registry import kernel
from haetae.kernel.strategies.knob import Knob

CODE: Final = 1
NAME: Final = "trend_follow"
READS: Final = ("averages",)
KNOBS: Final = (
    Knob(
        name="only_long_when_fast_gt_slow",
        key="filters.only_long_when_fast_gt_slow",
        meaning="Enter only while the fast average is above the slow one.",
        default=1.0,
        high=1.0,
        switch=True,
    ),
)
ONLY_ABOVE: Final = 0


@kernel
def trend_follow(p: Params, x: Indicators) -> int:
    """LONG above the fast EMA while fast > slow; FLAT once fast < slow; HOLD until seeded."""
    if x.n < p.ema_slow:
        return HOLD
    if x.averages.fast < x.averages.slow:
        if p.knobs[ONLY_ABOVE] != 0.0:
            return FLAT
        return HOLD
    above = x.averages.fast > x.averages.slow or p.knobs[ONLY_ABOVE] == 0.0
    if x.close > x.averages.fast and above:
        return LONG
    return HOLD
