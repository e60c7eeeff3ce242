"""Bodies against recorded ones: every recorded key is there, with the recorded type."""

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sandbox.client import T0, Client, at, client_of, flat_tape
from sandbox.recorded import data_folder
from upbit_sandbox import Tape
from upbit_sandbox.base.clock import parse_time
from upbit_sandbox.prices.files import read_tape
from upbit_sandbox.prices.synthetic import synthetic_minutes

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
TRADE = {"market": "KRW-BTC", "trade_date_utc": "2025-06-27", "ask_bid": "BID", "sequential_id": 1}
CHANCE = {"bid_fee": "0.0005", "market": {"id": "KRW-BTC", "max_total": "1000000000.0"}}
FILL = {"market": "KRW-BTC", "price": "1.0", "volume": "1.0", "funds": "1.0", "side": "ask"}
ERROR = {"error": {"message": "market does not have a valid value", "name": "validation_error"}}
CAUTION = {"PRICE_FLUCTUATIONS": False, "CONCENTRATION_OF_SMALL_ACCOUNTS": False}
LISTED = {"market": "KRW-BTC", "market_event": {"warning": False, "caution": CAUTION}}


class Sample(NamedTuple):
    """A recorded body: what the sandbox answers there, and which of its fields differ, and why.

    `otherwise` stands in for the file where there are no recordings.
    """

    ours: Callable[[Client], Any]
    otherwise: Any
    but: dict[str, str] = {}  # noqa: RUF012 - never changed


def quoted(target: str) -> Callable[[Client], Any]:
    path, _, query = target.partition("?")
    return lambda client: client.quote(path, query)


def sell(client: Client) -> Any:
    return client.limit("ask", "600.0", "20.0", "KRW-XRP")


def buy(client: Client) -> Any:
    return client.limit("bid", "500.0", "20.0", "KRW-XRP")


def waiting(client: Client) -> Any:
    sell(client)
    return client.get("/v1/orders/open")


def cancelled(client: Client) -> Any:
    return client.delete(f"uuid={sell(client)['uuid']}")


def cancelled_detail(client: Client) -> Any:
    uuid = sell(client)["uuid"]
    client.delete(f"uuid={uuid}")
    return client.order(uuid)


def sold(client: Client) -> str:
    uuid: str = client.sell("20", "KRW-XRP")["uuid"]
    client.set_clock(at(4))
    return uuid


def sold_list(client: Client) -> Any:
    sold(client)
    return client.get("/v1/orders/closed")


def filled_detail(client: Client) -> Any:
    uuid = client.limit("ask", "590", "20", "KRW-XRP")["uuid"]
    client.set_clock(at(4))
    return client.order(uuid)


def unreadable(client: Client) -> Any:
    return client.post({"side": "bid", "ord_type": "price", "price": "5000"})


MINUTES = Sample(quoted("/v1/candles/minutes/1?market=KRW-BTC"), [CANDLE])
CREATED = "avg_price is in no answer to a creation today"
EDITED = "the recording's author edited it: the exchange answers a number"
PRICES = ("opening_price", "high_price", "low_price", "trade_price", "prev_closing_price")
SAMPLES = {
    "candles_days_KRW-BTC_2023.csv": Sample(
        quoted("/v1/candles/days?market=KRW-BTC"),
        [{"market": "KRW-BTC", "prev_closing_price": 1.0, "change_rate": 0.1}],
        {"": "the row number of who saved the table"},
    ),
    "candles_minutes1_latest_306_markets_20240321.json": MINUTES,
    "candles_minutes_upbit_1m_20200220_170000-20200220_202000.json": MINUTES,
    "candles_minutes_upbit_1m_20200220_202000-20200220_210000.json": MINUTES,
    "candles_minutes_upbit_3m_20200220_170000-20200220_200000.json": Sample(
        quoted("/v1/candles/minutes/3?market=KRW-BTC"), [CANDLE]
    ),
    "ccxt_pr20325_order_price_wait.json": Sample(
        lambda client: client.buy("10000"),
        {key: ORDER[key] for key in ORDER if "volume" not in key},
        {"trades_count": "ccxt wrote every number of its dump as a text"},
    ),
    "docs_Account_Account_info.json": Sample(lambda client: client.get("/v1/accounts"), [ACCOUNT]),
    "docs_Order_Order_cancel.json": Sample(cancelled, ORDER),
    "docs_Order_Order_chance.json": Sample(
        lambda client: client.get("/v1/orders/chance", "market=KRW-XRP"),
        CHANCE,
        {
            "market.bid.price_unit": "gone since 2022",
            "market.ask.price_unit": "gone since 2022",
            "market.bid.min_total": "a text today",
            "market.ask.min_total": "a text today",
        },
    ),
    "docs_Order_Order_info.json": Sample(filled_detail, {**ORDER, "trades": [FILL]}),
    "docs_Order_Order_new.json": Sample(buy, ORDER, {"avg_price": CREATED}),
    "docs_Trade_Trade_ticker.json": Sample(quoted("/v1/ticker?markets=KRW-BTC"), [TICKER]),
    "jkorf_candles_seconds.json": Sample(
        quoted("/v1/candles/seconds?market=KRW-BTC"),
        [{key: value for key, value in CANDLE.items() if key != "unit"}],
    ),
    "jkorf_market_all.json": Sample(quoted("/v1/market/all?is_details=true"), [LISTED]),
    "jkorf_orderbook.json": Sample(
        quoted("/v1/orderbook?markets=KRW-BTC"), [{**BOOK, "orderbook_units": [UNIT]}]
    ),
    "jkorf_orderbook_instruments.json": Sample(
        quoted("/v1/orderbook/instruments?markets=KRW-BTC"),
        [{"market": "KRW-BTC", "quote_currency": "KRW", "supported_levels": ["1"]}],
        {"tick_size": "the recording's author edited it: the exchange answers a text"},
    ),
    "jkorf_ticker.json": Sample(
        quoted("/v1/ticker?markets=KRW-BTC"),
        [TICKER],
        dict.fromkeys((*PRICES, "signed_change_price"), EDITED),
    ),
    "jkorf_trades_ticks.json": Sample(quoted("/v1/trades/ticks?market=KRW-BTC"), [TRADE]),
    "pyupbit_accounts.json": Sample(lambda client: client.get("/v1/accounts"), [ACCOUNT]),
    "pyupbit_issue32_error.json": Sample(unreadable, ERROR),
    "pyupbit_order_ask_limit_cancel_detail.json": Sample(cancelled_detail, {**ORDER, "trades": []}),
    "pyupbit_order_ask_limit_wait.json": Sample(sell, ORDER),
    "pyupbit_order_ask_limit_wait_list.json": Sample(waiting, [ORDER]),
    "pyupbit_order_ask_market_done_list.json": Sample(
        sold_list, [{**ORDER, "price": None}], {"price": "left out where it does not apply"}
    ),
    "pyupbit_order_bid_limit_wait.json": Sample(buy, ORDER),
    "pyupbit_order_cancel_response.json": Sample(cancelled, ORDER),
}
FRAMES = "frames of the streams, whose codes were edited: for their shape only"
NOT_BODIES = {
    "ORIGIN.md": "says where the samples are from",
    "jkorf_ws_kline.txt": FRAMES,
    "jkorf_ws_orderbook.txt": FRAMES,
    "jkorf_ws_tickers.txt": FRAMES,
    "jkorf_ws_trades.txt": FRAMES,
}


