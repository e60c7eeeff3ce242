"""The operator's words: stop, halt, kill and start; and the daily report, all from the books."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from safety.breaks import Died, Fuse
from safety.world import (
    BTC,
    CASH,
    END_T,
    ENTRY_T,
    ETH,
    EXIT_T,
    MINUTE,
    SETUP,
    START,
    World,
    agreed,
    once_each,
    store_of,
    withdraw,
    world_on,
)

from haetae.adapters.upbit.transport import Answer, Request, SurelyNotSent
from haetae.app.desk.report import daily_report
from haetae.app.operator.command import halt, stop
from haetae.app.operator.kill import is_flat, kill
from haetae.app.operator.resume import ResumeRefused, confirmation, resume
from haetae.app.ports import PortSet
from haetae.app.walk.cycle import trading_cycle
from haetae.kernel.codes import HALT, KILL, KILLED, RUN, STOP
from haetae.kernel.rounding import MICRO
from haetae.ledger.book import OperatorMode
from haetae.ledger.intent import Phase
from haetae.notify.messages import DailyReport, Exit, KillReport, ModeChanged, OrderRefused
from support.tapes import T0

HELD_T = ENTRY_T + 3 * MINUTE  # both positions are held, no exit is near
DAY_S = 86_400
NINE_T = T0 + DAY_S + 9 * 3_600  # 09:00 in Seoul, the day after
SURE = confirmation(SETUP)


@pytest.fixture
def world() -> Iterator[World]:
    with store_of("memory") as opened:
        yield world_on(opened)


@pytest.fixture
def holding(world: World) -> World:
    """Return a world that holds both coins."""
    world.run(START, HELD_T)
    assert len(world.bids()) == 2
    world.messages.sent.clear()
    return world


def killed(world: World, t: int) -> KillReport:
    return kill(world.ports, SETUP, t=t, reason="a test", by="me")


def started(world: World, t: int, confirm: str = SURE) -> OperatorMode | ResumeRefused:
    return resume(world.ports, SETUP, t=t, reason="a test", by="me", confirm=confirm)


def refusals(world: World, t: int, confirm: str = SURE) -> str:
    answer = started(world, t, confirm)
    assert isinstance(answer, ResumeRefused)
    return "; ".join(answer.reasons)


def bids_of(world: World, coins: float) -> Callable[..., Answer]:
    """Return a fault that makes every order book take `coins` within the limit, and no more."""

    def thin(request: Request, serve: Callable[[], Answer]) -> Answer:
        answer = serve()
        if request.path != "/v1/orderbook":
            return answer
        books = json.loads(answer.body)
        for n, level in enumerate(books[0]["orderbook_units"]):
            level["bid_size"] = coins if n == 0 else 1e-8
        return Answer(status=answer.status, headers=answer.headers, body=json.dumps(books).encode())

    return thin


def down(request: Request, serve: Callable[[], Answer]) -> Answer:
    raise SurelyNotSent("no connection")


# Stop and halt


@pytest.mark.parametrize("word", [stop, halt])
def test_after_stop_or_halt_nothing_is_bought(
    world: World, word: Callable[..., OperatorMode]
) -> None:
    world.run(START, ENTRY_T - MINUTE)
    word(world.ports, t=ENTRY_T - MINUTE, reason="a test", by="me")
    world.run(ENTRY_T, END_T - MINUTE)
    assert not world.orders()
    assert world.sent(ModeChanged)[0].reason == "a test"


@pytest.mark.parametrize("word", [stop, halt])
def test_after_stop_or_halt_positions_keep_their_stops(
    holding: World, word: Callable[..., OperatorMode]
) -> None:
    word(holding.ports, t=HELD_T, reason="a test", by="me")
    holding.run(HELD_T + MINUTE, EXIT_T - MINUTE)
    assert not holding.asks()
    holding.run(EXIT_T, EXIT_T + 2 * MINUTE)
    assert len(holding.asks()) == 2
    agreed(holding)


@pytest.mark.parametrize("word", [stop, halt])
def test_an_entry_that_is_only_written_down_is_revoked_by_stop_and_halt(
    world: World, word: Callable[..., OperatorMode]
) -> None:
    # given entries whose process died before sending them
    world.run(START, ENTRY_T - MINUTE)
    world.clock.to(float(ENTRY_T))
    with suppress(Died):
        trading_cycle(Fuse(name="mark_sending").ports(world.ports), SETUP, ENTRY_T)
    # when the operator stops the bot
    word(world.ports, t=ENTRY_T, reason="a test", by="me")
    world.run(ENTRY_T, ENTRY_T + 2 * MINUTE)
    # then they are never sent, and their reservation is free
    assert not world.orders()
    assert not world.book().intents
    agreed(world)


def test_a_milder_word_does_not_take_back_a_stricter_one(holding: World) -> None:
    # given a kill that is still selling
    holding.line.fault = bids_of(holding, 10.0)
    killed(holding, HELD_T)
    # when the operator says stop and halt
    for word, mode in ((stop, STOP), (halt, HALT)):
        assert mode < KILLED
        assert word(holding.ports, t=HELD_T, reason="too late", by="me").mode == KILLED
    # then it goes on until all is sold
    holding.run(HELD_T + MINUTE, HELD_T + 6 * MINUTE)
    assert is_flat(holding.book())
    # and stop after halt stays halt
    assert holding.book().halt.mode == KILLED


def test_a_stop_wins_against_a_start_that_comes_in_between(world: World) -> None:
    # given a bot that is stopped, and a start that comes while it is being stopped again
    world.run(START, START + MINUTE)
    stop(world.ports, t=START + MINUTE, reason="a test", by="me")
    ports = world.ports

    class Crossed:
        def __init__(self) -> None:
            self.started = False

        def halt(self) -> OperatorMode:
            stands: OperatorMode = ports.books.halt()
            return stands

        def move_halt(self, **words: Any) -> OperatorMode:
            if words["expected"] == 1 and not self.started:
                self.started = isinstance(started(world, START + MINUTE), OperatorMode)
            moved: OperatorMode = ports.books.move_halt(**words)
            return moved

    books: Any = Crossed()
    crossed = PortSet(
        exchange=ports.exchange, books=books, messages=ports.messages, clock=ports.clock
    )
    # when it is stopped
    stands = stop(crossed, t=START + MINUTE, reason="again", by="me")
    # then it is stopped
    assert books.started
    assert stands.mode == world.book().halt.mode == STOP


# Kill


def test_a_kill_sells_everything_and_says_so(holding: World) -> None:
    # given two positions, when the kill is called
    first = killed(holding, HELD_T)
    # then it is acknowledged at once, and flat two minutes later
    assert first.acknowledged
    assert not first.flat
    assert set(first.positions) == {BTC, ETH}
    holding.run(HELD_T + MINUTE, HELD_T + 2 * MINUTE)
    assert is_flat(holding.book())
    assert holding.held("BTC") == holding.held("ETH") == 0
    again = killed(holding, HELD_T + 2 * MINUTE)
    assert again.flat
    agreed(holding)
    assert [message.mode for message in holding.sent(ModeChanged)] == [KILLED, KILLED]
    assert [message.flat for message in holding.sent(KillReport)] == [False, True]
    assert {message.reason for message in holding.sent(Exit)} == {KILL}


def test_a_kill_sells_in_slices_that_the_order_book_takes(holding: World) -> None:
    # given order books that take ten coins a minute
    total = holding.held("BTC")
    holding.line.fault = bids_of(holding, 10.0)
    # when the kill is called and the minutes pass
    killed(holding, HELD_T)
    t = HELD_T
    while not is_flat(holding.book()):
        t += MINUTE
        assert t <= HELD_T + 8 * MINUTE
        holding.risk_check(t)
    # then each order was at most that
    volumes = [Decimal(o["volume"]) for o in holding.asks() if o["market"] == BTC]
    assert sum(volumes) == total
    assert len(volumes) == 4
    assert all(volume <= Decimal("10.00001") for volume in volumes)
    once_each(holding)
    agreed(holding)


@pytest.mark.parametrize("coins", [1e-7, 0.05])
def test_no_slice_is_smaller_than_the_exchange_takes(holding: World, coins: float) -> None:
    # given order books that take less than the minimum order
    holding.line.fault = bids_of(holding, coins)
    # when the kill goes on for a while
    killed(holding, HELD_T)
    for n in range(1, 4):
        holding.risk_check(HELD_T + n * MINUTE)
    # then no order is refused, and each sold something
    assert not holding.sent(OrderRefused)
    assert len([o for o in holding.asks() if o["market"] == BTC and o["trades"]]) >= 3


def test_no_slice_leaves_a_rest_that_the_exchange_refuses(holding: World) -> None:
    # given order books that take all but four thousand won
    left = Decimal(4_000) / 50_600
    holding.line.fault = bids_of(holding, float(holding.held("BTC") - left))
    # when the kill is called
    killed(holding, HELD_T)
    holding.run(HELD_T + MINUTE, HELD_T + 2 * MINUTE)
    # then all is sold
    assert holding.held("BTC") == 0
    agreed(holding)


@pytest.mark.parametrize("dead", ["/v1/candles/minutes/1", "/v1/orderbook", "/v1/accounts"])
def test_a_kill_sells_although_part_of_the_exchange_is_dead(holding: World, dead: str) -> None:
    # given an exchange that still takes orders
    def fault(request: Request, serve: Callable[[], Answer]) -> Answer:
        return down(request, serve) if request.path == dead else serve()

    holding.line.fault = fault
    # when the kill is called a minute later
    holding.clock.to(float(HELD_T + MINUTE))
    killed(holding, HELD_T + MINUTE)
    # then it sells
    assert len(holding.asks()) == 2
    # and once all of the exchange is back, the books know
    holding.risk_check(HELD_T + 2 * MINUTE)
    holding.line.fault = None
    holding.run(HELD_T + 3 * MINUTE, HELD_T + 4 * MINUTE)
    assert is_flat(holding.book())
    agreed(holding)
    once_each(holding)


def test_a_kill_on_a_dead_exchange_sells_once_it_is_back(holding: World) -> None:
    # given an exchange that cannot be reached
    holding.line.fault = down
    # when the kill is called
    first = killed(holding, HELD_T)
    holding.risk_check(HELD_T + MINUTE)
    assert first.acknowledged  # nothing was on its way
    assert not first.flat
    # and the exchange comes back
    holding.line.fault = None
    holding.run(HELD_T + 2 * MINUTE, HELD_T + 5 * MINUTE)
    # then all is sold
    assert is_flat(holding.book())
    agreed(holding)


def test_a_kill_is_not_acknowledged_while_an_order_in_doubt_cannot_be_asked_for(
    world: World,
) -> None:
    # given an entry whose fate is unknown
    world.run(START, ENTRY_T - MINUTE)
    world.faults({"method": "POST", "path": "/v1/orders", "kind": "lost_reply", "count": 2})
    world.trading_cycle(ENTRY_T)
    assert world.intent(BTC).phase is Phase.UNKNOWN
    # when the kill is called and nobody answers
    world.line.fault = down
    assert not killed(world, ENTRY_T).acknowledged
    # then it is acknowledged once the exchange has answered
    world.line.fault = None
    assert killed(world, ENTRY_T).acknowledged
    world.run(ENTRY_T + MINUTE, ENTRY_T + 4 * MINUTE)
    assert is_flat(world.book())
    assert world.held("BTC") == 0
    agreed(world)


def test_a_kill_cancels_an_entry_that_rests(world: World) -> None:
    # given entries that wait for a trade
    world.run(START, ENTRY_T - MINUTE)
    world.clock.to(ENTRY_T + 1.0)
    trading_cycle(world.ports, SETUP, ENTRY_T)
    assert {order["state"] for order in world.orders()} == {"wait"}
    # when the kill is called
    world.clock.to(ENTRY_T + 2.0)
    killed(world, ENTRY_T)
    # then they are cancelled, and nothing was bought
    assert {order["state"] for order in world.orders()} == {"cancel"}
    world.run(ENTRY_T + MINUTE, ENTRY_T + 3 * MINUTE)
    assert is_flat(world.book())
    assert world.held("KRW") == CASH
    agreed(world)


def test_a_kill_counts_what_it_revokes_once(world: World) -> None:
    world.run(START, ENTRY_T - MINUTE)
    world.clock.to(float(ENTRY_T))
    with suppress(Died):
        trading_cycle(Fuse(name="place").ports(world.ports), SETUP, ENTRY_T)
    phases = [intent.phase for intent in world.book().intents.values()]
    assert phases == [Phase.SENDING, Phase.PENDING]
    assert killed(world, ENTRY_T).revoked == 1


def test_a_kill_of_an_account_that_never_began_needs_no_exchange(world: World) -> None:
    first = killed(world, START)
    assert (first.acknowledged, first.flat) == (True, True)
    assert not world.line.requests
    world.run(START, ENTRY_T + 2 * MINUTE)
    assert not world.orders()


def test_nothing_is_bought_after_a_kill_while_the_schedules_go_on(world: World) -> None:
    world.run(START, ENTRY_T - MINUTE)
    assert killed(world, ENTRY_T - MINUTE).flat
    world.run(ENTRY_T, END_T - MINUTE)
    assert not world.orders()
    assert world.book().halt.mode == KILLED


# Start


def test_start_needs_its_confirmation(world: World) -> None:
    world.run(START, START + MINUTE)
    stop(world.ports, t=START + MINUTE, reason="a test", by="me")
    assert "RESUME main" in refusals(world, START + MINUTE, "yes")
    assert world.book().halt.mode == STOP


def test_start_after_a_kill_trades_again(world: World) -> None:
    world.run(START, START + MINUTE)
    killed(world, START + MINUTE)
    moved = started(world, START + 2 * MINUTE)
    assert isinstance(moved, OperatorMode)
    assert moved.mode == RUN
    assert world.sent(ModeChanged)[-1].mode == RUN
    world.run(START + 2 * MINUTE, ENTRY_T + 2 * MINUTE)
    assert len(world.bids()) == 2
    agreed(world)


def test_start_is_refused_while_a_kill_is_not_flat(holding: World) -> None:
    killed(holding, HELD_T)
    assert "not flat" in refusals(holding, HELD_T)
    holding.run(HELD_T + MINUTE, HELD_T + 2 * MINUTE)
    assert isinstance(started(holding, HELD_T + 2 * MINUTE), OperatorMode)


def test_start_is_refused_while_an_order_is_open(world: World) -> None:
    world.run(START, ENTRY_T - MINUTE)
    world.trading_cycle(ENTRY_T)
    stop(world.ports, t=ENTRY_T, reason="a test", by="me")
    assert "not settled" in refusals(world, ENTRY_T)
    world.run(ENTRY_T + MINUTE, ENTRY_T + 2 * MINUTE)
    assert isinstance(started(world, ENTRY_T + 2 * MINUTE), OperatorMode)


@pytest.mark.parametrize(
    ("currency", "amount", "reason"),
    [("BTC", "0.00000001", "KRW-BTC: the books hold"), ("KRW", "1000", "the books hold")],
)
def test_start_is_refused_where_the_exchange_holds_less_than_the_books(
    holding: World, currency: str, amount: str, reason: str
) -> None:
    stop(holding.ports, t=HELD_T, reason="a test", by="me")
    withdraw(holding, currency, Decimal(amount))
    assert reason in refusals(holding, HELD_T)
    assert holding.book().halt.mode == STOP


def test_start_counts_what_the_owners_own_orders_lock(holding: World) -> None:
    stop(holding.ports, t=HELD_T, reason="a test", by="me")

    def all_locked(request: Request, serve: Callable[[], Answer]) -> Answer:
        answer = serve()
        if request.path != "/v1/accounts":
            return answer
        rows = json.loads(answer.body)
        for row in rows:
            assert Decimal(row["locked"]) == 0
            row["balance"], row["locked"] = row["locked"], row["balance"]
        return Answer(status=answer.status, headers=answer.headers, body=json.dumps(rows).encode())

    holding.line.fault = all_locked
    assert isinstance(started(holding, HELD_T), OperatorMode)


def test_start_is_refused_while_the_exchange_does_not_answer(holding: World) -> None:
    stop(holding.ports, t=HELD_T, reason="a test", by="me")
    holding.line.fault = down
    assert "does not answer" in refusals(holding, HELD_T)
    assert holding.book().halt.mode == STOP


def test_start_loses_against_a_kill_that_comes_in_between(holding: World) -> None:
    # given a start that has read the books and asks the exchange
    stop(holding.ports, t=HELD_T, reason="a test", by="me")

    def kills_meanwhile(request: Request, serve: Callable[[], Answer]) -> Answer:
        holding.line.fault = None
        killed(holding, HELD_T)
        return serve()

    holding.line.fault = kills_meanwhile
    # when a kill comes before its write
    # then the kill stands
    assert "another command came first" in refusals(holding, HELD_T)
    assert holding.book().halt.mode == KILLED


def test_start_is_refused_where_the_exchange_holds_nothing_at_all(holding: World) -> None:
    # given an account from which every currency has gone
    stop(holding.ports, t=HELD_T, reason="a test", by="me")

    def empty(request: Request, serve: Callable[[], Answer]) -> Answer:
        answer = serve()
        body = b"[]" if request.path == "/v1/accounts" else answer.body
        return Answer(status=answer.status, headers=answer.headers, body=body)

    holding.line.fault = empty
    # when the operator starts
    words = refusals(holding, HELD_T)
    # then each coin and the won that the books hold are named
    assert f"{BTC}: the books hold" in words
    assert f"{ETH}: the books hold" in words
    assert " KRW" in words


# The daily report


def expected_of(world: World, from_t: int, to_t: int) -> dict[str, Any]:
    """Return a day's figures by way of the exchange: its trades and its money."""
    trades = [
        (order["side"], Decimal(trade["funds"]), Decimal(order["paid_fee"]))
        for order in world.orders()
        for trade in order["trades"]
    ]
    assert from_t < START < to_t
    return {
        "entries": sum(side == "bid" for side, _, _ in trades),
        "exits": sum(side == "ask" for side, _, _ in trades),
        "fees": sum(fee for _, _, fee in trades),
        "pnl": sum((funds if side == "ask" else -funds) - fee for side, funds, fee in trades),
    }


