"""Candles as they were recorded: six columns, checked once, shared by all that play them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

UNITS_MIN = (1, 3, 5, 10, 15, 30, 60, 240, 1440)
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
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

    Build it with `Tape.of`, which converts and checks.
    """

    market: str
    unit_min: int
    starts: list[int]
    opens: list[float]
    highs: list[float]
    lows: list[float]
    closes: list[float]
    volumes: list[float]

    @staticmethod
    def of(market: str, unit_min: int, columns: Sequence[Iterable[float]]) -> "Tape":
        """Take the columns t, o, h, l, c, v as lists or NumPy arrays.

        Raises TapeError with row and column unless starts rise strictly on multiples of the
        unit, prices are positive with low ≤ open, close ≤ high, and volumes are not negative.
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


def _plain(values: Iterable[float]) -> list[Any]:
    """Give plain Python values; files may bring missing ones, which the types do not tell."""
    to_list = getattr(values, "tolist", None)
    return list(to_list() if to_list else values)


def _integers(values: Iterable[float]) -> list[int]:
    plain = _plain(values)
    for row, value in enumerate(plain):
        if not isinstance(value, int | float) or value != value // 1:
            raise TapeError(row, "timestamp", f"{value!r} is not a whole second")
    return [int(value) for value in plain]


def _floats(name: str, values: Iterable[float]) -> list[float]:
    plain = _plain(values)
    for row, value in enumerate(plain):
        if not isinstance(value, int | float) or not isfinite(value):
            raise TapeError(row, name, f"{value!r} is not a number")
    return [float(value) for value in plain]


def _check_lengths(starts: list[int], values: list[list[float]]) -> None:
    for name, column in zip(COLUMNS[1:], values, strict=True):
        if len(column) != len(starts):
            row = min(len(column), len(starts))
            raise TapeError(row, name, "the columns differ in length")


def _check_starts(starts: list[int], unit_s: int) -> None:
    for row, start in enumerate(starts):
        if start % unit_s:
            raise TapeError(row, "timestamp", f"{start} is not a multiple of {unit_s} seconds")
    for row, (before, after) in enumerate(pairwise(starts), start=1):
        if after <= before:
            raise TapeError(row, "timestamp", "not later than the row before")


def _check_prices(
    opens: list[float],
    highs: list[float],
    lows: list[float],
    closes: list[float],
    volumes: list[float],
) -> None:
    candles = zip(opens, highs, lows, closes, volumes, strict=True)
    for row, (open_, high, low, close, volume) in enumerate(candles):
        if not 0 < low <= open_ <= high:
            raise TapeError(row, "open" if low > 0 else "low", "prices are out of order")
        if not low <= close <= high:
            raise TapeError(row, "close", "prices are out of order")
        if volume < 0:
            raise TapeError(row, "volume", "negative")
