"""`haetae strategy check`: the shipped strategies pass, and a cheat is refused by its name."""

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
from haetae.research.strategy.finding import Check, Finding
from haetae.research.strategy.trial import START, Refused, try_signal
from support.states import NO_KNOBS
from support.tapes import REPOSITORY

FOLDER = REPOSITORY / "layers/core/python/haetae/kernel/strategies"
MINE = '''"""Hold a coin that closed above its fast average; a rule of the test's own."""

from typing import Final

from haetae.kernel.codes import FLAT, HOLD, LONG
from haetae.kernel.records import Indicators, Params
from haetae.kernel.registry import kernel
from haetae.kernel.strategies.knob import Knob

CODE: Final = 77
NAME: Final = "mine"
READS: Final = ("averages",)
KNOBS: Final = (Knob(name="mine_edge", meaning="How much above.", default=1.0, high=2.0),)
EDGE: Final = 0


@kernel
def mine(p: Params, x: Indicators) -> int:
    """LONG above the fast average."""
    if x.n < p.ema_slow:
        return HOLD
    if x.close > x.averages.fast * p.knobs[EDGE]:
        return LONG
    return FLAT
'''
TYPING = "from typing import Final\n"
UP = " and x.averages.fast > 0.0:\n"
TEST = "    if x.close > x.averages.fast * p.knobs[EDGE]:\n"


def judged(folder: Path, source: str) -> list[Finding]:
    """Return what the check says of a file `mine.py`."""
    path = folder / "mine.py"
    path.write_text(source, "utf-8")
    return check_strategy(path)


def edited(*edits: tuple[str, str]) -> str:
    """Return the user's strategy with some of its text replaced."""
    source = MINE
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_shipped_strategy_is_accepted(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategy", "check", str(FOLDER / f"{name}.py")]) == 0
    assert capsys.readouterr().out.endswith(f"{name}.py: accepted\n")


def test_a_strategy_of_ones_own_is_accepted_and_leaves_nothing_behind(tmp_path: Path) -> None:
    before = list(REGISTERED)

    assert judged(tmp_path, MINE) == []
    assert before == REGISTERED


def test_a_refusal_names_file_line_check_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(edited((TEST, "    if x.close ** 2 > 1.0:\n")), "utf-8")

    assert main(["strategy", "check", str(path)]) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        f"{path}:22: forbidden_arithmetic: ** rounds otherwise when compiled; multiply"
    )


def test_a_file_that_is_not_there_is_the_users_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategy", "check", "nowhere.py"]) == 2
    assert "cannot be read" in capsys.readouterr().err


