"""The fields of every frame in the order they are sent, with the short names of SIMPLE formats.

Sources: docs websocket-ticker, -trade, -orderbook, -candle, -myorder, -myasset, list-subscriptions.
"""

from collections.abc import Mapping

type Names = Mapping[str, str | tuple[str, "Names"]]

_HEAD = {"type": "ty", "code": "cd"}
_TAIL = {"timestamp": "tms", "stream_type": "st"}
TICKER: Names = {
    **_HEAD,
    "opening_price": "op",
    "high_price": "hp",
    "low_price": "lp",
    "trade_price": "tp",
    "prev_closing_price": "pcp",
    "acc_trade_price": "atp",
    "change": "c",
    "change_price": "cp",
    "signed_change_price": "scp",
    "change_rate": "cr",
    "signed_change_rate": "scr",
    "ask_bid": "ab",
    "trade_volume": "tv",
    "acc_trade_volume": "atv",
    "trade_date": "tdt",
    "trade_time": "ttm",
    "trade_timestamp": "ttms",
    "acc_ask_volume": "aav",
    "acc_bid_volume": "abv",
    "highest_52_week_price": "h52wp",
    "highest_52_week_date": "h52wdt",
    "lowest_52_week_price": "l52wp",
    "lowest_52_week_date": "l52wdt",
    "market_state": "ms",
    "is_trading_suspended": "its",
    "delisting_date": "dd",
    "market_warning": "mw",
    "timestamp": "tms",
    "acc_trade_price_24h": "atp24h",
    "acc_trade_volume_24h": "atv24h",
    "stream_type": "st",
}
TRADE: Names = {
    **_HEAD,
    "timestamp": "tms",
    "trade_date": "td",
    "trade_time": "ttm",
    "trade_timestamp": "ttms",
    "trade_price": "tp",
    "trade_volume": "tv",
    "ask_bid": "ab",
    "prev_closing_price": "pcp",
    "change": "c",
    "change_price": "cp",
    "sequential_id": "sid",
    "best_ask_price": "bap",
    "best_ask_size": "bas",
    "best_bid_price": "bbp",
    "best_bid_size": "bbs",
    "stream_type": "st",
}
ORDERBOOK: Names = {
    **_HEAD,
    "timestamp": "tms",
    "total_ask_size": "tas",
    "total_bid_size": "tbs",
    "orderbook_units": (
        "obu",
        {"ask_price": "ap", "bid_price": "bp", "ask_size": "as", "bid_size": "bs"},
    ),
    "stream_type": "st",
    "level": "lv",
}
CANDLE: Names = {
    **_HEAD,
    "candle_date_time_utc": "cdttmu",
    "candle_date_time_kst": "cdttmk",
    "opening_price": "op",
    "high_price": "hp",
    "low_price": "lp",
    "trade_price": "tp",
    "candle_acc_trade_volume": "catv",
    "candle_acc_trade_price": "catp",
    **_TAIL,
}
MY_ORDER: Names = {
    **_HEAD,
    "uuid": "uid",
    "ask_bid": "ab",
    "order_type": "ot",
    "state": "s",
    "trade_uuid": "tuid",
    "price": "p",
    "avg_price": "ap",
    "volume": "v",
    "remaining_volume": "rv",
    "executed_volume": "ev",
    "trades_count": "tc",
    "reserved_fee": "rsf",
    "remaining_fee": "rmf",
    "paid_fee": "pf",
    "locked": "l",
    "executed_funds": "ef",
    "time_in_force": "tif",
    "trade_fee": "tf",
    "is_maker": "im",
    "identifier": "id",
    "smp_type": "smpt",
    "prevented_volume": "pv",
    "prevented_locked": "pl",
    "trade_timestamp": "ttms",
    "order_timestamp": "otms",
    **_TAIL,
}
MY_ASSET: Names = {
    "type": "ty",
    "asset_uuid": "astuid",
    "assets": ("ast", {"currency": "cu", "balance": "b", "locked": "l"}),
    "asset_timestamp": "asttms",
    **_TAIL,
}
SUBSCRIPTIONS: Names = {
    "method": "mthd",
    "result": ("rslt", {"type": "ty", "codes": "cds", "level": "lv"}),
    "ticket": "tckt",
}


def names_of(kind: str) -> Names:
    """Give the table of one type of data."""
    match kind:
        case "ticker":
            return TICKER
        case "trade":
            return TRADE
        case "orderbook":
            return ORDERBOOK
        case "myOrder":
            return MY_ORDER
        case "myAsset":
            return MY_ASSET
        case _:
            return CANDLE
