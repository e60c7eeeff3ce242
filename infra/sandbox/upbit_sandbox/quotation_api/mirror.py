"""Upbit's public quotes as an upstream serves them: at most a second old, or the upstream's fault.

An answer is kept for one second and never past the minute in which it was asked for, so that a
candle that has closed since is seen. What fails is kept as long: callers that queued for the same
answer do not each wait for a dead upstream. Calls of one rate group follow one another; when the
upstream says that none is left this second, or 429, the next one waits for another second. After
418 nothing is asked for a minute.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from upbit_sandbox.access.limits import GROUPS
from upbit_sandbox.base.errors import gateway, unknown_code
from upbit_sandbox.base.wire import JSON_HEADERS, Response, json_bytes, split_pairs
from upbit_sandbox.quotation_api.routes import QUOTES
from upbit_sandbox.quotation_api.upstream import Answer, Upstream, UpstreamDown, UpstreamSlow
from upbit_sandbox.trading.book import Book
from upbit_sandbox.trading.live import read_books

KEPT_S = 1.0
BLOCKED_S = 60.0
CODES_S = 3_600.0  # the list of markets changes by the day; a known one outlives a failure
MOST_KEPT = 1_000
OF_ALL = ("/v1/market/all", "/v1/ticker/all")  # these answer for markets that were not named
_REMAINING = re.compile(r"group=[a-z-]+; min=\d+; sec=(\d+)")


class View(NamedTuple):
    """What one request needs to see of the upstream: its quote, or the markets and some books."""

    quote: Response | None
    codes: frozenset[str] = frozenset()
    books: dict[str, Book] = {}  # noqa: RUF012 - never changed


class _Kept(NamedTuple):
    response: Response
    seen_s: float
    until_s: float


@dataclass(slots=True)
class _Lane:
    """One rate group: a call at a time, what it answered, and when the next one may go."""

    kept: dict[str, _Kept] = field(default_factory=dict)
    free_at_s: float = 0.0
    blocked: _Kept | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Mirror:
    """Quotes of one upstream; safe to use from several threads."""

    def __init__(
        self,
        upstream: Upstream,
        markets: tuple[str, ...] = (),
        now_s: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Mirror these markets, all when none are named; `now_s` is the wall clock."""
        self._upstream = upstream
        self._only = frozenset(markets)
        self._now_s = now_s
        self._wait = wait
        self._lanes = {group: _Lane() for group in GROUPS}
        self._codes: frozenset[str] = frozenset()
        self._codes_until_s = 0.0

    def look(self, path: str, query: str, wanted: frozenset[str]) -> View:
        """Give the answer to a quotation path; to another one the books of the wanted markets."""
        if path in QUOTES:
            return View(self._quote(path, query), self._codes)
        codes = self._known_codes()
        asked = sorted(wanted & codes)
        return View(None, codes, self._books(asked) if asked else {})

    def _quote(self, path: str, query: str) -> Response:
        if self._only:
            pairs = split_pairs(query)
            named = [value.split(",") for name, value in pairs if name in ("market", "markets")]
            if any(code not in self._only for codes in named for code in codes if code):
                return unknown_code().response()
        response = self._answer(path, query).response
        if self._only and path in OF_ALL and response.status == 200:
            rows = [row for row in json.loads(response.body) if _code(row) in self._only]
            return Response(200, json_bytes(rows), response.headers)
        return response

    def _known_codes(self) -> frozenset[str]:
        """Give the KRW markets, the last known ones while the upstream fails."""
        if self._now_s() >= self._codes_until_s:
            found = self._answer("/v1/market/all", "")
            if found.response.status == 200:
                rows = json.loads(found.response.body)
                listed = frozenset(code for code in map(_code, rows) if code.startswith("KRW-"))
                self._codes = listed & self._only if self._only else listed
                self._codes_until_s = found.seen_s + CODES_S
        return self._codes

    def _books(self, codes: list[str]) -> dict[str, Book]:
        found = self._answer("/v1/orderbook", "markets=" + ",".join(codes))
        if found.response.status != 200:
            return {}
        try:
            rows = json.loads(found.response.body, parse_float=Decimal, parse_int=Decimal)
            return read_books(rows, found.seen_s)
        except ValueError:
            return {}

    def _answer(self, path: str, query: str) -> _Kept:
        group = QUOTES[path][0]
        target = f"{path}?{query}" if query else path
        lane = self._lanes[group]
        with lane.lock:
            now_s = self._now_s()
            if lane.blocked is not None and now_s < lane.blocked.until_s:
                return lane.blocked
            kept = lane.kept.get(target)
            if kept is not None and kept.seen_s <= now_s < kept.until_s:
                return kept
            kept = self._ask(lane, target)
            if len(lane.kept) >= MOST_KEPT:
                lane.kept.clear()
            lane.kept[target] = kept
            if kept.response.status == 418:
                lane.blocked = kept._replace(until_s=kept.seen_s + BLOCKED_S)
            return kept

    def _ask(self, lane: _Lane, target: str) -> _Kept:
        """Ask the upstream, a second time when it was asked too fast."""
        response = gateway(502, "Bad Gateway")
        seen_s = self._now_s()
        for _ in range(2):
            pause_s = min(lane.free_at_s - self._now_s(), 1.0)
            if pause_s > 0:
                self._wait(pause_s)
            seen_s = self._now_s()
            try:
                answer = self._upstream(target)
            except UpstreamSlow:
                response = gateway(504, "Gateway Time-out")
                break
            except UpstreamDown:
                break
            lane.free_at_s = self._now_s() + _pause(answer)
            response = _translate(answer)
            if answer.status != 429:
                break
        minute_ends_s = seen_s - seen_s % 60 + 60
        kept_from_s = seen_s if response.status < 500 else self._now_s()
        return _Kept(response, seen_s, min(kept_from_s + KEPT_S, minute_ends_s))


def _code(row: object) -> str:
    return str(row.get("market")) if isinstance(row, dict) else ""


def _pause(answer: Answer) -> float:
    """Give the seconds until the group may be asked again.

    Without a header that can be read the calls are spread as if ten a second were allowed.
    """
    if answer.status == 429:
        return 1.0
    left = _REMAINING.fullmatch(answer.remaining or "")
    if left is None:
        return 0.1
    return 0.0 if int(left[1]) else 1.0


def _translate(answer: Answer) -> Response:
    """Pass on what Upbit says; what no client of Upbit may ever see becomes a gateway's page."""
    if answer.status == 200:
        try:
            rows = json.loads(answer.body)
        except (ValueError, RecursionError):
            rows = None
        if not isinstance(rows, list):
            return gateway(502, "Bad Gateway")
    elif answer.status < 400:
        return gateway(502, "Bad Gateway")
    content_type = answer.content_type or dict(JSON_HEADERS)["content-type"]
    return Response(answer.status, answer.body, (("content-type", content_type),))
