"""A strategy of the user's own, and what the check says of it once it was edited."""

from pathlib import Path

from haetae.research.strategy.check import check_strategy
from haetae.research.strategy.finding import Finding

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
TEST = "    if x.close > x.averages.fast * p.knobs[EDGE]:\n"
UP = " and x.averages.fast > 0.0:\n"


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
