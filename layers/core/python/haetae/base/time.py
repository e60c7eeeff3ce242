"""Spans of time, Korean days and ISO text; a time is an integer of epoch seconds, in UTC."""

from datetime import UTC, datetime

MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 86_400
WEEK_S = 7 * DAY_S
KST_OFFSET_S = 9 * HOUR_S  # Asia/Seoul is UTC+9 and has no daylight saving time
MONDAY_S = 4 * DAY_S  # 1970-01-01 was a Thursday


def minute_start(t: int) -> int:
    """Return when the minute that `t` lies in began."""
    return t - t % MINUTE_S


def kst_day_start(t: int) -> int:
    """Return the KST midnight at or before `t`."""
    return t - (t + KST_OFFSET_S) % DAY_S


def kst_week_start(t: int) -> int:
    """Return the KST Monday midnight at or before `t`."""
    return t - (t + KST_OFFSET_S - MONDAY_S) % WEEK_S


def month_start(t: int) -> int:
    """Return when the UTC month that `t` lies in began."""
    first = datetime.fromtimestamp(t, UTC).replace(day=1, hour=0, minute=0, second=0)
    return int(first.timestamp())


def iso_text(t: int) -> str:
    """Return `t` as ISO 8601 in UTC, such as 2025-09-01T00:00:00Z."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_s(text: str) -> int:
    """Read an ISO 8601 date or time, whole seconds rounded down; without a zone it is UTC.

    Raises:
        ValueError: the text is not a time.
    """
    time = datetime.fromisoformat(text)
    try:
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() // 1)
    except OverflowError as exc:
        raise ValueError(f"{text!r} is not a time") from exc