def test_the_daily_report_is_the_day_as_the_exchange_has_it(world: World) -> None:
    # given a day with two entries and two exits
    world.run(START, EXIT_T + 2 * MINUTE)
    expected = expected_of(world, T0, T0 + DAY_S)
    # when the report comes the next morning, the exchange being down
    world.line.fault = down
    world.clock.to(float(NINE_T))
    daily = daily_report(world.ports, SETUP, NINE_T)
    # then its figures are the exchange's, within a won
    assert (daily.from_t, daily.to_t) == (T0, T0 + DAY_S)
    assert (daily.entries, daily.exits) == (expected["entries"], expected["exits"]) == (2, 2)
    assert abs(daily.fees_krw - expected["fees"]) < 1
    assert abs(daily.pnl_krw - expected["pnl"]) < 1
    assert abs(daily.equity_krw - world.held("KRW")) < 1
    assert (daily.wins, daily.positions, daily.mode) == (0, 0, RUN)
    # and the ledger's, exactly
    lines = [
        line
        for name in SETUP.markets
        for line in world.store.books.trades(name, from_t=T0, to_t=T0 + DAY_S)
    ]
    assert daily.pnl_krw == sum(line.pnl for line in lines if line.pnl is not None)
    assert daily.fees_krw == sum(line.fee for line in lines)
    assert daily.r == sum(line.r for line in lines if line.r is not None)
    # and the message says the same
    (message,) = world.sent(DailyReport)
    assert message == daily


