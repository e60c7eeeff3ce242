"""Reading orders: one with its trades, and the lists (docs: get-order, list-closed-orders, …)."""

from collections.abc import Iterable, Iterator
from itertools import islice

from upbit_sandbox.base.clock import parse_time
from upbit_sandbox.base.errors import exchange
from upbit_sandbox.base.wire import Pairs, Response, first, json_response
from upbit_sandbox.exchange_api.call import (
    Call,
    one_of,
    values_of,
    which_order,
    which_orders,
    whole,
)
from upbit_sandbox.trading.orders import Order, State, order_body, order_detail
from upbit_sandbox.venue.venue import Venue

PAGE = 100
MOST_CLOSED = 1_000
MOST_BY_IDS = 100
WINDOW_S = 7 * 86_400
NEWEST_FIRST = ("desc", "asc")


def read_order(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer one order with its trades; `uuid` wins over `identifier`."""
    del venue
    uuid, identifier = which_order(call.pairs)
    return json_response(order_detail(call.account.find(uuid, identifier, now_s)))


def open_orders(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer waiting orders, newest first unless `order_by=asc`, in pages of at most 100."""
    del venue
    states = _states(call.pairs, ("wait", "watch"))
    found = reversed(call.account.waiting(now_s)) if "wait" in states else iter(())
    return _list_page(call.pairs, found)


def closed_orders(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer finished orders that were placed within at most 7 days, without pages.

    Without times it is the last 7 days; with one of them the 7 days after or before it.
    """
    del venue
    pairs = call.pairs
    states = _states(pairs, ("done", "cancel"))
    begin_s, end_s = _window(pairs, now_s)
    limit = min(whole(pairs, "limit", PAGE), MOST_CLOSED)
    within = _within(call.account.newest_first(now_s), begin_s, end_s)
    closed = (order for order in within if order.state in states)
    return _list_part(pairs, closed, slice(limit))


def orders_by_ids(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer at most 100 orders by uuid or by identifier; those that there are not are left out."""
    del venue
    uuids, identifiers = which_orders(call.pairs, MOST_BY_IDS)
    found = call.account.find_all(uuids, identifiers, now_s)
    return _list_part(call.pairs, iter(found), slice(MOST_BY_IDS))


def old_list(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer orders of any state, wait unless told, in pages: the list of before 2024-06-27.

    It was announced for removal, and pyupbit's get_order(market) still asks for it.
    """
    del venue
    pairs, account = call.pairs, call.account
    states = _states(pairs, ("wait", "watch", "done", "cancel"), ("wait",))
    uuids, identifiers = values_of(pairs, "uuids"), values_of(pairs, "identifiers")
    found: Iterator[Order]
    if uuids or identifiers:
        found = iter(account.find_all(uuids, identifiers, now_s))
    elif states == {State.WAIT}:
        found = reversed(account.waiting(now_s))
    else:
        found = account.newest_first(now_s)
    return _list_page(pairs, (order for order in found if order.state in states))


def _list_page(pairs: Pairs, newest_first: Iterator[Order]) -> Response:
    page, limit = whole(pairs, "page", 1), min(whole(pairs, "limit", PAGE), PAGE)
    return _list_part(pairs, newest_first, slice((page - 1) * limit, page * limit))


def _list_part(pairs: Pairs, newest_first: Iterator[Order], part: slice) -> Response:
    """Answer a part of the orders of one market, or of all, in the order that was asked for."""
    market, order_by = first(pairs, "market"), one_of(pairs, "order_by", NEWEST_FIRST)
    found: Iterable[Order] = (o for o in newest_first if market is None or o.market == market)
    if order_by == "asc":
        found = reversed(list(found))
    return json_response([order_body(o) for o in islice(found, part.start, part.stop)])


def _states(pairs: Pairs, known: tuple[str, ...], default: tuple[str, ...] = ()) -> set[str]:
    """Give the states asked for; raises validation_error, invalid_parameter where said twice."""
    one, several = first(pairs, "state"), values_of(pairs, "states")
    if one is not None and several:
        raise exchange("invalid_parameter", "state, states[]")
    states = {one} if one is not None else set(several)
    if not states <= set(known):
        raise exchange("validation_error", "state does not have a valid value")
    return states or set(default or known)


def _window(pairs: Pairs, now_s: float) -> tuple[float, float]:
    begin_s, end_s = (_moment(pairs, name) for name in ("start_time", "end_time"))
    if begin_s is None:
        end_s = now_s if end_s is None else end_s
        return end_s - WINDOW_S, end_s
    if end_s is None:
        return begin_s, begin_s + WINDOW_S
    if not 0 <= end_s - begin_s <= WINDOW_S:
        raise exchange("invalid_parameter", "start_time, end_time")
    return begin_s, end_s


def _moment(pairs: Pairs, name: str) -> float | None:
    """Read ISO 8601, or milliseconds; a bare plus of a zone arrives as a space."""
    text = first(pairs, name)
    if text is None:
        return None
    if len(text) > 6 and text[-6] == " ":
        text = f"{text[:-6]}+{text[-5:]}"
    is_number = text.isascii() and text.isdecimal() and len(text) < 16
    try:
        return parse_time(int(text) / 1000 if is_number else text)
    except ValueError:
        raise exchange("invalid_parameter", name) from None


def _within(newest_first: Iterator[Order], begin_s: float, end_s: float) -> Iterator[Order]:
    for order in newest_first:
        if order.placed_s < begin_s:
            return
        if order.placed_s <= end_s:
            yield order
