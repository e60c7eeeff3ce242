"""`haetae backtest` on a calm market and, to the last key, on the plan's own settings."""

import json
from pathlib import Path

import pytest

from support.backtests import Bench, Capture, hours
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


FALL, BREAKOUT = 600, 620  # the hours of one small fall and of one rise in a calm market


@pytest.mark.parametrize(
    ("main", "trades"),
    [
        ("trend_follow", [("bid", BREAKOUT + 2)]),
        ("volatility_breakout", [("bid", BREAKOUT + 1), ("ask", BREAKOUT + 2)]),
        ("rsi_reversion", [("bid", FALL + 1), ("ask", BREAKOUT + 1)]),
    ],
)
def test_a_backtest_tries_the_strategy_that_is_set(
    bench: Bench, main: str, trades: list[tuple[str, int]]
) -> None:
    """Each is known by what it does in the hour after the candle that decided.

    The trend is bought once its averages have crossed, and kept; the breakout is bought at once and
    left after an hour; the fall is bought by what buys falls, and left in the rise.
    """
    # given a calm market that falls a little, and rises by more than its range 20 hours later
    frame = hours(BREAKOUT + 10)
    columns = ["open", "high", "low", "close"]
    frame.loc[FALL + 1 :, columns] -= 100.0
    frame.loc[[FALL], ["close"]] -= 100.0
    frame.loc[BREAKOUT + 1 :, columns] += 400.0
    frame.loc[[BREAKOUT], ["high", "close"]] += 400.0

    # when one strategy is set, and nothing else
    assert bench.run("--set", f"strategy.main={main}", candles=bench.file(frame)) == 0

    # then its trades are made
    result = json.loads(bench.out.read_text(encoding="utf-8"))
    times = list(frame["timestamp"])
    assert [(t["side"], times.index(t["time"])) for t in result["trades"]] == trades