IN_SOURCE: dict[str, tuple[Check, tuple[tuple[str, str], ...]]] = {
    "a tape as an argument": (
        Check.FUTURE,
        (
            ("import Indicators, Params", "import Indicators, Params, Candle"),
            ("(p: Params, x: Indicators)", "(p: Params, x: Indicators, after: Candle)"),
        ),
    ),
    "a list of candles": (
        Check.FUTURE,
        (("(p: Params, x: Indicators)", "(p: Params, x: Indicators, after: list[float])"),),
    ),
    "the market": (
        Check.FORMING,
        (
            ("import Indicators, Params", "import Indicators, Params, Market"),
            ("(p: Params, x: Indicators)", "(p: Params, m: Market)"),
        ),
    ),
    "the bar": (Check.FORMING, ((TEST, "    if x.bar.close > 1.0:\n"),)),
    "a remembered table": (Check.STATE, (("EDGE: Final = 0", "EDGE: Final = [0]"),)),
    "a remembered tuple": (
        Check.STATE,
        (("EDGE: Final = 0", "EDGE: Final = 0\nTAPE: Final = (1.0, 2.0)"),
         (TEST, "    if x.close > TAPE[x.n % 2]:\n")),
    ),
    "a name that may be assigned": (Check.STATE, (("EDGE: Final = 0", "EDGE = 0"),)),
    "a global": (
        Check.STATE, ((TEST, "    global EDGE\n    EDGE = 1\n" + TEST),),
    ),
    "a default": (Check.STATE, (("x: Indicators)", "x: Indicators = [])"),)),
    "a nested function": (Check.STATE, ((TEST, "    g = lambda: 1\n" + TEST),)),
    "a record that is changed": (Check.STATE, ((TEST, "    p.knobs[0] = 1.0\n" + TEST),)),
    "a name of nowhere": (Check.STATE, ((TEST, "    if x.close > equity:\n"),)),
    "another room": (
        Check.STATE, (("from typing", "from haetae.kernel.codes import KILL\nfrom typing"),),
    ),
    "frames": (Check.STATE, ((TYPING, TYPING + "import sys\n"),)),
    "a file": (Check.STATE, ((TEST, "    if open('tape.csv'):\n"),)),
    "code that runs at once": (Check.STATE, (("EDGE: Final = 0", "EDGE: Final = 0\nprint(1)"),)),
    "a power": (Check.ARITHMETIC, ((TEST, "    if x.close ** 0.5 > 1.0:\n"),)),
    "an exponential": (
        Check.ARITHMETIC,
        ((TYPING, TYPING + "from math import exp\n"), (TEST, "    if exp(x.close) > 1.0:\n")),
    ),
    "numpy": (Check.ARITHMETIC, ((TYPING, TYPING + "import numpy as np\n"),)),
    "rounding": (Check.ARITHMETIC, ((TEST, "    if round(x.close) > 1:\n"),)),
    "a clock": (Check.CLOCK, ((TYPING, TYPING + "import time\n"),)),
    "dice": (Check.RANDOMNESS, (("from typing", "from random import random\nfrom typing"),)),
    "a truth value": (Check.DIALECT, (("        return LONG\n", "        return True\n"),)),
    "a caught error": (
        Check.DIALECT, ((TEST, "    try:\n        n = 1\n    finally:\n        n = 2\n" + TEST),),
    ),
    "a field that is not there": (Check.CONTRACT, ((TEST, "    if x.next_close > 1.0:\n"),)),
    "a taken code": (Check.CONTRACT, (("CODE: Final = 77", "CODE: Final = 2"),)),
    "another name": (Check.CONTRACT, (('NAME: Final = "mine"', 'NAME: Final = "yours"'),)),
    "no code": (Check.CONTRACT, (("CODE: Final = 77\n", ""),)),
    "no docstring": (Check.CONTRACT, ((MINE.partition("\n")[0], ""),)),
    "a default out of range": (Check.CONTRACT, (("default=1.0", "default=3.0"),)),
    "a setting of the house": (Check.CONTRACT, (('"mine_edge"', '"atr_len"'),)),
    "a knob of another strategy": (Check.CONTRACT, (('"mine_edge"', '"rsi_low"'),)),
    "a knob without a meaning": (Check.CONTRACT, (('meaning="How much above.", ', ""),)),
    "knobs that are none": (
        Check.CONTRACT, (("KNOBS: Final = (", "KNOBS: Final = (1,)\nX: Final = ("),),
    ),
    "a measure that is not said": (Check.CONTRACT, ((TEST, "    if x.rsi.gain > 1.0:\n"),)),
    "a division by zero": (
        Check.CONTRACT, ((TEST, "    if 1.0 / (x.close - x.averages.fast) > 1.0:\n"),),
    ),
    "an odd signal": (Check.CONTRACT, (("        return LONG\n", "        return 2\n"),)),
    "no Python": (Check.CONTRACT, (("@kernel\n", "@kernel?\n"),)),
    "a memory of dates": (Check.FUTURE, ((TEST, "    if x.t > 1_757_000_000" + UP),)),
    "a count since the start": (Check.START_UP, ((TEST, "    if x.n % 2 == 0" + UP),)),
    "whole numbers beyond 64 bits": (
        Check.BITS, ((TEST, "    if x.t * x.t * x.t * x.n >= 0" + UP),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("cheat", IN_SOURCE)
def test_a_cheat_is_refused_by_its_name(cheat: str, tmp_path: Path) -> None:
    check, edits = IN_SOURCE[cheat]

    findings = judged(tmp_path, edited(*edits))

    assert check in {one.check for one in findings}, findings
    assert all(one.line >= 1 and "; " in one.sentence for one in findings)


def test_nothing_of_a_refused_source_runs(tmp_path: Path) -> None:
    told = tmp_path / "told"

    findings = judged(
        tmp_path, edited(("EDGE: Final = 0", f"EDGE: Final = 0\nopen({str(told)!r}, 'w')"))
    )

    assert {one.check for one in findings} == {Check.STATE}
    assert not told.exists()


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
