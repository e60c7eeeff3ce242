"""Incremental indicators against TA-Lib, on seeded and on recorded candles."""

from collections.abc import Sequence

import numpy as np
import pytest
import talib

from haetae.kernel.indicators import ema, fold_bar, true_range, wilder
from haetae.kernel.records import NEW_INDICATORS, Averages, Bar, Candle, Indicators, Range, Rsi
from support.states import PLAN
from support.tapes import MIXED, recorded, seeded_market


def folded(candles: Sequence[Candle]) -> list[Indicators]:
    """Fold decision candles and keep every state."""
    trend = NEW_INDICATORS
    trends = []
    for c in candles:
        trend = fold_bar(PLAN, trend, Bar(c.t + 3_600, c.open, c.high, c.low, c.close, 5.0))
        trends.append(trend)
    return trends


def markets() -> dict[str, Sequence[Candle]]:
    """Name the candles to test with."""
    return {
        "seeded": seeded_market(11, MIXED)[:1_500],
        "seeded, small prices": seeded_market(12, MIXED, price=0.02)[:1_500],
        "recorded": recorded("KRW-BTC", "60m")[:3_000] or seeded_market(13, MIXED)[:1_500],
    }


@pytest.mark.parametrize("candles", markets().values(), ids=markets())
def test_averages_equal_those_of_ta_lib(candles: Sequence[Candle]) -> None:
    trends = folded(candles)
    close = np.array([c.close for c in candles])
    high = np.array([c.high for c in candles])
    low = np.array([c.low for c in candles])
    rsi = [x.rsi for x in trends]
    ours = {
        "fast": [x.averages.fast for x in trends],
        "slow": [x.averages.slow for x in trends],
        "atr": [x.atr for x in trends],
        "rsi": [100.0 * r.gain / (r.gain + r.loss) if r.gain + r.loss else 0.0 for r in rsi],
    }
    expected = {
        "rsi": (talib.RSI(close, PLAN.rsi_len), PLAN.rsi_len),
        "fast": (talib.EMA(close, PLAN.ema_fast), PLAN.ema_fast - 1),
        "slow": (talib.EMA(close, PLAN.ema_slow), PLAN.ema_slow - 1),
        "atr": (talib.ATR(high, low, close, PLAN.atr_len), PLAN.atr_len),
    }
    for name, (values, first) in expected.items():
        assert np.isnan(values[first - 1])
        np.testing.assert_allclose(ours[name][first:], values[first:], rtol=1e-9, err_msg=name)


def test_ema_is_a_sum_until_its_first_mean() -> None:
    assert ema(3.0, 4.0, 3, 2) == 7.0
    assert ema(7.0, 5.0, 3, 3) == 4.0
    assert ema(4.0, 8.0, 3, 4) == 6.0


def test_wilder_is_a_sum_until_its_first_mean() -> None:
    assert wilder(3.0, 4.0, 3, 2) == 7.0
    assert wilder(7.0, 5.0, 3, 3) == 4.0
    assert wilder(4.0, 10.0, 3, 4) == 6.0


@pytest.mark.parametrize(
    ("high", "low", "previous", "expected"),
    [(12.0, 10.0, 11.0, 2.0), (12.0, 10.0, 9.0, 3.0), (12.0, 10.0, 14.0, 4.0)],
)
def test_true_range_reaches_to_the_previous_close(
    high: float, low: float, previous: float, expected: float
) -> None:
    assert true_range(high, low, previous) == expected


def test_first_candle_has_no_true_range() -> None:
    first = folded([Candle(0, 10.0, 12.0, 8.0, 11.0, 1.0)])[0]
    assert first == Indicators(
        n=1,
        t=3_600,
        close=11.0,
        value=5.0,
        averages=Averages(11.0, 11.0),
        atr=0.0,
        rsi=Rsi(0, 0.0, 0.0),
        range=Range(10.0, 12.0, 8.0, 0.0),
    )


def test_range_is_of_the_last_candle_and_of_the_one_before() -> None:
    candles = [Candle(0, 10.0, 12.0, 8.0, 11.0, 1.0), Candle(3_600, 11.0, 15.0, 10.0, 14.0, 1.0)]
    first, second = (x.range for x in folded(candles))
    assert first == Range(10.0, 12.0, 8.0, 0.0)
    assert second == Range(11.0, 15.0, 10.0, 4.0)


def test_rsi_of_a_migrated_state_begins_with_its_next_candle() -> None:
    old = folded([Candle(0, 10.0, 12.0, 8.0, 11.0, 1.0)])[0]._replace(n=600)
    after = fold_bar(PLAN, old, Bar(7_200, 11.0, 12.0, 8.0, 9.0, 5.0))
    assert after.rsi == Rsi(1, 0.0, 2.0)
