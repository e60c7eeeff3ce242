"""A folder with a file of candles, and the backtest command that is run on it."""

from pathlib import Path

import pandas as pd
import pytest

from haetae.cli.main import main

MARKET = "KRW-BTC"
ROWS = 700
START = "2025-08-01T00:00:00Z"

type Capture = pytest.CaptureFixture[str]
type Frame = pd.DataFrame


def hours(rows: int = ROWS) -> Frame:
    """Return hourly candles of a calm market."""
    times = pd.date_range(START, periods=rows, freq="h")
    return pd.DataFrame(
        {
            "timestamp": times.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "open": 100_000.0,
            "high": 100_100.0,
            "low": 99_900.0,
            "close": 100_000.0,
            "volume": 5_000.0,
        }
    )


class Bench:
    """A folder with a file of candles, and a backtest of it that may be asked for anything."""

    def __init__(self, folder: Path, capsys: Capture) -> None:
        self.folder = folder
        self.candles = self.file(hours())
        self.out = folder / "out" / "result.json"
        self._capsys = capsys

    def file(self, frame: Frame, name: str = f"{MARKET}_60m.csv") -> Path:
        """Write candles to a file."""
        path = self.folder / name
        frame.to_csv(path, index=False)
        return path

    def run(self, *flags: str, candles: Path | None = None) -> int:
        """Run a backtest; its result goes where the flags say, or to `out`."""
        given = ["--market", MARKET, "--candles", str(candles or self.candles)]
        out = [] if any(flag.startswith("--json") for flag in flags) else ["--json", str(self.out)]
        return main(["backtest", *given, *out, *flags])

    def refusal(self, *flags: str, candles: Path | None = None) -> str:
        """Return the sentence that refuses a backtest, having seen that nothing was written."""
        before = self.files()
        assert self.run(*flags, candles=candles) == 2
        told = self._capsys.readouterr()
        assert told.out == ""
        assert self.files() == before
        (line,) = told.err.splitlines()
        assert line.startswith("haetae: ")
        return line.removeprefix("haetae: ")

    def files(self) -> dict[Path, bytes]:
        """Return everything in the folder."""
        return {p: p.read_bytes() if p.is_file() else b"" for p in self.folder.rglob("*")}
