"""One small account on the sandbox exchange, all in this process: the world these tests disturb.

Two markets, decisions every five minutes. The tape is flat, rises for five minutes so that both
markets want in at ENTRY_T, and falls through the stops in the minute that closes at EXIT_T.
"""

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Protocol

from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from haetae.adapters.clocks import VirtualClock
from haetae.adapters.dynamodb.books import DynamoDbBooks
from haetae.adapters.dynamodb.client import create_client, create_table
from haetae.adapters.memory.books import MemoryBooks
from haetae.adapters.memory.messages import MemoryMessages
from haetae.adapters.upbit.transport import Answer, Request
from haetae.app.ports import Ports, PortSet
from haetae.app.walk.cycle import risk_check, trading_cycle
from haetae.app.walk.outcome import Outcome
from haetae.config.profiles import PROFILES
from haetae.config.setup import Setup
from haetae.kernel.records import Market
from haetae.kernel.rounding import floor_tick
from haetae.ledger.book import Book
from haetae.ledger.intent import Intent
from haetae.notify.messages import Message
from haetae.research.replay.rehearsal import client_on, wire_to
from support.tapes import T0
from upbit_sandbox import Options, Sandbox, Tape
from upbit_sandbox.prices.market import Market as Listing
from upbit_sandbox.prices.market import build_markets

MINUTE = 60
BAR = 300
START = T0 + 10 * 3_600  # 10:00 in Seoul
ENTRY_T = START + 2 * BAR
EXIT_T = ENTRY_T + 3 * BAR
END_T = START + 120 * MINUTE
BTC, ETH = "KRW-BTC", "KRW-ETH"
MARKETS = (BTC, ETH)
PRICES = {BTC: 50_000.0, ETH: 20_000.0}
CASH = Decimal(10_000_000)
TABLE = "haetae"
REGION = "ap-northeast-2"
PLAN, RAILS = PROFILES["plan"]
QUICK = PLAN._replace(interval_s=BAR, ema_fast=3, ema_slow=8, atr_len=5)
SETUP = Setup(
    account="main",
    profile="plan",
    markets=MARKETS,
    params=(QUICK, QUICK),
    rails=RAILS._replace(max_positions=2),
)


# The tape


def level(minute: int) -> float:
    """Return the close of the `minute`-th minute since START as a share of the first price."""
    if minute < 5:
        return 1.0
    if minute < 10:
        return 1.0 + 0.002 * (minute - 4)
    if minute < 24:
        return 1.01
    return 0.98


def rows(price: float, closes: list[float], t: int, unit_s: int, reach: float) -> list[list[float]]:
    """Return candles that open where the last one closed and reach a little beyond both."""
    found = []
    last = price
    for n, share in enumerate(closes):
        close = floor_tick(price * share)
        top, low = max(last, close), min(last, close)
        high, low = floor_tick(top * (1.0 + reach)), floor_tick(low * (1.0 - reach))
        found.append([t + n * unit_s, last, high, low, close, 100_000_000.0 * unit_s / 60 / price])
        last = close
    return found


def older_rows(name: str) -> list[list[float]]:
    """Return a market's seven hundred decision candles before START."""
    return rows(PRICES[name], [1.0] * 700, START - 700 * BAR, BAR, 0.004)


def newer_rows(name: str) -> list[list[float]]:
    """Return a market's two hours of minutes from START."""
    return rows(PRICES[name], [level(n) for n in range(120)], START, MINUTE, 0.0005)


@cache
def listings() -> dict[str, Listing]:
    """Return the exchange's markets: seven hundred decision candles, then two hours of minutes."""
    tapes = []
    for name in PRICES:
        tapes += [Tape.of_rows(name, 5, older_rows(name)), Tape.of_rows(name, 1, newer_rows(name))]
    return build_markets(tapes)


# The stores


class Store(Protocol):
    """Books that can be put back to an earlier moment."""

    books: Any

    def save(self) -> Any:
        """Return all that is kept, as a value."""
        ...

    def restore(self, saved: Any) -> None:
        """Put everything back to what `save` returned."""
        ...


