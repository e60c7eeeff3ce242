"""One setting: its name, how its text is read, what is allowed, and which fields it sets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from haetae.base.errors import ConfigError


class Kind(Enum):
    """How a setting's text is read."""

    WHOLE = "whole"  # a number that is whole in the kernel's unit
    REAL = "real"
    SWITCH = "switch"  # true or false
    WORD = "word"  # one of a few words
    MARKETS = "markets"  # names of markets, separated by commas


class Part(Enum):
    """Which of the kernel's two records a field belongs to, or that it is a strategy's knob."""

    PARAMS = "params"
    RAILS = "rails"
    KNOBS = "knobs"  # by index, in Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the kernel's records."""

    part: Part
    name: str


type Value = float | str
SWITCH: Mapping[str, int] = {"true": 1, "false": 0}
# as JSON and YAML write one; what has no end is a number, and out of every range
NUMBER = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|nan|[-+]?inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A row of the table; `low`, `high` and `off` are in `unit`, `scale` makes the kernel's of it.

    `off` is a value outside the range that switches the rail off; a key without `fields` is read
    by the derivation, which knows what it means together with others.
    """

    name: str
    meaning: str
    kind: Kind = Kind.WHOLE
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    scale: float = 1.0
    off: float | None = None
    words: Mapping[str, int] | None = None
    fields: tuple[Field, ...] = ()

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        match self.kind:
            case Kind.SWITCH:
                return "true or false"
            case Kind.WORD:
                return ", ".join(self.words or {})
            case Kind.MARKETS:
                return "KRW markets of Upbit such as KRW-BTC"
            case Kind.WHOLE | Kind.REAL:
                text = f"{self.low:.10g} to {self.high:.10g}"
                return text if self.off is None else f"{text}, or {self.off:g} for off"

    @property
    def step(self) -> float:
        """The smallest difference of two values of a whole key, in its own unit."""
        return 1 / abs(self.scale) if abs(self.scale) > 1 else 1.0

    def read(self, text: str) -> Value:
        """Return the kernel's value of a text.

        Raises:
            ConfigError: it is out of range, too fine, or not of this kind.
        """
        match self.kind:
            case Kind.MARKETS:
                return text
            case Kind.SWITCH:
                return float(self._word(text, SWITCH, "is not true or false"))
            case Kind.WORD:
                return float(self._word(text, self.words or {}, "is unknown"))
            case Kind.WHOLE | Kind.REAL:
                return self._number(text)

    def _word(self, text: str, words: Mapping[str, int], why: str) -> int:
        if text not in words:
            raise ConfigError(f"{self.name} {text!r} {why}; allowed: {self.allowed}")
        return words[text]

    def _number(self, text: str) -> float:
        if not NUMBER.fullmatch(text):
            raise ConfigError(f"{self.name} {text!r} is not a number; allowed: {self.allowed}")
        value = float(text)
        if value != self.off and not self.low <= value <= self.high:
            raise ConfigError(f"{self.name} {text} is out of range; allowed: {self.allowed}")
        scaled = value * self.scale
        if self.kind is Kind.REAL:
            return scaled + 0.0  # -0.0 is no value of the kernel's
        if abs(scaled - round(scaled)) > 1e-9:
            raise ConfigError(
                f"{self.name} {text} is too fine; allowed: {self.allowed}, "
                f"in steps of {1 / abs(self.scale):g}"
            )
        return float(round(scaled))

    def show(self, value: float) -> str:
        """Return the text of a kernel's value, such that `read` gives it back."""
        if self.kind is Kind.SWITCH:
            return "true" if value else "false"
        if self.words is not None:
            return next(word for word, code in self.words.items() if code == value)
        return f"{value / self.scale + 0.0:.10g}"
