"""A finding about a strategy's file: which check refuses it, where, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What a strategy is checked for, by the names that the command prints."""

    CONTRACT = "contract"
    DIALECT = "dialect"
    ARITHMETIC = "forbidden_arithmetic"
    STATE = "state_outside_the_record"
    CLOCK = "clock"
    RANDOMNESS = "randomness"
    FUTURE = "future_candle"
    FORMING = "forming_candle"
    START_UP = "start_up"
    BITS = "bit_identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A refusal; `line` counts from 1 in the strategy's file."""

    check: Check
    line: int
    sentence: str
