"""Events come twice, late, in any order and at once: a minute is worked through one time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from safety.explore import (
    Explorer,
    Fate,
    Moment,
    Process,
    Step,
    Watcher,
    late,
    never_arrives,
    reply_arrives,
    reply_lost,
    unreachable,
)
from safety.world import (
    BAR,
    BTC,
    ENTRY_T,
    EXIT_T,
    MINUTE,
    SETUP,
    START,
    World,
    agreed,
    once_each,
    store_of,
    world_on,
)

from haetae.adapters.upbit.transport import Request, SurelyNotSent
from haetae.app.ports import Ports, PortSet
from haetae.app.walk.cycle import AHEAD_S, risk_check, trading_cycle
from haetae.app.walk.outcome import Outcome
from haetae.ledger.intent import Phase

DELAY_S = SETUP.rails.entry_delay_s
LAST_T = EXIT_T + 4 * MINUTE

type Door = Callable[[int], Outcome]


@pytest.fixture
def store() -> str:
    return "memory"


@pytest.fixture
def world(store: str) -> Iterator[World]:
    with store_of(store) as opened:
        yield world_on(opened)


def traded(world: World) -> list[tuple[str, str, str]]:
    """Return what the exchange's orders came to: identifier, volume and price of each trade."""
    return sorted(
        (order["identifier"], trade["volume"], trade["price"])
        for order in world.orders()
        for trade in order["trades"]
    )


def pumped(world: World, doors: Callable[[int], list[Door]]) -> None:
    """Let the events of every minute come as `doors` orders them."""
    for t in range(START, LAST_T + 1, MINUTE):
        for door in doors(t):
            door(t)


# Twice, in both orders


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("risk_first", [False, True], ids=["cycle first", "risk check first"])
def test_events_that_come_several_times_and_in_either_order_trade_as_once(
    world: World, times: int, risk_first: bool
) -> None:
    # given what happens when every event comes once, the cycle first
    saved = world.save()
    world.run(START, LAST_T)
    expected = traded(world)
    assert len(expected) == 4
    # when every event comes `times` times
    world.restore(saved)

    def doors(t: int) -> list[Door]:
        cycle: Door = world.trading_cycle
        check: Door = world.risk_check
        each = [cycle] * times if t % BAR == 0 else []
        checks = [check] * times
        return checks + each if risk_first else each + checks

    pumped(world, doors)
    # then the very same is traded
    assert traded(world) == expected
    agreed(world)


def test_a_second_delivery_writes_nothing(world: World) -> None:
    # given a minute that entered
    world.run(START, ENTRY_T)
    before = all_of(world)
    # when its events come again
    outcomes = [
        world.trading_cycle(ENTRY_T),
        world.risk_check(ENTRY_T),
        world.trading_cycle(ENTRY_T),
    ]
    # then there is nothing left to do
    assert [outcome.status for outcome in outcomes] == ["unchanged"] * 3
    assert all_of(world) == before


def test_an_entry_goes_out_in_its_own_minute_where_no_delay_is_allowed(world: World) -> None:
    # given settings that drop a wish once it is older than its minute
    world.setup = replace(SETUP, rails=SETUP.rails._replace(entry_delay_s=0))
    # when the candle that decides has closed
    world.run(START, ENTRY_T)
    # then it is entered at once
    assert [order["side"] for order in world.orders()][:1] == ["bid"]


# At once


class Minute(Watcher):
    """The laws of one minute that several processes work on at once."""

    def __init__(self, t: int, orders: int | None) -> None:
        self.t = t
        self.orders = orders  # that the minute must lead to; None where requests may be lost

    def saw(self, explorer: Explorer, moment: Moment, step: Step) -> Any:
        assert len(set(moment.posted)) == len(moment.posted), "sent twice"
        if isinstance(step.done, Outcome):
            assert step.done.status in {"unchanged", "done"}, step.done
        return moment.notes

    def holds(self, explorer: Explorer, moment: Moment) -> None:
        slots = explorer.book(moment).intents.values()
        known = {i.identifier for i in (*slots, *explorer.closed(moment))}
        assert {order.identifier for order in explorer.placed(moment)} <= known

    def ended(self, world: World, results: Mapping[str, Any]) -> None:
        if self.orders is not None:
            assert len(world.orders()) == self.orders, world.orders()
        for n in (1, 2, 3):
            world.risk_check(self.t + n * MINUTE)
        once_each(world)
        agreed(world)
        assert not world.book().intents


def at(walk: Callable[..., Outcome], t: int) -> Process:
    def process(ports: Ports) -> Outcome:
        return walk(ports, SETUP, t)

    return process


ANY: tuple[Fate, ...] = (reply_arrives, reply_lost, never_arrives, late, unreachable)
PAIRS = {
    "cycle and risk check": (trading_cycle, risk_check),
    "cycle twice": (trading_cycle, trading_cycle),
}


@pytest.mark.parametrize(("t", "orders"), [(ENTRY_T, 2), (EXIT_T, 4)], ids=["entry", "exit"])
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("store", ["memory", "dynamodb"])
def test_two_events_of_one_minute_at_once_make_each_order_once(
    world: World, store: str, pair: str, t: int, orders: int
) -> None:
    # given the account at the minute in which it enters, or leaves, both markets
    world.run(START, t - MINUTE)
    world.clock.to(float(t))
    # when two events of the minute are worked on at once, in every interleaving
    first, second = PAIRS[pair]
    processes = {"first": at(first, t), "second": at(second, t)}
    found = Explorer(world=world, processes=processes, watcher=Minute(t, orders)).run()
    print(f"{store}, {pair}: {found.orders:,} interleavings through {found.moments:,} moments")
    # then each order is made once, none is missing, and neither event gives up
    assert found.orders >= 50_000


