"""Candles as they were recorded: six columns, checked once, shared by all that play them."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

UNITS_MIN = (1, 3, 5, 10, 15, 30, 60, 240, 1440)
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
LATEST_S = 7_258_118_400  # the year 2200

type Windows = tuple[tuple[float, float], ...]  # from, to in epoch s, sorted
_MARKET = re.compile(r"KRW-[A-Z0-9]{1,20}")


class TapeError(ValueError):
    """Unusable candles; says which row (from 0) and which column."""

    def __init__(self, row: int, column: str, reason: str) -> None:
        """Keep the place and the reason."""
        super().__init__(f"row {row}, column {column}: {reason}")
        self.row = row
        self.column = column


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """One market's candles of one unit: starts in epoch s, prices in KRW, volumes in coins.

    Build it with `Tape.of`, which converts and checks. A tape only ever grows at its end.
    """

    market: str
    unit_min: int
    starts: array[int]
    opens: array[float]
    highs: array[float]
    lows: array[float]
    closes: array[float]
    volumes: array[float]

    @staticmethod
    def of(market: str, unit_min: int, columns: Sequence[Iterable[float]]) -> "Tape":
        """Take the columns t, o, h, l, c, v as lists, arrays or NumPy arrays.

        Arrays of 64-bit numbers are taken as they are, without a copy. Raises TapeError with row
        and column unless starts rise strictly on multiples of the unit, prices are positive with
        low ≤ open, close ≤ high, and volumes are not negative.
        """
        if not _MARKET.fullmatch(market):
            raise TapeError(0, "market", f"{market!r} is not a KRW market code")
        if unit_min not in UNITS_MIN:
            raise TapeError(0, "timestamp", f"no such candle unit: {unit_min} minutes")
        if len(columns) != len(COLUMNS):
            raise TapeError(0, COLUMNS[min(len(columns), 5)], "six columns are needed")
        starts = _integers(columns[0])
        values = [_floats(name, c) for name, c in zip(COLUMNS[1:], columns[1:], strict=True)]
        _check_lengths(starts, values)
        _check_starts(starts, unit_min * 60)
        _check_prices(*values)
        opens, highs, lows, closes, volumes = values
        return Tape(
            market=market,
            unit_min=unit_min,
            starts=starts,
            opens=opens,
            highs=highs,
            lows=lows,
            closes=closes,
            volumes=volumes,
        )

    @staticmethod
    def of_rows(market: str, unit_min: int, rows: Iterable[Sequence[float]]) -> "Tape":
        """Take rows of (t, o, h, l, c, v); otherwise as `of`."""
        columns: list[list[float]] = [[] for _ in COLUMNS]
        for index, row in enumerate(rows):
            if len(row) != len(COLUMNS):
                raise TapeError(index, COLUMNS[min(len(row), 5)], "six values are needed")
            for column, value in zip(columns, row, strict=True):
                column.append(value)
        return Tape.of(market, unit_min, columns)

    def columns(self, low: int, high: int) -> "Columns":
        """Copy a half-open range of rows."""
        return (
            self.starts[low:high],
            self.opens[low:high],
            self.highs[low:high],
            self.lows[low:high],
            self.closes[low:high],
            self.volumes[low:high],
        )

    def without(self, windows: Windows) -> "Tape":
        """Copy the candles that no window touches."""
        kept = Tape.of(self.market, self.unit_min, [[] for _ in COLUMNS])
        kept.take(self, 0, windows)
        return kept

    def take(self, other: "Tape", low: int, windows: Windows) -> None:
        """Add the other tape's candles from row `low` on that no window touches."""
        for from_, to in _outside(other.starts, low, other.unit_min * 60, windows):
            self.starts.extend(other.starts[from_:to])
            self.opens.extend(other.opens[from_:to])
            self.highs.extend(other.highs[from_:to])
            self.lows.extend(other.lows[from_:to])
            self.closes.extend(other.closes[from_:to])
            self.volumes.extend(other.volumes[from_:to])


type Columns = tuple[
    array[int], array[float], array[float], array[float], array[float], array[float]
]


def _outside(
    starts: array[int], low: int, unit_s: int, windows: Windows
) -> Iterator[tuple[int, int]]:
    """Give the ranges of rows, from `low` on, whose candles lie outside all windows."""
    for from_s, to_s in windows:
        first = bisect_right(starts, from_s - unit_s, low)
        yield low, first
        low = max(first, bisect_left(starts, to_s, low))
    yield low, len(starts)


def _plain(values: Iterable[float]) -> list[Any]:
    """Give plain Python values; files may bring missing ones, which the types do not tell."""
    to_list = getattr(values, "tolist", None)
    return list(to_list() if to_list else values)


def _integers(values: Iterable[float]) -> array[int]:
    plain = values if isinstance(values, array) and values.typecode == "q" else _plain(values)
    for row, value in enumerate(plain):
        if not isinstance(value, int | float) or value != value // 1 or not 0 <= value < LATEST_S:
            raise TapeError(row, "timestamp", f"{value!r} is not a whole second")
    return plain if isinstance(plain, array) else array("q", map(int, plain))


def _floats(name: str, values: Iterable[float]) -> array[float]:
    plain = values if isinstance(values, array) and values.typecode == "d" else _plain(values)
    for row, value in enumerate(plain):
        if not isinstance(value, int | float) or not isfinite(value):
            raise TapeError(row, name, f"{value!r} is not a number")
    return plain if isinstance(plain, array) else array("d", plain)


def _check_lengths(starts: array[int], values: list[array[float]]) -> None:
    for name, column in zip(COLUMNS[1:], values, strict=True):
        if len(column) != len(starts):
            row = min(len(column), len(starts))
            raise TapeError(row, name, "the columns differ in length")


def _check_starts(starts: array[int], unit_s: int) -> None:
    for row, start in enumerate(starts):
        if start % unit_s:
            raise TapeError(row, "timestamp", f"{start} is not a multiple of {unit_s} seconds")
    for row, (before, after) in enumerate(pairwise(starts), start=1):
        if after <= before:
            raise TapeError(row, "timestamp", "not later than the row before")


def _check_prices(
    opens: array[float],
    highs: array[float],
    lows: array[float],
    closes: array[float],
    volumes: array[float],
) -> None:
    candles = zip(opens, highs, lows, closes, volumes, strict=True)
    for row, (open_, high, low, close, volume) in enumerate(candles):
        if not 0 < low <= open_ <= high:
            raise TapeError(row, "open" if low > 0 else "low", "prices are out of order")
        if not low <= close <= high:
            raise TapeError(row, "close", "prices are out of order")
        if volume < 0:
            raise TapeError(row, "volume", "negative")
