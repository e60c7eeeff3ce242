"""Laws of a sale in parts: an exit signal sells its share, every other exit all that is held."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haetae.config.build import setup_of
from haetae.kernel import codes
from haetae.kernel.codes import ENTRY, EXIT, EXIT_SIGNAL, LEAST_ORDER, NO_ORDER, PARTIAL
from haetae.kernel.records import Account, Market
from haetae.kernel.step import decide_exit
from support.folds import WON, Line, bits, live, simulate
from support.scenarios import scenarios
from support.states import PLAN, account, falling, position
from support.worlds import World, worlds

DRAWN = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ALL = 10_000
shares = st.integers(100, ALL - 1)
WHOLE_EXITS = {
    codes.FIRST_STOP,
    codes.CHANDELIER,
    codes.TAKE_PROFIT,
    codes.FLASH_CRASH,
    codes.SLIPPAGE,
}


def selling(world: World, share: int) -> World:
    """Return the world in which an exit signal sells `share` basis points in every market."""
    return world._replace(params=tuple(p._replace(exit_share_bps=share) for p in world.params))


def least(price: float, units: int) -> bool:
    """Tell, in exact numbers, whether units at a price are worth the exchange's least order."""
    micro = Fraction(price) * units / 10**8 * WON
    return round(micro) >= LEAST_ORDER * WON


@settings(max_examples=400, deadline=None, derandomize=True)
@given(share=shares, won=st.integers(1, 60_000), price=st.sampled_from([0.02, 98.0, 51_000.0]))
def test_a_signal_leaves_no_rest_that_cannot_be_sold(share: int, won: int, price: float) -> None:
    """Positions of up to twelve least orders, so that either part is often too small alone."""
    units = int(won / price * 10**8)
    held = falling(price=price)._replace(position=position(units=units))

    _, m = decide_exit(PLAN._replace(exit_share_bps=share), account(), held, held.seen)

    some = units * share // ALL
    if m.order.kind == PARTIAL:
        assert m.order.units == some
        assert least(price, some)
        assert least(price, units - some)
        assert m.position == held.position, "it is not being left"
        return
    assert not (least(price, some) and least(price, units - some))
    assert m.position.exit_reason == EXIT_SIGNAL
    assert (m.order.kind, m.order.units) == (
        (EXIT, units) if least(price, units) else (NO_ORDER, 0)
    )


@DRAWN
@given(world=worlds(), share=shares)
def test_the_parts_are_all_there_was_and_every_other_exit_is_whole(
    world: World, share: int
) -> None:
    run = simulate(*selling(world, share))
    held = [0] * len(world.params)
    for i, trade in run.trades:
        if trade.kind == ENTRY:
            assert held[i] == 0
            held[i] = trade.units
            continue
        if trade.kind == EXIT:
            assert trade.units == held[i], "what is left goes whole"
        elif trade.reason == EXIT_SIGNAL:
            assert trade.units == held[i] * share // ALL
        if trade.reason in WHOLE_EXITS:
            assert trade.kind == EXIT
        held[i] -= trade.units
        assert held[i] >= 0
    assert held == [m.position.units for m in run.markets]


@DRAWN
@given(world=worlds(), share=shares)
def test_neither_part_is_below_the_least_order_when_it_is_decided(world: World, share: int) -> None:
    def watch(t: int, _account: Account, markets: tuple[Market, ...], _equity: int) -> None:
        for m in markets:
            if m.order.t != t or m.order.kind not in (EXIT, PARTIAL):
                continue
            rest = m.position.units - m.order.units
            assert least(m.close, m.order.units)
            assert rest == 0 or least(m.close, rest)

    live(*selling(world, share), watch=watch)


@DRAWN
@given(world=worlds(), share=shares)
def test_a_share_changes_nothing_before_the_first_signal_that_sells(
    world: World, share: int
) -> None:
    def until_signal(lines: tuple[Line, ...]) -> list[Line]:
        first = next((n for n, line in enumerate(lines) if is_signals(line)), len(lines))
        return list(lines[:first])

    whole, some = (simulate(*selling(world, bps)) for bps in (ALL, share))
    if any(map(is_signals, whole.trades)):
        assert until_signal(some.trades) == until_signal(whole.trades)
    else:
        assert bits(some) == bits(whole)


def is_signals(line: Line) -> bool:
    """Tell whether the trade is the sale of an exit signal."""
    return line.trade.reason == EXIT_SIGNAL and line.trade.kind != ENTRY


@DRAWN
@given(world=worlds())
def test_a_signal_sells_in_one_piece_unless_it_is_told_otherwise(world: World) -> None:
    run = simulate(*selling(world, ALL))
    assert all(line.trade.kind == EXIT for line in filter(is_signals, run.trades))


@pytest.mark.parametrize("profile", ["plan", "conservative", "balanced", "aggressive"])
def test_all_is_what_is_meant_where_nothing_is_said(profile: str) -> None:
    """The parameters are all that a fold is given: the same ones give the same bits."""
    silent, told = (
        setup_of(profile=profile, markets=("KRW-BTC",), overrides=overrides)
        for overrides in ({}, {"trading.sell_percentage": "1.0"})
    )
    assert told == silent
    assert bits(told.params) == bits(silent.params)
    assert silent.params[0].exit_share_bps == ALL


def test_a_world_sells_in_parts_and_then_whole() -> None:
    """The laws above are of something: parts, rests that go whole, and stops after parts."""
    world = scenarios()["a signal sells a third"]
    trades = simulate(world.tape, world.params, world.rails).trades
    kinds = [(line.trade.kind, line.trade.reason) for line in trades]
    assert kinds.count((PARTIAL, EXIT_SIGNAL)) >= 10
    assert (EXIT, EXIT_SIGNAL) in kinds
    after = {second for first, second in pairwise(kinds) if first == (PARTIAL, EXIT_SIGNAL)}
    assert after & {(EXIT, reason) for reason in WHOLE_EXITS}
