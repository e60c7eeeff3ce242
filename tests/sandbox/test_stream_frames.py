"""The frames: every documented field, under both of its names, in the four formats."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from sandbox.recorded import ws_message
from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.listing import Listing
from upbit_sandbox.streams.fields import Names, names_of
from upbit_sandbox.streams.frames import (
    asset_frame,
    order_frame,
    ticker_frame,
    write,
)
from upbit_sandbox.streams.subscriptions import Format
from upbit_sandbox.trading.events import AssetEvent, Change, OrderEvent
from upbit_sandbox.trading.orders import Order, OrderType, Side, TimeInForce, Trade
from upbit_sandbox.trading.wallet import Balance

KINDS = ("ticker", "trade", "orderbook", "candle.1m", "myOrder", "myAsset")
FRAMES: dict[str, dict[str, Any]] = {
    "ticker": {"type": "ticker", "code": "KRW-BTC", "trade_date": "20250901", "timestamp": 1},
    "trade": {"type": "trade", "code": "KRW-BTC", "trade_date": "2025-09-01", "timestamp": 1},
    "orderbook": {
        "type": "orderbook",
        "code": "KRW-BTC",
        "orderbook_units": [{"ask_price": 2.0, "bid_price": 1.0, "ask_size": 4.0, "bid_size": 3.0}],
        "level": 0,
    },
}


def fields(model: Any) -> dict[str, Any]:
    """A model of the SDK by the names on the wire; of a list of models, that of one."""
    found = {}
    for name, field in model.model_fields.items():
        outer = getattr(field.annotation, "__args__", ())
        inner = [part for one in outer for part in getattr(one, "__args__", (one,))]
        models = [part for part in inner if hasattr(part, "model_fields")]
        found[field.alias or name] = fields(models[0]) if models else None
    return found


def names(table: Names, *, short: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, other in table.items():
        if isinstance(other, str):
            found[other if short else name] = None
        else:
            found[other[0] if short else name] = names(other[1], short=short)
    return found


def lacks(table: Mapping[str, Any], model: Mapping[str, Any]) -> set[str]:
    """The names of the model that the table does not have; a date's own fields do not count."""
    lacking = set(model) - set(table)
    for name, inner in model.items():
        if isinstance(inner, dict) and isinstance(table.get(name), dict):
            lacking |= lacks(table[name], inner)
    return lacking


@pytest.mark.parametrize("kind", KINDS)
def test_upbit_8_short_names_are_those_of_the_official_sdk(kind: str) -> None:
    """In the SIMPLE formats every field has its documented short name."""
    from upbit.types import websocket_message as sdk

    models = {
        "ticker": sdk.SimpleTicker,
        "trade": sdk.SimpleTrade,
        "orderbook": sdk.SimpleOrderbook,
        "candle.1m": sdk.SimpleCandle,
        "myOrder": sdk.SimpleMyOrder,
        "myAsset": sdk.SimpleMyAsset,
    }
    assert lacks(names(names_of(kind), short=True), fields(models[kind])) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_upbit_8_long_names_are_those_of_the_official_sdk(kind: str) -> None:
    """In the DEFAULT format every field has its documented name."""
    from upbit.types import connect_private_server_event as private
    from upbit.types import connect_public_server_event as public

    models = {
        "ticker": public.Ticker,
        "trade": public.Trade,
        "orderbook": public.Orderbook,
        "candle.1m": public.WsCandleResponse,
        "myOrder": private.MyOrder,
        "myAsset": private.MyAsset,
    }
    assert lacks(names(names_of(kind), short=False), fields(models[kind])) == set()


def test_upbit_8_trade_date_is_td_in_a_trade_and_tdt_in_a_ticker() -> None:
    """trade_date is shortened to td in a trade and to tdt in a ticker."""
    for kind, short in (("trade", "td"), ("ticker", "tdt")):
        written = json.loads(write(FRAMES[kind], names_of(kind), Format.SIMPLE))
        assert written == {
            "ty": kind,
            "cd": "KRW-BTC",
            short: FRAMES[kind]["trade_date"],
            "tms": 1,
        }


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (Format.DEFAULT, FRAMES["orderbook"]),
        (Format.JSON_LIST, [FRAMES["orderbook"]]),
        (
            Format.SIMPLE,
            {
                "ty": "orderbook",
                "cd": "KRW-BTC",
                "obu": [{"ap": 2.0, "bp": 1.0, "as": 4.0, "bs": 3.0}],
                "lv": 0,
            },
        ),
    ],
)
def test_upbit_8_formats_of_one_frame(form: Format, written: object) -> None:
    """A frame has long or short names down to its units, bare or as a list of one."""
    assert json.loads(write(FRAMES["orderbook"], names_of("orderbook"), form)) == written


