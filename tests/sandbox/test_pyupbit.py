"""pyupbit 0.2.34 as it is, but for the module that it sends requests through."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.client import Client, at, client_of, flat_tape
from upbit_sandbox import ACCESS_KEY, SECRET_KEY, Request
from upbit_sandbox.asgi import App, call, create_app


class InProcess:
    """Stands in for the `requests` module: prepares requests as it does, sends them to the app."""

    def __init__(self, app: App) -> None:
        self._app = app

    def get(self, url: str, **parts: Any) -> requests.Response:
        return self._send("GET", url, parts)

    def post(self, url: str, **parts: Any) -> requests.Response:
        return self._send("POST", url, parts)

    def delete(self, url: str, **parts: Any) -> requests.Response:
        return self._send("DELETE", url, parts)

    def _send(self, method: str, url: str, parts: dict[str, Any]) -> requests.Response:
        prepared = requests.Request(method, url, **parts).prepare()
        assert prepared.url is not None
        split = urlsplit(prepared.url)
        body = prepared.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        headers = {name.lower(): value for name, value in prepared.headers.items()}
        answer = call(self._app, Request(method, split.path, split.query, headers, raw))
        response = requests.Response()
        response.status_code = answer.status
        response._content = answer.body
        response.headers.update(dict(answer.headers))
        return response


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    import pyupbit

    prices: list[float | None] = [float(10_000 + 10 * i) for i in range(500)]
    tapes = [flat_tape("KRW-BTC", prices), flat_tape("KRW-ETH", [5_000_000.0] * 500)]
    one = client_of(tapes, at(450), coins={"BTC": Decimal(10)})
    monkeypatch.setattr(pyupbit.request_api, "requests", InProcess(create_app(one.sandbox)))
    return one


@pytest.fixture
def upbit(client: Client) -> Any:
    import pyupbit

    return pyupbit.Upbit(ACCESS_KEY, SECRET_KEY)


def test_orders_are_placed_read_and_cancelled(client: Client, upbit: Any) -> None:
    buy = upbit.buy_market_order("KRW-BTC", 100_000)
    sell = upbit.sell_market_order("KRW-BTC", 1.5)
    limit = upbit.buy_limit_order("KRW-BTC", 9_000.0, 1e-00)
    assert [order["state"] for order in (buy, sell, limit)] == ["wait"] * 3
    assert upbit.get_order(limit["uuid"])["price"] == "9000"

    client.set_clock(at(451))
    assert upbit.get_order(buy["uuid"])["state"] == "cancel"
    assert upbit.get_individual_order(sell["uuid"])["trades"][0]["price"] == "14500"

    assert upbit.cancel_order(limit["uuid"])["state"] == "wait"
    assert upbit.get_order(limit["uuid"])["state"] == "cancel"


def test_balances_and_chance(client: Client, upbit: Any) -> None:
    assert upbit.get_balance("KRW") == 10_000_000
    assert upbit.get_balance("KRW-BTC") == 10
    assert upbit.get_balance("KRW-DOGE") == 0
    assert upbit.get_chance("KRW-BTC")["bid_fee"] == "0.0005"
    upbit.sell_limit_order("KRW-BTC", 20_000, 2)
    assert upbit.get_balance_t("KRW-BTC") == 10
    assert upbit.get_balance("KRW-BTC") == 8


def test_refusals_come_back_the_three_ways_they_do(client: Client, upbit: Any) -> None:
    assert upbit.buy_market_order("KRW-BTC", 4_000) is None  # under_min_total_bid
    body = upbit.buy_limit_order("KRW-BTC", 10_005, 1)
    assert body["error"]["name"] == "invalid_price_bid"


def test_lost_reply_is_none_although_the_order_exists(client: Client, upbit: Any) -> None:
    fault = {"method": "POST", "path": "/v1/orders", "kind": "lost_reply"}
    client.control("PUT", "/sandbox/faults", [fault])
    assert upbit.buy_market_order("KRW-BTC", 10_000) is None
    assert len(client.get("/v1/orders/open")) == 1


def test_prices_books_and_markets(client: Client) -> None:
    import pyupbit

    assert pyupbit.get_current_price("KRW-BTC") == 14_490.0
    both = pyupbit.get_current_price(["KRW-BTC", "KRW-ETH"])
    assert both == {"KRW-BTC": 14_490.0, "KRW-ETH": 5_000_000.0}
    assert pyupbit.get_orderbook("KRW-BTC")["orderbook_units"][0]["ask_price"] == 14_500.0
    assert pyupbit.get_tickers(fiat="KRW") == ["KRW-BTC", "KRW-ETH"]
    assert "market_event" in pyupbit.get_tickers(is_details=True)[0]


def test_candles_are_paged_without_doubles_or_holes(client: Client) -> None:
    import pyupbit

    frame = pyupbit.get_ohlcv(
        "KRW-BTC", "minute1", count=450, to="2025-09-01 07:20:00", period=0.001
    )
    assert len(frame) == 440
    assert frame.index.is_unique
    assert list(frame["open"]) == [float(10_000 + 10 * i) for i in range(440)]
    assert str(frame.index[-1]) == "2025-09-01 16:19:00"  # Korean time
