"""A bad exchange: no entry, exits still tried, what is unknown is asked for, and all is said."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from safety.world import (
    BAR,
    BTC,
    END_T,
    ENTRY_T,
    ETH,
    EXIT_T,
    MARKETS,
    MINUTE,
    SETUP,
    START,
    TABLE,
    DynamoStore,
    World,
    agreed,
    once_each,
    store_of,
    withdraw,
    world_on,
)

from haetae.adapters.upbit.transport import Answer, MaybeSent, Request, SurelyNotSent
from haetae.app.operator.kill import kill
from haetae.app.ports import PortSet
from haetae.app.walk.cycle import risk_check, trading_cycle
from haetae.base.errors import CorruptState
from haetae.kernel.codes import HALT, KILLED, NO_ORDER, RUN
from haetae.ledger.book import Mode
from haetae.ledger.intent import Phase
from haetae.ledger.keys import BOOK_SK, HALT_SK, account_key, intent_sk
from haetae.notify.messages import (
    Entry,
    ExchangeTrouble,
    Mismatch,
    ModeChanged,
    OrderRefused,
    OrderUnknown,
    StateCorrupt,
)

type Serve = Callable[[], Answer]
type Fault = Callable[[Request, Serve], Answer]
CANDLES, ORDERS, ORDER = "/v1/candles/minutes/1", "/v1/orders", "/v1/order"
HTML = Answer(status=502, headers={}, body=b"<html><body>Bad Gateway</body></html>")


@pytest.fixture
def world() -> Iterator[World]:
    with store_of("memory") as opened:
        yield world_on(opened)


def down(request: Request, serve: Serve) -> Answer:
    raise SurelyNotSent("no connection")


def slow(request: Request, serve: Serve) -> Answer:
    serve()
    raise MaybeSent("read timed out")


def html(request: Request, serve: Serve) -> Answer:
    return HTML


def no_body(request: Request, serve: Serve) -> Answer:
    answer = serve()
    return Answer(status=answer.status, headers=answer.headers, body=b"")


def half_a_body(request: Request, serve: Serve) -> Answer:
    answer = serve()
    return Answer(
        status=answer.status, headers=answer.headers, body=answer.body[: len(answer.body) // 2]
    )


def empty_list(request: Request, serve: Serve) -> Answer:
    answer = serve()
    if request.method != "GET":
        return answer
    return Answer(status=200, headers=answer.headers, body=b"[]")


BAD = {
    "down": down,
    "slow": slow,
    "html": html,
    "no body": no_body,
    "half a body": half_a_body,
}


def only(fault: Fault, *paths: str) -> Fault:
    """Return the fault on these paths, and a sound exchange on all others."""

    def some(request: Request, serve: Serve) -> Answer:
        return fault(request, serve) if request.path in paths else serve()

    return some


def with_position(world: World) -> None:
    """Bring the world to the minute before its stops are touched."""
    world.run(START, EXIT_T - MINUTE)
    assert world.market(BTC).position.units > 0
    world.messages.sent.clear()


# No entry


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_exchange_gets_no_entry_and_leaves_the_state_as_it_was(
    world: World, fault: str
) -> None:
    # given an exchange that goes bad before the minute of the entry
    world.run(START, ENTRY_T - MINUTE)
    before = world.store.save()
    world.line.fault = BAD[fault]
    # when the minute's events come
    outcomes = [world.trading_cycle(ENTRY_T), world.risk_check(ENTRY_T)]
    # then nothing was bought or written, and it was said
    assert [outcome.status for outcome in outcomes] == ["blind", "blind"]
    assert not world.orders()
    assert repr(world.store.save()) == repr(before)
    assert {message.market for message in world.sent(ExchangeTrouble)} == set(MARKETS)
    # and once it is sound again the account trades on
    world.line.fault = None
    world.run(ENTRY_T + MINUTE, ENTRY_T + BAR + 2 * MINUTE)
    assert len(world.bids()) == 2
    agreed(world)


def without_candles_of(name: str) -> Fault:
    """Return the fault of a market whose candles cannot be had."""

    def fault(request: Request, serve: Serve) -> Answer:
        asked = f"market={name}" in request.target and request.path.startswith("/v1/candles")
        return html(request, serve) if asked else serve()

    return fault


def test_market_without_candles_is_not_entered_and_holds_no_other_up(world: World) -> None:
    world.run(START, ENTRY_T - MINUTE)
    world.line.fault = without_candles_of(ETH)
    world.run(ENTRY_T, ENTRY_T + BAR)
    assert {order["market"] for order in world.orders()} == {BTC}
    assert {message.market for message in world.sent(ExchangeTrouble)} == {ETH}
    agreed(world)


def test_market_that_is_gone_for_good_stops_no_exit_and_no_kill(world: World) -> None:
    # given two positions, and a market whose candles are never had again
    world.run(START, ENTRY_T + MINUTE)
    world.line.fault = without_candles_of(ETH)
    # then the other one leaves at its stop
    world.run(ENTRY_T + 2 * MINUTE, EXIT_T + BAR)
    assert world.held("BTC") == 0
    assert world.held("ETH") > 0
    # and a kill sells what nobody can see the price of
    for n in (1, 2):
        t = EXIT_T + BAR + n * MINUTE
        world.clock.to(float(t))
        report = kill(world.ports, world.setup, t=t, reason="enough", by="test")
    assert world.held("ETH") == 0
    assert report.flat
    agreed(world)


@pytest.mark.parametrize("minutes", [1, 4, 12, 23])
@pytest.mark.parametrize("begin", [-7, -3, 2])
def test_indicators_are_of_the_tape_alone_whoever_was_away(
    world: World, begin: int, minutes: int
) -> None:
    # given a market without candles over decision candles, while the other one writes
    saved = world.save()
    world.run(START, ENTRY_T + 6 * BAR)
    known = {name: world.market(name) for name in (BTC, ETH)}
    world.restore(saved)
    away = ENTRY_T + begin * MINUTE
    world.run(START, away - MINUTE)
    world.line.fault = without_candles_of(ETH)
    world.run(away, away + (minutes - 1) * MINUTE)
    world.line.fault = None
    # when it is back
    world.run(away + minutes * MINUTE, ENTRY_T + 6 * BAR)
    # then each decision candle is in its indicators once, and nothing of another one
    for name in (BTC, ETH):
        after = world.market(name)
        assert after.indicators == known[name].indicators
        assert (after.bar, after.crash) == (known[name].bar, known[name].crash)


def test_wish_of_a_market_that_comes_back_late_is_dropped(world: World) -> None:
    world.run(START, ENTRY_T - MINUTE)
    world.line.fault = without_candles_of(ETH)
    world.run(ENTRY_T, ENTRY_T + 3 * MINUTE)
    world.line.fault = None
    world.run(ENTRY_T + 4 * MINUTE, ENTRY_T + BAR - MINUTE)
    assert {order["market"] for order in world.orders()} == {BTC}


@pytest.mark.parametrize("lie", ["empty list", "stale"])
def test_candles_that_stop_coming_are_no_reason_to_enter(world: World, lie: str) -> None:
    # given an exchange that shows nothing new for the whole of the rise
    world.run(START, ENTRY_T - BAR)
    if lie == "stale":
        switch = {"method": "GET", "path": CANDLES, "kind": "stale"}
        world.faults(switch | {"count": 1_000, "delay_s": 1_200})
    else:
        world.line.fault = only(empty_list, CANDLES)
    # when the minutes pass
    world.run(ENTRY_T - BAR + MINUTE, ENTRY_T + BAR)
    # then nothing is bought
    assert not world.orders()
    # and what was missed is folded once it comes
    world.faults()
    world.line.fault = None
    world.run(ENTRY_T + BAR + MINUTE, ENTRY_T + 2 * BAR + 2 * MINUTE)
    assert len(world.bids()) == 2
    agreed(world)


def test_a_first_start_on_a_dead_exchange_writes_nothing_and_says_so(world: World) -> None:
    world.line.fault = down
    assert world.trading_cycle(START).status == "blind"
    assert world.book().version == 0
    assert world.sent(ExchangeTrouble)


# Exits


@pytest.mark.parametrize("fault", BAD)
def test_an_exit_goes_out_in_the_first_minute_with_candles_again(world: World, fault: str) -> None:
    # given positions whose stops are touched while no candle can be read
    with_position(world)
    world.line.fault = only(BAD[fault], CANDLES)
    for n in range(3):
        assert world.risk_check(EXIT_T + n * MINUTE).status == "blind"
    assert not world.asks()
    assert world.sent(ExchangeTrouble)
    # when the candles are back
    world.line.fault = None
    world.risk_check(EXIT_T + 3 * MINUTE)
    # then the exits go out at once
    assert len(world.asks()) == 2
    world.risk_check(EXIT_T + 4 * MINUTE)
    agreed(world)


def test_an_exit_that_could_not_be_sent_is_sent_although_nothing_can_be_read(
    world: World,
) -> None:
    # given exits that never left
    with_position(world)
    world.line.fault = only(down, ORDERS)
    world.risk_check(EXIT_T)
    assert world.intent(BTC).phase is Phase.PENDING
    # when orders can be sent again, but candles cannot be read
    world.line.fault = only(html, CANDLES)
    world.risk_check(EXIT_T + MINUTE)
    # then the exits are on the exchange
    assert {order["market"] for order in world.asks()} == set(MARKETS)
    world.line.fault = None
    world.risk_check(EXIT_T + 2 * MINUTE)
    world.risk_check(EXIT_T + 3 * MINUTE)
    agreed(world)
    once_each(world)


def test_an_exit_left_unsent_never_expires(world: World) -> None:
    with_position(world)
    world.line.fault = only(down, ORDERS)
    for n in range(20):
        world.risk_check(EXIT_T + n * MINUTE)
    world.line.fault = None
    world.risk_check(EXIT_T + 20 * MINUTE)
    # it is the same order as ever
    times = {order["identifier"].split("-")[3] for order in world.asks()}
    assert times == {str(EXIT_T)}
    assert len(world.asks()) == 2
    world.risk_check(EXIT_T + 21 * MINUTE)
    agreed(world)


def test_a_refused_exit_is_asked_for_again(world: World) -> None:
    # given exits that the exchange refuses, for a reason of its own
    with_position(world)
    refusal = {"error": {"name": "market_offline", "message": "maintenance"}}
    world.line.fault = only(
        lambda *_: Answer(status=400, headers={}, body=json.dumps(refusal).encode()), ORDERS
    )
    world.risk_check(EXIT_T)
    assert {m.note for m in world.sent(OrderRefused)} == {"market_offline: maintenance"}
    # when it takes orders again
    world.line.fault = None
    world.risk_check(EXIT_T + MINUTE)
    world.risk_check(EXIT_T + 2 * MINUTE)
    # then all is sold
    assert world.held("BTC") == world.held("ETH") == 0
    agreed(world)


# Lost on the way


@pytest.mark.parametrize("fault", ["lost_reply", "no body", "half a body", "slow"])
def test_an_order_whose_answer_is_lost_is_asked_for_and_adopted(world: World, fault: str) -> None:
    # given an entry that arrived and whose answer did not
    world.run(START, ENTRY_T - MINUTE)
    if fault == "lost_reply":
        world.faults({"method": "POST", "path": ORDERS, "kind": fault, "count": 2})
    else:
        world.line.fault = only(BAD[fault], ORDERS)
    world.trading_cycle(ENTRY_T)
    assert world.intent(BTC).phase is Phase.UNKNOWN
    assert len(world.sent(OrderUnknown)) == 2
    # when nobody answers questions about it for ten minutes
    world.line.fault = only(html, ORDER)
    for n in range(1, 11):
        world.risk_check(ENTRY_T + n * MINUTE)
        assert world.intent(BTC).phase is Phase.UNKNOWN
    world.trading_cycle(ENTRY_T + 2 * BAR)
    # then nothing is sent again while it is unknown
    assert len(world.bids()) == 2
    # and with the first answer it is in the books
    world.line.fault = None
    world.risk_check(ENTRY_T + 11 * MINUTE)
    assert world.market(BTC).position.units > 0
    assert len(world.sent(Entry)) == 2
    agreed(world)
    once_each(world)


def test_an_order_that_never_arrived_is_given_up_after_asking(world: World) -> None:
    # given entries that were lost on their way
    world.run(START, ENTRY_T - MINUTE)
    world.faults({"method": "POST", "path": ORDERS, "kind": "lost_request", "count": 2})
    world.trading_cycle(ENTRY_T)
    assert world.intent(BTC).phase is Phase.UNKNOWN
    # when they are asked for too early
    world.clock.to(ENTRY_T + 5.0)
    risk_check(world.ports, SETUP, ENTRY_T)
    # then they stay unknown
    assert world.intent(BTC).phase is Phase.UNKNOWN
    # when they are asked for in the next minute
    world.risk_check(ENTRY_T + MINUTE)
    # then they are surely not there: the reservation is released
    assert world.book().intents == {}
    state = world.book().state
    assert state is not None
    assert state.account.reserved == 0
    # and the next bar's wish is another order
    world.run(ENTRY_T + 2 * MINUTE, ENTRY_T + BAR + 2 * MINUTE)
    assert len(world.bids()) == 2
    agreed(world)


def test_a_refused_entry_is_told_and_its_reservation_released(world: World) -> None:
    # given an account whose owner took the money away
    world.run(START, ENTRY_T - MINUTE)
    withdraw(world, "KRW", Decimal(9_999_000))
    # when it wants in
    world.trading_cycle(ENTRY_T)
    # then the refusals are told
    refusals = world.sent(OrderRefused)
    assert [message.note.split(":")[0] for message in refusals] == [
        "insufficient_funds_bid",
        "insufficient_funds_bid",
    ]
    # and a minute later nothing of them is left
    world.risk_check(ENTRY_T + MINUTE)
    state = world.book().state
    assert state is not None
    assert world.book().intents == {}
    assert state.account.reserved == 0
    assert all(m.order.kind == NO_ORDER for m in state.markets.values())
    assert not world.orders()


# Coins that are not there


def test_fewer_coins_than_booked_are_all_sold_and_it_is_said(world: World) -> None:
    with_position(world)
    there = world.held("BTC")
    withdraw(world, "BTC", there / 2)
    world.risk_check(EXIT_T)
    world.risk_check(EXIT_T + MINUTE)
    (message,) = world.sent(Mismatch)
    assert (message.market, message.held_volume) == (BTC, there / 2)
    assert world.held("BTC") == 0
    assert world.market(BTC).position.units == 0
    assert world.book().halt.mode == RUN


@pytest.mark.parametrize("mode", [Mode.RUN, Mode.KILL], ids=["running", "killed"])
def test_no_coins_at_all_halt_the_bot_and_the_other_exits_go_on(world: World, mode: Mode) -> None:
    # given a position whose coins have gone, and a sound one
    with_position(world)
    withdraw(world, "BTC", world.held("BTC"))
    # when both are to be sold
    if mode == KILLED:
        kill(world.ports, SETUP, t=EXIT_T - MINUTE, reason="a test", by="me")
    world.risk_check(EXIT_T)
    world.risk_check(EXIT_T + MINUTE)
    # then the sound one is, the bot has halted at least, and both were said
    assert world.held("ETH") == 0
    assert world.market(ETH).position.units == 0
    assert world.market(BTC).position.units > 0
    assert world.book().halt.mode == max(mode, HALT)
    assert world.sent(Mismatch)
    assert [message.mode for message in world.sent(ModeChanged)] == [max(mode, HALT)]


# A state that cannot be read


def damaged(store: DynamoStore, sk: str) -> dict[str, Any]:
    """Break one stored item and return it as it then is."""
    key = account_key(SETUP.account, sk)
    item = store.client.get_item(TableName=TABLE, Key=key)["Item"]
    field = {BOOK_SK: "account", HALT_SK: "mode"}.get(sk, "phase")
    broken: dict[str, Any] = item | {field: {"S": "moth-eaten"}}
    store.client.put_item(TableName=TABLE, Item=broken)
    return broken


@pytest.mark.parametrize("sk", [BOOK_SK, intent_sk(BTC), HALT_SK])
@pytest.mark.parametrize("mode", [Mode.RUN, Mode.KILL], ids=["running", "killed"])
def test_a_damaged_item_halts_the_bot_and_is_never_reset(sk: str, mode: Mode) -> None:
    with store_of("dynamodb") as store:
        # given an account with an order under way, one of whose items is damaged
        assert isinstance(store, DynamoStore)
        world = world_on(store)
        world.run(START, ENTRY_T)
        moved = store.books.move_halt(mode=mode, t=ENTRY_T, reason="-", by="me", expected=None)
        broken = damaged(store, sk)
        orders = len(world.orders())
        for n in range(1, 4):
            # when the events of three minutes come
            world.clock.to(float(ENTRY_T + n * MINUTE))
            for walk in (trading_cycle, risk_check):
                with pytest.raises(CorruptState):
                    walk(world.ports, SETUP, ENTRY_T + n * MINUTE)
            # then each says so again
            assert len(world.sent(StateCorrupt)) == 2 * n
        # and the item is what it was, nothing was traded, and the mode is as strict as it was
        key = account_key(SETUP.account, sk)
        assert store.client.get_item(TableName=TABLE, Key=key)["Item"] == broken
        assert len(world.orders()) == orders
        if sk != HALT_SK:
            stands = store.books.halt()
            assert stands.mode == max(mode, HALT)
            assert stands.epoch == moved.epoch + (mode == RUN)


class Unreadable:
    """Books whose state cannot be read; all else is as it was."""

    def __init__(self, books: Any) -> None:
        self._books = books

    def load(self) -> Any:
        raise CorruptState("ACCOUNT#main BOOK: account is missing")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)


def test_unreadable_books_in_memory_halt_the_bot_too(world: World) -> None:
    # given books that cannot be read
    world.run(START, ENTRY_T - MINUTE)
    before = world.book().state
    ports = world.ports
    books: Any = Unreadable(ports.books)
    broken = PortSet(
        exchange=ports.exchange, books=books, messages=ports.messages, clock=ports.clock
    )
    world.clock.to(float(ENTRY_T))
    for n in range(1, 4):
        # when an event comes
        with pytest.raises(CorruptState):
            trading_cycle(broken, SETUP, ENTRY_T)
        # then it is said, each time
        assert len(world.sent(StateCorrupt)) == n
    assert len(world.sent(ModeChanged)) == 1
    # and what can be read again is what there was, halted
    assert world.book().state == before
    assert world.book().halt.mode == HALT
    world.run(ENTRY_T, END_T - 90 * MINUTE)
    assert not world.orders()
