"""What is announced of markets: warnings, maintenance in which nothing trades, a delisting."""

from typing import Any

import pytest

from sandbox.client import T0, Client, at, client_of, flat_tape
from upbit_sandbox import Options, Sandbox, Tape
from upbit_sandbox.base.clock import VirtualClock
from upbit_sandbox.prices.listing import CAUTIONS, listings_body, read_listings
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.synthetic import synthetic_market

PATH = "/sandbox/markets"
M1 = "/v1/candles/minutes/1"
WINDOW = [["2025-09-01T00:10:00Z", "2025-09-01T00:20:00Z"]]


def replay(now_s: float, **options: Any) -> Client:
    tapes = [flat_tape(code, [1_000.0 + n for n in range(60)]) for code in ("KRW-BTC", "KRW-ETH")]
    return client_of(tapes, now_s, **options)


def minutes(client: Client) -> list[int]:
    rows = client.quote(M1, "market=KRW-BTC&count=200")
    return [int(row["candle_date_time_utc"][14:16]) for row in rows[::-1]]


def test_upbit_3_7_market_event_tells_warning_and_cautions() -> None:
    """market_event has a warning and five cautions, each true or false."""
    client = replay(at(5))
    client.control("PUT", PATH, {"KRW-BTC": {"warning": True, "cautions": ["PRICE_FLUCTUATIONS"]}})
    btc, eth = client.quote("/v1/market/all", "is_details=true")
    assert btc["market_event"]["warning"] is True
    assert btc["market_event"]["caution"] == dict.fromkeys(CAUTIONS, False) | {
        "PRICE_FLUCTUATIONS": True
    }
    assert eth["market_event"] == {"warning": False, "caution": dict.fromkeys(CAUTIONS, False)}


def test_upbit_7_nothing_trades_in_a_maintenance() -> None:
    """In a maintenance there are no trades and no candles."""
    client = replay(at(30))
    client.control("PUT", PATH, {"KRW-BTC": {"maintenance": WINDOW}})
    assert minutes(client) == [*range(10), *range(20, 30)]
    trades = client.quote("/v1/trades/ticks", "market=KRW-BTC&count=500")
    assert not [t for t in trades if "00:10:00" <= t["trade_time_utc"] < "00:20:00"]
    tens = client.quote("/v1/candles/minutes/10", "market=KRW-BTC&count=9")
    assert [row["candle_date_time_utc"][14:16] for row in tens] == ["20", "00"]
    client.control("PUT", PATH, {})
    assert minutes(client) == [*range(30)]


def test_order_fills_once_a_maintenance_is_called_off() -> None:
    # given an order that looked for its fill while the market was in maintenance
    client = replay(at(9.5))
    client.control("PUT", PATH, {"KRW-BTC": {"maintenance": WINDOW}})
    uuid = client.buy("10000")["uuid"]
    client.set_clock(at(12))
    assert client.order(uuid)["state"] == "wait"
    # when there is none after all
    client.control("PUT", PATH, {})
    client.set_clock(at(12.5))
    # then it has traded as it would have without
    assert client.order(uuid)["trades"][0]["price"] == "1010"
    assert client.order(uuid)["trades"][0]["created_at"] == "2025-09-01T09:10:00+09:00"


def test_ticker_stands_still_while_a_market_is_in_maintenance() -> None:
    client = replay(at(9))
    client.control("PUT", PATH, {"KRW-BTC": {"maintenance": WINDOW}})
    for minute in (10, 15.5, 20):
        client.set_clock(at(minute))
        btc, eth = client.quote("/v1/ticker/all", "quote_currencies=KRW")
        assert btc["trade_price"] == 1_009.0
        assert eth["trade_price"] >= 1_009.0
    client.set_clock(at(21))
    assert client.quote("/v1/ticker", "markets=KRW-BTC")[0]["trade_price"] == 1_020.0


def test_history_of_coarser_candles_loses_only_what_lies_whole_in_a_maintenance() -> None:
    hours = flat_tape("KRW-BTC", [1.0, 2.0, 3.0, 4.0], unit_min=60)
    market = Market([flat_tape("KRW-BTC", [None] * 300 + [9.0]), hours])
    closed = market.with_closures(((at(30), at(120)),))
    prices = [one.price for one in closed.market_trades(T0, at(400))]
    assert sorted(set(prices)) == [1.0, 3.0, 4.0, 9.0]


def test_growing_market_does_not_trade_in_a_maintenance_to_come() -> None:
    market = synthetic_market("KRW-BTC", 7, T0, T0 + 3_600)
    client = Client(Sandbox([market], VirtualClock(T0 + 3_000), Options()))
    days = [["2025-09-03T00:00:00Z", "2025-09-04T00:00:00Z"]]
    client.control("PUT", PATH, {"KRW-BTC": {"maintenance": days}})
    for day in (1, 2.5, 4):
        client.set_clock(T0 + day * 86_400)
        client.quote("/v1/ticker", "markets=KRW-BTC")
    dates = [row["candle_date_time_utc"][8:10] for row in
             client.quote("/v1/candles/days", "market=KRW-BTC&count=9")]  # fmt: skip
    assert dates == ["04", "02", "01"]
    tape = client.sandbox.venue.markets["KRW-BTC"].tape
    assert [s for s in tape.starts if s >= T0 + 3 * 86_400] == [
        s for s in market.tape.starts if s >= T0 + 3 * 86_400
    ]


