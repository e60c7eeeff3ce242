"""Bodies against recorded ones: every recorded key is there, with the recorded type."""

from decimal import Decimal
from typing import Any

from sandbox.client import T0, Client, at, client_of, flat_tape
from sandbox.recorded import data_folder, sample
from upbit_sandbox import Tape
from upbit_sandbox.files import read_tape
from upbit_sandbox.synthetic import synthetic_minutes

ORDER = {
    "uuid": "u",
    "side": "ask",
    "ord_type": "limit",
    "price": "600.0",
    "state": "wait",
    "market": "KRW-XRP",
    "created_at": "2021-03-21T15:24:11+09:00",
    "volume": "20.0",
    "remaining_volume": "20.0",
    "reserved_fee": "0.0",
    "remaining_fee": "0.0",
    "paid_fee": "0.0",
    "locked": "20.0",
    "executed_volume": "0.0",
    "trades_count": 0,
}
ACCOUNT = {
    "currency": "KRW",
    "balance": "0.3",
    "locked": "0.0",
    "avg_buy_price": "0",
    "avg_buy_price_modified": True,
    "unit_currency": "KRW",
}
CANDLE = {
    "market": "KRW-BTC",
    "candle_date_time_utc": "2020-02-20T11:19:00",
    "candle_date_time_kst": "2020-02-20T20:19:00",
    "opening_price": 1.0,
    "high_price": 1.0,
    "low_price": 1.0,
    "trade_price": 1.0,
    "timestamp": 1582197598691,
    "candle_acc_trade_price": 1.0,
    "candle_acc_trade_volume": 1.0,
    "unit": 1,
}
BOOK = {"market": "KRW-BTC", "timestamp": 1, "total_ask_size": 1.0, "total_bid_size": 1.0}
UNIT = {"ask_price": 1, "bid_price": 1, "ask_size": 1.0, "bid_size": 1.0}
TICKER = {"market": "KRW-BTC", "trade_price": 1.0, "change": "RISE", "timestamp": 1}
NUMBER = (int, float)


def shape(value: Any) -> Any:
    """Keys with their JSON types, lists by their first element."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value[:1]]
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
    return "null"


def fits(ours: Any, recorded: Any) -> None:
    ours, recorded = shape(ours), shape(recorded)
    assert {key: ours.get(key) for key in recorded} == recorded


def client() -> Client:
    tapes = [flat_tape("KRW-XRP", [600.0] * 5), flat_tape("KRW-BTC", [1e8] * 5)]
    return client_of(tapes, at(2), coins={"XRP": Decimal(100)})


def test_limit_orders() -> None:
    one = client()
    recorded = sample("pyupbit_order_ask_limit_wait.json", ORDER)
    ours = one.limit("ask", "600.0", "20.0", "KRW-XRP")
    fits(ours, recorded)
    fits(
        one.get("/v1/orders/open")[0], sample("pyupbit_order_ask_limit_wait_list.json", [ORDER])[0]
    )
    fits(one.delete(f"uuid={ours['uuid']}"), sample("pyupbit_order_cancel_response.json", ORDER))
    cancelled = one.order(ours["uuid"])
    fits(cancelled, sample("pyupbit_order_ask_limit_cancel_detail.json", {**ORDER, "trades": []}))
    assert cancelled["state"] == "cancel"


def test_limit_buy_locks_what_was_locked_in_2021() -> None:
    tape = flat_tape("KRW-XRP", [613.0] * 3)
    recorded = sample(
        "pyupbit_order_bid_limit_wait.json",
        {
            **ORDER,
            "price": "613.0",
            "volume": "10.0",
            "locked": "6133.065",
            "reserved_fee": "3.065",
        },
    )
    ours = client_of([tape], at(2)).limit("bid", recorded["price"], recorded["volume"], "KRW-XRP")
    fits(ours, recorded)
    assert Decimal(ours["locked"]) == Decimal(recorded["locked"])
    assert Decimal(ours["reserved_fee"]) == Decimal(recorded["reserved_fee"])


def test_accounts() -> None:
    fits(client().get("/v1/accounts")[0], sample("pyupbit_accounts.json", [ACCOUNT])[0])


def test_candles() -> None:
    name = "candles_minutes_upbit_1m_20200220_202000-20200220_210000.json"
    fits(client().quote("/v1/candles/minutes/1", "market=KRW-BTC")[0], sample(name, [CANDLE])[0])


def test_orderbook() -> None:
    recorded = sample("jkorf_orderbook.json", [{**BOOK, "orderbook_units": [UNIT]}])[0]
    fits(client().quote("/v1/orderbook", "markets=KRW-BTC")[0], recorded)


def test_ticker() -> None:
    recorded = sample("docs_Trade_Trade_ticker.json", [TICKER])[0]
    fits(client().quote("/v1/ticker", "markets=KRW-BTC")[0], recorded)


def test_market_list() -> None:
    minimal = [{"market": "KRW-BTC", "market_event": {"warning": False}}]
    recorded = sample("jkorf_market_all.json", minimal)[0]
    ours = client().quote("/v1/market/all", "is_details=true")[0]
    ours["market_event"] = {key: ours["market_event"][key] for key in recorded["market_event"]}
    fits(ours, recorded)


def recorded_minutes_and_hours() -> tuple[Tape, dict[int, tuple[float, ...]]]:
    """A minute tape and its hours from another source: a recording, or a plain recount."""
    folder = data_folder()
    if folder is not None and (folder / "KRW-BTC_1m.parquet").is_file():
        minutes = read_tape(folder / "KRW-BTC_1m.parquet")
        hourly = read_tape(folder / "KRW-BTC_60m.parquet")
        rows = zip(
            hourly.starts, hourly.opens, hourly.highs, hourly.lows, hourly.closes, strict=True
        )
        first = minutes.starts[0]
        return minutes, {start: tuple(prices) for start, *prices in rows if start >= first}
    minutes = synthetic_minutes("KRW-BTC", 9, T0, 3_000)
    hours: dict[int, tuple[float, ...]] = {}
    rows = zip(
        minutes.starts, minutes.opens, minutes.highs, minutes.lows, minutes.closes, strict=True
    )
    for start, open_, high, low, close in rows:
        hour = start // 3600 * 3600
        before = hours.get(hour, (open_, high, low, close))
        hours[hour] = (before[0], max(before[1], high), min(before[2], low), close)
    return minutes, hours


def test_minutes_add_up_to_recorded_hours() -> None:
    minutes, hours = recorded_minutes_and_hours()
    sandbox = client_of([minutes], max(hours) + 3_600)
    ours: dict[int, tuple[float, ...]] = {}
    series = sandbox.sandbox.venue.markets["KRW-BTC"].series(60)
    for candle in series.candles:
        if candle.start_s <= max(hours):
            ours[candle.start_s] = (candle.open, candle.high, candle.low, candle.close)
    assert len(ours) > 40
    assert ours == hours
