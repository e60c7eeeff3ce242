"""`haetae strategy check` reads a source: a cheat is refused by its name before anything runs."""

import ast
from pathlib import Path

import pytest

from haetae.cli.main import main
from haetae.research.strategy.check import check_strategy
from haetae.research.strategy.finding import Check
from haetae.research.strategy.source import read_source
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
    "a measure that is not said": (Check.CONTRACT, ((TEST, "    if x.rsi.gain > x.rsi.loss:\n"),)),
    "an odd signal": (Check.CONTRACT, (("        return LONG\n", "        return 2\n"),)),
    "a date between two": (
        Check.FUTURE, ((TEST, "    if 1_700_000_000 < x.t < 1_700_600_000:\n"),),
    ),
    "a date by a name": (Check.FUTURE, ((TEST, "    when = x.t\n    if when > 9:\n"),)),
    "a date by another name of its record": (
        Check.FUTURE, ((TEST, "    y = x\n    if y.t > 9:\n"),),
    ),
    "a date by the remainder of a year": (
        Check.FUTURE, ((TEST, "    if x.t % 31_536_000 > 9:\n"),),
    ),
    "a date by a period of the call's own": (
        Check.FUTURE,
        (("EDGE: Final = 0", "EDGE: Final = 0\nDAY: Final = 86_400"),
         (TEST, "    DAY = 1_000_000_000_000\n    if x.t % DAY > 9:\n")),
    ),
    "a date that is given on": (
        Check.FUTURE,
        (("@kernel\n", "@kernel\ndef late(t: int) -> int:\n    return t\n\n\n@kernel\n"),
         (TEST, "    if late(x.t) > 9:\n")),
    ),
    "a count of candles": (Check.START_UP, ((TEST, "    if x.n > 1_000:\n"),)),
    "a count by a knob": (Check.START_UP, ((TEST, "    if x.n > p.knobs[EDGE]:\n"),)),
    "a count by turns": (Check.START_UP, ((TEST, "    if x.n % 7 == 0:\n"),)),
    "a count of another record": (Check.START_UP, ((TEST, "    if x.rsi.n > 1_000:\n"),)),
    "a record by places": (Check.STATE, ((TEST, "    if x[1] > 9:\n"),)),
    "a record that is made": (Check.STATE, ((TEST, "    y = Indicators()\n" + TEST),)),
    "a measure taken whole": (
        Check.STATE, ((TEST, "    y = x.averages\n    if y.fast > x.close:\n"),),
    ),
    "a price by heart": (Check.FUTURE, ((TEST, "    if 30e6 < x.close < 31e6:\n"),)),
    "a price by a knob": (Check.FUTURE, ((TEST, "    if x.close > p.knobs[EDGE]:\n"),)),
    "a price less a number": (Check.FUTURE, ((TEST, "    if x.close - 30e6 > 0.0:\n"),)),
    "a price in thousands": (Check.FUTURE, ((TEST, "    if floor(x.close / 1e3) == 30:\n"),)),
    "a price by another name": (
        Check.FUTURE, ((TEST, "    y = -x.close\n    if y < -30e6:\n        y = 1.0\n" + TEST),),
    ),
    "a price by one of two names": (
        Check.FUTURE, ((TEST, "    y, z = x.close, 1.0\n    if max(y, 30e6) > y * z:\n"),),
    ),
    "a price by its case": (
        Check.FUTURE,
        ((TEST, "    match floor(x.close):\n        case 30:\n            return FLAT\n" + TEST),),
    ),
    "a price by its root": (Check.FUTURE, ((TEST, "    if sqrt(x.range.high) > 5e3:\n"),)),
    "no Python": (Check.CONTRACT, (("@kernel\n", "@kernel?\n"),)),
}  # fmt: skip


@pytest.mark.parametrize("cheat", IN_SOURCE)
def test_a_cheat_in_the_source_is_refused_by_its_name(cheat: str, tmp_path: Path) -> None:
    check, edits = IN_SOURCE[cheat]

    findings = judged(tmp_path, edited(*edits))

    assert check in {one.check for one in findings}, findings
    assert all(one.line >= 1 and "; " in one.sentence for one in findings)


PLAIN = {
    "the time of day": "    if x.t % 86_400 < 3_600 and x.averages.fast > 0.0:\n",
    "the weekday in Seoul": "    if (x.t + 32_400) % WEEK < DAY and x.averages.fast > 0.0:\n",
    "a length from the other side": "    if p.ema_slow <= x.n and x.averages.fast > 0.0:\n",
    "a share of a price": "    y = x.close / x.averages.fast\n    if y - 1.0 > 0.01:\n",
    "a least turnover": "    if x.value > 1e9 and max(x.close, x.averages.fast) > 0.0:\n",
    "a share that is the least of two": "    if x.close > x.averages.fast * min(1.1, 1.2):\n",
    "a record given on": "    if edge(x, p) > 1.0 and x.averages.fast > 0.0:\n",
}


@pytest.mark.parametrize("form", PLAIN)
def test_what_remembers_no_date_count_or_price_is_not_refused(form: str) -> None:
    helper = (
        "@kernel\ndef edge(x: Indicators, p: Params) -> float:\n"
        "    return x.close / x.averages.fast\n\n\n@kernel\ndef mine"
    )
    source = edited(
        (TEST, PLAIN[form]),
        ("EDGE: Final = 0", "EDGE: Final = 0\nDAY: Final = 86_400\nWEEK: Final = 604_800"),
        ("@kernel\ndef mine", helper),
    )

    assert list(read_source(ast.parse(source))) == []


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
