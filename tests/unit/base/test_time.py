"""Times: Korean days and weeks, months, and text that reads back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.base import time
from haetae.kernel import codes, loss_limits

SEOUL = timezone(timedelta(hours=9))
MIDNIGHT = 1_756_652_400  # 2025-09-01 00:00 in Seoul, a Monday
ANY = st.integers(0, 4_102_444_800)  # until 2100


def test_the_kernel_s_own_constants_are_the_same() -> None:
    assert codes.MINUTE_S == time.MINUTE_S
    assert (loss_limits.DAY_S, loss_limits.KST_S) == (time.DAY_S, time.KST_OFFSET_S)


@given(ANY)
def test_days_weeks_and_months_begin_where_the_calendar_says(t: int) -> None:
    seoul, utc = datetime.fromtimestamp(t, SEOUL), datetime.fromtimestamp(t, UTC)
    midnight = datetime(seoul.year, seoul.month, seoul.day, tzinfo=SEOUL)
    assert time.kst_day_start(t) == midnight.timestamp()
    monday = midnight - timedelta(days=seoul.weekday())
    assert time.kst_week_start(t) == monday.timestamp()
    assert time.month_start(t) == datetime(utc.year, utc.month, 1, tzinfo=UTC).timestamp()
    assert time.minute_start(t) == utc.replace(second=0).timestamp()


@given(ANY)
def test_the_kernel_s_periods_end_where_the_next_begin(t: int) -> None:
    assert loss_limits.next_day(t) == time.kst_day_start(t) + time.DAY_S
    assert loss_limits.next_week(t) == time.kst_week_start(t) + time.WEEK_S


def test_a_day_begins_at_its_midnight() -> None:
    assert time.kst_day_start(MIDNIGHT) == MIDNIGHT
    assert time.kst_day_start(MIDNIGHT - 1) == MIDNIGHT - time.DAY_S
    assert time.kst_week_start(MIDNIGHT) == MIDNIGHT
    assert time.kst_week_start(MIDNIGHT - 1) == MIDNIGHT - time.WEEK_S


@given(ANY)
def test_text_reads_back(t: int) -> None:
    assert time.epoch_s(time.iso_text(t)) == t


@pytest.mark.parametrize(
    ("text", "t"),
    [
        ("2025-09-01T00:00:00Z", 1_756_684_800),
        ("2025-09-01T00:00:00", 1_756_684_800),
        ("2025-09-01", 1_756_684_800),
        ("2025-09-01T00:00:00+09:00", MIDNIGHT),
        ("2025-09-01T00:00:00.999Z", 1_756_684_800),
        ("1969-12-31T23:59:59.5Z", -1),
    ],
)
def test_a_time_is_utc_unless_it_names_a_zone(text: str, t: int) -> None:
    assert time.epoch_s(text) == t


@pytest.mark.parametrize("text", ["", "noon", "2025-02-30", "2025-09-01T25:00"])
def test_text_that_is_not_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        time.epoch_s(text)
