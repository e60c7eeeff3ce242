"""Ticker, order book and market list."""

from typing import Any

import pytest

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape
from upbit_sandbox import Tape


@pytest.fixture
def client() -> Client:
    day = [(T0 - 86_400, 90.0, 140.0, 80.0, 100.0, 3.0)]
    minutes = [(T0, 101.0, 120.0, 95.0, 110.0, 2.0), (T0 + 60, 111.0, 112.0, 90.0, 99.0, 1.0)]
    tapes = [
        Tape.of_rows("KRW-BTC", 1440, day),
        Tape.of_rows("KRW-BTC", 1, minutes),
        flat_tape("KRW-ETH", [5_000_000.0]),
    ]
    return client_of(tapes, at(1) + 1)


def test_upbit_3_7_ticker_shows_the_day_so_far(client: Client) -> None:
    """A ticker has the last trade, the UTC day so far, the change from the day before, 52 weeks."""
    [body] = client.quote("/v1/ticker", "markets=KRW-BTC")
    assert body["trade_price"] == 111.0
    assert (body["opening_price"], body["high_price"], body["low_price"]) == (101.0, 120.0, 95.0)
    assert (body["prev_closing_price"], body["change"]) == (100.0, "RISE")
    assert (body["signed_change_price"], body["signed_change_rate"]) == (11.0, 0.11)
    assert (body["highest_52_week_price"], body["highest_52_week_date"]) == (140.0, "2025-08-31")
    assert (body["lowest_52_week_price"], body["lowest_52_week_date"]) == (80.0, "2025-08-31")
    [trade] = client.quote("/v1/trades/ticks", "market=KRW-BTC")
    assert body["trade_volume"] == trade["trade_volume"]
    assert body["trade_timestamp"] == trade["timestamp"]
    assert body["acc_trade_volume"] == pytest.approx(2 + newest(client)["candle_acc_trade_volume"])
    assert body["acc_trade_volume_24h"] == pytest.approx(body["acc_trade_volume"])
    assert body["trade_time_kst"] == "090100"


def newest(client: Client) -> Any:
    return client.quote("/v1/candles/minutes/1", "market=KRW-BTC")[0]


def test_ticker_at_a_minute_is_that_of_the_closed_candles() -> None:
    minutes = [(T0, 101.0, 120.0, 95.0, 110.0, 2.0), (T0 + 60, 111.0, 112.0, 90.0, 99.0, 1.0)]
    client = client_of([Tape.of_rows("KRW-BTC", 1, minutes)], at(2))
    [body] = client.quote("/v1/ticker", "markets=KRW-BTC")
    assert (body["opening_price"], body["high_price"], body["low_price"]) == (101.0, 120.0, 90.0)
    assert (body["trade_price"], body["acc_trade_volume"]) == (99.0, 3.0)
    assert body["acc_trade_price"] == 2 * (101 + 120 + 95 + 110) / 4 + (111 + 112 + 90 + 99) / 4
    assert body["trade_timestamp"] == int(at(2)) * 1000 - 1
    assert (body["highest_52_week_price"], body["lowest_52_week_price"]) == (120.0, 90.0)


def test_upbit_3_7_ticker_all_takes_quote_currencies(client: Client) -> None:
    """ticker/all gives every market that is quoted in one of the currencies, as ticker does."""
    every = client.quote("/v1/ticker/all", "quote_currencies=BTC,KRW")
    assert every == client.quote("/v1/ticker", "markets=KRW-BTC,KRW-ETH")
    assert client.quote("/v1/ticker/all", "quote_currencies=USDT") == []
    assert error_of(client.quote("/v1/ticker/all")) == 400


def test_ticker_looks_back_24_hours_and_52_weeks() -> None:
    days = [(T0 + n * 86_400, 100.0, 200.0 - n % 7, 50.0 + n % 5, 100.0, 1.0) for n in range(400)]
    hours = [(T0 + 400 * 86_400 + n * 3_600, 100.0, 101.0, 99.0, 100.0, 0.5) for n in range(30)]
    tapes = [Tape.of_rows("KRW-BTC", 1440, days), Tape.of_rows("KRW-BTC", 60, hours)]
    client = client_of(tapes, T0 + 400 * 86_400 + 28 * 3_600)
    [body] = client.quote("/v1/ticker", "markets=KRW-BTC")
    assert body["acc_trade_volume_24h"] == 12.0
    assert body["acc_trade_volume"] == 2.0
    assert (body["highest_52_week_price"], body["highest_52_week_date"]) == (200.0, "2025-10-13")
    assert (body["lowest_52_week_price"], body["lowest_52_week_date"]) == (50.0, "2025-10-11")


