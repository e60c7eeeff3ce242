"""Settings change while the books live on: what is held can still be sold."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from safety.world import BAR, ENTRY_T, EXIT_T, MINUTE, START, World, store_of, world_on

from haetae.app.desk.account import account_status
from haetae.app.operator.kill import kill


@pytest.fixture
def holding() -> Iterator[World]:
    """A world that holds two positions, each worth less than its new smallest order."""
    with store_of("memory") as opened:
        world = world_on(opened)
        world.run(START, ENTRY_T + 2 * MINUTE)
        assert holds(world) == {"BTC": True, "ETH": True}
        rails = world.setup.rails._replace(min_order=10_000_000)
        world.setup = replace(world.setup, rails=rails)
        yield world


def holds(world: World) -> dict[str, bool]:
    return {currency: float(world.held(currency)) > 0.0 for currency in ("BTC", "ETH")}


def test_a_larger_smallest_order_keeps_no_stop_from_selling(holding: World) -> None:
    holding.run(ENTRY_T + 3 * MINUTE, EXIT_T + BAR)
    assert holds(holding) == {"BTC": False, "ETH": False}


def test_a_larger_smallest_order_keeps_no_kill_from_selling(holding: World) -> None:
    t = ENTRY_T + 3 * MINUTE
    holding.clock.to(float(t))
    kill(holding.ports, holding.setup, t=t, reason="enough", by="http")
    holding.run(t + MINUTE, t + 5 * MINUTE)
    assert holds(holding) == {"BTC": False, "ETH": False}


LOSING_T = EXIT_T + BAR  # both stops have sold; the day has lost a little


@pytest.mark.parametrize(
    ("limits", "latches"),
    [
        ({"day_bps": 1}, (True, False)),
        ({"week_bps": 1}, (False, True)),
        ({"capital_limit": 10_000}, (True, True)),
        ({"day_bps": 5_000, "week_bps": 5_000, "day_r": 10, "week_r": 30}, (False, False)),
    ],
)
def test_a_limit_that_is_tightened_over_a_living_account_holds_at_once(
    limits: dict[str, int], latches: tuple[bool, bool]
) -> None:
    with store_of("memory") as opened:
        # given an account that has lost less than its limits on this day
        world = world_on(opened)
        world.run(START, LOSING_T)
        before = account_status(world.ports, world.setup).account
        assert before is not None
        assert before.equity < before.day.start
        assert not before.day.latched
        # when they are set to less than that, or to more
        world.setup = replace(world.setup, rails=world.setup.rails._replace(**limits))
        shown = account_status(world.ports, world.setup).account
        world.run(LOSING_T + MINUTE, LOSING_T + MINUTE)
        # then the tighter one latches within a minute, and what is shown said so before
        after = account_status(world.ports, world.setup).account
        assert shown is not None
        assert after is not None
        assert (after.day.latched, after.week.latched) == latches
        assert (shown.day.floor, shown.week.floor) == (after.day.floor, after.week.floor)
        assert (shown.equity <= shown.day.floor, shown.equity <= shown.week.floor) == latches
