"""The process may die at any call: the next triggers finish its work, and nothing happens twice."""

from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest
from safety.breaks import AFTER, BEFORE, Died, Fuse
from safety.world import (
    BAR,
    BTC,
    END_T,
    ENTRY_T,
    ETH,
    EXIT_T,
    MARKETS,
    MINUTE,
    START,
    World,
    agreed,
    once_each,
    store_of,
    world_on,
)

from haetae.app.walk.cycle import risk_check, trading_cycle
from haetae.kernel.codes import NO_ORDER
from haetae.ledger.book import GENESIS
from haetae.ledger.journal import verify

SEED = 20_250_901
PAIRS = 150  # of two deaths one after the other, drawn by the seed
type Trigger = tuple[str, int]

ENTRY = [("cycle", ENTRY_T), ("guard", ENTRY_T)]
ENTRY += [("guard", ENTRY_T + n * MINUTE) for n in (1, 2, 3)]
EXIT = [("guard", EXIT_T + n * MINUTE) for n in range(4)]
REST = [("guard", t) for t in range(ENTRY_T + 4 * MINUTE, EXIT_T, MINUTE)]
REST += [("cycle", t) for t in range(ENTRY_T + BAR, EXIT_T, BAR)]
STORY: list[Trigger] = sorted(ENTRY + REST + EXIT, key=lambda trigger: trigger[1])
AFTERWARDS: list[Trigger] = [("guard", EXIT_T + n * MINUTE) for n in range(4, 8)]


@pytest.fixture
def world() -> Iterator[World]:
    with store_of("memory") as store:
        yield before_the_entry(world_on(store))


def before_the_entry(world: World) -> World:
    """Bring a world to the minute before both markets want in."""
    world.run(START, ENTRY_T - MINUTE)
    return world


def deliver(world: World, trigger: Trigger, fuse: Fuse) -> None:
    """Let an event come; if its process dies it is delivered again, as EventBridge does."""
    kind, t = trigger
    walk = {"cycle": trading_cycle, "guard": risk_check}[kind]
    for _delivery in range(4):
        world.clock.to(float(t))
        try:
            walk(fuse.ports(world.ports), world.setup, t)
        except Died:
            continue
        return
    raise AssertionError("it dies once or twice, not for ever")


def calls_of(world: World, triggers: list[Trigger]) -> int:
    """Return how many port calls these triggers make when nothing fails."""
    saved, fuse = world.save(), Fuse()
    for trigger in triggers:
        deliver(world, trigger, fuse)
    world.restore(saved)
    return len(fuse.calls)


def sound(world: World) -> None:
    """Assert what must hold at the end whatever died."""
    once_each(world)
    agreed(world)
    book = world.book()
    assert book.state is not None
    assert not book.intents, book.intents
    assert all(market.order.kind == NO_ORDER for market in book.state.markets.values())
    orders = {order["identifier"]: order for order in world.orders()}
    for name in MARKETS:
        lines = world.store.books.trades(name, from_t=START, to_t=END_T)
        traded = {i for i, o in orders.items() if o["market"] == name and o["trades"]}
        assert {line.identifier for line in lines} == traded
        records = world.store.books.decisions(name, from_t=START, to_t=END_T)
        assert verify(records, GENESIS) is None
        assert records[-1].hash == book.state.chains[name]


def fuse_text(fuse: Fuse) -> str:
    names = [fuse.calls[at - 1] for at in fuse.at if at <= len(fuse.calls)]
    return f"died {fuse.when} calls {fuse.at} of {len(fuse.calls)}: {names}"


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_death_at_any_call_of_entry_and_exit_leaves_one_order_an_intent(
    world: World, when: str
) -> None:
    # given an account about to enter two markets, and later to leave both
    saved, calls = world.save(), calls_of(world, STORY)
    assert calls >= 100
    entered = 0
    for at in range(1, calls + 1):
        # when the process dies once, at this call, and the events go on coming
        world.restore(saved)
        fuse = Fuse(at=(at,), when=when)
        for trigger in STORY + AFTERWARDS:
            deliver(world, trigger, fuse)
        # then each intent was one order, and books and exchange hold the same
        try:
            sound(world)
            assert world.held("BTC") == world.held("ETH") == 0
        except AssertionError as exc:
            raise AssertionError(f"{fuse_text(fuse)}: {exc}") from exc
        entered += len(world.bids())
    print(f"died {when} each of {calls} calls; {entered} entries of {2 * calls}")
    # an entry that died between its mark and its request is wished again at the next bar
    assert entered == 2 * calls


def test_a_death_after_the_order_left_and_before_it_was_recorded_is_mended(world: World) -> None:
    # given a process that died when its order was on the exchange and the books did not know
    fuse = Fuse(name="place", when=AFTER)
    with suppress(Died):
        trading_cycle(fuse.ports(world.ports), world.setup, ENTRY_T)
    (order,) = world.bids()
    # when only risk checks come
    for n in (1, 2):
        world.risk_check(ENTRY_T + n * MINUTE)
    # then that order is in the books, once
    assert [o["identifier"] for o in world.bids() if o["market"] == BTC] == [order["identifier"]]
    assert world.market(BTC).position.units > 0
    agreed(world)


def test_a_death_before_the_exit_was_sent_is_made_good_within_a_minute(world: World) -> None:
    # given a position whose exit was written down by a process that died before sending it
    world.run(ENTRY_T, EXIT_T - MINUTE)
    world.clock.to(float(EXIT_T))
    with suppress(Died):
        risk_check(Fuse(name="mark_sending").ports(world.ports), world.setup, EXIT_T)
    assert not world.asks()
    # when the next risk check comes
    world.risk_check(EXIT_T + MINUTE)
    # then the exits are on the exchange
    assert {order["market"] for order in world.asks()} == {BTC, ETH}


def test_two_deaths_in_a_row_leave_one_order_an_intent(world: World) -> None:
    # given pairs of calls drawn by a seed
    print(f"seed {SEED}")
    draw = Random(SEED)
    saved, calls = world.save(), calls_of(world, STORY)
    for _pair in range(PAIRS):
        first = draw.randint(1, calls)
        at, when = (first, first + draw.randint(1, 25)), draw.choice([BEFORE, AFTER])
        # when the process dies at the one, and a later one at the other
        world.restore(saved)
        fuse = Fuse(at=at, when=when)
        for trigger in STORY + AFTERWARDS:
            deliver(world, trigger, fuse)
        # then all is sound
        try:
            sound(world)
        except AssertionError as exc:
            raise AssertionError(f"{fuse_text(fuse)}: {exc}") from exc


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_death_at_any_call_of_the_entry_is_mended_in_dynamodb_too(when: str) -> None:
    with store_of("dynamodb") as store:
        # given the same account on the stored books
        world = before_the_entry(world_on(store))
        saved, calls = world.save(), calls_of(world, ENTRY[:1])
        assert calls >= 10
        for at in range(1, calls + 1):
            # when the process dies at this call
            world.restore(saved)
            for trigger in ENTRY:
                at_once = (at,) if trigger == ENTRY[0] else ()
                deliver(world, trigger, Fuse(at=at_once, when=when))
            # then each intent was one order
            once_each(world)
            agreed(world)
