"""What a minute costs in DynamoDB: calls are counted at the client, as AWS would bill them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from safety.world import BAR, EXIT_T, MINUTE, START, DynamoStore, World, store_of, world_on

MOST_CALLS = 6


@pytest.fixture
def world() -> Iterator[World]:
    with store_of("dynamodb") as opened:
        found = world_on(opened)
        found.run(START, START + BAR)
        yield found


def counted(world: World) -> Counter[str]:
    """Count the client's calls by name from now on."""
    calls: Counter[str] = Counter()
    store = world.store
    assert isinstance(store, DynamoStore)
    store.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.update([model.name])
    )
    return calls


def test_a_risk_check_with_nothing_to_do_reads_once_and_writes_nothing(world: World) -> None:
    calls = counted(world)
    assert world.risk_check(START + BAR + MINUTE).status == "unchanged"
    assert calls == {"BatchGetItem": 1}


def test_no_minute_of_one_market_takes_more_than_a_few_calls(world: World) -> None:
    setup = world.setup
    world.setup = replace(setup, markets=setup.markets[:1], params=setup.params[:1])
    orders = trades = 0
    calls = counted(world)
    for t in range(START + BAR + MINUTE, EXIT_T + BAR, MINUTE):
        for trigger in (
            [world.trading_cycle, world.risk_check] if t % BAR == 0 else [world.risk_check]
        ):
            calls.clear()
            outcome = trigger(t)
            orders, trades = orders + outcome.orders, trades + outcome.trades
            assert calls.total() <= MOST_CALLS, (t, outcome, calls)
    assert (orders, trades) == (2, 2), "an entry and an exit, ordered and filled"