class MemoryStore:
    """The books in memory."""

    def __init__(self) -> None:
        self.books = MemoryBooks()

    def save(self) -> dict[str, Any]:
        kept = {name: value for name, value in vars(self.books).items() if name != "_lock"}
        return {name: dict(v) if isinstance(v, dict) else v for name, v in kept.items()}

    def restore(self, saved: dict[str, Any]) -> None:
        for name, value in saved.items():
            setattr(self.books, name, dict(value) if isinstance(value, dict) else value)


class DynamoStore:
    """The books in DynamoDB, as moto plays it; moments are kept beside the interface, for speed."""

    def __init__(self) -> None:
        self.client = create_client(None, REGION)
        create_table(self.client, TABLE)
        self.books = DynamoDbBooks(self.client, TABLE, SETUP.account)
        self._kept: dict[str, bytes] = {}

    def save(self) -> str:
        """Return every item as text."""
        items = [item.to_json() for part in self._table().items.values() for item in part.values()]
        saved = "\n".join(sorted(json.dumps(item, sort_keys=True) for item in items))
        self._kept.setdefault(saved, pickle.dumps(self._table().items))
        return saved

    def restore(self, saved: str) -> None:
        self._table().items = pickle.loads(self._kept[saved])

    def _table(self) -> Any:
        """Return moto's own table, which each transaction replaces by a copy."""
        return dynamodb_backends[ACCOUNT_ID][REGION].tables[TABLE]


@contextmanager
def store_of(kind: str) -> Iterator[Store]:
    """Open a store: `memory` or `dynamodb`."""
    if kind == "memory":
        yield MemoryStore()
        return
    with mock_aws():
        yield DynamoStore()


# The world


class LinkedClock(VirtualClock):
    """The account's clock, which the exchange's clock follows."""

    def __init__(self, sandbox: Sandbox, now_s: float) -> None:
        super().__init__(now_s)
        self.sandbox = sandbox

    def wait(self, seconds: float) -> None:
        self.to(self.at_s + max(0.0, seconds))

    def to(self, now_s: float) -> None:
        """Move both clocks, forward only."""
        self.at_s = max(self.at_s, now_s)
        self.sandbox.venue.clock.now_s = self.at_s  # type: ignore[attr-defined]


