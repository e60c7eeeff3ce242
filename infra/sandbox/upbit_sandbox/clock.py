"""The sandbox's only source of time: set by the caller, or running at the real pace."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Gives the exchange's time."""

    def now(self) -> float:
        """Give epoch seconds."""
        ...


@dataclass(slots=True)
class VirtualClock:
    """Stands still until it is set; moves forward only."""

    now_s: float

    def now(self) -> float:
        """Give the epoch seconds it was last set to."""
        return self.now_s

    def advance_to(self, now_s: float) -> bool:
        """Set the time; False, and nothing changed, if that would go back."""
        if now_s < self.now_s:
            return False
        self.now_s = now_s
        return True


class RealClock:
    """Runs at the real pace, from the wall clock's time or from another start."""

    __slots__ = ("_elapsed_s", "_origin_s")

    def __init__(
        self, start_s: float | None = None, elapsed_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Start at `start_s` epoch seconds, at the wall clock's time when None."""
        self._elapsed_s = elapsed_s
        self._origin_s = (time.time() if start_s is None else start_s) - elapsed_s()

    def now(self) -> float:
        """Give epoch seconds."""
        return self._origin_s + self._elapsed_s()


def parse_time(value: str | float) -> float:
    """Read epoch seconds, or ISO 8601 text (naive means UTC), as epoch seconds.

    Raises ValueError when it is neither, or outside the years 2000 to 2199.
    """
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    else:
        seconds = value
    if not 946_684_800 <= seconds < 7_258_118_400:
        raise ValueError(value)
    return seconds


def utc_text(epoch_s: float) -> str:
    """Write the second as Upbit's naive UTC text, "2026-11-20T08:42:22"."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch_s))


def kst_text(epoch_s: float) -> str:
    """Write the second in Korean time without a zone, nine hours ahead of UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch_s + 32_400))
