"""What the trend strategy wishes for."""

import pytest

from haetae.kernel.codes import FLAT, HOLD, LONG
from haetae.kernel.records import Indicators, Params
from haetae.kernel.strategies import rsi_reversion, volatility_breakout
from haetae.kernel.strategies.dispatch import signal
from support.states import BARE, NO_KNOBS, indicators

FREE = BARE._replace(knobs=NO_KNOBS)


def trend(*, n: int = 600, close: float, fast: float, slow: float) -> Indicators:
    """Return seeded indicators."""
    return indicators(0, close, fast, slow, 1.0, 1.0, n=n)


@pytest.mark.parametrize(
    ("params", "close", "fast", "slow", "wish"),
    [
        (BARE, 103.0, 102.0, 101.0, LONG),
        (BARE, 102.0, 102.0, 101.0, HOLD),
        (BARE, 101.5, 102.0, 101.0, HOLD),
        (BARE, 103.0, 101.0, 101.0, HOLD),
        (BARE, 103.0, 101.0, 102.0, FLAT),
        (BARE, 90.0, 101.0, 102.0, FLAT),
        (FREE, 103.0, 102.0, 101.0, LONG),
        (FREE, 103.0, 101.0, 101.0, LONG),
        (FREE, 103.0, 101.0, 102.0, HOLD),
    ],
)
def test_trend_follow_truth_table(
    params: Params, close: float, fast: float, slow: float, wish: int
) -> None:
    assert signal(params, trend(close=close, fast=fast, slow=slow)) == wish


@pytest.mark.parametrize(("slow_len", "atr_len", "n"), [(50, 14, 49), (5, 14, 14)])
def test_nothing_is_wished_before_the_indicators_are_seeded(
    slow_len: int, atr_len: int, n: int
) -> None:
    params = BARE._replace(ema_slow=slow_len, atr_len=atr_len)
    for fast, slow in ((102.0, 101.0), (101.0, 102.0)):
        assert signal(params, trend(n=n, close=103.0, fast=fast, slow=slow)) == HOLD
        assert signal(params, trend(n=n + 1, close=103.0, fast=fast, slow=slow)) != HOLD


@pytest.mark.parametrize(
    ("before", "close", "wish"),
    [(0.0, 200.0, HOLD), (10.0, 105.0, FLAT), (10.0, 105.1, LONG), (10.0, 90.0, FLAT)],
)
def test_volatility_breakout_truth_table(before: float, close: float, wish: int) -> None:
    seen = trend(close=close, fast=1.0, slow=1.0)
    x = seen._replace(range=seen.range._replace(open=100.0, before=before))
    params = BARE._replace(strategy=volatility_breakout.CODE, knobs=(0.5, *NO_KNOBS[1:]))
    assert signal(params, x) == wish


@pytest.mark.parametrize(
    ("n", "gain", "loss", "wish"),
    [
        (14, 29.9, 70.1, LONG),
        (14, 30.0, 70.0, HOLD),
        (14, 70.0, 30.0, HOLD),
        (14, 70.1, 29.9, FLAT),
        (14, 0.0, 0.0, HOLD),  # a market that never moved
        (13, 1.0, 99.0, HOLD),
    ],
)
def test_rsi_reversion_truth_table(n: int, gain: float, loss: float, wish: int) -> None:
    seen = trend(close=100.0, fast=1.0, slow=1.0)
    x = seen._replace(rsi=seen.rsi._replace(n=n, gain=gain, loss=loss))
    params = BARE._replace(strategy=rsi_reversion.CODE, knobs=(30.0, 70.0, *NO_KNOBS[2:]))
    assert signal(params, x) == wish


def test_an_unknown_strategy_wishes_nothing() -> None:
    assert signal(BARE._replace(strategy=99), trend(close=3.0, fast=2.0, slow=1.0)) == HOLD
