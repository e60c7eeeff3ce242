"""The sandbox's only source of time: set by the caller, or running at the real pace."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """Gives the exchange's time."""

    def now(self) -> float:
        """Give epoch seconds."""
        ...


class Anchor(NamedTuple):
    """What lets a real clock run while nobody does: at this wall time it said that, in epoch s."""

    wall_s: float
    now_s: float
    speed: float

    def at(self, wall_s: float) -> float:
        """Give the epoch seconds at a wall time."""
        return self.now_s + (wall_s - self.wall_s) * self.speed


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
    """Runs at the real pace or `speed` times as fast, from the wall clock's time or another.

    It never goes back, also where somebody sets the wall clock back.
    """

    __slots__ = ("_last_s", "_wall_s", "anchor")

    def __init__(
        self,
        start_s: float | None = None,
        wall_s: Callable[[], float] = time.time,
        speed: float = 1.0,
    ) -> None:
        """Start at `start_s` epoch seconds, at the wall clock's time when None."""
        self._wall_s = wall_s
        now_s = wall_s()
        self.anchor = Anchor(now_s, now_s if start_s is None else start_s, speed)
        self._last_s = self.anchor.now_s

    @staticmethod
    def resume(anchor: Anchor, speed: float) -> "RealClock":
        """Go on as if the clock had run all the time, from now on at this speed."""
        if anchor.speed != speed:
            return RealClock(anchor.at(time.time()), speed=speed)
        clock = RealClock()
        clock.anchor = anchor
        clock._last_s = anchor.now_s
        return clock

    def now(self) -> float:
        """Give epoch seconds."""
        self._last_s = max(self._last_s, self.anchor.at(self._wall_s()))
        return self._last_s


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


def http_date(epoch_s: float) -> str:
    """Write the second as HTTP's Date header does (RFC 9110, IMF-fixdate)."""
    return formatdate(int(epoch_s), usegmt=True)


def utc_text(epoch_s: float) -> str:
    """Write the second as Upbit's naive UTC text, "2026-11-20T08:42:22"."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch_s))


def kst_text(epoch_s: float) -> str:
    """Write the second in Korean time without a zone, nine hours ahead of UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch_s + 32_400))