def test_exchanges_that_share_a_market_announce_each_for_itself() -> None:
    market = Market([flat_tape("KRW-BTC", [1_000.0] * 60)])
    one, other = (Client(Sandbox([market], VirtualClock(at(30)))) for _ in range(2))
    one.control("PUT", PATH, {"KRW-BTC": {"maintenance": WINDOW}})
    assert (len(minutes(one)), len(minutes(other))) == (20, 30)


@pytest.mark.parametrize(
    "target",
    [
        "/v1/ticker?markets=KRW-ETH,KRW-BTC",
        "/v1/orderbook?markets=KRW-BTC",
        "/v1/orderbook/instruments?markets=KRW-BTC",
        "/v1/trades/ticks?market=KRW-BTC",
        "/v1/candles/days?market=KRW-BTC",
        "/v1/candles/seconds?market=KRW-BTC",
    ],
)
def test_upbit_11_a_delisted_market_is_an_unknown_code(target: str) -> None:
    """When a market is delisted its quotes turn into 404, and a call with several fails whole."""
    client = replay(at(5))
    client.control("PUT", PATH, {"KRW-BTC": {"delisted": "2025-09-01T00:06:00Z"}})
    path, _, query = target.partition("?")
    client.quote(path, query)
    assert client.last.status == 200
    client.set_clock(at(6))
    assert client.quote(path, query) == {"error": {"name": 404, "message": "Code not found"}}
    assert client.last.status == 404


def test_delisted_market_leaves_the_lists() -> None:
    client = replay(at(5))
    client.control("PUT", PATH, {"KRW-BTC": {"delisted": at(5)}})
    assert [row["market"] for row in client.quote("/v1/market/all")] == ["KRW-ETH"]
    rows = client.quote("/v1/ticker/all", "quote_currencies=KRW")
    assert [row["market"] for row in rows] == ["KRW-ETH"]


WHOLE = {
    "KRW-BTC": {
        "warning": True,
        "cautions": list(CAUTIONS[:2]),
        "maintenance": WINDOW,
        "delisted": "2026-01-01T00:00:01Z",
    }
}


def test_what_is_announced_is_read_as_it_was_written() -> None:
    client = replay(at(5))
    assert client.control("GET", PATH) == {}
    assert client.control("PUT", PATH, WHOLE) == WHOLE
    assert client.control("GET", PATH) == WHOLE
    assert listings_body(read_listings(WHOLE, "listings")) == WHOLE


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the body: must be an object"),
        ({"KRW-NONE": {}}, "the body: KRW-NONE is not a market here"),
        ({"KRW-BTC": 1}, "the body.KRW-BTC: must be an object"),
        ({"KRW-BTC": {"warned": True}}, "the body.KRW-BTC: has no field warned"),
        ({"KRW-BTC": {"warning": 1}}, "the body.KRW-BTC.warning: must be true or false"),
        ({"KRW-BTC": {"cautions": ["HOT"]}}, "the body.KRW-BTC.cautions: must be among"),
        ({"KRW-BTC": {"cautions": [[]]}}, "the body.KRW-BTC.cautions: must be among"),
        ({"KRW-BTC": {"maintenance": [["2025"]]}}, "the body.KRW-BTC.maintenance[0]: must be two"),
        (
            {"KRW-BTC": {"maintenance": [[T0, T0]]}},
            "the body.KRW-BTC.maintenance: must be in order",
        ),
        ({"KRW-BTC": {"maintenance": [[T0, T0 + 1]]}}, "maintenance[0]: must be a whole minute"),
        ({"KRW-BTC": {"delisted": T0 + 0.5}}, "delisted: must be a whole second"),
        ({"KRW-BTC": {"delisted": "soon"}}, "delisted: must be epoch seconds or ISO 8601"),
    ],
)
def test_malformed_announcements_are_refused_and_change_nothing(body: Any, message: str) -> None:
    client = replay(at(5))
    client.control("PUT", PATH, WHOLE)
    error = client.control("PUT", PATH, body)["error"]
    assert client.last.status == 400
    assert message in error["message"]
    assert client.control("GET", PATH) == WHOLE


def test_tape_keeps_what_no_window_touches() -> None:
    tape = flat_tape("KRW-BTC", [float(n + 1) for n in range(10)])
    kept = tape.without(((at(2), at(4)), (at(6), at(7))))
    assert list(kept.closes) == [1.0, 2.0, 5.0, 6.0, 8.0, 9.0, 10.0]
    assert isinstance(kept, Tape)
    assert list(tape.without(((at(-5), at(0.5)),)).closes) == [float(n) for n in range(2, 11)]
