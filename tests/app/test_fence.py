"""A kill is acknowledged when no entry can follow: shown in every interleaving, on both stores.

One entry is on its way to the exchange and another is written down but not yet sent when the kill
is called: every process's every call of books, exchange and clock is a point at which any other
may go on, stop for ever, or have its request arrive.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from safety.breaks import Died, Fuse
from safety.explore import (
    STOPPED,
    Explorer,
    Fate,
    Found,
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
from safety.world import BAR, ENTRY_T, MINUTE, SETUP, START, World, agreed, store_of, world_on

from haetae.app.operator.kill import fence, is_flat, kill
from haetae.app.orders.send import send
from haetae.app.ports import Ports
from haetae.app.walk.cycle import risk_check, trading_cycle
from haetae.kernel.codes import KILLED
from haetae.ledger.book import Book, Mode
from haetae.ledger.intent import Phase
from haetae.notify.messages import KillReport

DOUBT = {Phase.SENDING, Phase.UNKNOWN}
SENT = {*DOUBT, Phase.OPEN, Phase.DONE}
BAR_T = ENTRY_T + BAR  # the next decision
EVERY = {"memory": 1, "dynamodb": 10}  # of the worlds left behind, how many run on until flat


class Notes(NamedTuple):
    """What the fence's laws remember of the past."""

    pending: frozenset[str] = frozenset()  # at a move of the epoch to KILLED
    asked: frozenset[str] = frozenset()  # and found, or past the time at which it could arrive
    entries: int | None = None  # that had reached the exchange at the first acknowledgement


class Fenced(NamedTuple):
    """What the fence of a kill came to, by itself."""

    acknowledged: bool


class Fence(Watcher):
    """The laws of DESIGN §4 about a kill."""

    def __init__(self, every: int) -> None:
        self.acknowledged = 0
        self.worlds = 0
        self.every = every

    def first(self) -> Notes:
        return Notes()

    def saw(self, explorer: Explorer, moment: Moment, step: Step) -> Notes:
        notes: Notes = moment.notes
        name, args = step.call.name, step.call.args
        if name == "move_halt" and step.call.kwargs["mode"] == KILLED:
            intents = explorer.book(moment).intents.values()
            stopped = {i.identifier for i in intents if i.phase is Phase.PENDING}
            notes = notes._replace(pending=notes.pending | stopped)
        if name == "mark_sending" and step.answer is True:
            assert args[0].identifier not in notes.pending, "sent though it was fenced"
        if name == "order" and self.conclusive(explorer, moment, step):
            notes = notes._replace(asked=notes.asked | {args[0]})
        assert len(set(moment.posted)) == len(moment.posted), "sent twice"
        entries = sum(1 for identifier in moment.posted if "-entry-" in identifier)
        assert notes.entries in {None, entries}, "an entry came after the acknowledgement"
        if isinstance(step.done, KillReport | Fenced) and step.done.acknowledged:
            intents = explorer.book(moment).intents.values()
            doubtful = {i.identifier for i in intents if i.phase in DOUBT}
            assert doubtful <= notes.asked, "acknowledged without having asked"
            pending = {i.identifier for i in intents if i.phase is Phase.PENDING}
            assert not pending & notes.pending, "acknowledged without having revoked"
            notes = notes._replace(entries=entries)
        return notes

    def conclusive(self, explorer: Explorer, moment: Moment, step: Step) -> bool:
        """Tell whether an answer settles that no request of the order is on its way any more."""
        intents = explorer.book(moment).intents.values()
        deadlines = [i.deadline_s for i in intents if i.identifier == step.call.args[0]]
        return all(deadline_s < moment.now_s for deadline_s in deadlines) or hasattr(
            step.answer, "uuid"
        )

    def holds(self, explorer: Explorer, moment: Moment) -> None:
        slots = explorer.book(moment).intents.values()
        known = {i.identifier for i in slots if i.phase in SENT}
        known |= {i.identifier for i in explorer.closed(moment) if i.phase is Phase.DONE}
        found = {order.identifier for order in explorer.placed(moment)}
        assert found <= known, "an order that nobody will ask for"

    def ended(self, world: World, results: Mapping[str, Any]) -> None:
        reports = [results[name] for name in ("again", "killer") if name in results]
        assert reports[0] == STOPPED or reports[0].acknowledged, reports
        self.acknowledged += any(report != STOPPED for report in reports)
        self.worlds += 1
        if self.worlds % self.every == 0:
            becomes_flat(world)


def becomes_flat(world: World) -> None:
    """Assert that risk checks alone make the account flat, and that nothing is bought on the way.

    A trading cycle comes too, and finds both markets still rising.
    """
    bids = len(world.bids())
    t = ENTRY_T
    while not is_flat(world.book()) or t < ENTRY_T + 2 * MINUTE:
        t += MINUTE
        assert t < BAR_T, "not flat in time"
        world.risk_check(t)
    world.trading_cycle(BAR_T)
    assert len(world.bids()) == bids, "bought after the kill"
    assert all(order["state"] != "wait" for order in world.orders()), world.orders()
    assert {world.held("BTC"), world.held("ETH")} == {0}, "not flat on the exchange"
    assert is_flat(world.book())
    assert world.book().halt.mode == KILLED
    agreed(world)


@pytest.fixture
def world(store: str) -> Iterator[World]:
    with store_of(store) as opened:
        yield world_on(opened)


def two_entries_pending(world: World, *, after_s: float) -> Book:
    """Leave both markets' entries written down and not sent, `after_s` past the minute."""
    world.run(START, ENTRY_T - MINUTE)
    world.clock.to(ENTRY_T + after_s)
    with suppress(Died):
        trading_cycle(Fuse(name="mark_sending").ports(world.ports), SETUP, ENTRY_T)
    book = world.book()
    assert [i.phase for i in book.intents.values()] == [Phase.PENDING, Phase.PENDING]
    return book


