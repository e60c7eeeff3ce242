"""Day and week books: KST edges, the tighter limit, latches and their release."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.kernel.codes import DAY_LATCH, WEEK_LATCH
from haetae.kernel.loss_limits import (
    loss_limit,
    mark_books,
    next_day,
    next_week,
    open_day,
    open_week,
    raise_floors,
)
from haetae.kernel.step import open_account
from support.states import FAR, OFF, WON, account
from support.tapes import T0

SEOUL = ZoneInfo("Asia/Seoul")
EQUITY = 10_000_000 * WON


def epoch(text: str) -> int:
    """Return the epoch seconds of an ISO time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_the_limits_of_a_limited_capital_are_shares_of_it() -> None:
    rails = OFF._replace(r_bps=50, day_r=2, week_bps=1_500, capital_limit=1_000_000)
    assert open_day(rails, T0, EQUITY).floor == EQUITY - 10_000 * WON
    assert open_week(rails, T0, EQUITY).floor == EQUITY - 150_000 * WON
    assert open_week(rails, T0, 500_000 * WON).floor == 425_000 * WON


@pytest.mark.parametrize(
    ("now", "day", "week"),
    [
        ("2025-09-03T14:59:59", "2025-09-03T15:00:00", "2025-09-07T15:00:00"),
        ("2025-09-03T15:00:00", "2025-09-04T15:00:00", "2025-09-07T15:00:00"),
        ("2025-09-07T14:59:59", "2025-09-07T15:00:00", "2025-09-07T15:00:00"),
        ("2025-09-07T15:00:00", "2025-09-08T15:00:00", "2025-09-14T15:00:00"),
        ("2025-12-31T14:59:59", "2025-12-31T15:00:00", "2026-01-04T15:00:00"),
        ("2025-12-31T15:00:00", "2026-01-01T15:00:00", "2026-01-04T15:00:00"),
        ("2024-02-28T15:00:00", "2024-02-29T15:00:00", "2024-03-03T15:00:00"),
        ("1970-01-01T00:00:00", "1970-01-01T15:00:00", "1970-01-04T15:00:00"),
    ],
)
def test_kst_edges(now: str, day: str, week: str) -> None:
    assert next_day(epoch(now)) == epoch(day)
    assert next_week(epoch(now)) == epoch(week)


def test_edges_are_those_of_the_seoul_calendar() -> None:
    start = datetime(2023, 12, 25, tzinfo=UTC)
    for hours in range(0, 24 * 400, 5):
        now = start + timedelta(hours=hours, seconds=hours % 3_599)
        local = now.astimezone(SEOUL)
        midnight = local.replace(hour=0, minute=0, second=0) + timedelta(days=1)
        monday = midnight + timedelta(days=(7 - midnight.weekday()) % 7)
        assert next_day(int(now.timestamp())) == int(midnight.timestamp())
        assert next_week(int(now.timestamp())) == int(monday.timestamp())
        assert monday.isocalendar().week != local.isocalendar().week


@pytest.mark.parametrize(
    ("bps", "limit_r", "r_bps", "share_bps"),
    [
        (1_000, 2, 50, 100),
        (50, 2, 50, 50),
        (1_000, 0, 50, 1_000),
        (0, 2, 50, 100),
        (1_000, 2, 0, 1_000),
    ],
)
def test_the_tighter_of_share_and_r_limit_counts(
    bps: int, limit_r: int, r_bps: int, share_bps: int
) -> None:
    assert loss_limit(EQUITY, bps, limit_r, r_bps) == EQUITY * share_bps // 10_000


def test_both_limits_off_is_no_limit() -> None:
    day = open_day(OFF, T0, EQUITY)
    assert day.floor < -(10**18)
    after, fired = mark_books(OFF, open_account(OFF, T0, EQUITY), T0 + 60, 0)
    assert (after.day.latch, after.week.latch, fired) == (0, 0, 0)


@pytest.mark.parametrize("limit", [{"day_bps": 100}, {"day_r": 2, "r_bps": 50}])
@pytest.mark.parametrize("other", [{"week_bps": 200}, {"week_r": 4, "r_bps": 50}])
@pytest.mark.parametrize(
    ("loss_won", "day", "week"),
    [(99_999, 0, 0), (100_000, 1, 0), (199_999, 1, 0), (200_000, 1, 1)],
)
def test_latches_by_share_and_by_r(
    limit: dict[str, int], other: dict[str, int], loss_won: int, day: int, week: int
) -> None:
    """C03: four combinations of limits, each inclusive."""
    rails = OFF._replace(**(limit | other))
    opened = open_account(rails, T0, EQUITY)
    after, fired = mark_books(rails, opened, T0 + 60, EQUITY - loss_won * WON)
    assert (after.day.latch, after.week.latch) == (day, week)
    assert fired == day << DAY_LATCH | week << WEEK_LATCH


def test_latch_is_inclusive_to_the_micro() -> None:
    opened = account(day_floor=EQUITY - 5)
    assert mark_books(OFF, opened, T0 + 60, EQUITY - 4) == (opened, 0)
    after, fired = mark_books(OFF, opened, T0 + 60, EQUITY - 5)
    assert (after.day.latch, fired) == (1, 1 << DAY_LATCH)


