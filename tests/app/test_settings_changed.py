"""Settings change while the books live on: what is held can still be sold."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from safety.world import BAR, ENTRY_T, EXIT_T, MINUTE, START, World, store_of, world_on

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