def sender(book: Book, *names: str) -> Process:
    """Return the process that sends these markets' intents one after the other, as a cycle does."""

    def sends(ports: Ports) -> None:
        for name in names:
            send(ports, book.halt, book.intents[name])

    return sends


def killer(ports: Ports) -> KillReport:
    return kill(ports, SETUP, t=ENTRY_T, reason="a test", by="me")


def fencer(ports: Ports) -> Fenced:
    """Begin a kill and stop where it is acknowledged: the rest is the risk check's."""
    ports.books.move_halt(mode=Mode.KILL, t=ENTRY_T, reason="a test", by="me", expected=None)
    _revoked, acknowledged = fence(ports, ENTRY_T)
    return Fenced(acknowledged)


def check_risk(ports: Ports) -> object:
    return risk_check(ports, SETUP, ENTRY_T)


def explored(
    world: World,
    store: str,
    processes: Mapping[str, Process],
    *,
    fates: tuple[Fate, ...] = (reply_arrives,),
    stops: frozenset[str] = frozenset(),
    after: Mapping[str, str] | None = None,
) -> Found:
    watcher = Fence(EVERY[store])
    found = Explorer(
        world=world,
        processes=processes,
        watcher=watcher,
        fates=fates,
        stops=stops,
        after=after or {},
    ).run()
    print(
        f"{store}: {found.orders:,} interleavings of {', '.join(processes)}"
        f" through {found.moments:,} moments to {found.worlds:,} worlds"
    )
    assert watcher.acknowledged, "no kill was ever acknowledged"
    return found


FATES = {
    "answered": (reply_arrives,),
    "reply lost": (reply_lost,),
    "never arrives": (never_arrives,),
    "arrives late": (late,),
    "unreachable": (unreachable,),
    "any of them": (reply_arrives, reply_lost, never_arrives, late, unreachable),
}
ANY = FATES["any of them"]
WAITING, FILLED = 1.0, 0.0  # s past the minute: an entry waits for a trade, or fills at once


@pytest.mark.parametrize("after_s", [WAITING, FILLED], ids=["waiting", "filled"])
@pytest.mark.parametrize(
    ("store", "fate"),
    [*(("memory", fate) for fate in FATES), ("dynamodb", "any of them")],
)
def test_no_entry_follows_an_acknowledged_kill(
    world: World, store: str, fate: str, after_s: float
) -> None:
    # given a process that sends two entries, and a kill
    book = two_entries_pending(world, after_s=after_s)
    # when each call of the one may come between any two of the other
    processes = {"sender": sender(book, *SETUP.markets), "killer": killer}
    found = explored(world, store, processes, fates=FATES[fate])
    # then the fence holds in all of them, and they are as many as they were
    assert found.orders >= (80_000 if fate == "any of them" else 6_000)


@pytest.mark.parametrize("store", ["memory", "dynamodb"])
def test_no_entry_follows_from_the_moment_of_the_acknowledgement(world: World, store: str) -> None:
    book = two_entries_pending(world, after_s=WAITING)
    processes = {"sender": sender(book, *SETUP.markets), "killer": fencer}
    found = explored(world, store, processes, fates=ANY, stops=frozenset({"sender"}))
    assert found.orders >= 80_000


@pytest.mark.parametrize("after_s", [WAITING, FILLED], ids=["waiting", "filled"])
@pytest.mark.parametrize("store", ["memory"])
def test_the_fence_holds_when_the_sender_stops_for_ever_at_any_step(
    world: World, store: str, after_s: float
) -> None:
    book = two_entries_pending(world, after_s=after_s)
    processes = {"sender": sender(book, *SETUP.markets), "killer": killer}
    found = explored(world, store, processes, fates=ANY, stops=frozenset({"sender"}))
    assert found.orders >= 180_000


@pytest.mark.parametrize(
    ("store", "after_s"),
    [("memory", WAITING), ("memory", FILLED), ("dynamodb", WAITING)],
    ids=["memory-waiting", "memory-filled", "dynamodb-waiting"],
)
def test_a_kill_that_crashes_at_any_step_is_made_good_by_calling_it_again(
    world: World, store: str, after_s: float
) -> None:
    book = two_entries_pending(world, after_s=after_s)
    processes = {"sender": sender(book, *SETUP.markets), "killer": killer, "again": killer}
    stops, after = frozenset({"sender", "killer"}), {"again": "killer"}
    found = explored(world, store, processes, fates=ANY, stops=stops, after=after)
    assert found.orders >= 8_000_000


@pytest.mark.parametrize("after_s", [WAITING, FILLED], ids=["waiting", "filled"])
@pytest.mark.parametrize("store", ["memory"])
def test_the_fence_holds_against_two_senders_at_once(
    world: World, store: str, after_s: float
) -> None:
    book = two_entries_pending(world, after_s=after_s)
    processes = {
        "first": sender(book, SETUP.markets[0]),
        "second": sender(book, SETUP.markets[1]),
        "killer": killer,
    }
    found = explored(world, store, processes, fates=ANY)
    assert found.orders >= 100_000_000


@pytest.mark.parametrize("after_s", [WAITING, FILLED], ids=["waiting", "filled"])
@pytest.mark.parametrize("store", ["memory"])
def test_the_fence_holds_while_a_risk_check_works_on_the_same_orders(
    world: World, store: str, after_s: float
) -> None:
    book = two_entries_pending(world, after_s=after_s)
    processes = {
        "sender": sender(book, *SETUP.markets),
        "risk check": check_risk,
        "killer": killer,
    }
    found = explored(world, store, processes, fates=(reply_arrives, late))
    assert found.orders >= 100_000_000_000
