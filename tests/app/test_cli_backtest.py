"""`haetae backtest` on a calm market and, to the last key, on the plan's own settings."""

from pathlib import Path

import pytest

from support.backtests import Bench, Capture
from support.tapes import REPOSITORY


@pytest.fixture
def bench(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A working folder with good candles, away from a developer's `.env`."""
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path, capsys)


def test_the_bench_itself_runs_and_writes(bench: Bench) -> None:
    assert bench.run() == 0
    assert bench.out.is_file()


def test_the_plans_own_file_is_accepted_by_a_backtest(bench: Bench) -> None:
    config = REPOSITORY / "tests/data/config/plan.yaml"

    assert bench.run("--config", str(config)) == 0
