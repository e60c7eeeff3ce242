"""Candle files read and judged: what a backtest is fed must be whole, ordered and possible.

Columns timestamp (ISO 8601, epoch seconds or milliseconds; a candle's start, UTC), open, high,
low, close, volume. What a row must hold is market/candles.py's table.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haetae.base.errors import DataError
from haetae.base.files import reason_of
from haetae.market.candles import DAY_MIN, FIELDS, UNITS_MIN, row_defects

COLUMNS = ("timestamp", *FIELDS)
MILLISECONDS_FROM = 100_000_000_000  # epoch seconds of the year 5138
ROWS_THAT_TELL = 10  # with so many rows two of them follow each other directly
_NAME = re.compile(r"([A-Z]+-[A-Z0-9]+)(?:_(\d+)([mhd]))?(?![A-Za-z0-9])")
_MINUTES = {"m": 1, "h": 60, "d": DAY_MIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleFile:
    """One market's closed candles: `times` epoch seconds of the starts, ascending.

    `prices` has a row per candle: open, high, low, close in won, volume in coins.
    """

    market: str
    unit_min: int
    times: NDArray[np.int64]
    prices: NDArray[np.float64]


def read_candles(path: Path, market: str | None = None) -> CandleFile:
    """Read a Parquet or CSV file; market and unit come from its name, KRW-BTC_1m.parquet.

    Without a unit in the name the smallest distance between two rows decides; `market` overrides
    the name's.

    Raises:
        DataError: one sentence naming file, row (the first is 1) and column.
    """
    named = _NAME.match(path.name)
    code = market or (named[1] if named else None)
    if code is None:
        raise DataError(f"{path.name}: name the market first, as in KRW-BTC_1m.parquet")
    frame = _frame(path)
    for column in COLUMNS:
        if column not in frame.columns:
            raise DataError(f"{path.name}: column {column} is missing")
    if frame.empty:
        raise DataError(f"{path.name}: there is no row in column timestamp")
    times = _times(frame["timestamp"], path)
    prices = np.column_stack([_numbers(frame[column], path) for column in COLUMNS[1:]])
    unit_min = int(named[2]) * _MINUTES[named[3]] if named and named[2] else _spacing(times, path)
    _check(path, times, prices, unit_min)
    return CandleFile(market=code, unit_min=unit_min, times=times, prices=prices)


def _frame(path: Path) -> pd.DataFrame:
    from pyarrow import ArrowException

    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except OSError as exc:
        raise DataError(f"{path.name}: {reason_of(exc)}, in {path.absolute().parent}") from exc
    except (ArrowException, ValueError) as exc:
        raise DataError(f"{path.name}: not a {path.suffix.lstrip('.')} file of candles") from exc


def _times(column: "pd.Series[Any]", path: Path) -> NDArray[np.int64]:
    """Read starts as epoch seconds; a start is a whole second."""
    if pd.api.types.is_numeric_dtype(column):
        numbers = _numbers(column, path)
        _refuse(path, ~np.isfinite(numbers), "timestamp", "is not a time")
        seconds = numbers / 1000 if numbers[0] >= MILLISECONDS_FROM else numbers
    else:
        stamps = pd.to_datetime(column, utc=True, format="ISO8601", errors="coerce")
        _refuse(path, stamps.isna().to_numpy(), "timestamp", "is not a time")
        milliseconds = stamps.dt.as_unit("ms").astype("int64").to_numpy()
        seconds = milliseconds / 1000
    _refuse(path, seconds != np.floor(seconds), "timestamp", "is not on a whole second")
    return seconds.astype(np.int64)


def _numbers(column: "pd.Series[Any]", path: Path) -> NDArray[np.float64]:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    _refuse(path, ~np.isfinite(numbers), str(column.name), "is not a finite number")
    return numbers


def _spacing(times: NDArray[np.int64], path: Path) -> int:
    steps = np.diff(times)
    unit_min = int(steps[steps > 0].min() // 60) if (steps > 0).any() else 0
    if unit_min not in (*UNITS_MIN, DAY_MIN):
        raise DataError(
            f"{path.name}: column timestamp does not tell the interval; name it, as in "
            "KRW-BTC_1m.parquet"
        )
    return unit_min


def _check(
    path: Path, times: NDArray[np.int64], prices: NDArray[np.float64], unit_min: int
) -> None:
    if unit_min not in (*UNITS_MIN, DAY_MIN):
        raise DataError(
            f"{path.name}: {unit_min} minutes in the name is not an interval of Upbit's"
        )
    steps = np.diff(times, prepend=times[0] - 1)
    _refuse(path, steps == 0, "timestamp", "repeats the row before")
    _refuse(path, steps < 0, "timestamp", "is before the row before")
    grid = times % (unit_min * 60) != 0
    _refuse(path, grid, "timestamp", f"is not on the grid of {unit_min} minutes")
    apart_s = int(steps[1:].min()) if len(times) >= ROWS_THAT_TELL else unit_min * 60
    if apart_s != unit_min * 60:
        raise DataError(
            f"{path.name}: column timestamp has rows {apart_s // 60} minutes apart at the least, "
            f"the name says {unit_min}"
        )
    for field, defect, found in row_defects(*prices.T):
        _refuse(path, found, field, defect)


def _refuse(path: Path, wrong: "NDArray[np.bool_]", column: str, what: str) -> None:
    """Raise for the first row that is wrong."""
    if wrong.any():
        row = int(np.argmax(wrong)) + 1
        raise DataError(f"{path.name}: row {row}, column {column} {what}")