def test_the_daily_report_values_what_is_still_held(holding: World) -> None:
    daily = daily_report(holding.ports, SETUP, NINE_T)
    state = holding.book().state
    assert state is not None
    worth = sum(m.close * m.position.units / 1e8 * 0.9995 for m in state.markets.values())
    assert (daily.entries, daily.exits, daily.positions) == (2, 0, 2)
    assert abs(float(daily.equity_krw) - (state.account.cash / MICRO + worth)) < 1
    assert (daily.pnl_krw, daily.r) == (Decimal(0), None)


@pytest.mark.parametrize("days", [-1, 1])
def test_another_days_report_has_none_of_its_trades(world: World, days: int) -> None:
    world.run(START, EXIT_T + 2 * MINUTE)
    daily = daily_report(world.ports, SETUP, NINE_T + days * DAY_S)
    assert (daily.entries, daily.exits, daily.r) == (0, 0, None)
    assert (daily.pnl_krw, daily.fees_krw) == (Decimal(0), Decimal(0))
    assert world.sent(DailyReport)[0].r is None


def test_the_report_of_an_account_that_never_began_is_empty(world: World) -> None:
    daily = daily_report(world.ports, SETUP, NINE_T)
    assert (daily.entries, daily.equity_krw, daily.positions) == (0, Decimal(0), 0)
