"""Every strategy that the kernel can dispatch to, as settings see it: its code, name and knobs.

Nothing is listed here: the dispatcher imports a strategy's file, which registers its signal.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from haetae.kernel.registry import REGISTERED
from haetae.kernel.strategies import dispatch
from haetae.kernel.strategies.knob import MOST_KNOBS, Knob

type Knobs = tuple[float, float, float, float, float, float, float, float]
WHOLE_SIZE_BPS: Final = 10_000
PACKAGE: Final = dispatch.__name__.rpartition(".")[0] + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What a strategy's file says of itself; `reads` names records of Indicators."""

    code: int
    name: str
    knobs: tuple[Knob, ...]
    reads: tuple[str, ...]
    size_share_bps: int

    def defaults(self) -> Knobs:
        """Return the kernel's knobs where nothing is said."""
        values = [knob.default for knob in self.knobs]
        a, b, c, d, e, f, g, h = values + [0.0] * (MOST_KNOBS - len(values))
        return a, b, c, d, e, f, g, h

    def replace_knobs(self, knobs: Knobs, given: Mapping[str, float]) -> Knobs:
        """Return knobs with the values that are given by setting."""
        values = list(knobs)
        for index, knob in enumerate(self.knobs):
            values[index] = given.get(knob.setting, values[index])
        a, b, c, d, e, f, g, h = values
        return a, b, c, d, e, f, g, h


def strategy_of(module: ModuleType) -> Strategy:
    """Return what a strategy's module says of itself."""
    said: Mapping[str, Any] = vars(module)
    return Strategy(
        code=said["CODE"],
        name=said["NAME"],
        knobs=said["KNOBS"],
        reads=said["READS"],
        size_share_bps=said.get("SIZE_SHARE_BPS", WHOLE_SIZE_BPS),
    )


def read_strategies() -> dict[str, Strategy]:
    """Return the strategies whose signals are registered, by name, in the order of their codes."""
    homes = {function.__module__ for function in REGISTERED}
    modules = [sys.modules[home] for home in homes if home.startswith(PACKAGE)]
    found = [strategy_of(module) for module in modules if module is not dispatch]
    return {one.name: one for one in sorted(found, key=lambda one: one.code)}


STRATEGIES: Final = read_strategies()
BY_CODE: Final = {one.code: one for one in STRATEGIES.values()}
