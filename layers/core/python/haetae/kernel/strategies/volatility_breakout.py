"""Volatility breakout: hold the coin after a close above its candle's open and a part of the range.

LONG when the close is above open + k × (high − low of the candle before), else FLAT. Source: Larry
Williams' volatility breakout, judged at the candle's close because only closed candles decide.
"""

from typing import Final

from haetae.kernel.codes import FLAT, HOLD, LONG
from haetae.kernel.records import Indicators, Params
from haetae.kernel.registry import kernel
from haetae.kernel.strategies.knob import Knob

CODE: Final = 2
NAME: Final = "volatility_breakout"
READS: Final = ("range",)
KNOBS: Final = (
    Knob(
        name="breakout_k",
        meaning="How far above its open a candle must close.",
        unit="ranges of the candle before",
        default=0.5,
        low=0.1,
        high=2.0,
    ),
)
K: Final = 0


@kernel
def volatility_breakout(p: Params, x: Indicators) -> int:
    """LONG above open + k × previous range, else FLAT; HOLD where no range was before."""
    if x.range.before <= 0.0:
        return HOLD
    if x.close > x.range.open + p.knobs[K] * x.range.before:
        return LONG
    return FLAT
