"""Live trading is the backtest: driven minute by minute, the fold gives the same trades."""

import sys
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from haetae.config.profiles import PROFILES
from haetae.kernel.codes import ENTRY, EXIT, NO_ORDER
from haetae.kernel.exits import is_sellable
from haetae.kernel.records import Account, Fill, Market, Order
from haetae.kernel.rounding import funds_ceil, funds_floor
from support.folds import bits, closed_before, fold, live, simulate
from support.states import QUICK, QUICK_GUIDE
from support.tapes import minutes_of, tape_of, times_of
from support.worlds import World, worlds

DRAWN = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
IN_PARTS = QUICK._replace(exit_share_bps=3_333)
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
    world = World(tape, (QUICK, QUICK_GUIDE, IN_PARTS), PROFILES["balanced"][1]._replace(
        min_interval_s=0, max_entries=0))  # fmt: skip
    assert simulate(*world).trades
    assert_live_is_simulated(world, refold=refold, calls=calls)


@DRAWN
@given(world=worlds(), seed=st.integers(0, 2**32), refold=st.booleans())
def test_any_order_of_triggers_trades_as_simulated(world: World, seed: int, refold: bool) -> None:
    assert_live_is_simulated(world, refold=refold, seed=seed)


def stingy(seed: int, until: int) -> Callable[[int, Order, Fill], Fill]:
    """Return an exchange that trades nothing, some or all of an order before `until`."""

    def venue(market: int, order: Order, fill: Fill) -> Fill:
        share = Random(f"{seed} {market} {order.t}").choice((0, 1, 2, 3, 4))
        if fill.t >= until or share == 4:
            return fill
        units = fill.units * share // 4
        if units == 0:
            return Fill(fill.t, 0.0, 0, 0)
        count = funds_ceil if order.kind == ENTRY else funds_floor
        return Fill(fill.t, fill.price, units, count(fill.price, units))

    return venue


@DRAWN
@given(world=worlds(), seed=st.integers(0, 2**32))
def test_an_exit_goes_on_for_one_reason_until_all_is_sold(world: World, seed: int) -> None:
    reasons: dict[tuple[int, int], int] = {}

    def watch(_t: int, account: Account, markets: tuple[Market, ...], equity: int) -> None:
        owed = sum(m.position.reserved + m.order.reserved for m in markets)
        assert account.reserved == owed >= 0
        assert account.cash >= 0
        for i, m in enumerate(markets):
            q = m.position
            if q.exit_reason == 0:
                assert q.units == 0 or (i, q.t) not in reasons
                continue
            assert reasons.setdefault((i, q.t), q.exit_reason) == q.exit_reason
            assert m.order.kind != NO_ORDER or not is_sellable(m.close, q.units)
        if all(m.position.units == 0 and m.order.kind == NO_ORDER for m in markets):
            assert account.reserved == 0
            assert equity == account.cash

    venue = stingy(seed, sys.maxsize)
    lived = live(*world, calls=(0, 1), watch=watch, venue=venue)
    again = live(*world, refold=True, venue=venue)
    assert again.trades == lived.trades
    assert bits((again.account, again.markets)) == bits((lived.account, lived.markets))
    entered: dict[int, int] = {}
    for i, trade in lived.trades:
        if trade.kind == ENTRY and trade.units:
            entered[i] = trade.t
        elif trade.kind == EXIT and trade.units:
            assert trade.reason == reasons[i, entered[i]]


@DRAWN
@given(world=worlds(), seed=st.integers(0, 2**32), minutes=st.integers(200, 900))
def test_what_was_sold_little_by_little_goes_on_as_simulated(
    world: World, seed: int, minutes: int
) -> None:
    t = min(times_of(world.tape)) + minutes * 60
    assume(t < max(times_of(world.tape)))
    kept: list[tuple[Account, tuple[Market, ...]]] = []

    def watch(minute: int, account: Account, markets: tuple[Market, ...], _equity: int) -> None:
        if minute == t:
            kept.append((account, markets))

    lived = live(*world, watch=watch, venue=stingy(seed, t))
    ((account, markets),) = kept
    rest = world.tape._replace(
        starts=[closed_before(world.tape, i, t) for i in range(len(world.params))]
    )
    run = simulate(rest, world.params, world.rails, account=account, markets=markets, start=t)
    assert run.trades == tuple(line for line in lived.trades if line.trade.t >= t)
    assert bits((run.account, run.markets)) == bits((lived.account, lived.markets))
    assert run.reached.equity == lived.equity


@DRAWN
@given(world=worlds(), minutes=st.integers(60, 700))
def test_a_repeated_risk_check_changes_nothing(world: World, minutes: int) -> None:
    t = min(times_of(world.tape)) + minutes * 60
    lived = live(*world, until=t)
    for decide in (0, 1):
        account, markets, reached = fold(
            world.rails, world.params, lived.account, lived.markets,
            world.tape._replace(starts=world.tape.ends), t, t, decide=decide,
        )  # fmt: skip
        assert (account, markets) == (lived.account, lived.markets)
        assert (reached.fired, reached.decided) == (0, 0)
