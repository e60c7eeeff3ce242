"""Account routes: balances, order chance, placing, reading and cancelling (docs: exchange API)."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote_plus

from upbit_sandbox.arithmetic import FEE_RATE, plain
from upbit_sandbox.errors import exchange
from upbit_sandbox.exchange import Exchange
from upbit_sandbox.intake import MAX_TOTAL_KRW, MIN_TOTAL_KRW, SHAPES
from upbit_sandbox.keys import Key, Permission
from upbit_sandbox.orders import Side, coin_of, order_body, order_detail
from upbit_sandbox.venue import Venue
from upbit_sandbox.wallet import KRW, account_body
from upbit_sandbox.wire import (
    Json,
    Pairs,
    Request,
    Response,
    first,
    hash_input,
    json_response,
    object_pairs,
    parse_object,
    split_pairs,
)

MAX_LISTED = 100


class Parameters(NamedTuple):
    """A private request's parameters: as pairs, and as a JSON object when it came as one.

    `hashed` are the strings that a client may rightly have hashed.
    """

    pairs: Pairs
    values: dict[str, Json]
    hashed: tuple[str, ...]


class Call(NamedTuple):
    """A private request that was let in: its parameters, its key and the account it opens."""

    pairs: Pairs
    values: dict[str, Json]
    key: Key
    account: Exchange


type Act = Callable[[Venue, Call, float], Response]


class Route(NamedTuple):
    """A private route: its rate group, the permission it needs (None: any key), what it does."""

    group: str
    permission: Permission | None
    act: Act


def read_parameters(request: Request) -> Parameters:
    """Collect the parameters from query, form body or JSON body, and what may be hashed.

    The hash runs over decoded pairs in the order received (Upbit docs: auth). Clients send GET
    parameters in form bodies and DELETE parameters in JSON bodies too.
    """
    if request.query:
        return _text_parameters(request.query)
    if not request.body:
        return Parameters([], {}, ())
    values = parse_object(request.body)
    if values is not None:
        pairs = object_pairs(values)
        joined = "&".join(f"{name}={value}" for name, value in pairs)
        return Parameters(pairs, values, (joined, joined.replace(" ", "+")) if pairs else ())
    if request.method == "POST":
        raise exchange("bad_request")
    return _text_parameters(request.body.decode("utf-8", "replace"))


def _text_parameters(text: str) -> Parameters:
    return Parameters(split_pairs(text), {}, (hash_input(text), unquote_plus(text)))


def accounts(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer all balances, KRW first."""
    del venue
    call.account.settle(now_s)
    wallet = call.account.wallet
    return json_response([account_body(c, wallet.balance(c)) for c in wallet.currencies()])


def chance(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer fees, limits and both balances of one market; only what is matched is offered."""
    code = first(call.pairs, "market")
    if code is None:
        raise exchange("validation_error", "market is missing")
    del venue
    if not call.account.lists(code):
        raise exchange("notfoundmarket", code)
    call.account.settle(now_s)
    coin, wallet, fee = coin_of(code), call.account.wallet, plain(FEE_RATE)
    least = plain(MIN_TOTAL_KRW)
    return json_response(
        {
            "bid_fee": fee,
            "ask_fee": fee,
            "maker_bid_fee": fee,
            "maker_ask_fee": fee,
            "market": {
                "id": code,
                "name": f"{coin}/{KRW}",
                "order_types": ["limit"],
                "order_sides": ["ask", "bid"],
                "bid_types": [kind for kind, side in SHAPES if side is Side.BID],
                "ask_types": [kind for kind, side in SHAPES if side is Side.ASK],
                "bid": {"currency": KRW, "min_total": least},
                "ask": {"currency": coin, "min_total": least},
                "max_total": plain(MAX_TOTAL_KRW),
                "state": "active",
            },
            "bid_account": account_body(KRW, wallet.balance(KRW)),
            "ask_account": account_body(coin, wallet.balance(coin)),
        }
    )


def place(venue: Venue, call: Call, now_s: float) -> Response:
    """Book an order; 201, and always state wait: matching comes later."""
    del venue
    if not call.values:
        raise exchange("validation_error", "market is missing")
    return json_response(order_body(call.account.place(call.values, now_s)), 201)


def read_order(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer one order with its trades; `uuid` wins over `identifier`."""
    del venue
    uuid, identifier = _which(call.pairs)
    return json_response(order_detail(call.account.find(uuid, identifier, now_s)))


def cancel(venue: Venue, call: Call, now_s: float) -> Response:
    """Accept a cancel request: answers the order still in state wait."""
    del venue
    uuid, identifier = _which(call.pairs)
    return json_response(order_body(call.account.cancel(uuid, identifier, now_s)))


def open_orders(venue: Venue, call: Call, now_s: float) -> Response:
    """Answer waiting orders, newest first unless `order_by=asc`, in pages of at most 100."""
    del venue
    pairs = call.pairs
    states = [value for name, value in pairs if name in ("state", "states[]", "states")]
    if not set(states) <= {"wait", "watch"}:
        raise exchange("validation_error", "state does not have a valid value")
    page, limit = (_whole(pairs, name, default) for name, default in (("page", 1), ("limit", 100)))
    order_by = first(pairs, "order_by") or "desc"
    if order_by not in ("asc", "desc"):
        raise exchange("validation_error", "order_by does not have a valid value")
    market = first(pairs, "market")
    listed = [] if states and "wait" not in states else _waiting(call.account, market, now_s)
    if order_by == "desc":
        listed.reverse()
    size = min(limit, MAX_LISTED)
    return json_response(listed[(page - 1) * size : page * size])


def _waiting(account: Exchange, market: str | None, now_s: float) -> list[dict[str, Json]]:
    return [
        order_body(order)
        for order in account.waiting(now_s)
        if market is None or order.market == market
    ]


def _which(pairs: Pairs) -> tuple[str | None, str | None]:
    uuid, identifier = first(pairs, "uuid"), first(pairs, "identifier")
    if uuid is None and identifier is None:
        raise exchange("bad_request")
    return uuid, identifier


def _whole(pairs: Pairs, name: str, default: int) -> int:
    text = first(pairs, name)
    if text is None:
        return default
    if len(text) > 9 or not text.isdecimal() or int(text) == 0:
        raise exchange("validation_error", f"{name} does not have a valid value")
    return int(text)


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/v1/accounts"): Route("default", Permission.VIEW_ACCOUNT, accounts),
    ("GET", "/v1/orders/chance"): Route("default", Permission.VIEW_ORDERS, chance),
    ("POST", "/v1/orders"): Route("order", Permission.MAKE_ORDERS, place),
    ("GET", "/v1/order"): Route("default", Permission.VIEW_ORDERS, read_order),
    ("GET", "/v1/orders/open"): Route("default", Permission.VIEW_ORDERS, open_orders),
    ("DELETE", "/v1/order"): Route("default", Permission.MAKE_ORDERS, cancel),
}
