"""When EventBridge's schedule expressions are due."""

from datetime import UTC, datetime, timedelta

import pytest

from haetae_localstack.cron import Schedule


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first(expression: str, created: str) -> str:
    """Return the first minute a rule is due."""
    schedule, now = Schedule(expression, at(created)), at(created)
    while (due := schedule.due(now)) is None:
        now += timedelta(minutes=1)
    return due.isoformat(" ", "minutes")[:16]


def next_of(expression: str, created: str, within: timedelta = timedelta(days=3000)) -> list[str]:
    """Return what has come when nobody asked for a while: the last one."""
    due = Schedule(expression, at(created)).due(at(created) + within)
    return [] if due is None else [due.isoformat(" ", "minutes")[:16]]


@pytest.mark.parametrize(
    ("expression", "created", "expected"),
    [
        ("cron(* * * * ? *)", "2025-09-01 10:00:00", "2025-09-01 10:01"),
        ("cron(* * * * ? *)", "2025-09-01 10:00:59", "2025-09-01 10:01"),
        ("cron(0/5 * * * ? *)", "2025-09-01 10:00:30", "2025-09-01 10:05"),
        ("cron(3/20 * * * ? *)", "2025-09-01 10:44:00", "2025-09-01 11:03"),
        ("cron(0 * * * ? *)", "2025-09-01 23:30:00", "2025-09-02 00:00"),
        ("cron(0 0/4 * * ? *)", "2025-09-01 20:00:00", "2025-09-02 00:00"),
        ("cron(0 0 * * ? *)", "2025-12-31 00:00:00", "2026-01-01 00:00"),
        ("cron(15,45 9-10 * * ? *)", "2025-09-01 09:15:00", "2025-09-01 09:45"),
        ("cron(0 8 ? * MON-FRI *)", "2025-09-05 09:00:00", "2025-09-08 08:00"),
        ("cron(0 8 ? * 1 *)", "2025-09-05 09:00:00", "2025-09-07 08:00"),
        ("cron(0 0 1 JAN ? *)", "2025-12-30 00:00:00", "2026-01-01 00:00"),
        ("rate(1 minute)", "2025-09-01 10:00:30", "2025-09-01 10:01"),
        ("rate(7 minutes)", "2025-09-01 10:58:30", "2025-09-01 11:05"),
        ("rate(1 hour)", "2025-09-01 10:20:00", "2025-09-01 11:20"),
        ("rate(2 days)", "2025-09-01 10:20:00", "2025-09-03 10:20"),
    ],
)
def test_the_first_due_minute(expression: str, created: str, expected: str) -> None:
    assert first(expression, created) == expected


def test_a_leap_day_is_waited_for_and_a_year_that_has_passed_never_comes() -> None:
    assert next_of("cron(0 0 29 2 ? *)", "2025-09-01 00:00:00") == ["2032-02-29 00:00"]
    assert next_of("cron(0 0 * * ? 2020)", "2025-09-01 00:00:00") == []


def test_a_minute_is_told_once_and_never_early() -> None:
    schedule = Schedule("cron(* * * * ? *)", at("2025-09-01 10:00:30"))
    assert schedule.due(at("2025-09-01 10:00:59.999999")) is None
    assert schedule.due(at("2025-09-01 10:01:00")) == at("2025-09-01 10:01:00")
    assert schedule.due(at("2025-09-01 10:01:00.5")) is None
    assert schedule.due(at("2025-09-01 10:01:59.999999")) is None
    assert schedule.due(at("2025-09-01 10:02:00.1")) == at("2025-09-01 10:02:00")


def test_a_missed_minute_is_told_late_once_with_its_own_time() -> None:
    schedule = Schedule("cron(0 * * * ? *)", at("2025-09-01 09:30:00"))
    assert schedule.due(at("2025-09-01 10:02:30")) == at("2025-09-01 10:00:00")
    assert schedule.due(at("2025-09-01 10:03:00")) is None
    assert schedule.due(at("2025-09-01 11:00:00")) == at("2025-09-01 11:00:00")


def test_of_several_missed_minutes_the_latest_stands_for_all() -> None:
    schedule = Schedule("cron(* * * * ? *)", at("2025-09-01 10:00:00"))
    assert schedule.due(at("2025-09-01 18:30:10")) == at("2025-09-01 18:30:00")
    assert schedule.due(at("2025-09-01 18:30:20")) is None


def test_a_clock_that_is_set_back_repeats_nothing() -> None:
    schedule = Schedule("rate(1 minute)", at("2025-09-01 10:00:00"))
    assert schedule.due(at("2025-09-01 10:05:00")) == at("2025-09-01 10:05:00")
    assert schedule.due(at("2025-09-01 10:04:00")) is None
    assert schedule.due(at("2025-09-01 10:05:30")) is None
    assert schedule.due(at("2025-09-01 10:06:00")) == at("2025-09-01 10:06:00")


@pytest.mark.parametrize(
    "expression",
    [
        "every minute",
        "cron(* * * *)",
        "cron(60 * * * ? *)",
        "cron(* 24 * * ? *)",
        "cron(0 0 L * ? *)",
        "cron(0 0 ? * 2#1 *)",
        "cron(0 0 ? * HOL *)",
        "rate(0 minutes)",
        "rate(5 weeks)",
        "rate(minute)",
    ],
)
def test_what_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"cron|rate|between"):
        Schedule(expression, at("2025-09-01 10:00:00"))
