"""A topic that does not answer holds no order up: what is said is said after what is done."""

from collections.abc import Callable

import pytest
from safety.breaks import Fuse
from safety.world import BTC, EXIT_T, MINUTE, START, World, store_of, world_on

from haetae.adapters.upbit.transport import Answer, Request
from haetae.app.operator.kill import kill
from haetae.app.walk.cycle import risk_check
from haetae.base.errors import BooksUnavailable
from haetae.ledger.book import Commit
from haetae.notify.messages import ExchangeTrouble, KillReport, ModeChanged


def holding() -> World:
    """Return a world that holds both markets, the clock at the minute that touches both stops."""
    with store_of("memory") as store:
        world = world_on(store)
    world.run(START, EXIT_T - MINUTE)
    world.clock.to(float(EXIT_T))
    return world


def test_kill_sells_before_anything_is_said() -> None:
    world, fuse = holding(), Fuse()
    world.messages.sent.clear()
    kill(fuse.ports(world.ports), world.setup, t=EXIT_T, reason="enough", by="test")
    assert fuse.calls.count("place") == 2
    assert fuse.calls.index("publish") > last(fuse.calls, "place")
    assert isinstance(world.messages.sent[0], ModeChanged)
    assert isinstance(world.messages.sent[-1], KillReport)


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
