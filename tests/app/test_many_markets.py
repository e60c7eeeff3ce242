"""Hundreds of markets: what one commit cannot hold goes into several, and none is left out."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from moto import mock_aws
from safety.breaks import Died
from safety.world import (
    BAR,
    ENTRY_T,
    EXIT_T,
    MINUTE,
    QUICK,
    START,
    DynamoStore,
    Line,
    LinkedClock,
    MemoryStore,
    Store,
    World,
    level,
    rows,
)

from haetae.app.operator.kill import kill
from haetae.app.operator.resume import disagreements
from haetae.config.profiles import PROFILES
from haetae.config.setup import Setup
from haetae.kernel.codes import HALT
from haetae.ledger.book import GENESIS, Book, Commit
from haetae.ledger.invariants import MARKETS_PER_COMMIT
from haetae.ledger.journal import verify
from haetae.notify.messages import RailsFired
from upbit_sandbox.prices.tape import Tape
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.venue.venue import Options

PRICE = 20_000.0
END_T = EXIT_T + 2 * MINUTE
FALL = (EXIT_T - START) // MINUTE - 1  # the minute of START that falls
# A hundredth of the cash each, and day and week limits that sixty stops do not reach.
RAILS = PROFILES["plan"][1]._replace(
    max_positions=200, r_bps=0, buy_bps=100, day_r=0, week_r=0, day_bps=5_000, week_bps=5_000
)


def world_of(store: Store, count: int, *, later: int = 0) -> World:
    """Return a world of so many markets that rise, and fall through their stops, at one time.

    The last `later` of them fall a quarter of an hour after the others.
    """
    names = tuple(f"KRW-C{n:03d}" for n in range(count))
    older = rows(PRICE, [1.0] * 610, START - 610 * BAR, BAR, 0.004)
    newer = rows(PRICE, [level(n) for n in range(60)], START, MINUTE, 0.0005)
    waits = rows(PRICE, [late_level(n) for n in range(60)], START, MINUTE, 0.0005)
    minutes = [newer] * (count - later) + [waits] * later
    tapes = [
        Tape.of_rows(name, unit, kept)
        for name, recent in zip(names, minutes, strict=True)
        for unit, kept in ((5, older), (1, recent))
    ]
    sandbox = Sandbox.of_tapes(tapes, START, Options(rate_limits=False))
    setup = Setup(
        account="main", profile="plan", markets=names, params=(QUICK,) * count, rails=RAILS
    )
    clock = LinkedClock(sandbox, float(START))
    return World(store=store, sandbox=sandbox, line=Line(sandbox), clock=clock, setup=setup)


def late_level(minute: int) -> float:
    """Return `level` with its fall put off by a quarter of an hour."""
    return level(minute if minute < FALL else minute - 15)


def held(book: Book) -> int:
    """Count the markets that hold something."""
    assert book.state is not None
    return sum(m.position.units > 0 for m in book.state.markets.values())


def counted(world: World) -> list[Commit]:
    """Keep every commit of the world from now on."""
    kept: list[Commit] = []
    real: Callable[[Commit], bool] = world.store.books.commit

    def commit(value: Commit) -> bool:
        kept.append(value)
        return real(value)

    world.store.books.commit = commit
    return kept


def test_two_hundred_markets_enter_and_leave_in_one_minute_each() -> None:
    # given two hundred markets that all want in at one minute and out at another
    world = world_of(MemoryStore(), 200)
    commits = counted(world)
    # when the account is walked through both
    world.run(START, ENTRY_T)
    assert len(world.bids()) == 200
    world.run(ENTRY_T + MINUTE, EXIT_T)
    assert held(world.book()) == 200
    world.run(EXIT_T + MINUTE, END_T)
    # then every position was opened, sold and booked, and no commit touched too many
    assert held(world.book()) == 0
    assert len(world.asks()) == 200
    sides = [line.side.value for c in commits for line in c.trades]
    assert (sides.count("bid"), sides.count("ask")) == (200, 200)
    touched = [len({i.market for i in (*c.opened, *c.closed)}) for c in commits]
    assert max(touched) == MARKETS_PER_COMMIT
    assert world.book().halt.mode < HALT
    assert disagreements(world.book(), world.ports) == []


def test_sixty_positions_close_in_one_minute_in_the_table() -> None:
    # given sixty positions
    world = world_of(MemoryStore(), 60)
    world.run(START, EXIT_T - MINUTE)
    state = world.book().state
    assert state is not None
    assert held(world.book()) == 60
    with mock_aws():
        # and books in DynamoDB that hold them
        world.store = DynamoStore()
        assert world.store.books.commit(Commit(version=0, epoch=0, state=state))
        # when all of them fall through their stops in one minute
        world.run(EXIT_T, END_T)
        # then all are sold and booked
        assert held(world.book()) == 0
        lines = [
            line
            for name in world.setup.markets
            for line in world.store.books.trades(name, from_t=START, to_t=END_T)
        ]
        assert len(lines) == 60
        assert world.book().halt.mode < HALT


def test_a_kill_sells_sixty_positions() -> None:
    # given sixty positions
    world = world_of(MemoryStore(), 60)
    t = EXIT_T - MINUTE
    world.run(START, t)
    commits = counted(world)
    # when they are killed
    kill(world.ports, world.setup, t=t, reason="enough", by="test")
    assert len(world.asks()) == 60
    world.run(t + MINUTE, t + 3 * MINUTE)
    # then nothing is left, and no commit touched too many
    assert held(world.book()) == 0
    assert world.book().intents == {}
    assert max(len(c.decisions) for c in commits) == MARKETS_PER_COMMIT


@pytest.mark.parametrize("chunks", [1, 2])
def test_chunks_that_are_just_full_hold_up_nobody(chunks: int) -> None:
    """The fold stops before markets with nothing to do in that minute; the next one goes on."""
    # given positions of which as many as fill whole commits fall at one minute, the others later
    falling = chunks * MARKETS_PER_COMMIT
    world = world_of(MemoryStore(), falling + 6, later=6)
    world.run(START, EXIT_T - MINUTE)
    assert held(world.book()) == falling + 6
    # when the first have fallen
    world.run(EXIT_T, EXIT_T + 2 * MINUTE)
    # then they are sold and booked, and so are the others in their time
    assert held(world.book()) == 6
    world.run(EXIT_T + 3 * MINUTE, EXIT_T + 18 * MINUTE)
    assert held(world.book()) == 0


def test_a_cycle_that_dies_between_its_chunks_leaves_the_risk_check_its_work() -> None:
    # given a trading cycle that dies after the first commit of its decisions
    world = world_of(MemoryStore(), 60)
    world.run(START, ENTRY_T - MINUTE)
    real: Callable[[Commit], bool] = world.store.books.commit
    kept: list[Commit] = []

    def commit_once(value: Commit) -> bool:
        if kept:
            raise Died
        kept.append(value)
        return real(value)

    world.store.books.commit = commit_once
    with pytest.raises(Died):
        world.trading_cycle(ENTRY_T)
    world.store.books.commit = real
    assert len(world.bids()) == MARKETS_PER_COMMIT
    # when only the risk check comes, minute by minute
    for t in range(ENTRY_T + MINUTE, END_T + MINUTE, MINUTE):
        world.risk_check(t)
    # then what was bought was booked, and sold at its stop
    assert held(world.book()) == 0
    assert len(world.asks()) == MARKETS_PER_COMMIT
    assert disagreements(world.book(), world.ports) == []


def test_a_part_of_a_minute_is_told_as_that_minute_and_the_whole_account() -> None:
    # given sixty positions that a flash crash ends
    world = world_of(MemoryStore(), 60)
    quick = tuple(p._replace(flash_crash_bps=200) for p in world.setup.params)
    world.setup = replace(world.setup, params=quick)
    world.run(START, EXIT_T - MINUTE)
    commits = counted(world)
    world.messages.sent.clear()
    # when they are left in several commits
    world.risk_check(EXIT_T)
    assert len(commits) > 1
    # then message and journal speak of that minute, and of all sixty
    told = [(m.t, m.equity_krw) for m in world.sent(RailsFired)]
    journal = [json.loads(d.body) for c in commits for d in c.decisions]
    told += [(facts["t"], facts["equity"] // 1_000_000) for facts in journal]
    assert {t for t, _ in told} == {EXIT_T}
    assert all(9_500_000 < equity < 10_000_000 for _, equity in told)


@pytest.mark.parametrize("first", ["risk_check", "trading_cycle"])
def test_journals_of_more_markets_than_a_commit_holds_verify(first: str) -> None:
    # given sixty markets of which one leaves, and all decide, in one minute
    world = world_of(MemoryStore(), 60, later=59)
    world.run(START, EXIT_T - MINUTE)
    # when that minute's two events come in either order
    for event in sorted(("risk_check", "trading_cycle"), reverse=first == "trading_cycle"):
        getattr(world, event)(EXIT_T)
    world.run(EXIT_T + MINUTE, EXIT_T + 2 * BAR)
    # then every record is of its minute, and every chain holds
    for name in world.setup.markets:
        kept = world.ports.books.decisions(name, from_t=START, to_t=EXIT_T + 3 * BAR)
        assert verify(kept, GENESIS) is None, name


def test_kill_sells_what_can_be_sold_behind_two_dozen_that_cannot() -> None:
    # given thirty positions too small to be sold, and behind them two that can
    usual = level
    with pytest.MonkeyPatch.context() as crash:
        crash.setattr(f"{__name__}.level", lambda n: usual(n) if n < FALL else 0.5)
        fallen = world_of(MemoryStore(), 32, later=2)
    rails = fallen.setup.rails._replace(max_order=7_000, buy_bps=0)
    fallen.setup = replace(fallen.setup, rails=rails)
    fallen.run(START, ENTRY_T + MINUTE)
    assert held(fallen.book()) == 32
    fallen.run(ENTRY_T + 2 * MINUTE, EXIT_T)
    assert held(fallen.book()) == 32
    # when it is killed
    for n in (1, 2):
        t = EXIT_T + n * MINUTE
        fallen.clock.to(float(t))
        kill(fallen.ports, fallen.setup, t=t, reason="enough", by="test")
    # then the two are sold
    assert len(fallen.asks()) == 2
    assert held(fallen.book()) == 30
