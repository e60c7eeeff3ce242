"""Every rule an order can break, by the name of its refusal."""

import json
from decimal import Decimal
from typing import Any

import pytest

from sandbox.client import Client, at, client_of, error_of, flat_tape, token
from upbit_sandbox import Request

LIMIT = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000", "volume": "1"}
BUY = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "10000"}
SELL = {"market": "KRW-BTC", "side": "ask", "ord_type": "market", "volume": "1"}


@pytest.fixture
def client() -> Client:
    tape = flat_tape("KRW-BTC", [10_000.0] * 5)
    return client_of([tape], at(1), coins={"BTC": Decimal(200_000)})


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({**BUY, "market": ""}, "validation_error"),
        ({**BUY, "side": "buy"}, "validation_error"),
        ({**BUY, "ord_type": "best"}, "validation_error"),
        ({**BUY, "market": "KRW-NONE"}, "notfoundmarket"),
        ({**BUY, "time_in_force": "ioc"}, "invalid_time_in_force"),
        ({**BUY, "smp_type": "reduce"}, "invalid_parameter"),
        ({**BUY, "volume": "1"}, "create_bid_error"),
        ({**BUY, "side": "ask"}, "create_ask_error"),
        ({**SELL, "price": "10000"}, "create_ask_error"),
        ({**SELL, "side": "bid"}, "create_bid_error"),
        ({**BUY, "price": "0"}, "invalid_parameter"),
        ({**BUY, "price": "-1"}, "invalid_parameter"),
        ({**BUY, "price": "NaN"}, "invalid_parameter"),
        ({**BUY, "price": "1e999999"}, "invalid_parameter"),
        ({**BUY, "price": "4999.99"}, "under_min_total_bid"),
        ({**BUY, "price": "1000000001"}, "over_krw_funds_bid"),
        ({**BUY, "price": "9995003"}, "insufficient_funds_bid"),
        ({**SELL, "volume": "0.49999999"}, "under_min_total_ask"),
        ({**SELL, "volume": "100001"}, "over_krw_funds_ask"),
        ({**SELL, "volume": "0.123456789"}, "invalid_volume_ask"),
        ({**LIMIT, "side": "ask", "volume": "0.4"}, "under_min_total_ask"),
        ({**LIMIT, "price": "10005"}, "invalid_price_bid"),
        ({**LIMIT, "price": "9999", "side": "ask"}, "invalid_price_ask"),
        ({**LIMIT, "volume": "0.4"}, "under_min_total_bid"),
        ({**LIMIT, "volume": "100000.1"}, "over_krw_funds_bid"),
        ({**LIMIT, "volume": "1000"}, "insufficient_funds_bid"),
        ({**BUY, "identifier": "x" * 65}, "validation_error"),
    ],
)
def test_refusal(client: Client, body: dict[str, Any], name: str) -> None:
    before = client.balances()
    assert error_of(client.post(body)) == name
    assert client.last.status == 400
    assert client.balances() == before


def test_selling_more_than_held_is_refused() -> None:
    client = client_of([flat_tape("KRW-BTC", [10_000.0] * 3)], at(1), coins={"BTC": Decimal(1)})
    assert error_of(client.sell("1.00000001")) == "insufficient_funds_ask"
    client.sell("0.6")
    assert error_of(client.sell("0.6")) == "insufficient_funds_ask"


def test_whole_balance_can_be_spent_up_to_the_fee(client: Client) -> None:
    assert client.buy("9995002")["locked"] == "9999999.501"
    assert client.balances()["KRW"] == ("0.499", "9999999.501")


def test_amounts_may_come_as_client_libraries_write_them(client: Client) -> None:
    assert client.limit("bid", "10000.0", "1e+0")["volume"] == "1"
    assert client.post({**BUY, "price": 10000})["price"] == "10000"
    assert client.buy("5094.9")["price"] == "5094.9"


def test_identifier_finds_the_order_and_uuid_wins(client: Client) -> None:
    first, second = client.buy("10000", identifier="a"), client.buy("10000", identifier="b")
    assert client.get("/v1/order", "identifier=b")["uuid"] == second["uuid"]
    both = client.get("/v1/order", f"identifier=b&uuid={first['uuid']}")
    assert both["uuid"] == first["uuid"]
    assert client.delete("identifier=a")["uuid"] == first["uuid"]
    assert error_of(client.get("/v1/order", "identifier=c")) == "order_not_found"
    assert client.last.status == 404


def test_identifier_is_burnt_by_a_rejected_attempt_too(client: Client) -> None:
    assert error_of(client.buy("1", identifier="a")) == "under_min_total_bid"
    assert error_of(client.buy("10000", identifier="a")) == "duplicated_identifier"
    assert error_of(client.get("/v1/order", "identifier=a")) == "order_not_found"


def test_identifier_of_a_finished_order_stays_burnt(client: Client) -> None:
    client.buy("10000", identifier="a")
    client.set_clock(at(3))
    assert error_of(client.buy("10000", identifier="a")) == "duplicated_identifier"


def test_open_orders_are_listed_newest_first_in_pages(client: Client) -> None:
    placed = [client.limit("bid", "9000", "1")["uuid"] for _ in range(3)]
    listed = [order["uuid"] for order in client.get("/v1/orders/open", "market=KRW-BTC")]
    assert listed == placed[::-1]
    assert "trades" not in client.get("/v1/orders/open")[0]
    paged = client.get("/v1/orders/open", "states[]=wait&page=2&limit=2&order_by=asc")
    assert [order["uuid"] for order in paged] == placed[2:]
    assert client.get("/v1/orders/open", "state=watch") == []
    assert error_of(client.get("/v1/orders/open", "state=done")) == "validation_error"
    assert error_of(client.get("/v1/orders/open", "limit=0")) == "validation_error"


def test_order_chance_offers_what_is_matched(client: Client) -> None:
    body = client.get("/v1/orders/chance", "market=KRW-BTC")
    assert body["bid_fee"] == body["ask_fee"] == "0.0005"
    assert body["market"]["bid"] == {"currency": "KRW", "min_total": "5000"}
    assert body["market"]["bid_types"] == ["limit", "price"]
    assert body["market"]["ask_types"] == ["limit", "market"]
    assert body["market"]["max_total"] == "1000000000"
    assert body["ask_account"]["balance"] == "200000"
    assert error_of(client.get("/v1/orders/chance", "market=KRW-X")) == "notfoundmarket"
    assert error_of(client.get("/v1/orders/chance")) == "validation_error"


def test_form_body_is_no_longer_an_order(client: Client) -> None:
    request = Request(
        "POST", "/v1/orders", headers={"authorization": token("a=b")}, body=b"market=KRW-BTC"
    )
    assert error_of(client.send(request)) == "bad_request"


def test_half_of_a_surrogate_pair_is_no_text(client: Client) -> None:
    body = b'{"market":"KRW-BTC","identifier":"\\ud800"}'
    answer = client.sandbox.handle(Request("POST", "/v1/orders", body=body))
    assert (answer.status, error_of(json.loads(answer.body))) == (400, "bad_request")