class Line:
    """The wire to the sandbox, and what happens on it: `fault` may answer in its place."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.transport = wire_to(sandbox)
        self.fault: Callable[[Request, Callable[[], Answer]], Answer] | None = None
        self.requests: list[tuple[str, str]] = []

    def send(self, request: Request) -> Answer:
        """Carry a request, or let the fault answer it."""
        self.requests.append((request.method, request.path))

        def serve() -> Answer:
            return self.transport.send(request)

        return serve() if self.fault is None else self.fault(request, serve)


@dataclass(kw_only=True)
class World:
    """The account, its exchange and its books, with the hands to move them."""

    store: Store
    sandbox: Sandbox
    line: Line
    clock: LinkedClock
    messages: MemoryMessages = field(default_factory=MemoryMessages)
    setup: Setup = SETUP

    @property
    def ports(self) -> Ports:
        """The account's ports on this world."""
        client = client_on(self.line, wait=lambda _seconds: None)
        return PortSet(
            exchange=client, books=self.store.books, messages=self.messages, clock=self.clock
        )

    # triggers

    def trading_cycle(self, t: int) -> Outcome:
        """Let the trading cycle's event of minute `t` come in time."""
        self.clock.to(float(t))
        return trading_cycle(self.ports, self.setup, t)

    def risk_check(self, t: int) -> Outcome:
        """Let the risk check's event of minute `t` come in time."""
        self.clock.to(float(t))
        return risk_check(self.ports, self.setup, t)

    def run(self, from_t: int, to_t: int) -> None:
        """Let every event of the minutes from `from_t` to `to_t`, both included, come once."""
        for t in range(from_t, to_t + 1, MINUTE):
            if t % BAR == 0:
                self.trading_cycle(t)
            self.risk_check(t)

    # looks

    def book(self) -> Book:
        """Return the book as it is stored."""
        found: Book = self.store.books.load()
        return found

    def market(self, name: str) -> Market:
        """Return a market's kernel state."""
        state = self.book().state
        assert state is not None
        return state.markets[name]

    def intent(self, name: str) -> Intent:
        """Return a market's open intent."""
        return self.book().intents[name]

    def control(self, method: str, path: str, value: object = None) -> Any:
        """Call one of the sandbox's own routes."""
        body = b"" if value is None else json.dumps(value).encode()
        target = f"/sandbox/{path}"
        answer = self.line.transport.send(
            Request(method=method, target=target, headers={}, body=body, timeout_s=2.0)
        )
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def faults(self, *switches: dict[str, Any]) -> None:
        """Switch the sandbox's faults."""
        self.control("PUT", "faults", list(switches))

    def orders(self) -> list[dict[str, Any]]:
        """Return every order of the exchange, oldest first, with its trades."""
        found: list[dict[str, Any]] = self.control("GET", "state")["accounts"]["main"]["orders"]
        return found

    def bids(self) -> list[dict[str, Any]]:
        """Return every buy order of the exchange."""
        return [order for order in self.orders() if order["side"] == "bid"]

    def asks(self) -> list[dict[str, Any]]:
        """Return every sell order of the exchange."""
        return [order for order in self.orders() if order["side"] == "ask"]

    def held(self, currency: str) -> Decimal:
        """Return what the exchange holds of a currency, locked included."""
        wallet = self.sandbox.venue.account.wallet
        return wallet.balance(currency).total

    def sent[M: Message](self, kind: type[M]) -> list[M]:
        """Return the messages of a type."""
        return [message for message in self.messages.sent if isinstance(message, kind)]

    # time travel

    def save(self) -> tuple[Any, Any, float]:
        """Return this moment."""
        return self.store.save(), self.save_exchange(), self.clock.at_s

    def restore(self, saved: tuple[Any, Any, float]) -> None:
        """Go back to a moment; messages and requests begin anew, faults are off."""
        books, exchange, now_s = saved
        self.store.restore(books)
        self.restore_exchange(exchange, now_s)
        self.messages.sent.clear()
        self.line.requests.clear()
        self.line.fault = None
        self.faults()

    def save_exchange(self) -> Any:
        """Return the exchange's account as it is."""
        return self._copied(self.sandbox.venue.account)

    def restore_exchange(self, saved: Any, now_s: float) -> None:
        """Put the exchange's account and both clocks back."""
        self.sandbox.venue.account = self._copied(saved)
        self.clock.at_s = now_s
        self.sandbox.venue.clock.now_s = now_s  # type: ignore[attr-defined]

    def _copied(self, account: Any) -> Any:
        shared = self.sandbox.venue.markets
        return copy.deepcopy(account, {id(shared): shared})


def world_on(store: Store, *, coins: dict[str, Decimal] | None = None) -> World:
    """Return a world at START; nothing has been traded, and the books are still empty."""
    markets = list(listings().values())
    sandbox = Sandbox.of_tapes([], START)
    sandbox = Sandbox(markets, sandbox.venue.clock, Options(cash=CASH, coins=coins or {}))
    return World(
        store=store, sandbox=sandbox, line=Line(sandbox), clock=LinkedClock(sandbox, float(START))
    )


def agreed(world: World) -> None:
    """Assert that the books and the exchange hold the same: coins exactly, cash within one won."""
    state = world.book().state
    assert state is not None
    for name, market in state.markets.items():
        held = world.held(name.partition("-")[2])
        assert Decimal(market.position.units).scaleb(-8) == held, (name, market.position, held)
    cash = Decimal(state.account.cash).scaleb(-6)
    assert abs(cash - world.held("KRW")) <= 1, (cash, world.held("KRW"))
    reserved = sum(m.position.reserved + m.order.reserved for m in state.markets.values())
    assert state.account.reserved == reserved, (state.account.reserved, reserved)


def once_each(world: World) -> None:
    """Assert that no identifier and no decision was traded twice."""
    identifiers = [order["identifier"] for order in world.orders()]
    assert len(identifiers) == len(set(identifiers)), identifiers
    for name in world.setup.markets:
        sides = [order["side"] for order in world.orders() if order["market"] == name]
        traded = [o for o in world.orders() if o["market"] == name and o["trades"]]
        assert sides.count("bid") <= 1, traded


def withdraw(world: World, currency: str, amount: Decimal) -> None:
    """Let the owner take money or coins off the exchange, past the books."""
    wallet = world.sandbox.venue.account.wallet
    assert wallet.lock(currency, amount), (currency, wallet.balance(currency))
    wallet.spend(currency, amount)
