"""Candle files read into tapes: Parquet and CSV, with the place of what cannot be read."""

import csv
import re
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

from upbit_sandbox.base.clock import parse_time
from upbit_sandbox.prices.tape import COLUMNS, UNITS_MIN, Tape, TapeError

type Column = array[Any] | list[Any]

BATCH_ROWS = 65_536
_NAME = re.compile(r"(KRW-[A-Z0-9]+)(?:_(\d+)(m|h|d))?")
_TYPES = {"q": "int64", "d": "double"}  # array's name and pyarrow's
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


def _unit_of(starts: Column) -> int:
    numbers = [start for start in starts if start is not None]
    steps = [after - before for before, after in pairwise(numbers)]
    unit_min = int(min(steps, default=0) // 60)
    if unit_min not in UNITS_MIN:
        raise TapeError(0, "timestamp", "the rows do not tell the candle unit; name it: _1m")
    return unit_min


def _parquet(path: Path) -> list[Column]:
    """Read the columns batch by batch, so that no second copy of them is ever in memory."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError as exc:
        raise CandleFileError(f"{path.name}: Parquet files need pyarrow; install it") from exc
    columns: list[Column] = [array("q" if name == "timestamp" else "d") for name in COLUMNS]
    try:
        with ParquetFile(path) as file:
            for name in COLUMNS:
                if name not in file.schema_arrow.names:
                    raise TapeError(0, name, "the column is missing")
            for batch in file.iter_batches(BATCH_ROWS, columns=list(COLUMNS), use_threads=False):
                for place, name in enumerate(COLUMNS):
                    columns[place] = _longer(columns[place], batch.column(name))
    except ArrowException as exc:
        raise TapeError(0, "timestamp", f"not a Parquet file ({exc})") from exc
    return columns


def _longer(column: Column, values: Any) -> Column:
    """Add pyarrow values; what is not a plain number of the column's type makes it a list."""
    from pyarrow import timestamp, types

    if types.is_timestamp(values.type):
        values = values.cast(timestamp("s", tz=values.type.tz), safe=False).cast("int64")
    if isinstance(column, list) or values.null_count or values.type != _TYPES[column.typecode]:
        return [*column, *values.to_pylist()]
    whole = memoryview(values.buffers()[1])
    column.frombytes(whole[values.offset * 8 : (values.offset + len(values)) * 8])
    return column


def _csv(path: Path) -> list[Column]:
    columns = [array("d") for _ in COLUMNS]
    with path.open(newline="", encoding="utf-8") as lines:
        reader = csv.reader(lines)
        head = next(reader, [])
        for name in COLUMNS:
            if name not in head:
                raise TapeError(0, name, "the column is missing")
        places = [(head.index(name), name) for name in COLUMNS]
        for row, record in enumerate(filter(None, reader)):
            for (place, name), column in zip(places, columns, strict=True):
                column.append(_number(row, name, record[place] if place < len(record) else None))
    return [*columns]


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
