"""The transport to Upbit: one request becomes an answer, or an error that says what it became.

WireFailure
├── SurelyNotSent   no byte of the request left: refused, no such host, no connection in time
└── MaybeSent       anything later: no answer in time, reset, a broken or undecodable answer
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

WINDOW_S = 1.0  # Upbit counts requests per second


class WireFailure(Exception):
    """A request without an answer; it never leaves the adapters."""


class SurelyNotSent(WireFailure):
    """No byte of the request left this machine."""


class MaybeSent(WireFailure):
    """The exchange may have seen the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it leaves: `target` is path and query, `timeout_s` bounds all of it."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None
    timeout_s: float

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer, whatever its status; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Carries one request, once: no retry, no redirect."""

    def send(self, request: Request) -> Answer:
        """Return the answer, within the request's time.

        Raises:
            SurelyNotSent: the request did not leave.
            MaybeSent: it may have.
        """
        ...


class RateBudget:
    """What `Remaining-Req` says is left of each group, so that we wait before we are refused.

    Upbit docs: rate-limits. Groups are learned from answers: their live names differ from the
    documented ones, and the header may be absent or odd; then nothing is held back.
    """

    def __init__(
        self, wait: Callable[[float], None], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Wait through `wait` (seconds); `now_s` is this machine's monotonic clock."""
        self._wait = wait
        self._now_s = now_s
        self._groups: dict[str, str] = {}
        self._spent_until_s: dict[str, float] = {}

    def hold(self, path: str, at_most_s: float) -> float:
        """Wait, at most `at_most_s`, until the path's group has requests left; return how long.

        Time is counted on this machine's monotonic clock from the answer that said 0 left, never
        on the exchange's; the waiting itself is done by the `wait` given at the start.
        """
        if not self._spent_until_s:
            return 0.0
        until_s = self._spent_until_s.pop(self._groups.get(path, ""), 0.0)
        began_s = self._now_s()
        hold_s = min(until_s - began_s, WINDOW_S, at_most_s)
        if hold_s <= 0.0:
            return 0.0
        self._wait(hold_s)
        return max(hold_s, self._now_s() - began_s)  # a sleep may last longer than it was asked to

    def note(self, path: str, header: str | None) -> None:
        """Learn from an answer's `Remaining-Req`."""
        known = None if header is None else remaining_requests(header)
        if known is None:
            return
        group, left = known
        self._groups[path] = group
        if left == 0:
            self._spent_until_s[group] = self._now_s() + WINDOW_S


@lru_cache(maxsize=1024)
def remaining_requests(header: str) -> tuple[str, int] | None:
    """Return (group, requests left this second) of a `Remaining-Req` header; None if unreadable."""
    fields = {}
    for part in header[:200].split(";"):
        name, _, value = part.partition("=")
        fields[name.strip().lower()] = value.strip()
    group, left = fields.get("group", ""), fields.get("sec", "")
    return (group, int(left)) if group and left.isdecimal() else None
