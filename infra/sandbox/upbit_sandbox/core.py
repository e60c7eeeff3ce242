"""The sandbox as one synchronous function from request to response; no I/O, no hidden time."""

from collections.abc import Sequence
from dataclasses import replace

from upbit_sandbox.clock import Clock, VirtualClock
from upbit_sandbox.control import CONTROLS
from upbit_sandbox.errors import ApiError, quotation, too_many_requests, unknown_path
from upbit_sandbox.faults import suffer
from upbit_sandbox.limits import remaining_req
from upbit_sandbox.market import Market, build_markets
from upbit_sandbox.private import ACTS, read_call
from upbit_sandbox.quotation import QUOTES
from upbit_sandbox.tape import Tape
from upbit_sandbox.venue import Options, Venue
from upbit_sandbox.wire import Request, Response, split_pairs


class Sandbox:
    """An Upbit of one account; build it from tapes or from markets that several sandboxes share."""

    def __init__(
        self, markets: Sequence[Market], clock: Clock, options: Options | None = None
    ) -> None:
        """Open the exchange on these markets at the clock's time."""
        self.venue = Venue(markets, clock, options or Options())

    @staticmethod
    def of_tapes(tapes: Sequence[Tape], now_s: float, options: Options | None = None) -> "Sandbox":
        """Open a replay of these tapes with a virtual clock at `now_s` (epoch s)."""
        return Sandbox(list(build_markets(tapes).values()), VirtualClock(now_s), options)

    def handle(self, request: Request) -> Response:
        """Answer one request at the clock's time, by way of a fault if one is switched on."""
        venue = self.venue
        control = CONTROLS.get((request.method, request.path))
        if control is not None:
            return self._control(request)
        now_s = venue.clock.now()
        for market in venue.markets.values():
            market.extend(now_s)
        if venue.faults.active:
            fault = venue.faults.take(request.method, request.path)
            if fault is not None:
                return suffer(fault, lambda at_s: self._serve(request, at_s), now_s)
        return self._serve(request, now_s)

    def _control(self, request: Request) -> Response:
        try:
            return CONTROLS[request.method, request.path](self.venue, request.body)
        except ApiError as exc:
            return exc.response()

    def _serve(self, request: Request, now_s: float) -> Response:
        group = _group_of(request)
        left = self.venue.limits.take(group, now_s)
        try:
            answer = self._route(request, now_s) if left >= 0 else too_many_requests()
        except ApiError as exc:
            answer = exc.response()
        return replace(answer, headers=(*answer.headers, remaining_req(group, left)))

    def _route(self, request: Request, now_s: float) -> Response:
        quote = QUOTES.get(request.path)
        if quote is not None and request.method == "GET":
            return quote[1](self.venue.markets, split_pairs(request.query), now_s)
        act = ACTS.get((request.method, request.path))
        if act is not None:
            call = read_call(request)
            self.venue.authority.verify(request.headers.get("authorization"), call.hashed)
            return act[1](self.venue, call, now_s)
        if request.path.startswith("/v1/candles/minutes/"):
            raise quotation(400, "specified unit is not valid.")
        raise unknown_path()


def _group_of(request: Request) -> str:
    quote = QUOTES.get(request.path)
    if quote is not None:
        return quote[0]
    act = ACTS.get((request.method, request.path))
    return act[0] if act is not None else "default"
