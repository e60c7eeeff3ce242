"""A market's days: made once when they have ended, and the current one minute by minute."""

from bisect import bisect_left
from operator import attrgetter

from upbit_sandbox.prices.periods import DAY_S, Period
from upbit_sandbox.prices.series import Candle, Series, Totals, join_candles

_START = attrgetter("start_s")
_HIGH = attrgetter("high")
_LOW = attrgetter("low")


class Days:
    """The days of a series of rows; what is kept follows from the rows alone."""

    def __init__(self, series: Series) -> None:
        """Begin with no day made."""
        self._series = series
        self._ended: list[Candle] = []
        self._rows = 0  # in the days that have been made
        self._today: tuple[int, int, Candle] | None = None
        self._today_totals = Totals(series)
        self._extremes: tuple[tuple[int, int], Candle, Candle] | None = None

    def before(self, limit_s: float, now_s: float) -> int:
        """Count the days that start before this time and have ended by now."""
        today_s = now_s - now_s % DAY_S
        rows = self._series.before(today_s)
        while self._rows < rows:
            start_s = self._series.start_of(self._rows)
            start_s -= start_s % DAY_S
            high = self._series.before(start_s + DAY_S)
            self._ended.append(self._series.merge(self._rows, high, start_s))
            self._rows = high
        return bisect_left(self._ended, min(limit_s, today_s), key=_START)

    def find(self, number: int) -> Candle:
        """Give a day that has ended, numbered from the oldest."""
        return self._ended[number]

    def between(self, low: int, high: int) -> list[Candle]:
        """Give a range of days that have ended."""
        return self._ended[low:high]

    def extremes(self, low: int, high: int) -> tuple[Candle, Candle]:
        """Give the days of the highest and the lowest price of a range that is not empty."""
        found = self._extremes
        if found is None or found[0] != (low, high):
            days = self._ended[low:high]
            found = self._extremes = (low, high), max(days, key=_HIGH), min(days, key=_LOW)
        return found[1], found[2]

    def so_far(self, low: int, high: int) -> Candle:
        """Add up the rows of the current day, which has one at least, that have closed."""
        known = self._today
        if known is None or known[0] != low or known[1] > high:
            start_s = self._series.start_of(low)
            candle = self._series.merge(low, high, start_s - start_s % DAY_S)
        elif known[1] < high:
            newer = self._series.merge(known[1], high, known[2].start_s)
            volume, value = self._today_totals.over(low, high)
            candle = join_candles(newer.start_s, (known[2], newer))
            candle = candle._replace(volume=volume, value=value)
        else:
            return known[2]
        self._today = low, high, candle
        return candle


def in_periods(days: list[Candle], period: Period) -> list[Candle]:
    """Join days, oldest first, into weeks, months or years."""
    found: list[Candle] = []
    parts: list[Candle] = []
    start_s = 0
    for day in days:
        start = period.start_of(day.start_s)
        if parts and start != start_s:
            found.append(join_candles(start_s, parts))
            parts = []
        start_s = start
        parts.append(day)
    return [*found, join_candles(start_s, parts)] if parts else found