def test_upbit_3_7_ticker_takes_joined_and_repeated_markets(client: Client) -> None:
    """`markets` is a list with commas, or repeated."""
    joined = client.quote("/v1/ticker", "markets=KRW-BTC,KRW-ETH")
    repeated = client.quote("/v1/ticker", "markets=KRW-BTC&markets=KRW-ETH")
    escaped = client.quote("/v1/ticker", "markets=KRW-BTC%2CKRW-ETH")
    assert joined == repeated == escaped
    assert [body["market"] for body in joined] == ["KRW-BTC", "KRW-ETH"]


@pytest.mark.parametrize("path", ["/v1/ticker", "/v1/orderbook", "/v1/orderbook/instruments"])
def test_upbit_3_7_one_unknown_code_fails_the_whole_call(client: Client, path: str) -> None:
    """One unknown code of several fails the whole call with 404 "Code not found"."""
    assert error_of(client.quote(path, "markets=KRW-BTC,KRW-NONE")) == 404
    assert client.last.status == 404
    assert error_of(client.quote(path)) == 400


def test_upbit_3_7_orderbook_has_30_units_unless_told(client: Client) -> None:
    """A book has 30 units unless count says fewer, and its totals are those of its units."""
    [book] = client.quote("/v1/orderbook", "markets=KRW-BTC&count=3")
    prices = [(u["ask_price"], u["bid_price"]) for u in book["orderbook_units"]]
    assert prices == [(112.0, 110.0), (113.0, 109.0), (114.0, 108.0)]
    assert book["total_bid_size"] == pytest.approx(
        sum(u["bid_size"] for u in book["orderbook_units"])
    )
    [book] = client.quote("/v1/orderbook", "markets=KRW-ETH")
    assert len(book["orderbook_units"]) == 30


def test_orderbook_follows_the_tick_of_each_band() -> None:
    client = client_of([flat_tape("KRW-XRP", [100.0])], at(1))
    [book] = client.quote("/v1/orderbook", "markets=KRW-XRP&count=2")
    prices = [(u["ask_price"], u["bid_price"]) for u in book["orderbook_units"]]
    assert prices == [(101.0, 99.9), (102.0, 99.8)]


def test_orderbook_of_a_nearly_worthless_coin_ends_at_the_smallest_price() -> None:
    client = client_of([flat_tape("KRW-BTT", [0.00000003])], at(1))
    [book] = client.quote("/v1/orderbook", "markets=KRW-BTT")
    bids = [(u["bid_price"], u["bid_size"]) for u in book["orderbook_units"]]
    assert len(bids) == 30
    assert [price for price, _ in bids[:3]] == [0.00000002, 0.00000001, 0.0]
    assert bids[2:] == [(0.0, 0.0)] * 28


@pytest.mark.parametrize("name", ["is_details", "isDetails"])
def test_upbit_3_7_market_list_has_details_in_both_spellings(client: Client, name: str) -> None:
    """market/all adds market_event for is_details=true, and for pyupbit's isDetails."""
    plain = client.quote("/v1/market/all")
    assert [body["market"] for body in plain] == ["KRW-BTC", "KRW-ETH"]
    assert "market_event" not in plain[0]
    detailed = client.quote("/v1/market/all", f"{name}=true")
    assert detailed[0]["market_event"]["warning"] is False


def test_unknown_path_is_not_found(client: Client) -> None:
    assert error_of(client.quote("/v1/tickers")) == 404
    assert client.last.status == 404


