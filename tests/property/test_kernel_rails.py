"""Every rail fires: over the seeded scenarios by simulation, the late cycle in a live fold."""

import pytest

from haetae.kernel.codes import EXPIRED, NO_ORDER, RAIL_NAMES
from support.folds import bits, fold, live, simulate
from support.scenarios import Scenario, scenarios
from support.states import PLAN, PLAN_RAILS, account, rising
from support.tapes import tape_of

SCENARIOS = scenarios()


def fired(counts: tuple[int, ...]) -> set[int]:
    """Return the rails that were counted."""
    return {rail for rail, count in enumerate(counts) if count > 0}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_scenario_fires_its_rails(scenario: Scenario) -> None:
    run = simulate(scenario.tape, scenario.params, scenario.rails, mode=scenario.mode)
    assert scenario.fires <= fired(run.counts)


def test_late_cycle_fires_expired() -> None:
    market = rising()
    t = market.trend.t + PLAN_RAILS.entry_delay_s + 60
    _, markets, reached = fold(
        PLAN_RAILS, [PLAN], account(), [market], tape_of([]), market.trend.t, t
    )
    assert fired(tuple(reached.fired >> rail & 1 for rail in range(32))) == {EXPIRED}
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
