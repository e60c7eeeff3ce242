"""Real time."""

from typing import Protocol


class Clock(Protocol):
    """Real time: for deadlines and for refusing events from the future, never for decisions."""

    def now_s(self) -> float:
        """Return epoch seconds."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait; at most a few seconds, always bounded by the caller."""
        ...