def shape(value: Any, but: dict[str, str], where: str = "") -> Any:
    """Keys with their JSON types, lists by their first element; without the fields that differ."""
    match value:
        case dict():
            paths = {key: f"{where}.{key}".lstrip(".") for key in value}
            kept = {key: path for key, path in paths.items() if path not in but}
            return {key: shape(value[key], but, path) for key, path in kept.items()}
        case list():
            return [shape(item, but, where) for item in value[:1]]
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
    return "null"


def narrowed(ours: Any, recorded: Any) -> Any:
    """Our body without the keys that the recorded one does not have."""
    if isinstance(ours, dict) and isinstance(recorded, dict):
        return {key: narrowed(ours[key], recorded[key]) for key in recorded if key in ours}
    if isinstance(ours, list) and isinstance(recorded, list) and ours and recorded:
        return [narrowed(ours[0], recorded[0])]
    return ours


def client() -> Client:
    tapes = [flat_tape("KRW-XRP", [600.0] * 5), flat_tape("KRW-BTC", [1e8] * 5)]
    return client_of(tapes, at(2), coins={"XRP": Decimal(100)})


def recording(name: str, otherwise: Any) -> Any:
    """A recorded body by its file's name, what stands in for it where there is none."""
    folder = data_folder()
    path = None if folder is None else folder / "api_samples" / name
    if path is None or not path.is_file():
        return otherwise
    return read(path)


def read(path: Path) -> Any:
    if path.suffix != ".csv":
        return json.loads(path.read_text(encoding="utf-8"))
    with path.open(encoding="utf-8") as lines:
        return [{key: number(text) for key, text in row.items()} for row in csv.DictReader(lines)]


def number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


@pytest.mark.parametrize("name", SAMPLES)
def test_answer_has_the_keys_and_types_of_a_recorded_one(name: str) -> None:
    sample = SAMPLES[name]
    ours, recorded = sample.ours(client()), recording(name, sample.otherwise)
    wanted = shape(recorded, sample.but)
    assert shape(narrowed(ours, recorded), sample.but) == wanted
    assert wanted
    for path in sample.but if recording(name, None) else ():
        assert at_path(ours, path) != at_path(recorded, path), f"{path} does not differ"


def at_path(body: Any, path: str) -> Any:
    """The type of a field, by its path."""
    found = body[0] if isinstance(body, list) else body
    for key in path.split("."):
        found = found.get(key, "absent") if isinstance(found, dict) else "absent"
    return shape(found, {}) if found != "absent" else found


def test_every_recorded_body_is_compared_or_told_why_not() -> None:
    folder = data_folder()
    recorded = None if folder is None else folder / "api_samples"
    if recorded is None or not recorded.is_dir():
        pytest.skip("there are no recordings here")
    assert {path.name for path in recorded.iterdir()} == SAMPLES.keys() | NOT_BODIES.keys()


def test_limit_buy_locks_what_was_locked_in_2021() -> None:
    tape = flat_tape("KRW-XRP", [613.0] * 3)
    recorded = recording(
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
    assert Decimal(ours["locked"]) == Decimal(recorded["locked"])
    assert Decimal(ours["reserved_fee"]) == Decimal(recorded["reserved_fee"])


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
    now_s = max(hours) + 3_600
    market = client_of([minutes], now_s).sandbox.venue.markets["KRW-BTC"]
    ours: dict[int, tuple[float, ...]] = {}
    for row in map(json.loads, market.rows(60, now_s, None, len(hours))):
        start_s = int(parse_time(row["candle_date_time_utc"]))
        ours[start_s] = tuple(row[key] for key in PRICES[:4])
    assert len(ours) > 40
    assert ours == hours
