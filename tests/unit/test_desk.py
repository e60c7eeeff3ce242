"""The read side: pages over months and markets, and figures that the books hold."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.adapters.memory.books import MemoryBooks
from haetae.app.desk.account import LossBook, account_status, account_view
from haetae.app.desk.trades import (
    LONGEST_SPAN_S,
    Page,
    TradeQuery,
    count_fills_of_month,
    sort_key,
    trades_page,
)
from haetae.base.time import month_start
from haetae.kernel.records import DayStarts
from haetae.ledger.book import Commit, State, TradeLine
from haetae.ledger.intent import Side
from support.desk import CYCLE_T, MARKET, open_desk

DAY_S = 86_400
MARKETS = ("KRW-BTC", "KRW-ETH")
JUNE = int(datetime(2025, 6, 1, tzinfo=UTC).timestamp())
LINE = TradeLine(
    t=JUNE,
    market=MARKET,
    identifier="x",
    side=Side.BID,
    reason="entry_signal",
    price=1.0,
    units=1,
    funds=Decimal(1),
    fee=Decimal(0),
    pnl=None,
    r=None,
    exchange_funds=Decimal(1),
    exchange_fee=Decimal(0),
)


@cache
def state() -> State:
    """Return a state of an account, which these tests do not look at."""
    found = open_desk().book().state
    assert found is not None
    return found


def line(t: int, market: str = MARKET, side: str = "bid") -> TradeLine:
    """Return a fill; like the bot's, its identifier is its own."""
    return replace(
        LINE, t=t, market=market, side=Side(side), identifier=f"main-{market}-{t}-{side}"
    )


class Counted(MemoryBooks):
    """Books that count how often trades are read."""

    reads = 0

    def trades(self, market: str, *, from_t: int, to_t: int) -> tuple[TradeLine, ...]:
        """Count, and read."""
        self.reads += 1
        return super().trades(market, from_t=from_t, to_t=to_t)


def ports_of(lines: list[TradeLine]) -> Any:
    """Return ports whose books hold some fills."""
    books = Counted()
    for n, each in enumerate(lines):
        assert books.commit(Commit(version=n, epoch=0, state=state(), trades=(each,)))
    return SimpleNamespace(books=books)


def question(**changes: Any) -> TradeQuery:
    """Return a question for all of half a year."""
    given: dict[str, Any] = {
        "markets": MARKETS,
        "from_t": JUNE,
        "to_t": JUNE + 180 * DAY_S,
        "limit": 10,
    }
    return TradeQuery(**(given | changes))


def all_pages(ports: Any, **changes: Any) -> list[TradeLine]:
    """Return every fill that a question finds, page by page."""
    found: list[TradeLine] = []
    page = trades_page(ports, question(**changes))
    for _page in range(100):
        found += page.lines
        if page.next_cursor is None:
            return found
        page = trades_page(ports, question(**changes, before=page.next_cursor))
    raise AssertionError("a hundred pages and no end")


fills = st.lists(
    st.builds(
        line,
        st.integers(0, 179).map(lambda n: JUNE + n * DAY_S) | st.just(JUNE + 30 * DAY_S),
        st.sampled_from(MARKETS),
        st.sampled_from(["bid", "ask"]),
    ),
    max_size=30,
    unique_by=lambda each: each.identifier,
)


@given(fills, st.integers(1, 12), st.sampled_from(["", "bid", "ask"]))
def test_pages_hold_every_fill_once_newest_first(
    lines: list[TradeLine], limit: int, side: str
) -> None:
    wanted = [each for each in lines if side in {"", each.side.value}]

    found = all_pages(ports_of(lines), limit=limit, side=side)

    assert found == sorted(wanted, key=sort_key, reverse=True)


def test_a_page_says_that_there_is_no_more_only_where_there_is_none() -> None:
    ports = ports_of([line(JUNE), line(JUNE + 1), line(JUNE + 2)])

    assert trades_page(ports, question(limit=3)).next_cursor is None
    assert trades_page(ports, question(limit=2)).next_cursor is not None
    assert trades_page(ports_of([]), question()) == Page(lines=(), next_cursor=None)


