"""The REST surface described in OpenAPI 3.1: GET /sandbox/openapi.json.

Built from the same tables that route the requests, with the parameters and bodies of each
operation beside them; Upbit's own description differs where live answers differ (UPBIT facts: keys
that do not apply are omitted, amounts of the exchange API are texts).
"""

from collections.abc import Iterable
from typing import NamedTuple

from upbit_sandbox.base.wire import Json
from upbit_sandbox.exchange_api.routes import ROUTES
from upbit_sandbox.exchange_api.transfers import TRANSFERS
from upbit_sandbox.quotation_api.routes import QUOTES

type Schema = dict[str, Json]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
AMOUNT: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
MARKET: Schema = {"$ref": "#/components/schemas/Market"}
UUID: Schema = {"type": "string", "format": "uuid"}
CURRENCY: Schema = {"enum": ["KRW", "BTC", "USDT"]}
SIDE: Schema = {"enum": ["bid", "ask"]}
ORDER_BY: Schema = {"enum": ["asc", "desc"]}
ORD_TYPE: Schema = {"enum": ["limit", "price", "market", "best"]}
TIME_IN_FORCE: Schema = {"enum": ["ioc", "fok", "post_only"]}
SMP_TYPE: Schema = {"enum": ["cancel_maker", "cancel_taker", "reduce", "none"]}
IDENTIFIER: Schema = {"type": "string", "minLength": 1, "maxLength": 64}
STATES: Schema = {"enum": ["wait", "watch", "done", "cancel"]}


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


