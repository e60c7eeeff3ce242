"""The REST surface described in OpenAPI 3.1: GET /sandbox/openapi.json.

Built from the same tables that route the requests, with what each operation takes beside them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from upbit_sandbox.base.wire import Json
from upbit_sandbox.control.schemas import (
    AMOUNT,
    COMPONENTS,
    CURRENCY,
    FLAG,
    IDENTIFIER,
    MARKET,
    NUMBER,
    ORD_TYPE,
    ORDER_BY,
    SIDE,
    SMP_TYPE,
    STATES,
    TEXT,
    TIME_IN_FORCE,
    UUID,
    Schema,
    list_of,
    record,
    reference,
)
from upbit_sandbox.exchange_api.routes import ROUTES
from upbit_sandbox.exchange_api.transfers import TRANSFERS
from upbit_sandbox.quotation_api.routes import QUOTES


class Field(NamedTuple):
    """One parameter of a query, or one key of a JSON body."""

    name: str
    schema: Schema
    required: bool = False
    is_joined: bool = False  # a list that is one text with commas


class Operation(NamedTuple):
    """What one route takes and answers when it accepts."""

    takes: tuple[Field, ...]
    answers: Schema
    status: int = 200
    is_json: bool = False  # the fields are a JSON body's


_MARKET = Field("market", MARKET, required=True)
_MARKETS = Field("markets", list_of(MARKET) | {"minItems": 1}, required=True, is_joined=True)
_WHICH = (Field("uuid", UUID), Field("identifier", IDENTIFIER))
_PAGE: tuple[Field, ...] = (
    Field("page", {"type": "integer", "minimum": 1}),
    Field("limit", {"type": "integer", "minimum": 1, "maximum": 100}),
    Field("order_by", ORDER_BY),
)
_CANDLES: tuple[Field, ...] = (
    _MARKET,
    Field("to", {"type": "string", "format": "date-time"}),
    Field("count", {"type": "integer", "minimum": 1}),
)
_NEW_ORDER: tuple[Field, ...] = (
    _MARKET,
    Field("side", SIDE, required=True),
    Field("ord_type", ORD_TYPE, required=True),
    Field("price", AMOUNT),
    Field("volume", AMOUNT),
    Field("time_in_force", TIME_IN_FORCE),
    Field("smp_type", SMP_TYPE),
    Field("identifier", IDENTIFIER),
)
_REPLACEMENT: tuple[Field, ...] = (
    Field("prev_order_uuid", UUID),
    Field("prev_order_identifier", IDENTIFIER),
    Field("new_ord_type", ORD_TYPE, required=True),
    Field("new_price", AMOUNT),
    Field("new_volume", TEXT),
    Field("new_time_in_force", TIME_IN_FORCE),
    Field("new_smp_type", SMP_TYPE),
    Field("new_identifier", IDENTIFIER),
)
_TRANSFER: tuple[Field, ...] = (
    Field("currency", TEXT),
    Field("uuid", UUID),
    Field("amount", TEXT),
)
_MOMENT: Schema = {"type": "string", "format": "date-time"}

_UUIDS = (Field("uuids[]", list_of(UUID)), Field("identifiers[]", list_of(IDENTIFIER)))
OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/v1/accounts"): Operation((), list_of(reference("Account"))),
    ("GET", "/v1/orders/chance"): Operation((_MARKET,), reference("Chance")),
    ("POST", "/v1/orders"): Operation(_NEW_ORDER, reference("Order"), status=201, is_json=True),
    ("POST", "/v1/orders/test"): Operation(
        _NEW_ORDER, reference("Order"), status=201, is_json=True
    ),
    ("POST", "/v1/orders/cancel_and_new"): Operation(
        _REPLACEMENT, reference("Replaced"), status=201, is_json=True
    ),
    ("GET", "/v1/order"): Operation(_WHICH, reference("OrderWithTrades")),
    ("DELETE", "/v1/order"): Operation(_WHICH, reference("Order")),
    ("GET", "/v1/orders"): Operation(
        (Field("market", MARKET), Field("state", STATES), *_PAGE), list_of(reference("Order"))
    ),
    ("GET", "/v1/orders/open"): Operation(
        (
            Field("market", MARKET),
            Field("state", {"enum": ["wait", "watch"]}),
            Field("states[]", list_of({"enum": ["wait", "watch"]})),
            *_PAGE,
        ),
        list_of(reference("Order")),
    ),
    ("DELETE", "/v1/orders/open"): Operation(
        (
            Field("cancel_side", {"enum": ["all", "bid", "ask"]}),
            Field("pairs", list_of(MARKET) | {"minItems": 1, "maxItems": 20}, is_joined=True),
            Field(
                "excluded_pairs", list_of(MARKET) | {"minItems": 1, "maxItems": 20}, is_joined=True
            ),
            Field("quote_currencies", list_of(CURRENCY) | {"minItems": 1}, is_joined=True),
            Field("count", {"type": "integer", "minimum": 1, "maximum": 300}),
            Field("order_by", ORDER_BY),
        ),
        reference("Cancelled"),
    ),
    ("GET", "/v1/orders/closed"): Operation(
        (
            Field("market", MARKET),
            Field("state", {"enum": ["done", "cancel"]}),
            Field("states[]", list_of({"enum": ["done", "cancel"]})),
            Field("start_time", _MOMENT),
            Field("end_time", _MOMENT),
            Field("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
            Field("order_by", ORDER_BY),
        ),
        list_of(reference("Order")),
    ),
    ("GET", "/v1/orders/uuids"): Operation(
        (*_UUIDS, Field("market", MARKET), Field("order_by", ORDER_BY)), list_of(reference("Order"))
    ),
    ("DELETE", "/v1/orders/uuids"): Operation(_UUIDS, reference("Cancelled")),
    ("GET", "/v1/status/wallet"): Operation((), list_of(reference("Wallet"))),
    ("GET", "/v1/api_keys"): Operation((), list_of(reference("Key"))),
    **{
        ("GET", f"/v1/candles/minutes/{unit}"): Operation(
            _CANDLES, list_of(reference("MinuteCandle"))
        )
        for unit in (1, 3, 5, 10, 15, 30, 60, 240)
    },
    ("GET", "/v1/candles/seconds"): Operation(_CANDLES, list_of(reference("Candle"))),
    ("GET", "/v1/candles/days"): Operation(
        (*_CANDLES, Field("converting_price_unit", TEXT)), list_of(reference("DayCandle"))
    ),
    **{
        ("GET", f"/v1/candles/{period}"): Operation(_CANDLES, list_of(reference("PeriodCandle")))
        for period in ("weeks", "months", "years")
    },
    ("GET", "/v1/ticker"): Operation((_MARKETS,), list_of(reference("Ticker"))),
    ("GET", "/v1/ticker/all"): Operation(
        (
            Field(
                "quote_currencies",
                list_of(CURRENCY) | {"minItems": 1},
                required=True,
                is_joined=True,
            ),
        ),
        list_of(reference("Ticker")),
    ),
    ("GET", "/v1/orderbook"): Operation(
        (_MARKETS, Field("count", {"type": "integer", "minimum": 1}), Field("level", NUMBER)),
        list_of(reference("Book")),
    ),
    ("GET", "/v1/orderbook/instruments"): Operation((_MARKETS,), list_of(reference("Instrument"))),
    ("GET", "/v1/trades/ticks"): Operation(
        (
            _MARKET,
            Field("to", TEXT),
            Field("count", {"type": "integer", "minimum": 1, "maximum": 500}),
            Field("cursor", TEXT),
            Field("days_ago", {"type": "integer", "minimum": 1, "maximum": 7}),
        ),
        list_of(reference("MarketTrade")),
    ),
    ("GET", "/v1/market/all"): Operation(
        (Field("is_details", FLAG),), list_of(reference("Listing"))
    ),
    **{
        (method, path): Operation(_TRANSFER, list_of({"type": "object"}), is_json=method == "POST")
        for method, path in TRANSFERS
    },
}


def description(markets: Iterable[str]) -> Schema:
    """Describe every route of the exchange and of the quotation API, as it has these markets."""
    paths: dict[str, dict[str, Json]] = {}
    for method, path in [*ROUTES, *(("GET", path) for path in QUOTES)]:
        paths.setdefault(path, {})[method.lower()] = _operation(method, path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Upbit sandbox", "version": "1"},
        "paths": dict(paths),
        "components": {
            "schemas": {"Market": {"enum": [*sorted(markets)]}, **COMPONENTS},
            "securitySchemes": {"jwt": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(method: str, path: str) -> Schema:
    takes, answers, status, is_json = OPERATIONS[method, path]
    described: Schema = {
        "operationId": f"{method} {path}",
        "responses": {
            str(status): {"description": "", "content": _content(answers)},
            "default": {"description": "A refusal.", "content": _content(reference("Error"))},
        },
    }
    if (method, path) in ROUTES:
        described["security"] = [{"jwt": []}]
    if is_json:
        body = record(
            {field.name: field.schema for field in takes if field.required},
            {field.name: field.schema for field in takes if not field.required},
        )
        described["requestBody"] = {"required": True, "content": _content(body)}
    else:
        described["parameters"] = [
            {
                "name": field.name,
                "in": "query",
                "required": field.required,
                "schema": field.schema,
                "explode": not field.is_joined,
            }
            for field in takes
        ]
    return described


def _content(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
