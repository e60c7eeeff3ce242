"""The bodies of Upbit's routes as the sandbox answers them, in JSON Schema.

Upbit's own description differs where live answers do: keys that do not apply are omitted, and the
amounts of the exchange API are texts. Above 250 lines: one table.
"""

from upbit_sandbox.base.wire import Json

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


def list_of(schema: Schema) -> Schema:
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


def reference(name: str) -> Schema:
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
    "trades": list_of(_TRADE),
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
                "order_types": list_of(TEXT),
                "order_sides": list_of(SIDE),
                "bid_types": list_of(TEXT),
                "ask_types": list_of(TEXT),
                "bid": _SIDE_LIMIT,
                "ask": _SIDE_LIMIT,
                "max_total": AMOUNT,
                "state": TEXT,
            }
        ),
        "bid_account": reference("Account"),
        "ask_account": reference("Account"),
    }
)
_CANCELLED = record(
    {
        "count": WHOLE,
        "orders": list_of(record({"uuid": UUID, "market": MARKET}, {"identifier": IDENTIFIER})),
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
        "orderbook_units": list_of(
            record(dict.fromkeys(("ask_price", "bid_price", "ask_size", "bid_size"), NUMBER))
        ),
    }
)
INSTRUMENT = record(
    {"market": MARKET, "quote_currency": TEXT, "tick_size": TEXT, "supported_levels": list_of(TEXT)}
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
