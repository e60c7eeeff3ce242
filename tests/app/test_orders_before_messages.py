"""A topic that does not answer holds no order up: what is said is said after what is done."""

from collections.abc import Callable

import pytest
from safety.breaks import Fuse
from safety.world import BTC, EXIT_T, MINUTE, START, World, store_of, world_on

from haetae.adapters.upbit.transport import Answer, Request
from haetae.app.operator.kill import kill
from haetae.app.ports import Exchange
from haetae.app.walk.cycle import risk_check
from haetae.base.errors import BooksUnavailable, SecretMissing
from haetae.ledger.book import Commit, Mode
from haetae.notify.messages import ExchangeTrouble, KillReport, ModeChanged


def holding() -> World:
    """Return a world that holds both markets, the clock at the minute that touches both stops."""
    with store_of("memory") as store:
        world = world_on(store)
    world.run(START, EXIT_T - MINUTE)
    world.clock.to(float(EXIT_T))
    return world


def test_kill_says_that_it_was_said_then_sells_then_says_the_rest() -> None:
    world, fuse = holding(), Fuse()
    world.messages.sent.clear()
    kill(fuse.ports(world.ports), world.setup, t=EXIT_T, reason="enough", by="test")
    calls = [call for call in fuse.calls if call in {"move_halt", "publish", "place"}]
    assert calls[:4] == ["move_halt", "publish", "place", "place"]
    assert set(calls[4:]) == {"publish"}
    assert isinstance(world.messages.sent[0], ModeChanged)
    assert isinstance(world.messages.sent[-1], KillReport)


class NoKeys:
    """Ports of an account whose exchange cannot even be opened: the keys are not to be had."""

    def __init__(self, world: World) -> None:
        self.books, self.messages, self.clock = world.store.books, world.messages, world.clock

    @property
    def exchange(self) -> Exchange:
        """Fail."""
        raise SecretMissing("UPBIT_ACCESS_KEY is missing")


def test_kill_fences_and_says_so_though_the_exchange_cannot_be_opened() -> None:
    world = holding()
    world.messages.sent.clear()
    with pytest.raises(SecretMissing):
        kill(NoKeys(world), world.setup, t=EXIT_T, reason="enough", by="test")
    assert world.store.books.halt().mode is Mode.KILL
    assert isinstance(world.messages.sent[0], ModeChanged)


def test_what_two_attempts_say_alike_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = holding()
    world.line.fault = no_candles_of_btc
    commit, refused = world.store.books.commit, []

    def refuse_twice(one: Commit) -> bool:
        refused.append(one)
        return commit(one) if len(refused) > 2 else False

    monkeypatch.setattr(world.store.books, "commit", refuse_twice)
    risk_check(world.ports, world.setup, EXIT_T)
    assert len(refused) == 3
    assert [m.market for m in world.sent(ExchangeTrouble)] == [BTC]


def test_market_without_answer_delays_no_exit_of_another_one() -> None:
    world, fuse = holding(), Fuse()
    world.line.fault = no_candles_of_btc
    risk_check(fuse.ports(world.ports), world.setup, EXIT_T)
    assert fuse.calls.count("place") == 1
    assert fuse.calls.index("publish") > last(fuse.calls, "place")
    assert [m.market for m in world.sent(ExchangeTrouble)] == [BTC]


def test_what_was_said_before_the_store_failed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = holding()
    world.line.fault = no_candles_of_btc

    def refuse(commit: Commit) -> bool:
        raise BooksUnavailable("commit: throttled")

    with monkeypatch.context() as store:
        store.setattr(world.store.books, "commit", refuse)
        with pytest.raises(BooksUnavailable):
            risk_check(world.ports, world.setup, EXIT_T)
    assert [m.market for m in world.sent(ExchangeTrouble)] == [BTC]


def no_candles_of_btc(request: Request, serve: Callable[[], Answer]) -> Answer:
    if f"market={BTC}" in request.target and "/candles/" in request.target:
        return Answer(status=502, headers={}, body=b"")
    return serve()


def last(calls: list[str], name: str) -> int:
    """Return the place of the last call of a name."""
    return len(calls) - 1 - calls[::-1].index(name)
