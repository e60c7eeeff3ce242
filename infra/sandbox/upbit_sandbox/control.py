"""The sandbox's own routes, for tests and tools: clock, reset, state, health and faults."""

import json
from collections.abc import Callable
from decimal import Decimal

from upbit_sandbox.arithmetic import parse_amount
from upbit_sandbox.clock import VirtualClock, parse_time, utc_text
from upbit_sandbox.errors import ApiError
from upbit_sandbox.faults import MAX_FAULTS, Fault, Faults, Kind
from upbit_sandbox.fields import Malformed
from upbit_sandbox.quotation import QUOTES
from upbit_sandbox.state import read_snapshot, snapshot_body
from upbit_sandbox.venue import Venue
from upbit_sandbox.wire import Response, is_unicode, json_response

type Control = Callable[[Venue, bytes], Response]

MAX_DELAY_S = 86_400.0
MAX_COUNT = 1_000_000


def health(venue: Venue, body: bytes) -> Response:
    """Answer that the sandbox runs, and which markets it has."""
    del body
    return json_response({"status": "ok", "markets": sorted(venue.account.codes)})


def read_clock(venue: Venue, body: bytes) -> Response:
    """Answer the exchange's time as text and as epoch seconds."""
    del body
    now_s = venue.clock.now()
    return json_response({"now": utc_text(now_s) + "Z", "now_s": now_s})


def set_clock(venue: Venue, body: bytes) -> Response:
    """Move a virtual clock forward to `now`, ISO 8601 or epoch seconds."""
    if not isinstance(venue.clock, VirtualClock):
        raise _refused("clock_is_real", "this sandbox runs on a real clock")
    now_s = _time(_object(body).get("now"))
    if not venue.clock.advance_to(now_s):
        raise _refused("clock_goes_forward", "the clock can only be set forward")
    return read_clock(venue, b"")


def reset(venue: Venue, body: bytes) -> Response:
    """Start the account over with `cash` (KRW) and `coins`, and a virtual clock at `now`."""
    wanted = _object(body) if body else {}
    balances = {"KRW": _balance(wanted.get("cash", str(venue.options.cash)))}
    coins = wanted.get("coins", {})
    if not isinstance(coins, dict):
        raise _refused("validation_error", "coins must be an object")
    balances |= {str(coin): _balance(amount) for coin, amount in coins.items()}
    if "now" in wanted:
        if not isinstance(venue.clock, VirtualClock):
            raise _refused("clock_is_real", "this sandbox runs on a real clock")
        venue.clock.now_s = _time(wanted["now"])
    venue.reset(balances)
    return state(venue, b"")


def state(venue: Venue, body: bytes) -> Response:
    """Answer all that `PUT /sandbox/state` needs to put it back: time, market, account."""
    del body
    venue.account.settle(venue.clock.now())
    return json_response(snapshot_body(venue.snapshot()))


def restore(venue: Venue, body: bytes) -> Response:
    """Put back what `GET /sandbox/state` answered: all of it, or nothing and the field to blame."""
    try:
        venue.restore(read_snapshot(_object(body)))
    except Malformed as exc:
        raise _refused("validation_error", str(exc)) from exc
    return state(venue, b"")


def set_faults(venue: Venue, body: bytes) -> Response:
    """Replace all fault switches by a list of {method, path, kind, count, delay_s}."""
    wanted = _json(body)
    if not isinstance(wanted, list) or len(wanted) > MAX_FAULTS:
        raise _refused("validation_error", f"a list of at most {MAX_FAULTS} faults is needed")
    faults = Faults(tuple(_fault(item) for item in wanted))
    if venue.source.name == "live" and any(f.kind is Kind.STALE for f in faults.active):
        raise _refused("validation_error", "mirrored quotes cannot be made stale")
    venue.faults = faults
    return json_response({"faults": len(wanted)})


def _fault(item: object) -> Fault:
    match item:
        case {"method": str(method), "path": str(path), "kind": str(kind), **rest}:
            pass
        case _:
            raise _refused("validation_error", "a fault needs method, path and kind")
    if kind not in Kind or not rest.keys() <= {"count", "delay_s"}:
        raise _refused("validation_error", f"no such fault: {item}")
    count = int(_number(rest.get("count", 1), MAX_COUNT))
    delay_s = _number(rest.get("delay_s", 0.0), MAX_DELAY_S)
    if kind == Kind.STALE and path not in QUOTES:
        raise _refused("validation_error", "only quotation paths can be stale")
    return Fault(method=method, path=path, kind=Kind(kind), count=count, delay_s=delay_s)


def _number(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise _refused("validation_error", f"not a number from 0 to {most:.0f}: {value}")
    return value


def _json(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise _refused("validation_error", "the body is not JSON") from None
    if not is_unicode(value):
        raise _refused("validation_error", "the body has half of a surrogate pair")
    return value


def _object(body: bytes) -> dict[str, object]:
    value = _json(body)
    if not isinstance(value, dict):
        raise _refused("validation_error", "the body is not an object")
    return value


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _refused("validation_error", "now must be ISO 8601 or epoch seconds")
    try:
        return parse_time(value)
    except ValueError:
        raise _refused("validation_error", f"not a time: {value}") from None


def _balance(value: object) -> Decimal:
    text = str(value)
    amount = Decimal(0) if text == "0" else parse_amount(text)
    if amount is None:
        raise _refused("validation_error", f"not an amount: {text}")
    return amount


def _refused(name: str, message: str) -> ApiError:
    return ApiError(400, name, message)


CONTROLS: dict[tuple[str, str], Control] = {
    ("GET", "/sandbox/health"): health,
    ("GET", "/sandbox/clock"): read_clock,
    ("PUT", "/sandbox/clock"): set_clock,
    ("POST", "/sandbox/reset"): reset,
    ("GET", "/sandbox/state"): state,
    ("PUT", "/sandbox/state"): restore,
    ("PUT", "/sandbox/faults"): set_faults,
}
