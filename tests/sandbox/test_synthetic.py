"""The made-up market: the same for the same seed, on the tick, with gaps, without end."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.client import T0, Client
from upbit_sandbox import Options, Sandbox
from upbit_sandbox.base.clock import VirtualClock
from upbit_sandbox.base.ticks import is_on_tick
from upbit_sandbox.prices.synthetic import synthetic_market, synthetic_minutes


def test_same_seed_same_market_and_a_longer_walk_begins_with_the_shorter() -> None:
    short, long = (synthetic_minutes("KRW-BTC", 3, T0, n) for n in (500, 900))
    size = len(short.starts)
    assert short.starts == long.starts[:size]
    assert short.closes == long.closes[:size]
    assert short.closes != synthetic_minutes("KRW-BTC", 4, T0, 500).closes
    assert short.closes != synthetic_minutes("KRW-ETH", 3, T0, 500, 150e6).closes


@settings(max_examples=25, deadline=None)
@given(st.integers(), st.sampled_from([2e8, 999_999.0, 5_000.0, 100.0, 9.99, 0.011, 0.0000123]))
def test_prices_are_on_the_tick(seed: int, start_price: float) -> None:
    tape = synthetic_minutes("KRW-X", seed, T0, 400, start_price)
    for prices in (tape.opens, tape.highs, tape.lows, tape.closes):
        assert all(is_on_tick(Decimal(repr(price))) for price in prices)


def test_minutes_without_trades_exist_and_the_market_moves() -> None:
    tape = synthetic_minutes("KRW-BTC", 0, T0, 20_000)
    assert 0 < 20_000 - len(tape.starts) < 4_000
    assert max(tape.highs) / min(tape.lows) > 1.05


def test_arrays_of_numpy_are_taken_as_they_are() -> None:
    import numpy as np

    from upbit_sandbox import Tape

    made = synthetic_minutes("KRW-DOGE", 1, T0, 100)
    columns = [np.asarray(made.starts), *(np.asarray(c) for c in (made.opens, made.highs))]
    columns += [np.asarray(c) for c in (made.lows, made.closes, made.volumes)]
    assert Tape.of("KRW-DOGE", 1, columns) == made


def test_market_grows_with_the_clock() -> None:
    market = synthetic_market("KRW-BTC", 7, T0, T0 + 3_600)
    client = Client(Sandbox([market], VirtualClock(T0 + 3_000), Options()))
    uuid = client.buy("10000")["uuid"]
    for day in (1, 2, 10, 40):
        client.set_clock(T0 + day * 86_400)
        [row] = client.quote("/v1/candles/minutes/60", "market=KRW-BTC")
        assert row["timestamp"] > (T0 + day * 86_400 - 7_200) * 1000
    assert client.order(uuid)["trades_count"] == 1
    whole = synthetic_minutes("KRW-BTC", 7, T0, 40 * 1440)
    assert market.tape.closes[: len(whole.closes)] == whole.closes


@pytest.mark.parametrize("start_price", [0.00000001, 0.0000001])
def test_price_never_falls_to_zero(start_price: float) -> None:
    assert min(synthetic_minutes("KRW-X", 2, T0, 2_000, start_price).lows) > 0
