"""The daily report: one KST day of the books, summed; no figure that the books do not hold."""

from decimal import Decimal

from haetae.app.desk.account import account_view
from haetae.app.ports import DeskPorts
from haetae.app.walk.prepare import load_book
from haetae.base.time import DAY_S, kst_day_start
from haetae.config.setup import Setup
from haetae.ledger.book import Book, TradeLine
from haetae.notify.messages import DailyReport


def daily_report(ports: DeskPorts, setup: Setup, t: int) -> DailyReport:
    """Sum up the KST day that ended last before `t`, publish and return it."""
    to_t = kst_day_start(t)
    book = load_book(ports, t)
    lines = [
        line
        for name in markets_of(setup, book)
        for line in ports.books.trades(name, from_t=to_t - DAY_S, to_t=to_t)
    ]
    daily = summarize(setup, book, lines, t=t, to_t=to_t)
    ports.messages.publish(daily)
    return daily


def markets_of(setup: Setup, book: Book) -> tuple[str, ...]:
    """Return the configured markets and those that have ever been traded."""
    traded = () if book.state is None else tuple(book.state.chains)
    return tuple(dict.fromkeys(setup.markets + traded))


def summarize(
    setup: Setup, book: Book, lines: list[TradeLine], *, t: int, to_t: int
) -> DailyReport:
    """Return the day's figures from its lines and the book's present state."""
    exits = [line for line in lines if line.pnl is not None]
    rs = [line.r for line in exits if line.r is not None]
    account = None if book.state is None else account_view(setup, book.state)
    return DailyReport(
        t=t,
        from_t=to_t - DAY_S,
        to_t=to_t,
        entries=len(lines) - len(exits),
        exits=len(exits),
        wins=sum(1 for line in exits if line.pnl is not None and line.pnl > 0),
        pnl_krw=sum((line.pnl for line in exits if line.pnl is not None), Decimal(0)),
        fees_krw=sum((line.fee for line in lines), Decimal(0)),
        r=sum(rs) if rs else None,
        equity_krw=Decimal(0) if account is None else account.equity,
        positions=0 if account is None else len(account.holdings),
        mode=book.halt.mode,
    )
