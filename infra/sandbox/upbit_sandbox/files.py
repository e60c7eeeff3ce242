"""Candle files read into tapes: Parquet and CSV, with the place of what cannot be read."""

import csv
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

from upbit_sandbox.clock import parse_time
from upbit_sandbox.tape import COLUMNS, UNITS_MIN, Tape, TapeError

_NAME = re.compile(r"(KRW-[A-Z0-9]+)(?:_(\d+)(m|h|d))?")
_MINUTES = {"m": 1, "h": 60, "d": 1440}


class CandleFileError(Exception):
    """A candle file that cannot be read; the text names file, row and column."""


def read_tape(path: Path) -> Tape:
    """Read timestamp, open, high, low, close, volume; market and unit come from the file's name.

    Without a unit in the name the smallest distance between two rows decides. Timestamps are
    epoch seconds or ISO 8601. Raises CandleFileError.
    """
    name = _NAME.match(path.name)
    if name is None:
        raise CandleFileError(f"{path.name}: name the market first, as in KRW-BTC_1m.parquet")
    try:
        columns = _parquet(path) if path.suffix == ".parquet" else _csv(path)
        unit_min = int(name[2]) * _MINUTES[name[3]] if name[2] else _unit_of(columns[0])
        return Tape.of(name[1], unit_min, columns)
    except TapeError as exc:
        raise CandleFileError(f"{path.name}: {exc}") from exc
    except (UnicodeDecodeError, csv.Error) as exc:
        raise CandleFileError(f"{path.name}: row 0, column timestamp: not a CSV file") from exc
    except OSError as exc:
        reason = exc.strerror or "not a readable candle file"
        raise CandleFileError(f"{path.name}: {reason}") from exc


def _unit_of(starts: list[float]) -> int:
    steps = [after - before for before, after in pairwise(starts)]
    unit_min = int(min(steps, default=0) // 60)
    if unit_min not in UNITS_MIN:
        raise TapeError(0, "timestamp", "the rows do not tell the candle unit; name it: _1m")
    return unit_min


def _parquet(path: Path) -> list[list[float]]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    from pyarrow import ArrowException, timestamp, types

    try:
        table = pq.read_table(path)
    except ArrowException as exc:
        raise TapeError(0, "timestamp", f"not a Parquet file ({exc})") from exc
    columns: list[Any] = []
    for name in COLUMNS:
        if name not in table.column_names:
            raise TapeError(0, name, "the column is missing")
        column = table[name]
        if types.is_timestamp(column.type):
            seconds = pc.cast(column, timestamp("s", tz=column.type.tz), safe=False)
            column = pc.cast(seconds, "int64")
        columns.append(column.to_pylist())
    return columns


def _csv(path: Path) -> list[list[float]]:
    columns: list[list[float]] = [[] for _ in COLUMNS]
    with path.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        for name in COLUMNS:
            if name not in (reader.fieldnames or ()):
                raise TapeError(0, name, "the column is missing")
        for row, record in enumerate(reader):
            for name, column in zip(COLUMNS, columns, strict=True):
                column.append(_number(row, name, record[name]))
    return columns


def _number(row: int, name: str, text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        if name == "timestamp" and text:
            return _moment(row, text)
        raise TapeError(row, name, f"{text!r} is not a number") from None


def _moment(row: int, text: str) -> float:
    try:
        return parse_time(text)
    except ValueError:
        raise TapeError(row, "timestamp", f"{text!r} is not a time") from None
