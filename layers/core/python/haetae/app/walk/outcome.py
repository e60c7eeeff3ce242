"""What a walk through one minute came to."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a walk ended."""

    DONE = "done"  # something was written
    UNCHANGED = "unchanged"  # there was nothing to write
    FUTURE = "future"  # the event is of a time to come and was refused
    BUSY = "busy"  # another writer was first every time
    BLIND = "blind"  # the exchange gave no candles


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a trading cycle or risk check came to.

    `equity_krw` in won; `fired` has bit 1 << code set for each rail that fired; `orders` and
    `trades` count what was ordered and booked; `mode` is the operator's.
    """

    status: Status
    t: int
    equity_krw: int = 0
    fired: int = 0
    orders: int = 0
    trades: int = 0
    mode: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Another writer was first: nothing was written, and the books must be read again."""
