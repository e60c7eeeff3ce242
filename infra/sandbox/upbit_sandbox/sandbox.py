"""The sandbox as one synchronous function from request to response; no hidden time.

What it may touch outside is handed in: a state file, which is written before the answer is given,
and a mirror of an upstream, which a server asks in another thread and hands in as a view.

Above 250 lines: a request's whole way, in the order it goes.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from upbit_sandbox.access.effects import Line, apply_fault
from upbit_sandbox.access.limits import ORIGIN, Caller, remaining_req
from upbit_sandbox.base.clock import Clock, VirtualClock
from upbit_sandbox.base.errors import (
    ApiError,
    exchange,
    quotation,
    too_many_requests,
    unknown_path,
    wrong_method,
)
from upbit_sandbox.base.fields import Malformed
from upbit_sandbox.base.wire import Request, Response, parse_object, split_pairs
from upbit_sandbox.control.routes import CONTROLS
from upbit_sandbox.exchange_api.call import Call, Route, read_parameters
from upbit_sandbox.exchange_api.routes import ROUTES
from upbit_sandbox.prices.market import Market, build_markets
from upbit_sandbox.prices.source import Source
from upbit_sandbox.prices.tape import Tape
from upbit_sandbox.quotation_api.mirror import Mirror, View
from upbit_sandbox.quotation_api.routes import QUOTES, Quote
from upbit_sandbox.trading.live import MirroredBooks
from upbit_sandbox.venue.store import StateFile, StateFileError
from upbit_sandbox.venue.venue import Control, Options, Venue


class Sandbox:
    """An Upbit; build it from tapes or from markets that several sandboxes share."""

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
        return response if self._save() else _save_error()

    def wants(self, request: Request) -> tuple[str, str, frozenset[str]] | None:
        """Say what a mirror has to look at for this request: path, query and markets' books.

        The sandbox's own routes answer without, but for the state, which settles first.
        """
        if request.path.startswith("/sandbox/") and request.path != "/sandbox/state":
            return None
        wanted = self.venue.waiting_in()
        if request.method == "POST" and request.path in ("/v1/orders", "/v1/orders/test"):
            wanted.add(str((parse_object(request.body) or {}).get("market")))
        path = request.path if request.method in ("GET", "HEAD") else ""
        return path, request.query, frozenset(wanted)

    def settle(self, view: View | None = None) -> None:
        """Match what waits up to now, against new books where a view brings them."""
        self._see(view)
        now_s = self.venue.clock.now()
        for market in self.venue.markets.values():
            market.extend(now_s)
        for account in self.venue.accounts.values():
            account.settle(now_s)
        self._save()

    def _see(self, view: View | None) -> None:
        self._quote = None if view is None else view.quote
        if view is not None and isinstance(self.venue.books, MirroredBooks):
            self.venue.books.see(view.codes, view.books)

    def _save(self) -> bool:
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
        control = CONTROLS.get((request.method, request.path))
        if control is not None:
            return self._control(control, request)
        venue = self.venue
        now_s = venue.clock.now()
        for market in venue.markets.values():
            market.extend(now_s)
        if venue.faults.active and request.path.startswith("/v1/"):
            fault = venue.faults.take(request.method, request.path)
            if fault is not None:
                return apply_fault(fault, self._line(request, now_s))
        return self._serve(request, now_s)

    def _control(self, control: Control, request: Request) -> Response:
        try:
            return control(self.venue, request)
        except Malformed as exc:
            return ApiError(400, "validation_error", str(exc)).response()
        except ApiError as exc:
            return exc.response()

    def _line(self, request: Request, now_s: float) -> Line:
        """Give a fault the ways in which the request it met can go on."""
        group = _group_of(request)
        return Line(
            now_s=now_s,
            serve=lambda at_s: self._serve(request, at_s),
            refuse=lambda answer, left: _mark(answer, group, left),
            too_many=self._too_many,
            placement_s=self.venue.placement_s,
        )

    def _serve(self, request: Request, now_s: float) -> Response:
        """Answer a request of Upbit's own API.

        A quote: first the rate of the caller's address, then the parameters. A private route:
        first the body, then the token (see Authority.verify), then the rate of the key's account,
        then the key's permission, then what the route itself checks. Who cannot show a good token
        is counted by address. HEAD is answered as GET is, without the body.
        """
        method = "GET" if request.method == "HEAD" else request.method
        quote = QUOTES.get(request.path) if method == "GET" else None
        route = ROUTES.get((method, request.path))
        if quote is not None:
            quoted = partial(self._answer_quote, quote[1], request, now_s)
            answer = self._limit(request, ("ip", request.client), now_s, quoted)
        elif route is not None:
            answer = self._private(route, request, now_s)
        else:
            lost = partial(_without_route, request)
            answer = self._limit(request, ("ip", request.client), now_s, lost)
        return answer if request.method != "HEAD" else replace(answer, body=b"")

    def _answer_quote(self, quote: Quote, request: Request, now_s: float) -> Response:
        if self._quote is not None:
            return self._quote
        return quote(self.venue, split_pairs(request.query), now_s)

    def _private(self, route: Route, request: Request, now_s: float) -> Response:
        try:
            call = self._call(request, now_s)
        except ApiError as exc:
            return self._limit(request, ("ip", request.client), now_s, exc.response)
        caller = ("account", call.key.account)
        return self._limit(request, caller, now_s, partial(self._act, route, call, now_s))

    def _call(self, request: Request, now_s: float) -> Call:
        """Read a private request and let its key in; raises ApiError."""
        if "," in request.headers.get("content-type", ""):
            raise exchange("bad_request")  # sent twice (docs: prevent-duplicate-request-headers)
        pairs, values, hashed = read_parameters(request)
        authorization = request.headers.get("authorization")
        key = self.venue.authority.verify(authorization, hashed, client=request.client, now_s=now_s)
        account = self.venue.accounts[key.account]
        return Call(pairs, values, key, account, has_body=bool(request.body))

    def _act(self, route: Route, call: Call, now_s: float) -> Response:
        if route.permission is not None and route.permission not in call.key.permissions:
            refusal = exchange("out_of_scope")
            raise ApiError(self.venue.options.scope_status, refusal.name, refusal.message)
        return route.act(self.venue, call, now_s)

    def _limit(
        self, request: Request, caller: Caller, now_s: float, act: Callable[[], Response]
    ) -> Response:
        """Act if the caller's rate allows it; every answer says how many requests are left."""
        group = _group_of(request)
        verdict = self.venue.limits.take(group, caller, now_s)
        try:
            answer = act() if verdict.allowed else self._too_many(verdict.blocked_s)
        except ApiError as exc:
            answer = exc.response()
        return _mark(answer, group, verdict.left)

    def _too_many(self, blocked_s: float) -> Response:
        return too_many_requests(blocked_s, form=self.venue.options.limit_body)


