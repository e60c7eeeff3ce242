"""One account at a sandbox exchange in this process, at the minutes that events/ speaks of."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from haetae.adapters.clocks import VirtualClock
from haetae.adapters.memory.books import MemoryBooks
from haetae.adapters.memory.messages import MemoryMessages
from haetae.app.walk.cycle import risk_check, trading_cycle
from haetae.config.build import setup_of
from haetae.ledger.book import Book, TradeLine
from haetae.research.replay.rehearsal import Rehearsal, rehearse
from haetae.wiring.container import CONTAINER, App
from support.tapes import REPOSITORY
from upbit_sandbox.prices.synthetic import synthetic_minutes
from upbit_sandbox.prices.tape import Tape
from upbit_sandbox.sandbox import Sandbox

MARKET = "KRW-BTC"
MINUTE = 60
HOUR = 3_600
SEED = 0  # a market that calls for an entry at CYCLE_T
HISTORY_HOURS = 605  # the warm-up's 600 candles and some room


def event(door: str) -> dict[str, Any]:
    """Return the event that events/ keeps for a door."""
    found: dict[str, Any] = json.loads((REPOSITORY / "events" / f"{door}.json").read_text("utf-8"))
    return found


def seconds(text: str) -> int:
    """Return an event's time as epoch seconds."""
    return int(datetime.fromisoformat(text).timestamp())


CYCLE_T = seconds(event("trading_cycle")["time"])
CHECK_T = seconds(event("risk_check")["time"])
assert CHECK_T == CYCLE_T + MINUTE


@cache
def tape() -> Tape:
    """Return the market's minutes: the warm-up, and an hour beyond the cycle's minute."""
    hours = HISTORY_HOURS + 1
    return synthetic_minutes(MARKET, SEED, CYCLE_T - HISTORY_HOURS * HOUR, hours * 60)


@dataclass
class Desk:
    """The account, its exchange, and the clock that both go by."""

    rehearsal: Rehearsal

    @property
    def app(self) -> App:
        """Return what every door uses."""
        return self.rehearsal.app

    @property
    def sandbox(self) -> Sandbox:
        """Return the exchange."""
        return self.rehearsal.sandbox

    @property
    def clock(self) -> VirtualClock:
        """Return the clock of the account's side."""
        return self.rehearsal.clock

    @property
    def books(self) -> MemoryBooks:
        """Return the books, which are in memory."""
        books = self.app.ports.books
        assert isinstance(books, MemoryBooks)
        return books

    @property
    def messages(self) -> MemoryMessages:
        """Return the messages that were posted."""
        messages = self.app.ports.messages
        assert isinstance(messages, MemoryMessages)
        return messages

    def at(self, t: float) -> None:
        """Let it be `t` (epoch s) for the functions and the exchange."""
        self.rehearsal.set_time(t)

    def book(self) -> Book:
        """Return the account's book."""
        return self.books.load()

    def kept(self) -> tuple[Any, ...]:
        """Return all that is stored and all that the exchange holds, to compare."""
        span = {"from_t": CYCLE_T - 24 * HOUR, "to_t": CYCLE_T + 24 * HOUR}
        stored = (
            self.books.trades(MARKET, **span),
            self.books.orders(MARKET, **span),
            self.books.decisions(MARKET, **span),
        )
        return (self.book(), *stored, self.app.ports.exchange.balances())

    def entered(self) -> "Desk":
        """Decide at CYCLE_T and book the fill a minute later: the account now holds a coin."""
        for t, walk in ((CYCLE_T, trading_cycle), (CHECK_T, risk_check)):
            self.at(t)
            walk(self.app.ports, self.app.setup, t)
        assert self.units() > 0
        return self

    def trades(self) -> tuple[TradeLine, ...]:
        """Return the fills in the books."""
        return self.books.trades(MARKET, from_t=CYCLE_T - 24 * HOUR, to_t=CYCLE_T + 24 * HOUR)

    def units(self) -> int:
        """Return what the books hold, in 1e-8 coins."""
        state = self.book().state
        return 0 if state is None else state.markets[MARKET].position.units


def open_desk(overrides: dict[str, str] | None = None) -> Desk:
    """Return a new account at CYCLE_T, an hour after its books were opened by a cycle."""
    sandbox = Sandbox.of_tapes([tape()], CYCLE_T - HOUR)
    setup = setup_of(profile="plan", markets=(MARKET,), overrides=overrides or {})
    desk = Desk(rehearsal=rehearse(setup, sandbox, MemoryBooks(), now_s=CYCLE_T - HOUR))
    trading_cycle(desk.app.ports, desk.app.setup, CYCLE_T - HOUR)
    assert desk.book().state is not None
    desk.at(CYCLE_T)
    return desk


def busy_desk() -> Desk:
    """Return an account that has decided every minute of an hour and traded often."""
    desk = open_desk({"schedule.decision_interval_minutes": "1"})
    for t in range(CYCLE_T, CYCLE_T + HOUR, MINUTE):
        desk.at(t)
        trading_cycle(desk.app.ports, desk.app.setup, t)
    assert len(desk.trades()) > 10
    return desk


@contextmanager
def plugged(make: Callable[[], Desk] = open_desk) -> Iterator[Desk]:
    """Let every door and verb of this process use a desk for a while."""
    desk = make()
    CONTAINER.install(desk.app)
    try:
        yield desk
    finally:
        CONTAINER.install(None)
