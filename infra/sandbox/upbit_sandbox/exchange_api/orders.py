"""Placing, testing, replacing and cancelling orders (docs: new-order, cancel-order and others)."""

from collections.abc import Iterable

from upbit_sandbox.base.errors import ApiError, exchange
from upbit_sandbox.base.wire import Json, Pairs, Response, json_response
from upbit_sandbox.exchange_api.call import (
    Call,
    one_of,
    values_of,
    which_order,
    which_orders,
    whole,
)
from upbit_sandbox.trading.exchange import Exchange
from upbit_sandbox.trading.orders import Order, order_body
from upbit_sandbox.venue.venue import Venue

MOST_BY_IDS = 20
MOST_AT_ONCE = 300
MOST_PAIRS = 20
USUAL_AT_ONCE = 20
CHANGES = ("ord_type", "price", "volume", "time_in_force", "smp_type", "identifier")


def place(venue: Venue, call: Call, now_s: float) -> Response:
    """Book an order; 201, and always state wait: matching comes later."""
    del venue
    return json_response(order_body(call.account.place(call.values, now_s)), 201)


def test(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer what `place` would, without an order (docs: order-test)."""
    del venue
    return json_response(order_body(call.account.test(call.values, now_s)), 201)


def cancel(venue: Venue, call: Call, now_s: float) -> Response:
    """Accept a cancel request: answers the order still in state wait."""
    del venue
    uuid, identifier = which_order(call.pairs)
    return json_response(order_body(call.account.cancel(uuid, identifier, now_s)))


def cancel_and_new(venue: Venue, call: Call, now_s: float) -> Response:
    """Cancel an order and book another in its place; answers the old one and the new one's names.

    201 (docs: cancel-and-new-order gives both 200 and 201).
    """
    del venue
    values = call.values
    before = {f"prev_order_{name}" for name in ("uuid", "identifier")}
    known = before | {f"new_{name}" for name in CHANGES}
    for name, value in values.items():
        if value is not None and (name not in known or not isinstance(value, str)):
            raise exchange("invalid_parameter", name)
    uuid, identifier = (_name(values, name) for name in ("uuid", "identifier"))
    if uuid is None and identifier is None:
        raise exchange("invalid_parameter", "prev_order_uuid, prev_order_identifier")
    changes = {name: values.get(f"new_{name}") for name in CHANGES}
    old, new = call.account.cancel_and_new(uuid, identifier, changes, now_s)
    body = order_body(old) | {"new_order_uuid": new.uuid}
    if new.identifier is not None:
        body["new_order_identifier"] = new.identifier
    return json_response(body, 201)


def cancel_by_ids(venue: Venue, call: Call, now_s: float) -> Response:
    """Cancel at most 20 orders by uuid or by identifier (docs: cancel-orders-by-ids).

    Those that do not wait fail; those that there are not are left out, and 404 if none is left.
    """
    del venue
    _refuse_body(call)
    uuids, identifiers = which_orders(call.pairs, MOST_BY_IDS)
    found = call.account.find_all(uuids, identifiers, now_s)
    if not found:
        raise exchange("order_not_found")
    return _cancel_all(call.account, found, now_s)


def cancel_open(venue: Venue, call: Call, now_s: float) -> Response:
    """Cancel up to 300 waiting orders, the 20 newest ones unless told (docs: batch-cancel-orders).

    `excluded_pairs` goes before `pairs` and `quote_currencies`, which exclude each other.
    """
    del venue
    _refuse_body(call)
    pairs = call.pairs
    side = one_of(pairs, "cancel_side", ("all", "bid", "ask"))
    order_by = one_of(pairs, "order_by", ("desc", "asc"))
    count = whole(pairs, "count", USUAL_AT_ONCE)
    wanted, left_out = _split_values(pairs, "pairs"), _split_values(pairs, "excluded_pairs")
    currencies = _split_values(pairs, "quote_currencies")
    if count > MOST_AT_ONCE or max(len(wanted), len(left_out)) > MOST_PAIRS:
        raise exchange("invalid_parameter")
    if wanted and currencies:
        raise exchange("invalid_parameter", "pairs, quote_currencies")
    found = [
        order
        for order in call.account.waiting(now_s)
        if side in ("all", order.side)
        and order.market not in left_out
        and (not wanted or order.market in wanted)
        and (not currencies or order.market.partition("-")[0] in currencies)
    ]
    if order_by == "desc":
        found.reverse()
    return _cancel_all(call.account, found[:count], now_s)


def _cancel_all(account: Exchange, orders: Iterable[Order], now_s: float) -> Response:
    done: list[Json] = []
    failed: list[Json] = []
    for order in orders:
        try:
            account.cancel(order.uuid, None, now_s)
        except ApiError:
            failed.append(_names_of(order))
        else:
            done.append(_names_of(order))
    return json_response(
        {
            "success": {"count": len(done), "orders": done},
            "failed": {"count": len(failed), "orders": failed},
        }
    )


def _names_of(order: Order) -> dict[str, Json]:
    body: dict[str, Json] = {"uuid": order.uuid, "market": order.market}
    if order.identifier is not None:
        body["identifier"] = order.identifier
    return body


def _refuse_body(call: Call) -> None:
    if call.has_body:
        raise exchange("QUERY_PARAMETER_NOT_SUPPORTED")


def _split_values(pairs: Pairs, name: str) -> list[str]:
    return [code for value in values_of(pairs, name) for code in value.split(",") if code]


def _name(values: dict[str, Json], name: str) -> str | None:
    value = values.get(f"prev_order_{name}")
    return value if isinstance(value, str) else None
