"""A knob: one number of a strategy that settings may change, as a row of the table of settings."""

from dataclasses import dataclass
from typing import Final

MOST_KNOBS: Final = 8  # what Params.knobs has room for


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """A number of a strategy, in `unit`, from `low` to `high`; its place in KNOBS is its index.

    A `switch` is 1.0 or 0.0. Its setting is `strategy.params.<name>` unless `key` names another.
    """

    name: str
    meaning: str
    default: float
    low: float = 0.0
    high: float
    unit: str = ""
    switch: bool = False
    key: str = ""

    @property
    def setting(self) -> str:
        """The name of its setting."""
        return self.key or f"strategy.params.{self.name}"
