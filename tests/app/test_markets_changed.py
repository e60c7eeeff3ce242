"""The configured markets change while the books live on."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from safety.world import (
    BAR,
    BTC,
    ENTRY_T,
    ETH,
    EXIT_T,
    MINUTE,
    SETUP,
    START,
    World,
    store_of,
    world_on,
)

from haetae.adapters.upbit.transport import Request, SurelyNotSent
from haetae.app.desk.account import account_status
from haetae.base.errors import ConfigError
from haetae.ledger.book import GENESIS
from haetae.notify.messages import ExchangeTrouble

ONLY_BTC = replace(SETUP, markets=(BTC,), params=SETUP.params[:1])
ONLY_ETH = replace(SETUP, markets=(ETH,), params=SETUP.params[1:])


@pytest.fixture(params=["memory", "dynamodb"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with store_of(request.param) as opened:
        found = world_on(opened)
        found.setup = ONLY_BTC
        yield found


def test_a_market_that_is_added_trades_as_if_it_had_always_been_there(world: World) -> None:
    world.run(START, START + MINUTE)
    world.setup = SETUP
    world.run(START + 2 * MINUTE, EXIT_T + BAR)
    added = [
        (o["market"], o["side"], o["created_at"], o["executed_volume"]) for o in world.orders()
    ]

    with store_of("memory") as opened:
        always = world_on(opened)
        always.run(START, EXIT_T + BAR)
        known = [
            (o["market"], o["side"], o["created_at"], o["executed_volume"]) for o in always.orders()
        ]

    assert {market for market, *_ in added} == {BTC, ETH}
    assert added == known


def test_a_market_that_is_added_waits_for_its_history_and_holds_nobody_up(world: World) -> None:
    world.run(START, ENTRY_T + MINUTE)
    held = world.held("BTC")
    assert held > 0
    world.setup = SETUP

    def no_history(request: Request, serve: object) -> object:
        if request.path == "/v1/candles/minutes/5":
            raise SurelyNotSent("no connection")
        return serve()  # type: ignore[operator]

    world.line.fault = no_history  # type: ignore[assignment]
    world.run(ENTRY_T + 2 * MINUTE, EXIT_T + BAR)

    assert world.held("BTC") < held, "its exit came"
    assert {order["market"] for order in world.orders()} == {BTC}
    assert world.sent(ExchangeTrouble)
    assert [v.market for v in account_status(world.ports, SETUP).account.verdicts] == [BTC]  # type: ignore[union-attr]


def test_a_flat_market_may_be_taken_out(world: World) -> None:
    world.setup = SETUP
    world.run(START, START + MINUTE)
    world.setup = ONLY_ETH
    world.run(START + 2 * MINUTE, ENTRY_T + MINUTE)

    state = world.book().state
    assert state is not None
    assert set(state.markets) == {ETH}
    assert {order["market"] for order in world.orders()} == {ETH}


def test_a_held_market_cannot_be_taken_out_unseen(world: World) -> None:
    world.run(START, ENTRY_T + MINUTE)
    before = world.book()
    world.setup = ONLY_ETH
    for trigger in (world.trading_cycle, world.risk_check):
        with pytest.raises(
            ConfigError, match="KRW-BTC is held but is not among the markets KRW-ETH"
        ):
            trigger(ENTRY_T + BAR)
    world.setup = ONLY_BTC
    assert world.book() == before


def test_a_market_that_comes_back_goes_on_in_its_own_chain(world: World) -> None:
    world.setup = SETUP
    world.run(START, START + BAR)
    state = world.book().state
    assert state is not None
    head = state.chains[ETH]
    assert head != GENESIS
    world.setup = ONLY_BTC
    world.run(START + BAR + MINUTE, START + 2 * BAR - MINUTE)
    world.setup = SETUP
    world.run(START + 2 * BAR, START + 2 * BAR)
    records = world.ports.books.decisions(ETH, from_t=START, to_t=START + 2 * BAR + 1)
    assert [r.previous for r in records][-1] == head
