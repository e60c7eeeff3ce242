"""What a call says, read once and strictly: a body's fields and a query's parameters."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chalice.app import Request

from chalicelib.answers import BadRequest
from haetae.app.desk.trades import LAST_T, LONGEST_SPAN_S, Cursor, TradeQuery
from haetae.base.time import DAY_S, MINUTE_S, epoch_s
from haetae.wiring.commands import read_reason, reason_of

SPAN_S = 30 * DAY_S  # of fills, where `from` is not given
PAGE = 50
LONGEST_PAGE = 500
KILL = "kill"
ACTIONS = ("stop", "halt", KILL, "resume", "start")  # `start` is the guide's word for resume
FILTERS = ("market", "side", "from", "to", "limit", "cursor")
CURSOR = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9-]{1,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An operator's word: one of ACTIONS, why, and the words that confirm a start."""

    action: str
    reason: str
    confirm: str


def command_of(request: Request) -> Command:
    """Read the body of a control call.

    Raises:
        BadRequest: it is not JSON, or a field is missing or unknown; a kill needs no reason.
    """
    body = json_object(request)
    action = body.get("action")
    if action not in ACTIONS:
        said = "is missing" if action is None else f"{action!r} is unknown"
        raise BadRequest("action", f"{said}; allowed: {', '.join(ACTIONS)}")
    if action == KILL:  # a panic needs no reason
        return Command(action=KILL, reason=reason_of(body.get("reason")), confirm="")
    reason = read_reason(body.get("reason"))
    if not reason:
        raise BadRequest("reason", "is missing; allowed: any text")
    confirm = body.get("confirm", "")
    if not isinstance(confirm, str):
        raise BadRequest("confirm", f"{confirm!r} is no text; allowed: any text")
    return Command(action=str(action), reason=reason, confirm=confirm)


def json_object(request: Request) -> dict[str, object]:
    """Return a body that is a JSON object; bytes that are no UTF-8 are replaced."""
    try:
        raw = request.raw_body
        body = json.loads(raw.decode("utf-8-sig", "replace") if isinstance(raw, bytes) else raw)
    except (ValueError, RecursionError):
        raise BadRequest("body", "is not JSON; allowed: a JSON object") from None
    if not isinstance(body, dict):
        raise BadRequest("body", "is no object; allowed: a JSON object")
    return body


def query_of(request: Request) -> dict[str, str]:
    """Return the query's parameters.

    Raises:
        BadRequest: one is given more than once.
    """
    given = request.query_params
    if given is None:
        return {}
    for name in given:
        if len(given.getlist(name)) != 1:
            raise BadRequest(name, "is given more than once; allowed: once")
    return dict(given)


def trade_query_of(query: Mapping[str, str], markets: tuple[str, ...], now: int) -> TradeQuery:
    """Read the filters of the list of trades; `now` in epoch seconds.

    Raises:
        BadRequest: a parameter is unknown or out of range.
    """
    for name in query:
        if name not in FILTERS:
            raise BadRequest(name, f"is unknown; allowed: {', '.join(FILTERS)}")
    to_t = time_of(query, "to", now + MINUTE_S)
    from_t = time_of(query, "from", max(0, to_t - SPAN_S))
    if not from_t < to_t <= from_t + LONGEST_SPAN_S:
        days = LONGEST_SPAN_S // DAY_S
        raise BadRequest("from", f"does not fit to; allowed: up to {days} days before it")
    market = one_of(query, "market", markets)
    return TradeQuery(
        markets=(market,) if market else markets,
        side=one_of(query, "side", ("bid", "ask")),
        from_t=from_t,
        to_t=to_t,
        limit=limit_of(query),
        before=read_cursor(query),
    )


def one_of(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """Return a parameter that is one of a few words, or the empty text where it is not given."""
    value = query.get(name, "")
    if name in query and value not in allowed:
        raise BadRequest(name, f"{value!r} is unknown; allowed: {', '.join(allowed)}")
    return value


def time_of(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a time as epoch seconds; without a zone it is UTC."""
    if name not in query:
        return default
    try:
        t = epoch_s(query[name])
    except ValueError:
        t = -1
    if not 0 <= t <= LAST_T:
        raise BadRequest(name, f"{query[name]!r} is not a time; allowed: 2025-09-01T00:00:00Z")
    return t


def limit_of(query: Mapping[str, str]) -> int:
    """Return how many fills a page may hold."""
    text = query.get("limit", str(PAGE))
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= LONGEST_PAGE:
        raise BadRequest("limit", f"{text!r} is out of range; allowed: 1 to {LONGEST_PAGE}")
    return int(text)


def read_cursor(query: Mapping[str, str]) -> Cursor | None:
    """Return the place that a cursor names."""
    if "cursor" not in query:
        return None
    found = CURSOR.fullmatch(query["cursor"])
    if found is None:
        raise BadRequest("cursor", f"{query['cursor']!r} is none; allowed: a page's own cursor")
    return Cursor(t=int(found[1]), identifier=found[2])


def cursor_text(place: Cursor) -> str:
    """Return a place as the cursor that `read_cursor` reads."""
    return f"{place.t}.{place.identifier}"
