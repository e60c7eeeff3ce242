"""RSI mean reversion: buy what has fallen too fast, leave what has risen too fast, in small size.

Wilder's RSI of closes is 100 × average rise ÷ (average rise + average fall): LONG below `rsi_low`,
FLAT above `rsi_high`, HOLD between. Source: Wilder, New Concepts in Technical Trading Systems
(1978); the length is a setting of its own, 14 in his book. It buys against the trend, so it uses a
quarter of what R and cash allow.
"""

from typing import Final

from haetae.kernel.codes import FLAT, HOLD, LONG
from haetae.kernel.records import Indicators, Params
from haetae.kernel.registry import kernel
from haetae.kernel.strategies.knob import Knob

CODE: Final = 3
NAME: Final = "rsi_reversion"
READS: Final = ("rsi",)
SIZE_SHARE_BPS: Final = 2_500
KNOBS: Final = (
    Knob(
        name="rsi_low",
        meaning="The RSI below which the coin is bought.",
        default=30.0,
        low=1.0,
        high=50.0,
    ),
    Knob(
        name="rsi_high",
        meaning="The RSI above which the coin is left.",
        default=70.0,
        low=50.0,
        high=99.0,
    ),
)
LOW: Final = 0
HIGH: Final = 1


@kernel
def rsi_reversion(p: Params, x: Indicators) -> int:
    """LONG below the low RSI, FLAT above the high one, else HOLD; HOLD until there is an RSI."""
    moved = x.rsi.gain + x.rsi.loss
    if x.rsi.n < p.rsi_len or moved <= 0.0:
        return HOLD
    rsi = 100.0 * x.rsi.gain / moved
    if rsi < p.knobs[LOW]:
        return LONG
    if rsi > p.knobs[HIGH]:
        return FLAT
    return HOLD
