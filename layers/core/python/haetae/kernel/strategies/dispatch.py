"""The one place that knows every strategy: a `case` a file, since a strategy is an int.

A new strategy is a file beside this one and a `case` here, with its import; a house test holds the
cases against the files.
"""

from haetae.kernel.codes import HOLD
from haetae.kernel.records import Indicators, Params
from haetae.kernel.registry import kernel
from haetae.kernel.strategies.rsi_reversion import rsi_reversion
from haetae.kernel.strategies.trend_follow import trend_follow
from haetae.kernel.strategies.volatility_breakout import volatility_breakout


@kernel
def signal(p: Params, x: Indicators) -> int:
    """Return LONG where the strategy would hold the coin, FLAT where it would not, else HOLD.

    HOLD as long as there is no ATR, which stops are measured in.
    """
    if x.n <= p.atr_len:
        return HOLD
    match p.strategy:
        case 1:
            return trend_follow(p, x)
        case 2:
            return volatility_breakout(p, x)
        case 3:
            return rsi_reversion(p, x)
        case _:
            return HOLD
