"""What came of a replay, read back from the books and the exchange."""

import json
from typing import Any

from haetae.app.ports import Ports
from haetae.base.money import MICRO
from haetae.config.setup import Setup
from haetae.kernel.codes import RAIL_NAMES
from haetae.ledger.book import Decision, TradeLine
from haetae.research.data.tapes import Span
from haetae.research.engine.result import Result, TradeRow


def read_outcome(setup: Setup, ports: Ports, span: Span, cash: int) -> Result:
    """Read the finished run back from the books, and the cash from the exchange too."""
    books = ports.books
    krw = [b for b in ports.exchange.balances() if b.currency == "KRW"]
    book = books.load()
    assert book.state is not None
    until = span.to_t + 1
    lines = [
        trade_row(setup, line)
        for name in setup.markets
        for line in books.trades(name, from_t=span.from_t, to_t=until)
    ]
    records = [
        facts_of(decision)
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


def facts_of(decision: Decision) -> dict[str, Any]:
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