@pytest.mark.parametrize(
    ("price", "tick", "levels"),
    [
        (148_520_000.0, "1000", ["0", "10000", "100000", "1000000", "10000000", "100000000"]),
        (3_518_000.0, "1000", ["0", "10000", "100000", "1000000"]),
        (3_000.0, "1", ["0", "10", "100", "1000"]),
        (45.3, "0.1", ["0", "1", "10"]),
        (0.00000003, "0.00000001", ["0"]),
    ],
)
def test_upbit_3_7_instruments_tell_tick_and_levels_as_texts(
    price: float, tick: str, levels: list[str]
) -> None:
    """orderbook/instruments gives tick_size and supported_levels as texts."""
    client = client_of([flat_tape("KRW-X", [price])], at(1))
    [row] = client.quote("/v1/orderbook/instruments", "markets=KRW-X")
    assert row == {
        "market": "KRW-X",
        "quote_currency": "KRW",
        "tick_size": tick,
        "supported_levels": levels,
    }


def test_upbit_3_7_orderbook_is_grouped_by_a_level() -> None:
    """A supported level adds up the sizes within each multiple of it, away from the spread."""
    client = client_of([flat_tape("KRW-BTC", [150_003_000.0])], at(1))
    [plain] = client.quote("/v1/orderbook", "markets=KRW-BTC")
    [book] = client.quote("/v1/orderbook", "markets=KRW-BTC&level=10000")
    units = book["orderbook_units"]
    assert (plain["level"], book["level"]) == (0, 10_000)
    assert [u["ask_price"] for u in units[:3]] == [150_010_000, 150_020_000, 150_030_000]
    assert [u["bid_price"] for u in units[:3]] == [150_000_000, 149_990_000, 149_980_000]
    asks = [u["ask_size"] for u in plain["orderbook_units"]]
    assert units[0]["ask_size"] == pytest.approx(sum(asks[:7]))  # 150,004,000 to 150,010,000
    assert book["total_ask_size"] == pytest.approx(plain["total_ask_size"])


def test_upbit_3_7_orderbook_of_an_unsupported_level_is_empty(client: Client) -> None:
    """A level that the market does not support answers an empty list."""
    for level in ("7", "1", "1000", "100000000"):
        assert client.quote("/v1/orderbook", f"markets=KRW-BTC&level={level}") == []
    assert len(client.quote("/v1/orderbook", "markets=KRW-BTC&level=10")) == 1
    assert error_of(client.quote("/v1/orderbook", "markets=KRW-BTC&level=x")) == 400


def test_orderbook_shows_what_orders_have_left() -> None:
    client = client_of([flat_tape("KRW-BTC", [10_000.0] * 3)], at(1), fills="book")
    [before] = client.quote("/v1/orderbook", "markets=KRW-BTC&count=1")
    uuid = client.buy("1000000")["uuid"]
    client.set_clock(at(1) + 0.0005)
    assert client.order(uuid)["trades_count"] == 1
    [after] = client.quote("/v1/orderbook", "markets=KRW-BTC&count=1")
    taken = before["orderbook_units"][0]["ask_size"] - after["orderbook_units"][0]["ask_size"]
    assert taken == pytest.approx(1_000_000 / before["orderbook_units"][0]["ask_price"], abs=1e-7)


MISSING = "Missing request parameter error. Check the required parameters!"
TYPE = "Type mismatch error. Check the parameters type!"
RANGE = "Invalid parameter. Check the given value!"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/v1/trades/ticks", MISSING),
        ("/v1/trades/ticks?market=KRW-BTC&days_ago=0", RANGE),
        ("/v1/trades/ticks?market=KRW-BTC&days_ago=8", RANGE),
        ("/v1/trades/ticks?market=KRW-BTC&days_ago=one", TYPE),
        ("/v1/trades/ticks?market=KRW-BTC&to=246060", RANGE),
        ("/v1/trades/ticks?market=KRW-BTC&cursor=next", RANGE),
        ("/v1/trades/ticks?market=KRW-BTC&count=0", RANGE),
        ("/v1/ticker?markets=,", MISSING),
        ("/v1/orderbook?markets=KRW-BTC&count=many", TYPE),
        ("/v1/orderbook?markets=KRW-BTC&level=nan", TYPE),
        ("/v1/orderbook/instruments", MISSING),
        ("/v1/candles/minutes/2?market=KRW-BTC", "specified unit is not valid."),
    ],
)
def test_upbit_5_quotation_says_what_is_wrong_with_a_parameter(
    client: Client, target: str, message: str
) -> None:
    """The quotation API tells missing, mistyped and out-of-range parameters apart, all with 400."""
    path, _, query = target.partition("?")
    assert client.quote(path, query) == {"error": {"name": 400, "message": message}}
    assert client.last.status == 400
