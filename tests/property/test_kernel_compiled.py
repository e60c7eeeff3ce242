"""The compiled fold and the interpreted one agree bit for bit."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haetae.config.profiles import PROFILES
from haetae.kernel import codes, rounding
from haetae.kernel.exits import is_sellable
from haetae.kernel.registry import REGISTERED
from haetae.research.engine.compiled import cache_folder, compile_functions, kernel_modules
from support.compiled import compiled_advance, one_at_a_time
from support.folds import Run, bits, simulate
from support.states import (
    BALANCED_RAILS,
    BARE,
    OFF,
    QUICK,
    QUICK_GUIDE,
    UNITS,
    account,
    position,
    rising,
    selling,
)
from support.tapes import MIXED, T0, minutes_of, recorded, seeded_market, tape_of
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


@pytest.mark.parametrize("params", [QUICK, QUICK_GUIDE, QUICK_GUIDE._replace(exit_share_bps=3_333)])
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
    "part": ("amount", "some", "of"),
}


def arguments(random: Random, names: tuple[str, ...]) -> list[float]:
    """Draw a leaf's arguments: any price, whatever of it the kernel may come to hold."""
    price = rounding.floor_tick(10.0 ** random.uniform(-5.0, 9.0))
    krw = random.randrange(5_000, 10**9)
    of = random.randrange(2**53, 9 * 10**18)
    drawn = {
        "price": price,
        "bps": random.randrange(-9_999, 10_000),
        "krw": min(krw, int(9e10 * price)),
        "units": random.randrange(int(min(krw / price, 9e10) * 1e8) + 1),
        "funds": krw * 1_000_000,
        "fee": random.randrange(101),
        "amount": random.randrange(9 * 10**18),
        "some": random.randrange(of // 3, of),
        "of": of,
    }
    return [drawn[name] for name in names]


@pytest.mark.parametrize("name", LEAVES)
def test_numbers_round_the_same_compiled(compiled: Callable[..., Any], name: str) -> None:
    plain = getattr(rounding, name)
    with one_at_a_time():
        folder = cache_folder(kernel_modules())
        copy = compile_functions(REGISTERED, folder, frozenset({plain.__name__}))[plain]
        copy(*arguments(Random(0), LEAVES[name]))
    random = Random(20_250_901)
    for _ in range(5_000):
        given_ = arguments(random, LEAVES[name])
        assert bits(plain(*given_)) == bits(copy(*given_)), given_


@pytest.mark.parametrize("reason", [codes.FIRST_STOP, codes.EXIT_SIGNAL, codes.KILL])
@pytest.mark.parametrize("units", [UNITS, 4_999_999])
@pytest.mark.parametrize("open_order", [False, True])
def test_a_position_being_left_gives_the_same_bits(
    compiled: Callable[..., Any], reason: int, units: int, open_order: bool
) -> None:
    """All of one coin, or as little of it as can be sold only when its price has risen."""
    held = rising(t=T0)._replace(position=position(units=units, exit_reason=reason))
    if open_order:
        half = selling(units // 2, codes.PARTIAL_PROFIT, t=T0, mark=1e5, kind=codes.PARTIAL)
        held = held._replace(order=half)
    candles = seeded_market(3, (("fall", 60), ("rise", 240)), price=98_000.0)
    highest = max(c.close for c in candles[:-1])
    world = (tape_of(candles), (BARE,), OFF)

    plain = simulate(*world, account=account(), markets=[held])

    sold = [line.trade.units for line in plain.trades if line.trade.reason == reason]
    rest = units - open_order * (units // 2)
    asked = reason != codes.KILL and is_sellable(highest, rest)
    assert sold == [rest] * asked
    assert not is_sellable(candles[0].close, 4_999_999)
    assert is_sellable(highest, 4_999_999)
    assert_same(plain, simulate(*world, account=account(), markets=[held], compiled=compiled))


@DRAWN
@given(world=worlds())
def test_any_world_gives_the_same_bits(compiled: Callable[..., Any], world: World) -> None:
    assert_same(simulate(*world), simulate(*world, compiled=compiled))


@DRAWN
@given(world=worlds(prices=EXTREME_PRICES), mode=st.sampled_from([0, 0, 0, 1, 2]))
def test_extreme_prices_give_the_same_bits(
    compiled: Callable[..., Any], world: World, mode: int
) -> None:
    assert_same(simulate(*world, mode=mode), simulate(*world, mode=mode, compiled=compiled))