def test_a_new_fill_between_two_pages_repeats_none() -> None:
    ports = ports_of([line(JUNE + n) for n in range(4)])
    first = trades_page(ports, question(limit=2))
    ports.books.commit(Commit(version=4, epoch=0, state=state(), trades=(line(JUNE + 9),)))

    second = trades_page(ports, question(limit=2, before=first.next_cursor))

    assert [each.t - JUNE for each in first.lines + second.lines] == [3, 2, 1, 0]


def test_only_the_months_that_fill_a_page_are_read() -> None:
    late = JUNE + 179 * DAY_S
    ports = ports_of([line(late), line(late + 1)])

    trades_page(ports, question(limit=1))

    assert ports.books.reads == len(MARKETS)


def test_bounds_are_those_of_the_books() -> None:
    ports = ports_of([line(JUNE), line(JUNE + 10), line(JUNE + 20)])

    found = trades_page(ports, question(from_t=JUNE + 10, to_t=JUNE + 20))

    assert [each.t for each in found.lines] == [JUNE + 10]


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": 0},
        {"from_t": -1},
        {"to_t": JUNE},
        {"to_t": JUNE + LONGEST_SPAN_S + 1},
    ],
)
def test_a_question_out_of_bounds_cannot_be_made(changes: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        question(**changes)


@pytest.mark.parametrize("t", [JUNE, JUNE + 1, JUNE + 30 * DAY_S - 1])
def test_a_month_begins_at_its_first_second_in_utc(t: int) -> None:
    assert month_start(t) == JUNE


def test_the_fills_of_a_month_are_counted_from_nought() -> None:
    setup: Any = SimpleNamespace(markets=MARKETS)
    ports = ports_of([line(JUNE - 1), line(JUNE), line(JUNE + 5, side="ask"), line(JUNE + 9)])

    assert count_fills_of_month(ports, setup, JUNE + 5) == {
        ("KRW-BTC", "bid"): 1,
        ("KRW-BTC", "ask"): 1,
        ("KRW-ETH", "bid"): 0,
        ("KRW-ETH", "ask"): 0,
    }


def test_a_loss_limit_is_used_from_its_start_to_its_floor() -> None:
    book = LossBook(start=Decimal(100), floor=Decimal(80), latched=False, until=0)

    assert book.used_share(Decimal(100)) == book.used_share(Decimal(105)) == 0
    assert book.used_share(Decimal(95)) == Decimal("0.25")
    assert book.used_share(Decimal(80)) == 1
    assert book.used_share(Decimal(79)) > 1
    assert replace(book, start=Decimal(0), floor=Decimal(0)).used_share(Decimal(0)) == 1


@pytest.mark.parametrize(
    ("past", "leaves_in_days"),
    [((0, 0, 0, 0, 0, 0), 6), ((0, 0, 12_000_000, 0, 0, 0), 3), ((1, 0, 0, 0, 0, 12_000_000), 0)],
)
def test_the_last_seven_days_are_shown_where_their_loss_is_limited(
    past: tuple[int, ...], leaves_in_days: int
) -> None:
    setup, kept = open_desk().app.setup, state()
    starts = DayStarts(*(start * 1_000_000 for start in past))
    kept = replace(kept, account=kept.account._replace(past=starts))

    def shown(percent: int) -> LossBook | None:
        rails = setup.rails._replace(rolling_week_bps=100 * percent)
        return account_view(replace(setup, rails=rails), kept).rolling_week

    start = Decimal(max(past) or 10_000_000)
    assert shown(0) is None
    for percent, latched in ((17, False), (16, max(past) > 0)):
        assert shown(percent) == LossBook(
            start=start,
            floor=start * (100 - percent) / 100,
            latched=latched,
            until=kept.account.day.until + leaves_in_days * DAY_S,
        )


def test_equity_is_cash_and_what_the_positions_would_bring() -> None:
    desk = open_desk()
    flat = account_status(desk.app.ports, desk.app.setup).account
    held = account_status(desk.entered().app.ports, desk.app.setup).account

    assert flat is not None
    assert held is not None
    assert flat.equity == flat.cash == 10_000_000
    assert held.equity == held.cash + held.holdings[0].value < flat.equity
    assert held.t > flat.t == CYCLE_T - 3_600