@pytest.mark.parametrize("t", [ENTRY_T, EXIT_T], ids=["entry", "exit"])
def test_two_events_at_once_keep_the_books_true_whatever_becomes_of_the_requests(
    world: World, t: int
) -> None:
    world.run(START, t - MINUTE)
    world.clock.to(float(t))
    processes = {"cycle": at(trading_cycle, t), "risk check": at(risk_check, t)}
    stops = frozenset({"cycle", "risk check"})
    watcher = Minute(t, None)
    found = Explorer(
        world=world, processes=processes, watcher=watcher, fates=ANY, stops=stops
    ).run()
    print(f"{found.orders:,} interleavings through {found.moments:,} moments")
    assert found.orders >= 10_000_000


def test_the_loser_of_a_version_conflict_tries_again_and_finds_nothing_to_do(
    world: World,
) -> None:
    # given a cycle that another one overtakes just before its transaction
    world.run(START, ENTRY_T - MINUTE)
    world.clock.to(float(ENTRY_T))

    class Overtaken:
        def __init__(self) -> None:
            self.refused = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(world.store.books, name)

        def commit(self, commit: Any) -> bool:
            if self.refused == 0:
                assert trading_cycle(world.ports, SETUP, ENTRY_T).status == "done"
            carried_out: bool = world.store.books.commit(commit)
            self.refused += not carried_out
            return carried_out

    books: Any = Overtaken()
    ports = world.ports
    overtaken = PortSet(
        exchange=ports.exchange, books=books, messages=ports.messages, clock=ports.clock
    )
    # when it goes on
    outcome = trading_cycle(overtaken, SETUP, ENTRY_T)
    # then it is refused once, loads again and has nothing left to do
    assert books.refused == 1
    assert outcome.status == "unchanged"
    assert len(world.bids()) == 2


# Late and early


@pytest.mark.parametrize("minutes", range(1, 31))
def test_a_late_cycle_enters_within_the_delay_or_not_at_all(world: World, minutes: int) -> None:
    # given an account whose risk checks came in time, and whose cycles did not
    world.run(START, ENTRY_T - MINUTE)
    arrives = ENTRY_T + minutes * MINUTE
    for t in range(ENTRY_T, arrives + 1, MINUTE):
        world.risk_check(t)
    # when the cycle's event comes late, twice
    for _delivery in range(2):
        trading_cycle(world.ports, SETUP, ENTRY_T)
    # then whatever it bought belongs to a candle that closed no longer ago than allowed
    age_s = arrives % BAR
    assert len(world.bids()) == (2 if age_s <= DELAY_S and arrives < EXIT_T else 0)
    once_each(world)
    for n in (1, 2):
        world.risk_check(arrives + n * MINUTE)
    agreed(world)


@pytest.mark.parametrize("minutes", range(1, 31))
def test_a_late_cycle_after_a_silence_enters_within_the_delay_or_not_at_all(
    world: World, minutes: int
) -> None:
    # given an account to which nothing came for a while
    world.run(START, ENTRY_T - MINUTE)
    arrives = ENTRY_T + minutes * MINUTE
    world.clock.to(float(arrives))
    # when the cycle's event comes first of all, twice
    for _delivery in range(2):
        trading_cycle(world.ports, SETUP, ENTRY_T)
    # then lateness is judged by the clock
    assert len(world.bids()) == (2 if arrives % BAR <= DELAY_S and arrives < EXIT_T else 0)
    once_each(world)


def test_an_entry_left_pending_is_revoked_once_the_delay_is_over(world: World) -> None:
    # given entries that could not be sent: the exchange cannot be reached
    world.run(START, ENTRY_T - MINUTE)
    world.line.fault = refused
    world.trading_cycle(ENTRY_T)
    for n in (1, 2):
        world.risk_check(ENTRY_T + n * MINUTE)
        assert world.intent(BTC).phase is Phase.PENDING
    # when the exchange is back after the delay
    world.line.fault = None
    world.risk_check(ENTRY_T + 3 * MINUTE)
    # then the wish has gone, and the money with it is free
    assert not world.orders()
    assert world.book().intents == {}
    agreed(world)


def refused(request: Request, serve: Any) -> Any:
    if request.method == "POST":
        raise SurelyNotSent("no connection")
    return serve()


@pytest.mark.parametrize("walk", [trading_cycle, risk_check])
def test_an_event_from_the_future_changes_nothing(
    world: World, walk: Callable[..., Outcome]
) -> None:
    # given an account before its entry, two minutes and a bit ahead of an event
    world.run(START, ENTRY_T - MINUTE)
    world.clock.to(ENTRY_T + 5 * MINUTE - AHEAD_S - 0.001)
    before = all_of(world)
    # when the event comes
    outcome = walk(world.ports, SETUP, ENTRY_T + 5 * MINUTE)
    # then it is refused
    assert outcome.status == "future"
    assert all_of(world) == before


def all_of(world: World) -> tuple[str, object, float]:
    """Return what the books, the exchange's account and the clock hold, to compare."""
    books, account, now_s = world.save()
    return repr(books), account.ledger(), now_s


def test_an_event_at_most_two_minutes_ahead_is_taken(world: World) -> None:
    world.run(START, ENTRY_T - MINUTE)
    world.clock.to(ENTRY_T + 5 * MINUTE - AHEAD_S)
    assert trading_cycle(world.ports, SETUP, ENTRY_T + 5 * MINUTE).status == "done"
