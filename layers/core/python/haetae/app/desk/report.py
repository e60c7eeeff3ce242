"""The daily report: one KST day of the books, summed; no figure that the books do not hold."""

from dataclasses import dataclass
from decimal import Decimal

from haetae.app import messages
from haetae.app.desk.account import account_view
from haetae.app.ports import (
    Ports,
)
from haetae.app.walk.prepare import load_book
from haetae.base.time import DAY_S, kst_day_start
from haetae.config.setup import Setup
from haetae.ledger.book import Book, TradeLine


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """One KST day from `from_t` to `to_t`; money in won, `r` in R, None where nothing closed."""

    from_t: int
    to_t: int
    entries: int
    exits: int
    wins: int
    pnl: Decimal
    fees: Decimal
    r: float | None
    equity: Decimal
    positions: int
    mode: int


def daily_report(ports: Ports, setup: Setup, t: int) -> DailyReport:
    """Sum up the KST day that ended last before `t`, publish and return it."""
    to_t = kst_day_start(t)
    book = load_book(ports, setup, t)
    lines = [
        line
        for name in setup.markets
        for line in ports.books.trades(name, from_t=to_t - DAY_S, to_t=to_t)
    ]
    daily = summarize(setup, book, lines, to_t)
    ports.messages.publish(messages.daily(t, report_facts(daily)))
    return daily


def summarize(setup: Setup, book: Book, lines: list[TradeLine], to_t: int) -> DailyReport:
    """Return the day's figures from its lines and the book's present state."""
    exits = [line for line in lines if line.pnl is not None]
    rs = [line.r for line in exits if line.r is not None]
    account = None if book.state is None else account_view(setup, book.state)
    return DailyReport(
        from_t=to_t - DAY_S,
        to_t=to_t,
        entries=len(lines) - len(exits),
        exits=len(exits),
        wins=sum(1 for line in exits if line.pnl is not None and line.pnl > 0),
        pnl=sum((line.pnl for line in exits if line.pnl is not None), Decimal(0)),
        fees=sum((line.fee for line in lines), Decimal(0)),
        r=sum(rs) if rs else None,
        equity=Decimal(0) if account is None else account.equity,
        positions=0 if account is None else len(account.holdings),
        mode=book.halt.mode,
    )


def report_facts(daily: DailyReport) -> dict[str, str]:
    """Return what the message says of the day."""
    return {
        "entries": str(daily.entries),
        "exits": str(daily.exits),
        "wins": str(daily.wins),
        "pnl": f"{daily.pnl:+,.0f}",
        "fees": f"{daily.fees:,.0f}",
        "r": "–" if daily.r is None else f"{daily.r:+.2f}",
        "equity": f"{daily.equity:,.0f}",
        "positions": str(daily.positions),
        "mode": messages.MODE_NAMES[daily.mode],
    }
