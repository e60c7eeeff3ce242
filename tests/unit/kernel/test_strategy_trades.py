"""Each strategy trades where a plain reckoning of its rule, made from scratch, says it would."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
import talib

from haetae.config.strategies import STRATEGIES
from haetae.kernel.codes import ENTRY
from haetae.kernel.records import Params
from support.folds import simulate
from support.states import BARE, OFF
from support.tapes import T0, Segment, seeded_market, tape_of

BAR_S = 300
SEGMENTS: tuple[Segment, ...] = (("calm", 600), ("rise", 120), ("fall", 180), ("calm", 600))
type Bars = list[tuple[float, float, float, float]]  # open, high, low, close
type Rule = Callable[[Bars], Sequence[float]]


def bars_of(seed: int) -> tuple[list[float], Bars]:
    """Return the ends and prices of a seeded market's decision candles, and nothing of the kernel.

    No segment leaves a minute out, so every five minutes are a candle.
    """
    minutes = seeded_market(seed, SEGMENTS * 2)
    chunks = [minutes[i : i + 5] for i in range(0, len(minutes), 5)]
    bars = [(c[0].open, max(x.high for x in c), min(x.low for x in c), c[-1].close) for c in chunks]
    return [T0 + BAR_S * (i + 1) for i in range(len(bars))], bars


def rsi_wishes(bars: Bars) -> list[float]:
    """1 below 30, -1 above 70: TA-Lib's RSI(14)."""
    found = talib.RSI(np.array([close for *_, close in bars]), 14)
    return [0 if np.isnan(v) else (1 if v < 30.0 else -1 if v > 70.0 else 0) for v in found]


def breakout_wishes(bars: Bars) -> list[float]:
    """1 above the open and half of the range before, else -1; nothing without a range."""
    wishes = [0.0]
    for (_o, high, low, _c), (first, _h, _l, close) in pairwise(bars):
        target = first + 0.5 * (high - low)
        wishes.append(0 if high == low else 1 if close > target else -1)
    return wishes


def trend_wishes(bars: Bars) -> list[float]:
    """TA-Lib's EMA 20 and 50."""
    closes = np.array([close for *_, close in bars])
    fast, slow = talib.EMA(closes, 20), talib.EMA(closes, 50)
    rows = zip(closes, fast, slow, strict=True)
    return [-1 if f < s else 1 if c > f and f > s else 0 for c, f, s in rows]


RULES: dict[str, Rule] = {
    "trend_follow": trend_wishes,
    "volatility_breakout": breakout_wishes,
    "rsi_reversion": rsi_wishes,
}


def params_of(name: str) -> Params:
    """Return parameters of a strategy with a stop that is out of reach, and no target."""
    one = STRATEGIES[name]
    return BARE._replace(strategy=one.code, interval_s=BAR_S, knobs=one.defaults(), stop_bps=5_000)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_trades_where_its_rule_says(name: str, seed: int) -> None:
    ends, bars = bars_of(seed)
    expected: list[tuple[float, bool]] = []
    for n, (t, wish) in enumerate(zip(ends[:-1], RULES[name](bars)[:-1], strict=True), 1):
        holds = bool(expected) and expected[-1][1]
        if n > BARE.atr_len and (wish < 0 if holds else wish > 0):
            expected.append((t, not holds))

    run = simulate(tape_of(seeded_market(seed, SEGMENTS * 2)), (params_of(name),), OFF)

    assert len(expected) > 4
    assert [(line.trade.t, line.trade.kind == ENTRY) for line in run.trades] == expected
