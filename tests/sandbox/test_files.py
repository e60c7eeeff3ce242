"""Candle files: what is read, and the row and column of what cannot be."""

from pathlib import Path
from typing import Any, Literal

import pytest

from sandbox.client import T0, flat_tape
from upbit_sandbox import Tape, TapeError
from upbit_sandbox.cli import main
from upbit_sandbox.prices.files import CandleFileError, read_tape
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.synthetic import synthetic_minutes

HEAD = "timestamp,open,high,low,close,volume\n"
GOOD = f"{T0},100,110,90,105,1.5\n2025-09-01T00:01:00Z,105,106,104,105,2\n"


def csv(folder: Path, text: str, name: str = "KRW-BTC_1m.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_with_epoch_seconds_or_iso_times(tmp_path: Path) -> None:
    tape = read_tape(csv(tmp_path, HEAD + GOOD))
    assert (tape.market, tape.unit_min) == ("KRW-BTC", 1)
    assert list(tape.starts) == [T0, T0 + 60]
    assert list(tape.closes) == [105.0, 105.0]
    assert list(tape.volumes) == [1.5, 2.0]


def test_unit_is_taken_from_the_rows_when_the_name_has_none(tmp_path: Path) -> None:
    rows = f"{T0},1,1,1,1,1\n{T0 + 3600},1,1,1,1,1\n{T0 + 4 * 3600},1,1,1,1,1\n"
    assert read_tape(csv(tmp_path, HEAD + rows, "KRW-BTC.csv")).unit_min == 60


@pytest.mark.parametrize("timestamp", ["ms", "ns", "seconds"])
def test_parquet(tmp_path: Path, timestamp: Literal["ms", "ns", "seconds"]) -> None:
    import pandas as pd

    made = synthetic_minutes("KRW-ETH", 1, T0, 50)
    starts: pd.Series[Any] = pd.Series(made.starts)
    if timestamp != "seconds":
        starts = pd.to_datetime(starts, unit="s", utc=True).dt.as_unit(timestamp)
    frame = pd.DataFrame(
        {
            "timestamp": starts,
            "open": made.opens,
            "high": made.highs,
            "low": made.lows,
            "close": made.closes,
            "volume": made.volumes,
        }
    )
    path = tmp_path / "KRW-ETH_1m.parquet"
    frame.to_parquet(path)
    assert read_tape(path) == made


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("timestamp,open,high,low,close\n", "row 0, column volume"),
        (HEAD + GOOD + f"{T0 + 120},1,x,1,1,1\n", "row 2, column high"),
        (HEAD + GOOD + f"{T0 + 120},1,1,1\n", "row 2, column close"),
        (HEAD + GOOD + "later,1,1,1,1,1\n", "row 2, column timestamp"),
        (HEAD + GOOD + f"{T0 + 60},1,1,1,1,1\n", "row 2, column timestamp"),
        (HEAD + GOOD + f"{T0 + 121},1,1,1,1,1\n", "row 2, column timestamp"),
        (HEAD + GOOD + f"{T0 + 120},1,1,2,1,1\n", "row 2, column open"),
        (HEAD + GOOD + f"{T0 + 120},1,1,0,1,1\n", "row 2, column low"),
        (HEAD + GOOD + f"{T0 + 120},1,1,1,2,1\n", "row 2, column close"),
        (HEAD + GOOD + f"{T0 + 120},1,1,1,1,-1\n", "row 2, column volume"),
        (HEAD + GOOD + f"{T0 + 120},nan,1,1,1,1\n", "row 2, column open"),
        (HEAD + GOOD + "1e300,1,1,1,1,1\n", "row 2, column timestamp"),
        (HEAD + "-60,1,1,1,1,1\n", "row 0, column timestamp"),
        ("", "row 0, column timestamp"),
    ],
)
def test_unreadable_file_names_row_and_column(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(CandleFileError, match=rf"KRW-BTC_1m.csv: {place}"):
        read_tape(csv(tmp_path, text))


def test_other_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(CandleFileError, match="name the market first"):
        read_tape(csv(tmp_path, HEAD, "candles.csv"))
    with pytest.raises(CandleFileError, match="do not tell the candle unit"):
        read_tape(csv(tmp_path, HEAD, "KRW-BTC.csv"))
    with pytest.raises(CandleFileError, match="No such file"):
        read_tape(tmp_path / "KRW-BTC_1m.csv")
    with pytest.raises(CandleFileError, match="not a Parquet file"):
        read_tape(csv(tmp_path, "no", "KRW-BTC_1m.parquet"))
    binary = tmp_path / "KRW-BTC_5m.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CandleFileError, match="not a CSV file"):
        read_tape(binary)


def test_missing_value_in_parquet_names_its_place(tmp_path: Path) -> None:
    import pandas as pd

    columns = {name: [1.0, None] for name in ("open", "high", "low", "close", "volume")}
    path = tmp_path / "KRW-BTC_1m.parquet"
    pd.DataFrame({"timestamp": [T0, T0 + 60], **columns}).to_parquet(path)
    with pytest.raises(CandleFileError, match="row 1, column open"):
        read_tape(path)


def test_command_says_where_the_file_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv(tmp_path, HEAD + GOOD + f"{T0 + 120},1,x,1,1,1\n")
    assert main(["--source", "replay", "--candles", str(path)]) == 2
    assert capsys.readouterr().err.strip() == (
        "KRW-BTC_1m.csv: row 2, column high: 'x' is not a number"
    )


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--source", "replay"], "--candles"),
        (["--source", "synthetic", "--markets", "BTC"], "not a KRW market code"),
        (["--slippage-bps", "-1", "--clock", "virtual"], "slippage_bps"),
    ],
)
def test_command_refuses_in_one_sentence(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert len(error.splitlines()) == 1


def test_tapes_of_one_market_must_agree() -> None:
    with pytest.raises(ValueError, match="one market code"):
        Market([flat_tape("KRW-BTC", [1.0]), flat_tape("KRW-ETH", [1.0])])
    with pytest.raises(ValueError, match="two tapes of one unit"):
        Market([flat_tape("KRW-BTC", [1.0]), flat_tape("KRW-BTC", [1.0])])


def test_tape_needs_six_columns_of_one_length() -> None:
    with pytest.raises(TapeError, match="row 0, column volume: six columns"):
        Tape.of("KRW-BTC", 1, [[T0], [1.0], [1.0], [1.0], [1.0]])
    with pytest.raises(TapeError, match="row 0, column high: the columns differ"):
        Tape.of("KRW-BTC", 1, [[T0], [1.0], [], [1.0], [1.0], [1.0]])
    with pytest.raises(TapeError, match="row 0, column volume: six values"):
        Tape.of_rows("KRW-BTC", 1, [(T0, 1.0, 1.0, 1.0, 1.0)])
    with pytest.raises(TapeError, match="no such candle unit"):
        Tape.of_rows("KRW-BTC", 7, [])
