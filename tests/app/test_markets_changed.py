"""The configured markets change while the books live on."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest
from safety.breaks import Died, Fuse
from safety.world import (
    BAR,
    BTC,
    CASH,
    ENTRY_T,
    ETH,
    EXIT_T,
    MINUTE,
    SETUP,
    START,
    World,
    agreed,
    store_of,
    world_on,
)

from haetae.adapters.upbit.transport import Request, SurelyNotSent
from haetae.app.desk.account import account_status
from haetae.app.desk.report import daily_report
from haetae.app.operator.kill import kill
from haetae.app.walk.cycle import trading_cycle
from haetae.base.time import DAY_S, kst_day_start
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


def test_a_held_market_that_was_taken_out_is_watched_until_it_is_sold(world: World) -> None:
    # given a position in a market that the configuration no longer names
    world.run(START, ENTRY_T + MINUTE)
    held = world.held("BTC")
    assert held > 0
    world.setup = ONLY_ETH
    # then it is seen, with its stop, and the account is worth what it was
    view = account_status(world.ports, ONLY_ETH).account
    assert view is not None
    assert [holding.market for holding in view.holdings] == [BTC]
    assert abs(view.equity - CASH) < CASH / 100
    # when its stop is touched
    world.run(ENTRY_T + 2 * MINUTE, EXIT_T + BAR)
    # then it was sold as if it had stayed, never bought again, and has left
    assert world.held("BTC") == 0
    assert [o["side"] for o in world.orders() if o["market"] == BTC] == ["bid", "ask"]
    state = world.book().state
    assert state is not None
    assert set(state.markets) == {ETH}
    agreed(world)
    # and the day's report counts it
    report = daily_report(world.ports, ONLY_ETH, kst_day_start(EXIT_T) + DAY_S)
    assert (report.entries, report.exits) == (2, 2)


def test_a_held_market_that_was_taken_out_is_sold_as_if_it_had_stayed(world: World) -> None:
    world.run(START, ENTRY_T + MINUTE)
    saved = world.save()
    sold = []
    for setup in (ONLY_BTC, ONLY_ETH):
        world.restore(saved)
        world.setup = setup
        world.run(ENTRY_T + 2 * MINUTE, EXIT_T + BAR)
        asks = [o for o in world.orders() if (o["market"], o["side"]) == (BTC, "ask")]
        sold.append([(o["created_at"], o["executed_volume"], o["identifier"]) for o in asks])
    assert len(sold[0]) == 1
    assert sold[0] == sold[1]


def test_a_kill_sells_what_is_held_in_any_market(world: World) -> None:
    world.setup = SETUP
    world.run(START, ENTRY_T + MINUTE)
    assert world.held("BTC") > 0
    assert world.held("ETH") > 0
    world.setup = replace(SETUP, markets=("KRW-XRP",), params=SETUP.params[:1])
    for n in (2, 3):
        t = ENTRY_T + n * MINUTE
        world.clock.to(float(t))
        report = kill(world.ports, world.setup, t=t, reason="enough", by="test")
    assert world.held("BTC") == world.held("ETH") == 0
    assert report.flat


def test_an_entry_that_was_not_sent_yet_is_taken_back_with_its_market(world: World) -> None:
    world.run(START, ENTRY_T - MINUTE)
    world.clock.to(float(ENTRY_T))
    with suppress(Died):
        trading_cycle(Fuse(name="mark_sending").ports(world.ports), ONLY_BTC, ENTRY_T)
    world.setup = ONLY_ETH
    world.risk_check(ENTRY_T)
    assert not [o for o in world.orders() if o["market"] == BTC]
    world.run(ENTRY_T + MINUTE, ENTRY_T + 2 * BAR)
    assert {o["market"] for o in world.orders()} == {ETH}
    state = world.book().state
    assert state is not None
    assert set(state.markets) == {ETH}


def test_an_order_on_its_way_is_settled_though_its_market_was_taken_out(world: World) -> None:
    world.run(START, ENTRY_T - MINUTE)
    world.trading_cycle(ENTRY_T)
    before = world.book()
    assert before.state is not None
    assert not world.held("BTC")
    assert set(before.intents) == {BTC}
    world.setup = ONLY_ETH
    world.run(ENTRY_T + MINUTE, ENTRY_T + 2 * MINUTE)
    bought = world.market(BTC).position.units
    assert Decimal(bought).scaleb(-8) == world.held("BTC") > 0


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