def _save_error() -> Response:
    return ApiError(500, "internal_server_error", "The state file cannot be written.").response()


def _without_route(request: Request) -> Response:
    """Answer what no route is for, as a gateway does; OPTIONS says what there is."""
    if request.method == "OPTIONS" and request.path in _METHODS:
        return Response(204, b"", (("allow", ", ".join(sorted(_METHODS[request.path]))),))
    if request.path in _METHODS:
        raise wrong_method()
    if request.path.startswith("/v1/candles/minutes/"):
        raise quotation(400, "specified unit is not valid.")
    raise unknown_path()


def _group_of(request: Request) -> str:
    method = "GET" if request.method == "HEAD" else request.method
    if request.path in QUOTES:
        return ORIGIN if "origin" in request.headers else QUOTES[request.path][0]
    route = ROUTES.get((method, request.path))
    return route.group if route is not None else "default"


def _mark(answer: Response, group: str, left: int) -> Response:
    return replace(answer, headers=(*answer.headers, remaining_req(group, left)))


def _methods() -> dict[str, set[str]]:
    """Give the methods that each path of Upbit's API has."""
    methods = {path: {"GET", "HEAD", "OPTIONS"} for path in QUOTES}
    for method, path in ROUTES:
        also = ("HEAD", "OPTIONS") if method == "GET" else ("OPTIONS",)
        methods.setdefault(path, set()).update((method, *also))
    return methods


_METHODS = _methods()
