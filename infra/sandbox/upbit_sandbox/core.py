"""The sandbox as one synchronous function from request to response; no hidden time.

What it may touch outside is handed in: a state file, which is written before the answer is given,
and a mirror of an upstream, which a server asks in another thread and hands in as a view.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

from upbit_sandbox.clock import Clock, VirtualClock
from upbit_sandbox.control import CONTROLS
from upbit_sandbox.errors import ApiError, quotation, too_many_requests, unknown_path
from upbit_sandbox.faults import suffer
from upbit_sandbox.limits import remaining_req
from upbit_sandbox.live import LiveExchange
from upbit_sandbox.market import Market, build_markets
from upbit_sandbox.mirror import Mirror, View
from upbit_sandbox.private import ROUTES, Call, read_parameters
from upbit_sandbox.quotation import QUOTES
from upbit_sandbox.state import Source
from upbit_sandbox.store import StateFile, StateFileError
from upbit_sandbox.tape import Tape
from upbit_sandbox.venue import Options, Venue
from upbit_sandbox.wire import Request, Response, parse_object, split_pairs


class Sandbox:
    """An Upbit of one account; build it from tapes or from markets that several sandboxes share."""

    def __init__(
        self,
        markets: Sequence[Market],
        clock: Clock,
        options: Options | None = None,
        *,
        source: Source | None = None,
        mirror: Mirror | None = None,
    ) -> None:
        """Open the exchange on these markets, or on a mirror's, at the clock's time."""
        self.venue = Venue(markets, clock, options or Options(), source)
        self.mirror = mirror
        self._file: StateFile | None = None
        self._quote: Response | None = None  # the upstream's answer to the request at hand

    @staticmethod
    def of_tapes(tapes: Sequence[Tape], now_s: float, options: Options | None = None) -> "Sandbox":
        """Open a replay of these tapes with a virtual clock at `now_s` (epoch s)."""
        return Sandbox(list(build_markets(tapes).values()), VirtualClock(now_s), options)

    def keep(self, file: StateFile) -> None:
        """Keep the state in this file from now on; raises StateFileError."""
        file.save(self.venue)
        self._file = file

    def handle(self, request: Request, view: View | None = None) -> Response:
        """Answer one request at the clock's time; what it changed is in the state file by then.

        A mirroring sandbox asks its upstream now unless a view is handed in.
        """
        if view is None and self.mirror is not None and (wanted := self.wants(request)):
            view = self.mirror.look(*wanted)
        self._see(view)
        response = self._handle(request)
        return response if self._saved() else _not_kept()

    def wants(self, request: Request) -> tuple[str, str, frozenset[str]] | None:
        """Say what a mirror has to look at for this request: path, query and markets' books.

        The sandbox's own routes answer without, but for the state, which settles first.
        """
        if request.path.startswith("/sandbox/") and request.path != "/sandbox/state":
            return None
        wanted = self.venue.account.waiting_in()
        if (request.method, request.path) == ("POST", "/v1/orders"):
            wanted.add(str((parse_object(request.body) or {}).get("market")))
        path = request.path if request.method == "GET" else ""
        return path, request.query, frozenset(wanted)

    def settle(self, view: View) -> None:
        """Match what waits against new books, while no client asks."""
        self._see(view)
        self.venue.account.settle(self.venue.clock.now())
        self._saved()

    def _see(self, view: View | None) -> None:
        self._quote = None if view is None else view.quote
        if view is not None and isinstance(self.venue.account, LiveExchange):
            self.venue.account.see(view.codes, view.books)

    def _saved(self) -> bool:
        """Save; where that fails go back to what was saved, so that no answer claims more."""
        if self._file is None:
            return True
        try:
            self._file.save(self.venue)
        except StateFileError as exc:
            print(exc, file=sys.stderr, flush=True)
            self._file.roll_back(self.venue)
            return False
        return True

    def _handle(self, request: Request) -> Response:
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
            if self._quote is not None:
                return self._quote
            return quote[1](self.venue, split_pairs(request.query), now_s)
        route = ROUTES.get((request.method, request.path))
        if route is not None:
            pairs, values, hashed = read_parameters(request)
            key = self.venue.authority.verify(request.headers.get("authorization"), hashed)
            call = Call(pairs, values, key, self.venue.accounts[key.account])
            return route.act(self.venue, call, now_s)
        if request.path.startswith("/v1/candles/minutes/"):
            raise quotation(400, "specified unit is not valid.")
        raise unknown_path()


def _not_kept() -> Response:
    return ApiError(500, "internal_server_error", "The state file cannot be written.").response()


def _group_of(request: Request) -> str:
    quote = QUOTES.get(request.path)
    if quote is not None:
        return quote[0]
    route = ROUTES.get((request.method, request.path))
    return route.group if route is not None else "default"
