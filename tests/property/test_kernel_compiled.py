"""The compiled fold and the interpreted one agree bit for bit."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haetae.kernel import quanta
from haetae.kernel.profiles import PROFILES
from haetae.research.compiled import compiled_kernel
from support.compiled import compiled_advance, one_at_a_time
from support.folds import Run, bits, simulate
from support.states import BALANCED_RAILS, QUICK, QUICK_GUIDE
from support.tapes import MIXED, minutes_of, recorded, seeded_market, tape_of
from support.worlds import EXTREME_PRICES, World, worlds

MARKETS = ("KRW-BTC", "KRW-ETH", "KRW-DOGE")
MINUTES = 5_400
DRAWN = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def compiled() -> Callable[..., Any]:
    return compiled_advance()


def assert_same(run: Run, other: Run) -> None:
    """Insist on every bit, and on a readable difference first."""
    assert run == other
    assert bits(run) == bits(other)


@pytest.mark.parametrize("profile", ["plan", "balanced"])
@pytest.mark.parametrize("markets", [MARKETS[:1], MARKETS[1:2], MARKETS[2:], MARKETS])
def test_recorded_minutes_give_the_same_bits(
    compiled: Callable[..., Any], markets: tuple[str, ...], profile: str
) -> None:
    tape = tape_of(*(minutes_of(market, 2_000, MINUTES) for market in markets))
    params, rails = PROFILES[profile]
    each = (params,) * len(markets)

    plain = simulate(tape, each, rails)

    assert plain.trades
    assert_same(plain, simulate(tape, each, rails, compiled=compiled))


@pytest.mark.parametrize("params", [QUICK, QUICK_GUIDE])
def test_busy_recorded_minutes_give_the_same_bits(
    compiled: Callable[..., Any], params: Any
) -> None:
    tape = tape_of(*(minutes_of(market, 9_000, MINUTES) for market in MARKETS))
    each = (params._replace(partial_bps=60, target_bps=120, flash_crash_bps=80),) * 3
    rails = BALANCED_RAILS._replace(
        min_interval_s=0, max_entries=0, kelly_min_trades=30, slippage_limit_bps=30, cooldown_s=900
    )

    plain = simulate(tape, each, rails)

    assert len(plain.trades) > 40
    assert_same(plain, simulate(tape, each, rails, compiled=compiled))


def test_hourly_candles_give_the_same_bits(compiled: Callable[..., Any]) -> None:
    candles = recorded("KRW-ETH", "60m")[:5_000] or seeded_market(7, MIXED, candle_s=3_600)
    params = PROFILES["plan"][0]._replace(candle_s=3_600, target_bps=800, partial_bps=300)
    rails = PROFILES["plan"][1]
    tape = tape_of(candles)

    plain = simulate(tape, (params,), rails, step_s=3_600)

    assert len(plain.trades) > 10
    assert_same(plain, simulate(tape, (params,), rails, step_s=3_600, compiled=compiled))


LEAVES = {
    "floor_tick": ("price",),
    "ceil_tick": ("price",),
    "shift_bps": ("price", "bps"),
    "buy_units": ("krw", "price"),
    "funds_floor": ("price", "units"),
    "funds_ceil": ("price", "units"),
    "value_nearest": ("price", "units"),
    "fee_ceil": ("funds", "fee"),
    "share_floor": ("amount", "fee"),
    "share_ceil": ("amount", "fee"),
}


def arguments(random: Random, names: tuple[str, ...]) -> list[float]:
    """Draw a leaf's arguments: any price, whatever of it the kernel may come to hold."""
    price = quanta.floor_tick(10.0 ** random.uniform(-5.0, 9.0))
    krw = random.randrange(5_000, 10**9)
    drawn = {
        "price": price,
        "bps": random.randrange(-9_999, 10_000),
        "krw": min(krw, int(9e10 * price)),
        "units": random.randrange(int(min(krw / price, 9e10) * 1e8) + 1),
        "funds": krw * 1_000_000,
        "fee": random.randrange(101),
        "amount": random.randrange(9 * 10**18),
    }
    return [drawn[name] for name in names]


@pytest.mark.parametrize("name", LEAVES)
def test_numbers_round_the_same_compiled(compiled: Callable[..., Any], name: str) -> None:
    plain = getattr(quanta, name)
    with one_at_a_time():
        copy = compiled_kernel()[plain]
        copy(*arguments(Random(0), LEAVES[name]))
    random = Random(20_250_901)
    for _ in range(5_000):
        given_ = arguments(random, LEAVES[name])
        assert bits(plain(*given_)) == bits(copy(*given_)), given_


@DRAWN
@given(world=worlds())
def test_any_world_gives_the_same_bits(compiled: Callable[..., Any], world: World) -> None:
    assert_same(simulate(*world), simulate(*world, compiled=compiled))


@DRAWN
@given(world=worlds(prices=EXTREME_PRICES), mode=st.sampled_from([0, 0, 0, 1, 2]))
def test_extreme_prices_give_the_same_bits(
    compiled: Callable[..., Any], world: World, mode: int
) -> None:
    world = world._replace(params=tuple(p._replace(partial_bps=0) for p in world.params))
    assert_same(simulate(*world, mode=mode), simulate(*world, mode=mode, compiled=compiled))
