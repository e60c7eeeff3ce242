"""Real time, the exchange's time and virtual time behind the port `Clock`."""

import time
from collections.abc import Callable


class SystemClock:
    """The machine's clock."""

    def now_s(self) -> float:
        """Return epoch seconds."""
        return time.time()

    def wait(self, seconds: float) -> None:
        """Sleep for `seconds`."""
        time.sleep(max(0.0, seconds))


class ExchangeClock:
    """The exchange's clock: for a replay, whose exchange lives in the tape's time."""

    def __init__(self, read_s: Callable[[], float]) -> None:
        """Take what asks the exchange for its epoch seconds."""
        self._read_s = read_s

    def now_s(self) -> float:
        """Return epoch seconds, asked for anew. Raises ExchangeError."""
        return self._read_s()

    def wait(self, seconds: float) -> None:
        """Sleep for `seconds`."""
        time.sleep(max(0.0, seconds))


class VirtualClock:
    """A clock that its owner sets; waiting moves it."""

    def __init__(self, now_s: float = 0.0) -> None:
        """Begin at `now_s` epoch seconds."""
        self.at_s = now_s

    def now_s(self) -> float:
        """Return epoch seconds."""
        return self.at_s

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self.at_s += max(0.0, seconds)
