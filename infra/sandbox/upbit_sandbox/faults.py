"""Faults on demand: what a client may meet on the way to an exchange, switched per request.

slow          served, answered after delay_s
lost_reply    served, but the caller gets a gateway's 502 page
lost_request  never served; the gateway's 504 page
html_502      never served; the gateway's 502 page
empty         served, answered without a body
stale         quotes as they were delay_s ago
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from upbit_sandbox.errors import gateway
from upbit_sandbox.wire import Response

type Serve = Callable[[float], Response]

MAX_FAULTS = 100


class Kind(StrEnum):
    """The kinds of fault."""

    SLOW = "slow"
    LOST_REPLY = "lost_reply"
    LOST_REQUEST = "lost_request"
    HTML_502 = "html_502"
    EMPTY = "empty"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One switch: the next `count` requests of this method and path meet this kind."""

    method: str
    path: str
    kind: Kind
    count: int = 1
    delay_s: float = 0.0


class Faults:
    """The switches that are on; the first that matches is taken, `count` times."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        """Set the switches."""
        self.active = faults

    def take(self, method: str, path: str) -> Fault | None:
        """Use up one count of the first fault for this request; None when there is none."""
        for index, fault in enumerate(self.active):
            if fault.method == method and fault.path == path:
                left = (replace(fault, count=fault.count - 1),) if fault.count > 1 else ()
                self.active = self.active[:index] + left + self.active[index + 1 :]
                return fault
        return None


def suffer(fault: Fault, serve: Serve, now_s: float) -> Response:
    """Answer a request the way its fault has it."""
    return _EFFECTS[fault.kind](fault, serve, now_s)


def _slow(fault: Fault, serve: Serve, now_s: float) -> Response:
    return replace(serve(now_s), delay_s=fault.delay_s)


def _lost_reply(fault: Fault, serve: Serve, now_s: float) -> Response:
    del fault
    serve(now_s)
    return gateway(502, "Bad Gateway")


def _lost_request(fault: Fault, serve: Serve, now_s: float) -> Response:
    del fault, serve, now_s
    return gateway(504, "Gateway Time-out")


def _html_502(fault: Fault, serve: Serve, now_s: float) -> Response:
    del fault, serve, now_s
    return gateway(502, "Bad Gateway")


def _empty(fault: Fault, serve: Serve, now_s: float) -> Response:
    del fault
    return replace(serve(now_s), body=b"")


def _stale(fault: Fault, serve: Serve, now_s: float) -> Response:
    return serve(now_s - fault.delay_s)


_EFFECTS: dict[Kind, Callable[[Fault, Serve, float], Response]] = {
    Kind.SLOW: _slow,
    Kind.LOST_REPLY: _lost_reply,
    Kind.LOST_REQUEST: _lost_request,
    Kind.HTML_502: _html_502,
    Kind.EMPTY: _empty,
    Kind.STALE: _stale,
}
