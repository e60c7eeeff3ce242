"""The replay: the same candles pushed minute by minute through the real handlers.

Events carry the tape's times; orders go as HTTP requests to the sandbox exchange on its virtual
clock; the books are the in-memory twin or DynamoDB on moto. Nothing here decides anything.
"""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import haetae
from haetae.adapters.asgi_transport import AsgiTransport
from haetae.adapters.clocks import VirtualClock
from haetae.adapters.memory.books import MemoryBooks
from haetae.adapters.sns_messages import MemoryMessages
from haetae.adapters.upbit.client import UpbitClient
from haetae.adapters.upbit.transport import Request
from haetae.app.ports import Books, Ports
from haetae.base.errors import DataError
from haetae.base.money import MICRO, krw_of
from haetae.base.time import MINUTE_S, iso_text
from haetae.config.setup import Setup
from haetae.kernel.codes import RAIL_NAMES, RUN
from haetae.ledger.book import Decision, TradeLine
from haetae.research.data.tapes import History, Rows, Span
from haetae.research.engine.result import Result, TradeRow
from haetae.wiring.container import CONTAINER, App
from upbit_sandbox.asgi import create_app
from upbit_sandbox.core import Sandbox
from upbit_sandbox.prices.tape import Tape
from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY, Options

type Handler = Callable[[dict[str, Any], Any], Any]
TARGETS = ("in-process", "moto")
TABLE = "haetae-replay"
REGION = "ap-northeast-2"
REQUEST_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the schedule misbehaves: each event delivered twice, or the risk check first."""

    doubled: bool = False
    risk_first: bool = False


def replay(
    setup: Setup,
    found: dict[str, History],
    span: Span,
    *,
    cash: int,
    target: str = "in-process",
    habits: Habits | None = None,
    mode: int = RUN,
    progress: Callable[[int], None] = lambda _t: None,
) -> Result:
    """Run the account from `span.from_t` to `span.to_t` with `cash` micro-won.

    `mode` is the operator's, for the whole run.

    Raises:
        DataError: there are no minutes to replay.
    """
    if span.coarse:
        raise DataError("a replay needs 1-minute candles for every market")
    with ExitStack() as stack:
        books = stack.enter_context(books_on(target, setup))
        sandbox = exchange_of(found, span, setup, cash)
        app = App(setup=setup, ports=ports_on(sandbox, books, span))
        stack.enter_context(plugged(app))
        if mode != RUN:
            books.move_halt(mode=mode, t=span.from_t, reason="replay", by="replay", expected=0)
        pump(app, sandbox, span, habits or Habits(), progress)
        return collected(setup, app.ports, span, cash)


def exchange_of(found: dict[str, History], span: Span, setup: Setup, cash: int) -> Sandbox:
    """Return a sandbox that plays the tapes, its virtual clock at the start."""
    tapes = []
    for name, history in found.items():
        assert history.minutes is not None
        tapes.append(tape_of(name, history.minutes))
        older = history.bars.between(0, int(history.minutes.times[0]))
        if history.bars.unit_s != 60 and len(older.times):
            tapes.append(tape_of(name, older))
    slippage = setup.params[0].slippage_bps
    options = Options(cash=krw_of(cash), slippage_bps=slippage)
    return Sandbox.of_tapes(tapes, span.from_t, options)


def tape_of(market: str, rows: Rows) -> Tape:
    """Return rows as the sandbox's tape."""
    return Tape.of(market, rows.unit_s // 60, [rows.times, *rows.prices.T])


def ports_on(sandbox: Sandbox, books: Books, span: Span) -> Ports:
    """Return the ports on a sandbox's HTTP application, driven in this process."""
    exchange = UpbitClient(
        base_url="http://sandbox",
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        transport=AsgiTransport(create_app(sandbox)),
    )
    return Ports(
        exchange=exchange,
        books=books,
        messages=MemoryMessages(),
        clock=VirtualClock(span.from_t),
    )


@contextmanager
def books_on(target: str, setup: Setup) -> Iterator[Books]:
    """Open the books of a target and close what they needed."""
    if target == "in-process":
        yield MemoryBooks()
        return
    if target != "moto":
        raise DataError(f"target {target!r} is unknown; allowed: {', '.join(TARGETS)}, deployed")
    from moto import mock_aws

    from haetae.adapters.dynamodb.books import DynamoDbBooks
    from haetae.adapters.dynamodb.client import create_client, create_table

    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with environment(keys), mock_aws():
        client = create_client(None, REGION)
        create_table(client, TABLE)
        yield DynamoDbBooks(client, TABLE, setup.account)


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def plugged(app: App) -> Iterator[None]:
    """Let the handlers of this process use `app`, quietly."""
    quiet = {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_LOG_LEVEL": "CRITICAL"}
    with environment(quiet):
        CONTAINER.install(app)
        try:
            yield
        finally:
            CONTAINER.install(None)


def pump(
    app: App, sandbox: Sandbox, span: Span, habits: Habits, progress: Callable[[int], None]
) -> None:
    """Send each minute's events to the handlers."""
    cycle, guard = handler("trading_cycle"), handler("risk_check")
    for t in range(span.from_t, span.to_t + 1, MINUTE_S):
        doors = [guard]
        if t % app.setup.interval_s == 0:
            doors = [guard, cycle] if habits.risk_first else [cycle, guard]
        times = 2 if habits.doubled else 1
        pump_minute(app, sandbox, t, [(door, t) for door in doors for _time in range(times)])
        progress(t)


def pump_minute(app: App, sandbox: Sandbox, t: int, events: Sequence[tuple[Handler, int]]) -> None:
    """Set both clocks to the minute `t`, then send its events: (handler, the event's time)."""
    clock = app.ports.clock
    assert isinstance(clock, VirtualClock)
    clock.at_s = max(clock.at_s, float(t))
    now = json.dumps({"now": t}).encode()
    AsgiTransport(create_app(sandbox)).send(
        Request(method="PUT", target="/sandbox/clock", headers={}, body=now, timeout_s=REQUEST_S)
    )
    for door, time in events:
        door({"time": iso_text(time)}, CONTEXT)


CONTEXT = SimpleNamespace(aws_request_id="replay", function_name="replay")


def handler(function: str) -> Handler:
    """Load a function's real handler from the repository's `functions` folder.

    Raises:
        DataError: this installation has no functions folder.
    """
    root = Path(haetae.__file__).resolve().parents[4]
    path = root / "functions" / function / "handler.py"
    if not path.exists():
        raise DataError(f"a replay runs the real handlers and needs {path}")
    spec = importlib.util.spec_from_file_location(f"functions.{function}.handler", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found


def collected(setup: Setup, ports: Ports, span: Span, cash: int) -> Result:
    """Read the finished run back from the books, and the cash from the exchange too."""
    books = ports.books
    krw = [b for b in ports.exchange.balances() if b.currency == "KRW"]
    book = books.load(setup.markets)
    assert book.state is not None
    until = span.to_t + 1
    lines = [
        trade_row(setup, line)
        for name in setup.markets
        for line in books.trades(name, from_t=span.from_t, to_t=until)
    ]
    records = [
        read_back(decision)
        for name in setup.markets
        for decision in books.decisions(name, from_t=span.from_t, to_t=until)
    ]
    marks = {r["t"]: r["equity"] for r in records if r["decided"]}
    rails = dict.fromkeys(RAIL_NAMES.values(), 0)
    for name in (n for r in records for n in r["fired"]):
        rails[name] += 1
    return Result(
        kind="replay",
        profile=setup.profile,
        markets=setup.markets,
        span=span,
        start_cash=cash,
        cash=book.state.account.cash,
        equity=marks[max(marks)] if marks else cash,
        trades=tuple(sorted(lines)),
        marks=tuple(sorted(marks.items())),
        rails=rails,
        exchange_cash=sum(int((b.free + b.locked) * MICRO) for b in krw),
    )


def read_back(decision: Decision) -> dict[str, Any]:
    """Return the facts of a journal record."""
    facts: dict[str, Any] = json.loads(decision.body)
    return facts


def trade_row(setup: Setup, line: TradeLine) -> TradeRow:
    """Return a line of the books as a row of the result."""
    return TradeRow(
        t=line.t,
        number=setup.markets.index(line.market),
        market=line.market,
        side=line.side.value,
        reason=line.reason,
        price=line.price,
        units=line.units,
        fee=int(line.fee * MICRO),
        pnl=None if line.pnl is None else int(line.pnl * MICRO),
        r=line.r,
    )
