"""`haetae strategy check` reads a source: a cheat is refused by its name before anything runs."""

from pathlib import Path

import pytest

from haetae.cli.main import main
from haetae.research.strategy.check import check_strategy
from haetae.research.strategy.finding import Check
from support.own_strategy import MINE, TEST, edited, judged

TYPING = "from typing import Final\n"


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
    "an odd signal": (Check.CONTRACT, (("        return LONG\n", "        return 2\n"),)),
    "no Python": (Check.CONTRACT, (("@kernel\n", "@kernel?\n"),)),
}  # fmt: skip


ONE = 'KNOBS: Final = (Knob(name="mine_edge", meaning="How much above.", default=1.0, high=2.0),)'
MORE = ONE[:-1] + ' Knob(name="{name}", meaning="{meaning}", default={default}, high=2.0),)'


def more(name: str = "other", meaning: str = "More.", default: str = "1.0") -> tuple[str, str]:
    """Return an edit that declares one more knob."""
    return ONE, MORE.format(name=name, meaning=meaning, default=default)


READ_BOTH = (TEST, TEST.replace(":\n", " * p.knobs[1]:\n"))
KNOBS: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "a place that is not declared": (
        ((TEST, TEST.replace("EDGE", "3")),),
        "22: knob 3 is read and not declared; KNOBS has 1",
    ),
    "a place by a number of the module": (
        (("EDGE: Final = 0", "EDGE: Final = 1"),),
        "22: knob 1 is read and not declared; KNOBS has 1",
    ),
    "a place that is reckoned": (
        ((TEST, TEST.replace("EDGE", "EDGE + 0")),),
        "22: p.knobs[EDGE + 0] tells no knob; ",
    ),
    "a place of the call's own": (
        ((TEST, "    at = 0\n" + TEST.replace("EDGE", "at")),),
        "23: p.knobs[at] tells no knob; ",
    ),
    "all at once": (
        ((TEST, "    all_of = p.knobs\n" + TEST.replace("p.knobs", "all_of")),),
        "22: p.knobs tells no knob; ",
    ),
    "one that is never read": ((more(),), "13: knob 1, other, is never read; "),
    "one that is declared twice": (
        (more("mine_edge"), READ_BOTH),
        "13: strategy.params.mine_edge is declared twice; ",
    ),
    "a name in another script": ((more("여유"), READ_BOTH), "13: '여유' is no name of a "),
    "a name with blanks": ((more("my edge"), READ_BOTH), "13: 'my edge' is no name of a "),
    "a name in capitals": ((more("Edge"), READ_BOTH), "13: 'Edge' is no name of a setting"),
    "a key with a comma": (
        (("default=1.0", 'key="risk.a,b", default=1.0'),),
        "13: 'risk.a,b' is no name of a setting",
    ),
    "no meaning": ((more(meaning=""), READ_BOTH), "13: other has no meaning; "),
    "a meaning of two lines": ((more(meaning="a\\nb"), READ_BOTH), "13: other has no meaning; "),
    "a default that is a text": (
        (more(default="'1'"), READ_BOTH),
        "13: a Knob's default is not a number",
    ),
    "an endless default": ((more(default="1e999"), READ_BOTH), "13: other's default, low and "),
    "a unit that is a number": (
        (("default=1.0", "unit=5, default=1.0"),),
        "13: a Knob's unit is not a text",
    ),
    "a switch from 0 to 2": (
        (("default=1.0", "switch=True, default=1.0"),),
        "13: mine_edge is a switch with another range; ",
    ),
    "a switch half-way": (
        (("default=1.0, high=2.0", "switch=True, default=0.5, high=1.0"),),
        "13: mine_edge is a switch with another default; ",
    ),
    "a number among them": ((((ONE, ONE[:-1] + " 5)"),)), "13: KNOBS has another form; "),
    "a measure twice": (
        (('("averages",)', '("averages", "averages")'),),
        "12: READS is not what the signal reads; write averages",
    ),
}


@pytest.mark.parametrize("cheat", KNOBS)
def test_a_knob_that_cannot_be_meant_is_refused_by_name(cheat: str, tmp_path: Path) -> None:
    edits, told = KNOBS[cheat]

    findings = judged(tmp_path, edited(*edits))

    assert any(f"{one.line}: {one.sentence}".startswith(told) for one in findings), findings
    assert {one.check for one in findings} == {Check.CONTRACT}


def test_a_file_whose_name_is_no_word_of_settings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "딥.py"
    path.write_text(MINE.replace("mine", "딥"), "utf-8")

    assert "'딥' is no name; " in next(one.sentence for one in check_strategy(path))


def test_nothing_of_a_refused_source_runs(tmp_path: Path) -> None:
    told = tmp_path / "told"

    findings = judged(
        tmp_path, edited(("EDGE: Final = 0", f"EDGE: Final = 0\nopen({str(told)!r}, 'w')"))
    )

    assert {one.check for one in findings} == {Check.STATE}
    assert not told.exists()
