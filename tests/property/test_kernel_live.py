"""Live trading is the backtest: driven minute by minute, the fold gives the same trades."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haetae.kernel.profiles import PROFILES
from support.folds import bits, fold, live, simulate
from support.states import QUICK, QUICK_GUIDE
from support.tapes import minutes_of, tape_of
from support.worlds import World, worlds

DRAWN = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TRIGGERS = {
    "the cycle alone": (1,),
    "risk check, then cycle": (0, 1),
    "risk check, cycle, risk check": (0, 1, 0),
    "everything twice": (0, 0, 1, 1, 0, 1),
    "cycle first": (1, 0, 0),
}


def assert_live_is_simulated(world: World, *, refold: bool, seed: int | None = None,
                             calls: tuple[int, ...] = (1,)) -> None:  # fmt: skip
    """Compare a live-style run with the simulation, bit for bit."""
    random = Random(seed)
    orders = list(TRIGGERS.values())
    run = simulate(*world)
    lived = live(
        *world,
        refold=refold,
        calls=calls if seed is None else (lambda _minute: random.choice(orders)),
    )
    assert lived.trades == run.trades
    assert lived.account == run.account
    assert lived.markets == run.markets
    assert lived.equity == run.reached.equity
    assert bits(lived.account) == bits(run.account)
    assert bits(lived.markets) == bits(run.markets)


@pytest.mark.parametrize("calls", TRIGGERS.values(), ids=TRIGGERS)
@pytest.mark.parametrize("refold", [False, True], ids=["stored", "refolded"])
def test_recorded_minutes_trade_live_as_simulated(calls: tuple[int, ...], refold: bool) -> None:
    tape = tape_of(*(minutes_of(m, 12_000, 1_500) for m in ("KRW-BTC", "KRW-ETH", "KRW-DOGE")))
    world = World(tape, (QUICK, QUICK_GUIDE, QUICK), PROFILES["balanced"][1]._replace(
        min_interval_s=0, max_entries=0))  # fmt: skip
    assert simulate(*world).trades
    assert_live_is_simulated(world, refold=refold, calls=calls)


@DRAWN
@given(world=worlds(), seed=st.integers(0, 2**32), refold=st.booleans())
def test_any_order_of_triggers_trades_as_simulated(world: World, seed: int, refold: bool) -> None:
    assert_live_is_simulated(world, refold=refold, seed=seed)


@DRAWN
@given(world=worlds(), minutes=st.integers(60, 700))
def test_a_repeated_risk_check_changes_nothing(world: World, minutes: int) -> None:
    t = min(world.tape.times) + minutes * 60
    lived = live(*world, until=t)
    for decide in (0, 1):
        account, markets, reached = fold(
            world.rails, world.params, lived.account, lived.markets,
            world.tape._replace(starts=world.tape.ends), t, t, decide=decide,
        )  # fmt: skip
        assert (account, markets) == (lived.account, lived.markets)
        assert (reached.fired, reached.decided) == (0, 0)