def test_latch_fires_once_and_stays_when_equity_comes_back() -> None:
    latched, _ = mark_books(OFF, account(day_floor=EQUITY), T0 + 60, EQUITY)
    again, fired = mark_books(OFF, latched, T0 + 120, EQUITY - 1)
    assert (again, fired) == (latched, 0)
    assert mark_books(OFF, latched, T0 + 180, EQUITY * 2) == (latched, 0)


def test_day_rolls_at_midnight_and_releases_its_latch_but_not_the_week() -> None:
    rails = OFF._replace(day_bps=1_000, week_bps=1_500)
    opened = account(day_latch=1, week_latch=1, entries=4)
    before, _ = mark_books(rails, opened, T0 + 86_399, EQUITY)
    assert (before.day.latch, before.day.entries) == (1, 4)
    after, fired = mark_books(rails, opened, T0 + 86_400, EQUITY)
    assert after.day == open_day(rails, T0 + 86_400, EQUITY)
    assert (after.day.latch, after.day.entries, fired) == (0, 0, 0)
    assert after.week == opened.week


def test_week_rolls_on_monday_and_releases_its_latch() -> None:
    rails = OFF._replace(day_bps=1_000, week_bps=1_500)
    monday = T0 + 7 * 86_400
    opened = account(week_latch=1)
    opened = opened._replace(day=opened.day._replace(until=monday))
    assert mark_books(rails, opened, monday - 1, EQUITY)[0].week.latch == 1
    after, _ = mark_books(rails, opened, monday, EQUITY)
    assert after.week == open_week(rails, monday, EQUITY)
    assert after.week.floor == EQUITY - EQUITY * 15 // 100


def test_a_late_roll_skips_the_days_nobody_saw() -> None:
    after, _ = mark_books(OFF, account(), T0 + 20 * 86_400 + 5, EQUITY)
    assert after.day.until == T0 + 21 * 86_400
    assert after.week.until == T0 + 21 * 86_400


def test_loss_of_the_last_minute_latches_the_old_day_before_it_rolls() -> None:
    after, fired = mark_books(OFF, account(day_floor=EQUITY), T0 + 86_400, EQUITY)
    assert fired == 1 << DAY_LATCH
    assert after.day.latch == 0


def test_marking_changes_nothing_but_the_books() -> None:
    opened = account(
        cash=7, reserved=6, last_entry=5, exit_t=4, cooldown=3, day_floor=FAR, week_floor=FAR
    )
    after, _ = mark_books(OFF, opened, T0 + 86_400, EQUITY)
    assert after._replace(day=opened.day, past=opened.past) == opened


TIGHTER = [
    ({"day_bps": 1_000}, {"day_bps": 100}, 100_000, 10_000_000),
    ({"day_r": 4, "r_bps": 50}, {"day_r": 4, "r_bps": 25}, 100_000, 10_000_000),
    ({}, {"week_bps": 300}, 10_000_000, 300_000),
    ({"week_r": 5, "r_bps": 50}, {"week_r": 2, "r_bps": 50}, 10_000_000, 100_000),
    (
        {"day_bps": 500, "week_bps": 1_000},
        {"day_bps": 500, "week_bps": 1_000, "capital_limit": 1_000_000},
        50_000,
        100_000,
    ),
]


@pytest.mark.parametrize(("before", "now", "day", "week"), TIGHTER)
def test_a_tighter_limit_holds_at_once_and_a_looser_one_from_the_next_period(
    before: dict[str, int], now: dict[str, int], day: int, week: int
) -> None:
    """`day` and `week` are the won that may be lost by the tighter limit (10,000,000: all)."""
    old, new = OFF._replace(**before), OFF._replace(**now)
    tightened = raise_floors(new, open_account(old, T0, EQUITY))
    assert tightened == open_account(new, T0, EQUITY)
    for book, won in ((tightened.day, day), (tightened.week, week)):
        assert book.floor == EQUITY - won * WON or (won == 10_000_000 and book.floor <= 0)
    assert raise_floors(old, tightened) == tightened
    monday, _ = mark_books(old, tightened, T0 + 7 * 86_400, EQUITY)
    assert monday == open_account(old, T0 + 7 * 86_400, EQUITY)


def test_tightening_changes_nothing_but_floors() -> None:
    rails = OFF._replace(day_bps=100, week_bps=200)
    opened = account(
        cash=7 * WON, reserved=6, last_entry=5, exit_t=4, cooldown=3, day_latch=1, entries=2
    )
    after = raise_floors(rails, opened)
    floors = (after.day.floor, after.week.floor)
    assert floors == (7 * WON * 99 // 100, 7 * WON * 98 // 100)
    assert after == opened._replace(
        day=opened.day._replace(floor=floors[0]), week=opened.week._replace(floor=floors[1])
    )


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_the_days_before_today_are_those_that_were_seen(gaps: list[int]) -> None:
    """Against a dict of every start by its day: gaps of several days leave days without one."""
    a = open_account(OFF, T0, EQUITY)
    starts = {0: EQUITY}
    day = 0
    for n, gap in enumerate(gaps):
        t = T0 + day * 86_400 + 43_200
        assert mark_books(OFF, a, t, 1)[0].past == a.past
        day += gap
        starts[day] = EQUITY + n
        a, _ = mark_books(OFF, a, T0 + day * 86_400 + n, starts[day])
        assert a.day.start == starts[day]
        assert a.past == tuple(starts.get(day - ago, 0) for ago in range(1, 7))
