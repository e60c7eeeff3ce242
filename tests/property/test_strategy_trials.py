"""`haetae strategy check` tries a signal, interpreted and compiled: what it does betrays it."""

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from haetae.cli.main import main
from haetae.config.strategies import STRATEGIES
from haetae.kernel.codes import FLAT, HOLD, LONG
from haetae.kernel.records import Indicators, Params
from haetae.kernel.registry import REGISTERED
from haetae.research.strategy.check import check_strategy
from haetae.research.strategy.finding import Check
from haetae.research.strategy.trial import START, Refused, try_signal
from support.own_strategy import MINE, TEST, UP, edited, judged
from support.states import NO_KNOBS
from support.tapes import REPOSITORY

FOLDER = REPOSITORY / "layers/core/python/haetae/kernel/strategies"


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_shipped_strategy_is_accepted(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategy", "check", str(FOLDER / f"{name}.py")]) == 0
    assert capsys.readouterr().out.endswith(f"{name}.py: accepted\n")


def test_a_strategy_of_ones_own_is_accepted_and_leaves_nothing_behind(tmp_path: Path) -> None:
    before = list(REGISTERED)

    assert judged(tmp_path, MINE) == []
    assert before == REGISTERED


def test_the_tutorials_strategy_is_accepted(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs/strategies.md").read_text("utf-8")
    path = tmp_path / "dip.py"
    path.write_text(text.partition("```python\n")[2].partition("```")[0], "utf-8")

    assert check_strategy(path) == []


IN_ITS_TRIAL: dict[str, tuple[Check, tuple[tuple[str, str], ...]]] = {
    "a division by zero": (
        Check.CONTRACT, ((TEST, "    if x.close / (x.close - x.averages.fast) > 1.0:\n"),),
    ),
    "whole numbers beyond 64 bits": (
        Check.BITS,
        ((TEST, "    d = x.t % 604_800\n    if d * d * d * d * d % 7 == 3" + UP),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("cheat", IN_ITS_TRIAL)
def test_a_cheat_that_its_source_hides_is_refused_by_its_name(cheat: str, tmp_path: Path) -> None:
    check, edits = IN_ITS_TRIAL[cheat]

    findings = judged(tmp_path, edited(*edits))

    assert check in {one.check for one in findings}, findings
    assert all(one.line >= 1 and "; " in one.sentence for one in findings)


# What a source might still hide is seen in what the signal does.


def peeks(p: Params, x: Indicators) -> int:
    """Look in the caller's frame for candles that have not been."""
    there = sys._getframe(2).f_locals
    hour = (there["at"] + 1) // 4 * 4
    ahead = there["candles"][hour : hour + 30]
    return LONG if sum(c.close for c in ahead) > x.close * len(ahead) else FLAT


def watches(p: Params, x: Indicators) -> int:
    """Look in the caller's frame for the candle that is being built."""
    bar = sys._getframe(2).f_locals["m"].bar
    return LONG if bar.close > x.close else HOLD


CALLS = count()


def counts(p: Params, x: Indicators) -> int:
    """Remember how often it was called."""
    return LONG if x.n > 3 and next(CALLS) > 30_000 else HOLD


@pytest.mark.parametrize(
    ("signal", "check"),
    [
        (peeks, Check.FUTURE),
        (watches, Check.FORMING),
        (lambda p, x: int(float("nan") * x.close), Check.CONTRACT),
        (lambda p, x: x.close > 1.0, Check.CONTRACT),
        (lambda p, x: 0.0, Check.CONTRACT),
        (lambda p, x: LONG if x.n % 2 == 0 else FLAT, Check.START_UP),
        (lambda p, x: LONG if x.t > START + 500 * 3_600 else FLAT, Check.FUTURE),
    ],
)
def test_what_a_signal_does_betrays_it(
    signal: Callable[[Params, Indicators], int], check: Check
) -> None:
    with pytest.raises(Refused) as caught:
        try_signal(signal, [], [NO_KNOBS])

    assert caught.value.check is check


def test_a_signal_that_remembers_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        try_signal(counts, [], [NO_KNOBS])

    assert caught.value.check in {Check.STATE, Check.FORMING, Check.FUTURE, Check.START_UP}
