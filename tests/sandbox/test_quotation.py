"""Ticker, order book and market list."""

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


def test_ticker_shows_the_day_so_far(client: Client) -> None:
    [body] = client.quote("/v1/ticker", "markets=KRW-BTC")
    assert body["trade_price"] == 111.0
    assert (body["opening_price"], body["high_price"], body["low_price"]) == (101.0, 120.0, 95.0)
    assert (body["prev_closing_price"], body["change"]) == (100.0, "RISE")
    assert (body["signed_change_price"], body["signed_change_rate"]) == (11.0, 0.11)
    assert (body["highest_52_week_price"], body["highest_52_week_date"]) == (140.0, "2025-08-31")
    assert (body["lowest_52_week_price"], body["lowest_52_week_date"]) == (80.0, "2025-08-31")
    assert body["acc_trade_volume"] == 2.0
    assert body["trade_time_kst"] == "090100"


def test_ticker_takes_joined_and_repeated_markets(client: Client) -> None:
    joined = client.quote("/v1/ticker", "markets=KRW-BTC,KRW-ETH")
    repeated = client.quote("/v1/ticker", "markets=KRW-BTC&markets=KRW-ETH")
    escaped = client.quote("/v1/ticker", "markets=KRW-BTC%2CKRW-ETH")
    assert joined == repeated == escaped
    assert [body["market"] for body in joined] == ["KRW-BTC", "KRW-ETH"]


@pytest.mark.parametrize("path", ["/v1/ticker", "/v1/orderbook"])
def test_one_unknown_code_fails_the_whole_call(client: Client, path: str) -> None:
    assert error_of(client.quote(path, "markets=KRW-BTC,KRW-NONE")) == 404
    assert client.last.status == 404
    assert error_of(client.quote(path)) == 400


def test_orderbook_is_symmetrical_and_on_ticks(client: Client) -> None:
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
    assert [u["bid_price"] for u in book["orderbook_units"]] == [0.00000002, 0.00000001]


@pytest.mark.parametrize("name", ["is_details", "isDetails"])
def test_market_list_has_details_in_both_spellings(client: Client, name: str) -> None:
    plain = client.quote("/v1/market/all")
    assert [body["market"] for body in plain] == ["KRW-BTC", "KRW-ETH"]
    assert "market_event" not in plain[0]
    detailed = client.quote("/v1/market/all", f"{name}=true")
    assert detailed[0]["market_event"]["warning"] is False


def test_unknown_path_is_not_found(client: Client) -> None:
    assert error_of(client.quote("/v1/withdraws")) == 404
    assert client.last.status == 404
