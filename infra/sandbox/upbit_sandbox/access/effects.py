"""What a fault does to the request that meets it, and to its answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from upbit_sandbox.access.faults import ODDITIES, Fault, Kind
from upbit_sandbox.access.limits import BLOCK_S
from upbit_sandbox.base.errors import ApiError, exchange, gateway
from upbit_sandbox.base.wire import Response

REMAINING = "remaining-req"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What lies between a caller and the exchange: the ways in which a request can go on there."""

    now_s: float
    serve: Callable[[float], Response]  # as at this time, in epoch s
    refuse: Callable[[Response, int], Response]  # with this answer, so many requests being left
    too_many: Callable[[float], Response]  # 429, or 418 for so many seconds
    placement_s: Callable[[str], float]  # when the order of this uuid was placed, in epoch s


def apply_fault(fault: Fault, line: Line) -> Response:
    """Answer a request the way its fault has it."""
    if fault.kind in _PAGES:
        return gateway(*_PAGES[fault.kind])
    return _EFFECTS[fault.kind](fault, line)


def _slow(fault: Fault, line: Line) -> Response:
    return replace(line.serve(line.now_s), delay_s=fault.delay_s)


def _lost_reply(fault: Fault, line: Line) -> Response:
    del fault
    line.serve(line.now_s)
    return gateway(502, "Bad Gateway")


def _cut(fault: Fault, line: Line) -> Response:
    del fault
    return replace(line.serve(line.now_s), cut=True)


def _empty(fault: Fault, line: Line) -> Response:
    del fault
    return replace(line.serve(line.now_s), body=b"")


def _odd_remaining(fault: Fault, line: Line) -> Response:
    answer = line.serve(line.now_s)
    odd = ODDITIES[fault.oddity] if fault.kind is Kind.ODD_REMAINING else lambda _: ()
    headers: list[tuple[str, str]] = []
    for name, value in answer.headers:
        values = odd(value) if name == REMAINING else (value,)
        headers += [(name, text) for text in values]
    return replace(answer, headers=tuple(headers))


def _stale(fault: Fault, line: Line) -> Response:
    return line.serve(line.now_s - fault.delay_s)


def _hide(fault: Fault, line: Line) -> Response:
    answer = line.serve(line.now_s)
    if answer.status != 200:
        return answer
    placed_s = line.placement_s(json.loads(answer.body)["uuid"])
    if line.now_s >= placed_s + fault.delay_s:
        return answer
    hidden = exchange("order_not_found").response()
    return replace(hidden, headers=answer.headers)


def _limit(fault: Fault, line: Line) -> Response:
    blocked_s = fault.delay_s or BLOCK_S if fault.kind is Kind.LIMIT_418 else 0.0
    return line.refuse(line.too_many(blocked_s), 0)


def _refuse(fault: Fault, line: Line) -> Response:
    error = ApiError(fault.status, fault.error, "일시적으로 주문이 제한되었습니다.")
    if fault.kind is Kind.ERROR_500:
        error = exchange("internal_server_error")
    return line.refuse(error.response(), 1)


_PAGES = {
    Kind.LOST_REQUEST: (504, "Gateway Time-out"),
    Kind.HTML_500: (500, "Internal Server Error"),
    Kind.HTML_502: (502, "Bad Gateway"),
    Kind.HTML_503: (503, "Service Temporarily Unavailable"),
}

_EFFECTS: dict[Kind, Callable[[Fault, Line], Response]] = {
    Kind.SLOW: _slow,
    Kind.LOST_REPLY: _lost_reply,
    Kind.CUT: _cut,
    Kind.EMPTY: _empty,
    Kind.NO_REMAINING: _odd_remaining,
    Kind.ODD_REMAINING: _odd_remaining,
    Kind.STALE: _stale,
    Kind.HIDDEN: _hide,
    Kind.ERROR_500: _refuse,
    Kind.LIMIT_429: _limit,
    Kind.LIMIT_418: _limit,
    Kind.REFUSED: _refuse,
}