def listed(schema: Schema) -> Schema:
    """Describe a list."""
    return {"type": "array", "items": schema}


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """Describe an object that has no other keys than these."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def named(name: str) -> Schema:
    """Refer to a schema of `components`."""
    return {"$ref": f"#/components/schemas/{name}"}


ERROR = record({"error": record({"name": {"type": ["string", "integer"]}, "message": TEXT})})
ACCOUNT = record(
    {
        "currency": TEXT,
        "balance": AMOUNT,
        "locked": AMOUNT,
        "avg_buy_price": AMOUNT,
        "avg_buy_price_modified": FLAG,
        "unit_currency": TEXT,
    }
)
_ORDER: dict[str, Schema] = {
    "market": MARKET,
    "uuid": UUID,
    "side": SIDE,
    "ord_type": ORD_TYPE,
    "state": STATES,
    "created_at": TEXT,
    "executed_volume": AMOUNT,
    "reserved_fee": AMOUNT,
    "remaining_fee": AMOUNT,
    "paid_fee": AMOUNT,
    "locked": AMOUNT,
    "prevented_locked": AMOUNT,
    "trades_count": WHOLE,
}
_ORDER_MAY: dict[str, Schema] = {
    "price": AMOUNT,
    "volume": AMOUNT,
    "remaining_volume": AMOUNT,
    "prevented_volume": AMOUNT,
    "time_in_force": TIME_IN_FORCE,
    "smp_type": SMP_TYPE,
    "identifier": IDENTIFIER,
}
_TRADE = record(
    {
        "market": MARKET,
        "uuid": UUID,
        "price": AMOUNT,
        "volume": AMOUNT,
        "funds": AMOUNT,
        "trend": {"enum": ["up", "down"]},
        "created_at": TEXT,
        "side": SIDE,
    }
)
_DETAIL: dict[str, Schema] = {
    "avg_price": AMOUNT,
    "application_name": TEXT,
    "thirdparty": FLAG,
    "is_cancel_and_newable": FLAG,
    "trades": listed(_TRADE),
}
_SIDE_LIMIT = record({"currency": TEXT, "min_total": AMOUNT})
CHANCE = record(
    {
        "bid_fee": AMOUNT,
        "ask_fee": AMOUNT,
        "maker_bid_fee": AMOUNT,
        "maker_ask_fee": AMOUNT,
        "market": record(
            {
                "id": MARKET,
                "name": TEXT,
                "order_types": listed(TEXT),
                "order_sides": listed(SIDE),
                "bid_types": listed(TEXT),
                "ask_types": listed(TEXT),
                "bid": _SIDE_LIMIT,
                "ask": _SIDE_LIMIT,
                "max_total": AMOUNT,
                "state": TEXT,
            }
        ),
        "bid_account": named("Account"),
        "ask_account": named("Account"),
    }
)
_CANCELLED = record(
    {
        "count": WHOLE,
        "orders": listed(record({"uuid": UUID, "market": MARKET}, {"identifier": IDENTIFIER})),
    }
)
_CANDLE: dict[str, Schema] = {
    "market": MARKET,
    "candle_date_time_utc": TEXT,
    "candle_date_time_kst": TEXT,
    "opening_price": NUMBER,
    "high_price": NUMBER,
    "low_price": NUMBER,
    "trade_price": NUMBER,
    "timestamp": WHOLE,
    "candle_acc_trade_price": NUMBER,
    "candle_acc_trade_volume": NUMBER,
}
_DAY: dict[str, Schema] = {
    "prev_closing_price": NUMBER,
    "change_price": NUMBER,
    "change_rate": NUMBER,
}
_TICKER_TEXTS = (
    "trade_date",
    "trade_time",
    "trade_date_kst",
    "trade_time_kst",
    "highest_52_week_date",
    "lowest_52_week_date",
)
_TICKER_NUMBERS = (
    "opening_price",
    "high_price",
    "low_price",
    "trade_price",
    "prev_closing_price",
    "change_price",
    "change_rate",
    "signed_change_price",
    "signed_change_rate",
    "trade_volume",
    "acc_trade_price",
    "acc_trade_price_24h",
    "acc_trade_volume",
    "acc_trade_volume_24h",
    "highest_52_week_price",
    "lowest_52_week_price",
)
TICKER = record(
    {
        "market": MARKET,
        "trade_timestamp": WHOLE,
        "timestamp": WHOLE,
        "change": {"enum": ["RISE", "EVEN", "FALL"]},
        **dict.fromkeys(_TICKER_TEXTS, TEXT),
        **dict.fromkeys(_TICKER_NUMBERS, NUMBER),
    }
)
BOOK = record(
    {
        "market": MARKET,
        "timestamp": WHOLE,
        "total_ask_size": NUMBER,
        "total_bid_size": NUMBER,
        "level": NUMBER,
        "orderbook_units": listed(
            record(dict.fromkeys(("ask_price", "bid_price", "ask_size", "bid_size"), NUMBER))
        ),
    }
)
INSTRUMENT = record(
    {"market": MARKET, "quote_currency": TEXT, "tick_size": TEXT, "supported_levels": listed(TEXT)}
)
PRINT = record(
    {
        "market": MARKET,
        "trade_date_utc": TEXT,
        "trade_time_utc": TEXT,
        "timestamp": WHOLE,
        "trade_price": NUMBER,
        "trade_volume": NUMBER,
        "prev_closing_price": NUMBER,
        "change_price": NUMBER,
        "ask_bid": {"enum": ["ASK", "BID"]},
        "sequential_id": WHOLE,
    }
)
LISTING = record(
    {"market": MARKET, "korean_name": TEXT, "english_name": TEXT},
    {"market_event": record({"warning": FLAG, "caution": {"type": "object"}})},
)
WALLET = record(
    {
        "currency": TEXT,
        "wallet_state": {
            "enum": ["working", "withdraw_only", "deposit_only", "paused", "unsupported"]
        },
        "block_state": {"enum": ["normal", "delayed", "inactive", None]},
        "block_height": {"type": ["integer", "null"]},
        "block_updated_at": {"type": ["string", "null"]},
        "block_elapsed_minutes": {"type": ["integer", "null"]},
        "net_type": {"type": ["string", "null"]},
        "network_name": {"type": ["string", "null"]},
    }
)
COMPONENTS: dict[str, Schema] = {
    "Error": ERROR,
    "Account": ACCOUNT,
    "Order": record(_ORDER, _ORDER_MAY),
    "OrderWithTrades": record(_ORDER | _DETAIL, _ORDER_MAY),
    "Replaced": record(
        _ORDER, _ORDER_MAY | {"new_order_uuid": UUID, "new_order_identifier": IDENTIFIER}
    ),
    "Chance": CHANCE,
    "Cancelled": record({"success": _CANCELLED, "failed": _CANCELLED}),
    "Candle": record(_CANDLE),
    "MinuteCandle": record(_CANDLE | {"unit": WHOLE}),
    "DayCandle": record(_CANDLE | _DAY, {"converted_trade_price": NUMBER}),
    "PeriodCandle": record(_CANDLE | {"first_day_of_period": TEXT}),
    "Ticker": TICKER,
    "Book": BOOK,
    "Instrument": INSTRUMENT,
    "Print": PRINT,
    "Listing": LISTING,
    "Wallet": WALLET,
    "Key": record({"access_key": TEXT, "expire_at": TEXT}),
}

_MARKET = Field("market", MARKET, required=True)
_MARKETS = Field("markets", listed(MARKET) | {"minItems": 1}, required=True, is_joined=True)
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

_UUIDS = (Field("uuids[]", listed(UUID)), Field("identifiers[]", listed(IDENTIFIER)))
OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/v1/accounts"): Operation((), listed(named("Account"))),
    ("GET", "/v1/orders/chance"): Operation((_MARKET,), named("Chance")),
    ("POST", "/v1/orders"): Operation(_NEW_ORDER, named("Order"), status=201, is_json=True),
    ("POST", "/v1/orders/test"): Operation(_NEW_ORDER, named("Order"), status=201, is_json=True),
    ("POST", "/v1/orders/cancel_and_new"): Operation(
        _REPLACEMENT, named("Replaced"), status=201, is_json=True
    ),
    ("GET", "/v1/order"): Operation(_WHICH, named("OrderWithTrades")),
    ("DELETE", "/v1/order"): Operation(_WHICH, named("Order")),
    ("GET", "/v1/orders"): Operation(
        (Field("market", MARKET), Field("state", STATES), *_PAGE), listed(named("Order"))
    ),
    ("GET", "/v1/orders/open"): Operation(
        (
            Field("market", MARKET),
            Field("state", {"enum": ["wait", "watch"]}),
            Field("states[]", listed({"enum": ["wait", "watch"]})),
            *_PAGE,
        ),
        listed(named("Order")),
    ),
    ("DELETE", "/v1/orders/open"): Operation(
        (
            Field("cancel_side", {"enum": ["all", "bid", "ask"]}),
            Field("pairs", listed(MARKET) | {"minItems": 1, "maxItems": 20}, is_joined=True),
            Field(
                "excluded_pairs", listed(MARKET) | {"minItems": 1, "maxItems": 20}, is_joined=True
            ),
            Field("quote_currencies", listed(CURRENCY) | {"minItems": 1}, is_joined=True),
            Field("count", {"type": "integer", "minimum": 1, "maximum": 300}),
            Field("order_by", ORDER_BY),
        ),
        named("Cancelled"),
    ),
    ("GET", "/v1/orders/closed"): Operation(
        (
            Field("market", MARKET),
            Field("state", {"enum": ["done", "cancel"]}),
            Field("states[]", listed({"enum": ["done", "cancel"]})),
            Field("start_time", _MOMENT),
            Field("end_time", _MOMENT),
            Field("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
            Field("order_by", ORDER_BY),
        ),
        listed(named("Order")),
    ),
    ("GET", "/v1/orders/uuids"): Operation(
        (*_UUIDS, Field("market", MARKET), Field("order_by", ORDER_BY)), listed(named("Order"))
    ),
    ("DELETE", "/v1/orders/uuids"): Operation(_UUIDS, named("Cancelled")),
    ("GET", "/v1/status/wallet"): Operation((), listed(named("Wallet"))),
    ("GET", "/v1/api_keys"): Operation((), listed(named("Key"))),
    **{
        ("GET", f"/v1/candles/minutes/{unit}"): Operation(_CANDLES, listed(named("MinuteCandle")))
        for unit in (1, 3, 5, 10, 15, 30, 60, 240)
    },
    ("GET", "/v1/candles/seconds"): Operation(_CANDLES, listed(named("Candle"))),
    ("GET", "/v1/candles/days"): Operation(
        (*_CANDLES, Field("converting_price_unit", TEXT)), listed(named("DayCandle"))
    ),
    **{
        ("GET", f"/v1/candles/{period}"): Operation(_CANDLES, listed(named("PeriodCandle")))
        for period in ("weeks", "months", "years")
    },
    ("GET", "/v1/ticker"): Operation((_MARKETS,), listed(named("Ticker"))),
    ("GET", "/v1/ticker/all"): Operation(
        (
            Field(
                "quote_currencies",
                listed(CURRENCY) | {"minItems": 1},
                required=True,
                is_joined=True,
            ),
        ),
        listed(named("Ticker")),
    ),
    ("GET", "/v1/orderbook"): Operation(
        (_MARKETS, Field("count", {"type": "integer", "minimum": 1}), Field("level", NUMBER)),
        listed(named("Book")),
    ),
    ("GET", "/v1/orderbook/instruments"): Operation((_MARKETS,), listed(named("Instrument"))),
    ("GET", "/v1/trades/ticks"): Operation(
        (
            _MARKET,
            Field("to", TEXT),
            Field("count", {"type": "integer", "minimum": 1, "maximum": 500}),
            Field("cursor", TEXT),
            Field("days_ago", {"type": "integer", "minimum": 1, "maximum": 7}),
        ),
        listed(named("Print")),
    ),
    ("GET", "/v1/market/all"): Operation((Field("is_details", FLAG),), listed(named("Listing"))),
    **{
        (method, path): Operation(_TRANSFER, listed({"type": "object"}), is_json=method == "POST")
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
            "default": {"description": "A refusal.", "content": _content(named("Error"))},
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
