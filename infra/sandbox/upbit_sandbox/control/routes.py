"""The sandbox's own routes, for tests and tools: health, clock, reset, state and faults.

Those of accounts are in accounts.py, those of markets in listing_control.py. A body that cannot
be used is a 400 that names its field.
"""

from upbit_sandbox.access.faults import Faults, Kind, faults_body, read_faults
from upbit_sandbox.access.keys import MAIN, read_account_name
from upbit_sandbox.base.clock import RealClock, VirtualClock, utc_text
from upbit_sandbox.base.errors import ApiError
from upbit_sandbox.base.fields import (
    Malformed,
    read_body,
    read_epoch,
    read_number,
    read_object,
    refuse_unknown,
)
from upbit_sandbox.base.wire import Request, Response, json_response
from upbit_sandbox.control.accounts import ACCOUNT_CONTROLS, read_opening
from upbit_sandbox.control.listings import LISTING_CONTROLS
from upbit_sandbox.control.openapi import description
from upbit_sandbox.exchange_api.routes import ROUTES
from upbit_sandbox.quotation_api.routes import QUOTES
from upbit_sandbox.trading.wallet import KRW
from upbit_sandbox.venue.state import read_snapshot, snapshot_body
from upbit_sandbox.venue.venue import Control, Venue

MAX_ADVANCE_S = 10 * 366 * 86_400.0


def health(venue: Venue, request: Request) -> Response:
    """Answer that the sandbox runs, where its prices come from, and what orders fill against."""
    del request
    source, fills = venue.source.name, venue.options.fills
    return json_response(
        {
            "status": "ok",
            "markets": sorted(venue.account.codes),
            "source": source,
            "fills": "book" if source == "live" else fills,
        }
    )


def openapi(venue: Venue, request: Request) -> Response:
    """Answer what the exchange's routes take and answer, in OpenAPI."""
    del request
    return json_response(description(venue.account.codes))


def read_clock(venue: Venue, request: Request) -> Response:
    """Answer the exchange's time as text and as epoch seconds, and how fast it goes by itself."""
    del request
    clock, now_s = venue.clock, venue.clock.now()
    speed = clock.anchor.speed if isinstance(clock, RealClock) else 0.0
    kind = "real" if speed else "virtual"
    return json_response(
        {"now": utc_text(now_s) + "Z", "now_s": now_s, "clock": kind, "speed": speed}
    )


def set_clock(venue: Venue, request: Request) -> Response:
    """Move a virtual clock forward, to `now` (ISO 8601 or epoch seconds) or by `advance_s`."""
    fields = read_object(read_body(request.body), "the body")
    clock = _virtual(venue)
    match fields:
        case {"now": now, **rest} if not rest:
            now_s = read_epoch(now, "now")
        case {"advance_s": seconds, **rest} if not rest:
            passed_s = read_number(seconds, "advance_s", MAX_ADVANCE_S)
            now_s = read_epoch(clock.now() + passed_s, "advance_s")
        case _:
            raise Malformed("the body", "must be either now or advance_s")
    if not clock.advance_to(now_s):
        raise ApiError(400, "clock_goes_forward", "the clock can only be set forward")
    return read_clock(venue, request)


def reset(venue: Venue, request: Request) -> Response:
    """Start the `account` over, or all: then without faults, and a virtual clock is set to `now`.

    `cash` (KRW) and `coins` are what the account, the main one unless named, then holds.
    """
    body = read_body(request.body) if request.body else {}
    fields = read_object(body, "the body")
    refuse_unknown(fields, ("account", "cash", "coins", "now"), "the body")
    name = read_account_name(fields.get("account", MAIN), "account")
    if name not in venue.accounts:
        raise ApiError(404, "account_not_found", f"there is no account {name}")
    cash = venue.openings[name][KRW]
    given = {"cash", "coins"} & fields.keys()
    balances = read_opening(fields, cash) if given else None
    if "now" in fields:
        if "account" in fields:
            raise Malformed("now", "is for all accounts at once")
        now_s = read_epoch(fields["now"], "now")
        _virtual(venue).now_s = now_s
    if "account" not in fields:
        venue.clear()
    for one in venue.accounts if "account" not in fields else (name,):
        venue.reset(one, balances if one == name else None)
    return state(venue, request)


def state(venue: Venue, request: Request) -> Response:
    """Answer all that `PUT /sandbox/state` needs to put it back: time, market, accounts."""
    del request
    for account in venue.accounts.values():
        account.settle(venue.clock.now())
    return json_response(snapshot_body(venue.snapshot()))


def restore(venue: Venue, request: Request) -> Response:
    """Put back what `GET /sandbox/state` answered: all of it, or nothing and the field to blame."""
    venue.restore(read_snapshot(read_body(request.body)))
    return state(venue, request)


def read_switches(venue: Venue, request: Request) -> Response:
    """Answer the faults that were switched on, with how often each has struck."""
    del request
    return json_response(faults_body(venue.faults))


def set_faults(venue: Venue, request: Request) -> Response:
    """Replace all faults by a list of them, or by {"seed": n, "faults": [...]}: see faults.py."""
    faults = read_faults(read_body(request.body))
    check_faults(venue, faults)
    venue.faults = faults
    return read_switches(venue, request)


def clear_faults(venue: Venue, request: Request) -> Response:
    """Switch all faults off."""
    venue.faults = Faults()
    return read_switches(venue, request)


def check_faults(venue: Venue, faults: Faults) -> None:
    """Refuse, as Malformed, faults that cannot strike where they are switched on."""
    for n, switch in enumerate(faults.switches):
        fault = switch.fault
        if fault.kind is Kind.HIDDEN and (fault.method, fault.path) != ("GET", "/v1/order"):
            raise Malformed(f"faults[{n}]", "only GET /v1/order can be hidden")
        if fault.kind is not Kind.STALE:
            continue
        if venue.source.name == "live":
            raise Malformed(f"faults[{n}]", "mirrored quotes cannot be made stale")
        is_quote = any(fault.meets("GET", path) for path in QUOTES)
        if not is_quote or any(fault.meets(*route) for route in ROUTES):
            raise Malformed(f"faults[{n}]", "only quotation paths can be stale")


def _virtual(venue: Venue) -> VirtualClock:
    if not isinstance(venue.clock, VirtualClock):
        raise ApiError(400, "clock_is_real", "this sandbox runs on a real clock")
    return venue.clock


CONTROLS: dict[tuple[str, str], Control] = {
    ("GET", "/sandbox/health"): health,
    ("GET", "/sandbox/openapi.json"): openapi,
    ("GET", "/sandbox/clock"): read_clock,
    ("PUT", "/sandbox/clock"): set_clock,
    ("POST", "/sandbox/reset"): reset,
    ("GET", "/sandbox/state"): state,
    ("PUT", "/sandbox/state"): restore,
    ("GET", "/sandbox/faults"): read_switches,
    ("PUT", "/sandbox/faults"): set_faults,
    ("DELETE", "/sandbox/faults"): clear_faults,
    **ACCOUNT_CONTROLS,
    **LISTING_CONTROLS,
}
