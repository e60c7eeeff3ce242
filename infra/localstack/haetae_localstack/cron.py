"""EventBridge's schedule expressions: when a rule is due.

cron(minutes hours day-of-month month day-of-week year), in UTC, and rate(n minutes|hours|days).
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
FIELDS = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, MONTHS), (1, 7, DAYS), (1970, 2199, ()))
PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")
RATE = re.compile(r"(\d+) (minute|hour|day)s?")
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
SEARCHED_DAYS = 366 * 8  # a 29 February can be eight years away

Next = Callable[[datetime], datetime | None]


class Schedule:
    """One rule's due minutes, each told once."""

    def __init__(self, expression: str, created: datetime) -> None:
        """Read an expression; ValueError for what is none, or has L, W or #.

        A rate counts from the minute in which its rule was made.
        """
        kind, _, inner = expression.strip().removesuffix(")").partition("(")
        readers = {"cron": _cron, "rate": _rate}
        if kind not in readers:
            raise ValueError(f"a schedule is cron(...) or rate(...), not {expression!r}")
        self._next: Next = readers[kind](inner.strip(), created)
        self._due = self._next(created)

    def due(self, now: datetime) -> datetime | None:
        """Return the minute that has come since last asked, or None.

        Where several have, nobody was there to ask: the latest stands for all of them, late and
        under its own time. A clock that is set back repeats nothing.
        """
        due = None
        while self._due is not None and self._due <= now:
            due, self._due = self._due, self._next(self._due)
        return due


def _rate(inner: str, created: datetime) -> Next:
    found = RATE.fullmatch(inner)
    if found is None or int(found[1]) == 0:
        raise ValueError(f"a rate is a number of minutes, hours or days, not {inner!r}")
    step, begin = int(found[1]) * UNITS[found[2]], created.replace(second=0, microsecond=0)
    return lambda after: begin + ((after - begin) // step + 1) * step


def _cron(inner: str, _created: datetime) -> Next:
    texts = inner.split()
    if len(texts) != len(FIELDS):
        raise ValueError(f"a cron expression has six fields, not {inner!r}")
    minutes, hours, days, months, weekdays, years = (
        _values(text, *field) for text, field in zip(texts, FIELDS, strict=True)
    )

    def following(after: datetime) -> datetime | None:
        midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in (midnight + timedelta(days=n) for n in range(SEARCHED_DAYS)):
            weekday = day.isoweekday() % 7 + 1  # Sunday is 1
            if not (
                day.year in years
                and day.month in months
                and day.day in days
                and weekday in weekdays
            ):
                continue
            for minute in (day.replace(hour=h, minute=m) for h in hours for m in minutes):
                if minute > after:
                    return minute
        return None

    return following


def _values(text: str, low: int, high: int, names: Sequence[str]) -> list[int]:
    """Return a field's values in order."""
    if text == "?":
        return list(range(low, high + 1))
    values: set[int] = set()
    for part in text.upper().split(","):
        found = PART.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is not understood in a cron expression")
        every, first, last, step = found.groups()
        start = low if every else _value(first, low, high, names)
        end = _value(last, low, high, names) if last else high if every or step else start
        values.update(range(start, end + 1, int(step or 1)))
    return sorted(values)


def _value(text: str, low: int, high: int, names: Sequence[str]) -> int:
    value = low + names.index(text) if text in names else int(text) if text.isdecimal() else -1
    if not low <= value <= high:
        raise ValueError(f"{text!r} is not between {low} and {high} in a cron expression")
    return value
