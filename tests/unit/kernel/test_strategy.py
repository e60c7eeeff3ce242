"""What the trend strategy wishes for."""

import pytest

from haetae.kernel.codes import FLAT, HOLD, LONG
from haetae.kernel.records import Indicators, Params
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


def test_an_unknown_strategy_wishes_nothing() -> None:
    assert signal(BARE._replace(strategy=99), trend(close=3.0, fast=2.0, slow=1.0)) == HOLD
