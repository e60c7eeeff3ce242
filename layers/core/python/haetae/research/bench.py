"""`make bench`: measure the kernel and the replay, print the figures and save them as JSON.

It measures and never judges; the goals stand beside the figures for the reader. Machines are
noisy: each figure is the median of several rounds in one process.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from haetae.base.money import MICRO
from haetae.base.time import HOUR_S
from haetae.config.build import setup_of
from haetae.config.setup import Setup
from haetae.kernel.step import open_account
from haetae.research.data.tapes import History, Rows, Span, aggregate, span
from haetae.research.engine.backtest import new_log, prepare
from haetae.research.replay.replay import replay
from upbit_sandbox.prices.synthetic import synthetic_minutes

ROUNDS = 7
CASH = 10_000_000 * MICRO
START = 1_756_684_800
DAY_MIN = 1_440
WARM_DAYS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure: the median, the extremes, the unit and the goal in words."""

    name: str
    median: float
    low: float
    high: float
    unit: str
    goal: str


def figure_of(name: str, unit: str, goal: str, values: list[float]) -> Figure:
    """Return the figure of several rounds."""
    return Figure(
        name=name,
        median=statistics.median(values),
        low=min(values),
        high=max(values),
        unit=unit,
        goal=goal,
    )


def market(name: str, days: int) -> History:
    """Return a seeded market of so many days after its warm-up."""
    minutes = (WARM_DAYS + days) * DAY_MIN
    tape = synthetic_minutes(name, sum(map(ord, name)), START, minutes)
    columns = [tape.opens, tape.highs, tape.lows, tape.closes, tape.volumes]
    rows = Rows(unit_s=60, times=np.array(tape.starts), prices=np.column_stack(columns))
    return History(bars=aggregate(rows, HOUR_S), minutes=rows)


def make_run(markets: int, days: int) -> tuple[Setup, dict[str, History], Span]:
    """Return a run of so many markets and days."""
    names = tuple(f"KRW-B{i}" for i in range(markets))
    # the Kelly rail would stop a losing random walk for good and leave nothing to measure
    setup = setup_of(profile="plan", markets=names, overrides={"risk.kelly_min_trades": "1000"})
    found = {name: market(name, days) for name in names}
    return setup, found, span(found, HOUR_S, from_t=None, to_t=None)


def seconds(act: Callable[[], object]) -> float:
    """Return how long `act` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def kernel_rates(
    markets: int, days: int, *, compiled: bool, rounds: int
) -> tuple[list[float], int]:
    """Return seconds per bar-step of several rounds, and how many trades one made."""
    setup, found, chosen = make_run(markets, days)
    bars = sum(len(h.tape.between(chosen.from_t, chosen.to_t).times) for h in found.values())
    account = open_account(setup.rails, chosen.from_t, CASH)
    log = new_log(setup, chosen)
    fold = prepare(setup, found, chosen, account, log, compiled=compiled)
    _account, _markets, reached = fold()  # compiles, and warms the caches
    return [seconds(fold) / bars for _round in range(rounds)], reached.trades


def in_fresh_process(code: str) -> float:
    """Return what `code` prints in a fresh interpreter with an empty kernel cache."""
    with tempfile.TemporaryDirectory() as folder:
        variables = os.environ | {"XDG_CACHE_HOME": folder}
        done = subprocess.run(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True
        )
    return float(done.stdout)


def compile_seconds() -> float:
    """Return how long a fresh process takes to compile the kernel into an empty cache."""
    return in_fresh_process(
        "import time\n"
        "from haetae.research.bench import kernel_rates\n"
        "u = time.perf_counter(); kernel_rates(1, 1, compiled=True, rounds=0)\n"
        "print(time.perf_counter() - u)"
    )


def interpreted_seconds() -> float:
    """Return seconds per step, the median of a fresh process that, like a Lambda, has no numba."""
    return in_fresh_process(
        "import statistics\n"
        "from haetae.research.bench import kernel_rates\n"
        "seconds, _trades = kernel_rates(1, 30, compiled=False, rounds=9)\n"
        "print(statistics.median(seconds))"
    )


def replay_rate(days: int) -> float:
    """Return minutes a second of a replay in this process, one market."""
    setup, found, chosen = make_run(1, days)
    minutes = (chosen.to_t - chosen.from_t) // 60 + 1
    return minutes / seconds(lambda: replay(setup, found, chosen, cash=CASH))


def figures() -> list[Figure]:
    """Measure everything."""
    one, trades_one = kernel_rates(1, 365, compiled=True, rounds=ROUNDS)
    five, trades_five = kernel_rates(5, 120, compiled=True, rounds=ROUNDS)
    plain = [interpreted_seconds() for _round in range(ROUNDS)]
    return [
        figure_of(
            f"compiled, one market, all rails ({trades_one} trades)",
            "million minute-bars/s",
            "at least 80",
            [1e-6 / s for s in one],
        ),
        figure_of(
            f"compiled, five markets, one account ({trades_five} trades)",
            "million bar-steps/s",
            "at least 40",
            [1e-6 / s for s in five],
        ),
        figure_of("interpreted step", "microseconds", "at most 3", [1e6 * s for s in plain]),
        figure_of(
            "compile into an empty cache",
            "seconds",
            "at most 10",
            [compile_seconds() for _round in range(3)],
        ),
        figure_of(
            "replay in process",
            "minutes/s",
            "at least 2000",
            [replay_rate(7) for _round in range(3)],
        ),
    ]


def report(measure: Callable[[], list[Figure]], about: str | None, default: Path) -> None:
    """Measure, print the figures and save them where `--json` says."""
    arguments = argparse.ArgumentParser(description=about)
    arguments.add_argument("--json", type=Path, default=default)
    path: Path = arguments.parse_args().json
    found = measure()
    for f in found:
        print(f"{f.name:55} {f.median:10.2f} {f.unit} ({f.low:.2f} to {f.high:.2f}; {f.goal})")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(f) for f in found], indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    report(figures, __doc__, Path("out/bench.json"))
