"""Every rail fires: over the seeded scenarios by simulation, the late cycle in a live fold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haetae.kernel.advance import Log, count
from haetae.kernel.codes import CODE_COUNT, ENTRY, EXPIRED, NO_ORDER, RAIL_NAMES, REASON_NAMES
from haetae.research.engine.compiled import compile_functions
from support.folds import bits, fold, live, log_arrays, simulate
from support.scenarios import Scenario, scenarios
from support.states import PLAN, PLAN_RAILS, account, rising
from support.tapes import tape_of

SCENARIOS = scenarios()
EMPTY = Log([], [], [], [0] * CODE_COUNT)


def fired(counts: tuple[int, ...]) -> set[int]:
    """Return the rails that were counted."""
    return {rail for rail, count in enumerate(counts) if count > 0}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_scenario_fires_its_rails(scenario: Scenario) -> None:
    run = simulate(scenario.tape, scenario.params, scenario.rails, mode=scenario.mode)
    assert scenario.fires <= fired(run.counts)


def test_late_cycle_fires_expired() -> None:
    market = rising()
    t = market.indicators.t + PLAN_RAILS.entry_delay_s + 60
    _, markets, reached = fold(
        PLAN_RAILS, [PLAN], account(), [market], tape_of([]), market.indicators.t, t
    )
    assert fired(tuple(reached.fired >> rail & 1 for rail in range(CODE_COUNT))) == {EXPIRED}
    assert markets[0].order.kind == NO_ORDER


def test_scenarios_fire_every_rail_there_is() -> None:
    promised = {rail for scenario in SCENARIOS.values() for rail in scenario.fires}
    assert promised | {EXPIRED} == set(RAIL_NAMES)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_scenario_trades_live_as_simulated(scenario: Scenario) -> None:
    world = (scenario.tape, scenario.params, scenario.rails)
    run = simulate(*world, mode=scenario.mode)
    lived = live(*world, mode=scenario.mode, calls=(0, 1))
    assert lived.trades == run.trades
    assert bits(lived.markets) == bits(run.markets)
    assert bits(lived.account) == bits(run.account)


@pytest.fixture(params=["interpreted", "compiled"])
def counting(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    """The fold's counting of rails, in both modes."""
    if request.param == "interpreted":
        return count
    return compile_functions([count], tmp_path, frozenset({"count"}))[count]


def test_every_code_a_mask_can_hold_is_counted(counting: Callable[..., Any]) -> None:
    # given a mask with every code in it, those above 31 included
    log = log_arrays(EMPTY)
    everything = sum(1 << code for code in range(1, CODE_COUNT))
    assert 0 < everything < 1 << 63

    # when it is counted, and then the highest code alone
    counting(log, everything)
    counting(log, 1 << CODE_COUNT - 1)

    # then each was counted as often as it was there
    assert [int(times) for times in log.counts] == [0, *[1] * (CODE_COUNT - 2), 2]


def test_every_code_fits_the_mask() -> None:
    assert 0 < min(REASON_NAMES) <= max(REASON_NAMES) < CODE_COUNT


def test_at_most_one_intent_per_market_and_minute() -> None:
    for scenario in SCENARIOS.values():
        run = simulate(scenario.tape, scenario.params, scenario.rails, mode=scenario.mode)
        entries = [(i, trade.t) for i, trade in run.trades if trade.kind == ENTRY]
        exits = [(i, trade.t) for i, trade in run.trades if trade.kind != ENTRY]
        assert len(set(entries)) == len(entries)
        assert len(set(exits)) == len(exits)
        assert not set(entries) & set(exits)


def test_positions_never_exceed_their_number() -> None:
    scenario = SCENARIOS["plan, three markets"]
    held: set[int] = set()
    run = simulate(scenario.tape, scenario.params, scenario.rails)
    for market, trade in run.trades:
        if trade.kind == ENTRY:
            held.add(market)
        else:
            held.discard(market)
        assert len(held) <= scenario.rails.max_positions
    assert len({market for market, _ in run.trades}) > 1