def test_field_that_the_table_does_not_name_is_not_sent() -> None:
    frame = FRAMES["ticker"] | {"trade_date_kst": "20250902"}
    assert b"kst" not in write(frame, names_of("ticker"), Format.DEFAULT)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("jkorf_ws_tickers.txt", "ticker"),
        ("jkorf_ws_trades.txt", "trade"),
        ("jkorf_ws_orderbook.txt", "orderbook"),
        ("jkorf_ws_kline.txt", "candle.1m"),
    ],
)
def test_upbit_8_recorded_frames_have_these_fields(name: str, kind: str) -> None:
    """Frames have the fields of recorded ones, in their order."""
    message = ws_message(name)
    if message is None:
        pytest.skip("no recorded data here")
    assert [field for field in names_of(kind) if field in message] == list(message)
    assert json.loads(write(message, names_of(kind), Format.DEFAULT)) == message


TRADE = Trade(
    uuid="t",
    price=Decimal(315),
    volume=Decimal("15.87301587"),
    funds=Decimal("4999.99999905"),
    created_s=1_754_800_000.5,
    trend="up",
    is_maker=True,
)
ORDER = Order(
    uuid="o",
    market="KRW-XRP",
    side=Side.BID,
    ord_type=OrderType.LIMIT,
    price=Decimal(316),
    volume=Decimal(20),
    time_in_force=TimeInForce.IOC,
    identifier=None,
    placed_s=1_754_799_999.0,
    reserved_fee=Decimal("3.16"),
    remaining_fee=Decimal("0.66"),
    locked=Decimal("1304.7"),
    executed_volume=TRADE.volume,
    executed_funds=TRADE.funds,
    paid_fee=Decimal("2.499999999525"),
    trades=(TRADE,),
)


def test_upbit_8_my_order_of_a_trade_has_the_fills_price_volume_and_fee() -> None:
    """With state trade, price and volume are the fill's, and trade_fee and is_maker are set."""
    frame = order_frame(OrderEvent(TRADE.created_s, Change.TRADE, ORDER, TRADE), 1_754_800_001.0)
    assert (frame["state"], frame["price"], frame["volume"]) == ("trade", 315.0, 15.87301587)
    assert (frame["trade_fee"], frame["is_maker"]) == (2.499999999525, True)
    assert (frame["trade_uuid"], frame["trade_timestamp"]) == ("t", 1_754_800_000_500)
    assert (frame["order_timestamp"], frame["timestamp"]) == (1_754_799_999_000, 1_754_800_001_000)
    assert (frame["avg_price"], frame["executed_funds"]) == (315.1575, 4999.99999905)
    assert (frame["remaining_volume"], frame["trades_count"]) == (4.12698413, 1)
    assert (frame["ask_bid"], frame["order_type"], frame["time_in_force"]) == (
        "BID",
        "limit",
        "ioc",
    )


def test_upbit_8_my_order_without_a_trade_has_null_for_it() -> None:
    """Without a trade, trade_uuid, trade_fee, is_maker and trade_timestamp are null."""
    frame = order_frame(OrderEvent(0.0, Change.CANCEL, ORDER, None), 0.0)
    assert (frame["state"], frame["price"], frame["volume"]) == ("cancel", 316.0, 20.0)
    for name in ("trade_uuid", "trade_fee", "is_maker", "trade_timestamp"):
        assert frame[name] is None


def test_my_order_has_every_field_of_its_table() -> None:
    frame = order_frame(OrderEvent(0.0, Change.WAIT, ORDER, None), 0.0)
    assert set(frame) == set(names_of("myOrder"))
    assert set(asset_frame("main", AssetEvent(0.0, {}), 0.0)) == set(names_of("myAsset"))


def test_upbit_8_my_asset_numbers() -> None:
    """myAsset's amounts are numbers, and its uuid stays the same for an account."""
    event = AssetEvent(1.5, {"BTC": Balance(Decimal("0.1"), Decimal("0.2"))})
    frame = asset_frame("main", event, 2.0)
    assert frame["assets"] == [{"currency": "BTC", "balance": 0.1, "locked": 0.2}]
    assert (frame["asset_timestamp"], frame["timestamp"]) == (1500, 2000)
    assert frame["asset_uuid"] == asset_frame("main", event, 3.0)["asset_uuid"]
    assert frame["asset_uuid"] != asset_frame("other", event, 2.0)["asset_uuid"]


def test_upbit_8_ticker_tells_the_markets_state() -> None:
    """A ticker tells state, warning and the date on which the market leaves the exchange."""
    quote: dict[str, Json] = {"market": "KRW-BTC"}
    ordinary = ticker_frame(quote, {}, Listing(), 0.0)
    assert (ordinary["market_state"], ordinary["market_warning"]) == ("ACTIVE", "NONE")
    assert (ordinary["delisting_date"], ordinary["is_trading_suspended"]) == (None, False)
    leaving = Listing(warning=True, delisted_s=1_756_738_800.0, maintenance=((0.0, 2.0),))
    told = ticker_frame(quote, {}, leaving, 1.0)
    assert (told["market_state"], told["market_warning"]) == ("ACTIVE", "CAUTION")
    assert told["delisting_date"] == {"year": 2025, "month": 9, "day": 2}  # 00:00 in Seoul
    assert told["is_trading_suspended"] is True
    assert ticker_frame(quote, {}, leaving, 1_756_738_800.0)["market_state"] == "DELISTED"
