"""Candle files: what is read, and the one sentence for each thing that is wrong."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from haetae.base.errors import DataError
from haetae.research.data.candle_files import COLUMNS, read_candles

T0 = 1_756_684_800  # 2025-09-01 00:00 UTC
DATA = Path(os.environ.get("HAETAE_TEST_DATA", Path(__file__).parents[2] / "../shared/data"))
ROW = (100.0, 102.0, 99.0, 101.0, 0.5)
type Row = list[object]


def rows_of(count: int = 3, step_s: int = 60) -> list[Row]:
    return [[T0 + index * step_s, *ROW] for index in range(count)]


def csv_of(folder: Path, rows: list[Row], name: str = "KRW-BTC_1m.csv") -> Path:
    path = folder / name
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    "stamp",
    [
        lambda t: t,
        lambda t: t * 1000,
        lambda t: float(t),
        lambda t: pd.Timestamp(t, unit="s", tz="UTC").isoformat(),
        lambda t: pd.Timestamp(t, unit="s").isoformat(),
        lambda t: pd.Timestamp(t, unit="s", tz="Asia/Seoul").isoformat(),
        lambda t: pd.Timestamp(t, unit="s").strftime("%Y-%m-%d %H:%M:%S"),
    ],
    ids=["seconds", "milliseconds", "float", "UTC", "naive", "Seoul", "space"],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_starts_are_read_however_they_are_written(
    tmp_path: Path, kind: str, stamp: Callable[[Any], object]
) -> None:
    frame = pd.DataFrame([[stamp(row[0]), *row[1:]] for row in rows_of()], columns=list(COLUMNS))
    path = tmp_path / f"KRW-BTC_1m.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    file = read_candles(path)
    assert (file.market, file.unit_min) == ("KRW-BTC", 1)
    assert file.times.tolist() == [T0, T0 + 60, T0 + 120]
    assert (file.times.dtype, file.prices.dtype) == (np.dtype(np.int64), np.dtype(np.float64))
    assert file.prices.tolist() == [list(ROW)] * 3


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Seoul", None])
def test_parquet_times_of_any_resolution(
    tmp_path: Path, unit: Literal["s", "ms", "us", "ns"], zone: str | None
) -> None:
    index = pd.date_range("2025-09-01 09:00", periods=3, freq="min", tz="Asia/Seoul", unit=unit)
    stamps = index.tz_convert(zone) if zone else index.tz_convert("UTC").tz_localize(None)
    frame = pd.DataFrame([ROW] * 3, columns=list(COLUMNS[1:]))
    frame.insert(0, "timestamp", stamps)
    frame.to_parquet(tmp_path / "KRW-BTC_1m.parquet")
    assert read_candles(tmp_path / "KRW-BTC_1m.parquet").times.tolist() == [T0, T0 + 60, T0 + 120]


@pytest.mark.parametrize(
    ("name", "step_s", "market", "unit_min"),
    [
        ("KRW-BTC_60m.csv", 3600, "KRW-BTC", 60),
        ("KRW-BTC_1h.csv", 3600, "KRW-BTC", 60),
        ("KRW-1INCH_1d.csv", 86_400, "KRW-1INCH", 1440),
        ("KRW-ETH_15m_2024.csv", 900, "KRW-ETH", 15),
        ("KRW-ETH.csv", 240, "KRW-ETH", 0),
        ("KRW-ETH.csv", 300, "KRW-ETH", 5),
        ("KRW-ETH-2024.csv", 86_400, "KRW-ETH", 1440),
    ],
)
def test_market_and_interval_come_from_the_name_else_from_the_spacing(
    tmp_path: Path, name: str, step_s: int, market: str, unit_min: int
) -> None:
    path = csv_of(tmp_path, rows_of(3, step_s), name)
    if unit_min == 0:
        with pytest.raises(DataError, match="does not tell the interval"):
            read_candles(path)
    else:
        file = read_candles(path)
        assert (file.market, file.unit_min) == (market, unit_min)


def test_market_may_be_given(tmp_path: Path) -> None:
    path = csv_of(tmp_path, rows_of(), "candles.csv")
    assert read_candles(path, "KRW-XRP").market == "KRW-XRP"
    with pytest.raises(DataError, match=r"candles\.csv: name the market first"):
        read_candles(path)


def test_gaps_and_prices_off_today_s_ticks_are_no_flaw(tmp_path: Path) -> None:
    rows = rows_of(20)
    del rows[4:9]
    rows[0][1:5] = [100.37, 100.37, 100.37, 100.37]
    assert len(read_candles(csv_of(tmp_path, rows)).times) == 15


FLAWS: list[tuple[str, int, int, object, str]] = [
    ("price text", 2, 2, "many", "row 2, column high is not a finite number"),
    ("price empty", 3, 4, None, "row 3, column close is not a finite number"),
    ("price infinite", 1, 1, float("inf"), "row 1, column open is not a finite number"),
    ("price zero", 2, 3, 0.0, "row 2, column low is not positive"),
    ("price negative", 2, 1, -1.0, "row 2, column open is not positive"),
    ("volume missing", 2, 5, float("nan"), "row 2, column volume is not a finite number"),
    ("volume negative", 2, 5, -0.1, "row 2, column volume is negative"),
    ("high below close", 2, 2, 100.5, "row 2, column high is below the open or the close"),
    ("high below open", 3, 1, 103.0, "row 3, column high is below the open or the close"),
    ("low above open", 2, 3, 100.5, "row 2, column low is above the open or the close"),
    ("low above close", 1, 4, 98.0, "row 1, column low is above the open or the close"),
    ("repeated", 3, 0, T0 + 60, "row 3, column timestamp repeats the row before"),
    ("unsorted", 3, 0, T0 - 60, "row 3, column timestamp is before the row before"),
    ("off the grid", 2, 0, T0 + 61, "row 2, column timestamp is not on the grid of 1 minutes"),
    ("half a second", 2, 0, T0 + 60.5, "row 2, column timestamp is not on a whole second"),
    ("no time", 2, 0, None, "row 2, column timestamp is not a finite number"),
]


@pytest.mark.parametrize(("row", "column", "value", "words"), [f[1:] for f in FLAWS],
                         ids=[f[0] for f in FLAWS])  # fmt: skip
def test_flaw_is_named_by_file_row_and_column(
    tmp_path: Path, row: int, column: int, value: object, words: str
) -> None:
    rows = rows_of()
    rows[row - 1][column] = value
    with pytest.raises(DataError) as caught:
        read_candles(csv_of(tmp_path, rows))
    assert str(caught.value) == f"KRW-BTC_1m.csv: {words}"


def test_text_that_is_no_time_is_named(tmp_path: Path) -> None:
    rows: list[Row] = [["2025-09-01T00:00:00Z", *ROW], ["noon", *ROW]]
    with pytest.raises(DataError, match="row 2, column timestamp is not a time"):
        read_candles(csv_of(tmp_path, rows))


@pytest.mark.parametrize("column", COLUMNS)
def test_missing_column_is_named(tmp_path: Path, column: str) -> None:
    path = tmp_path / "KRW-BTC_1m.parquet"
    pd.DataFrame(rows_of(), columns=list(COLUMNS)).drop(columns=column).to_parquet(path)
    with pytest.raises(DataError, match=f"KRW-BTC_1m.parquet: column {column} is missing"):
        read_candles(path)


def test_minutes_under_an_hourly_name_are_caught(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 2, column timestamp is not on the grid of 60"):
        read_candles(csv_of(tmp_path, rows_of(20), "KRW-BTC_60m.csv"))


def test_hours_under_a_minute_name_are_caught(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="60 minutes apart at the least, the name says 1"):
        read_candles(csv_of(tmp_path, rows_of(20, 3600)))


def test_interval_upbit_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="7 minutes in the name"):
        read_candles(csv_of(tmp_path, rows_of(3, 420), "KRW-BTC_7m.csv"))


@pytest.mark.parametrize("name", ["KRW-BTC_1m.csv", "KRW-BTC_1m.parquet"])
def test_file_that_is_none_is_a_data_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(DataError, match=f"{name}: "):
        read_candles(path)
    for content in (b"", b"PAR1 but no more", b"\xff\xfe\x00"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"{name}: "):
            read_candles(path)


def test_file_without_rows_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no row"):
        read_candles(csv_of(tmp_path, []))


RECORDED = [path.name for path in sorted(DATA.glob("*.parquet"))] if DATA.is_dir() else []


@pytest.mark.parametrize("name", RECORDED or ["KRW-BTC_1m.parquet"])
def test_recorded_files_are_read_whole(tmp_path: Path, name: str) -> None:
    path = DATA / name
    if not RECORDED:
        path = tmp_path / name
        rows = pd.DataFrame(rows_of(1_000), columns=list(COLUMNS))
        rows["timestamp"] = pd.to_datetime(rows["timestamp"], unit="s", utc=True)
        rows.to_parquet(path)
    file = read_candles(path)
    frame = pd.read_parquet(path)
    assert path.name.startswith(file.market)
    assert len(file.times) == len(frame)
    assert file.prices.tolist() == frame[list(COLUMNS[1:])].to_numpy().tolist()
    assert file.times[0] == int(frame["timestamp"].iloc[0].timestamp())
