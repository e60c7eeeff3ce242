"""Every rule an order can break, by the name of its refusal."""

import json
from decimal import Decimal
from typing import Any

import pytest

from sandbox.client import Client, at, client_of, error_of, flat_tape, token
from upbit_sandbox import Request
from upbit_sandbox.prices.listing import Listing

LIMIT = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "10000", "volume": "1"}
BUY = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "10000"}
SELL = {"market": "KRW-BTC", "side": "ask", "ord_type": "market", "volume": "1"}
REPLACEMENT = {"new_ord_type": "limit", "new_price": "9100", "new_volume": "1"}


@pytest.fixture
def client() -> Client:
    tape = flat_tape("KRW-BTC", [10_000.0] * 5)
    return client_of([tape], at(1), coins={"BTC": Decimal(200_000)})


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({**BUY, "market": ""}, "validation_error"),
        ({**BUY, "side": "buy"}, "validation_error"),
        ({**BUY, "ord_type": "stop"}, "validation_error"),
        ({**BUY, "market": "KRW-NONE"}, "notfoundmarket"),
        ({**BUY, "time_in_force": "ioc"}, "invalid_time_in_force"),
        ({**BUY, "smp_type": "expire"}, "invalid_parameter"),
        ({**BUY, "smp_type": 1}, "invalid_parameter"),
        ({**BUY, "stop_price": "1"}, "invalid_parameter"),
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
def test_upbit_5_each_rule_has_its_refusal(client: Client, body: dict[str, Any], name: str) -> None:
    """A refused order answers 400 with the name of the rule it breaks, and locks nothing."""
    before = client.balances()
    assert error_of(client.post(body)) == name
    assert client.last.status == 400
    assert client.balances() == before


def test_selling_more_than_held_is_refused() -> None:
    client = client_of([flat_tape("KRW-BTC", [10_000.0] * 3)], at(1), coins={"BTC": Decimal(1)})
    assert error_of(client.sell("1.00000001")) == "insufficient_funds_ask"
    client.sell("0.6")
    assert error_of(client.sell("0.6")) == "insufficient_funds_ask"


def test_upbit_2_a_buy_locks_its_total_and_the_fee_on_top(client: Client) -> None:
    """A buy locks its total with the fee on top, so a whole balance B buys for B / 1.0005."""
    assert client.buy("9995002")["locked"] == "9999999.501"
    assert client.balances()["KRW"] == ("0.499", "9999999.501")


def test_amounts_may_come_as_client_libraries_write_them(client: Client) -> None:
    assert client.limit("bid", "10000.0", "1e+0")["volume"] == "1"
    assert client.post({**BUY, "price": 10000})["price"] == "10000"
    assert client.buy("5094.9")["price"] == "5094.9"


def test_upbit_3_4_identifier_finds_the_order_and_uuid_wins(client: Client) -> None:
    """An order is found by uuid or identifier, the uuid wins, and 404 says that there is none."""
    first, second = client.buy("10000", identifier="a"), client.buy("10000", identifier="b")
    assert client.get("/v1/order", "identifier=b")["uuid"] == second["uuid"]
    both = client.get("/v1/order", f"identifier=b&uuid={first['uuid']}")
    assert both["uuid"] == first["uuid"]
    assert client.delete("identifier=a")["uuid"] == first["uuid"]
    assert error_of(client.get("/v1/order", "identifier=c")) == "order_not_found"
    assert client.last.status == 404


def test_upbit_3_3_identifier_is_burnt_by_a_rejected_attempt_too(client: Client) -> None:
    """An identifier cannot be sent again, whether or not the first attempt made an order."""
    assert error_of(client.buy("1", identifier="a")) == "under_min_total_bid"
    assert error_of(client.buy("10000", identifier="a")) == "duplicated_identifier"
    assert error_of(client.get("/v1/order", "identifier=a")) == "order_not_found"


def test_upbit_3_3_identifier_of_a_finished_order_stays_burnt(client: Client) -> None:
    """An identifier is unique over all orders for ever, finished ones included."""
    client.buy("10000", identifier="a")
    client.set_clock(at(3))
    assert error_of(client.buy("10000", identifier="a")) == "duplicated_identifier"


def test_upbit_3_4_open_orders_are_listed_newest_first_in_pages(client: Client) -> None:
    """orders/open lists what waits, newest first, in pages of at most 100, without trades."""
    placed = [client.limit("bid", "9000", "1")["uuid"] for _ in range(3)]
    listed = [order["uuid"] for order in client.get("/v1/orders/open", "market=KRW-BTC")]
    assert listed == placed[::-1]
    assert "trades" not in client.get("/v1/orders/open")[0]
    paged = client.get("/v1/orders/open", "states[]=wait&page=2&limit=2&order_by=asc")
    assert [order["uuid"] for order in paged] == placed[2:]
    assert client.get("/v1/orders/open", "state=watch") == []
    assert error_of(client.get("/v1/orders/open", "state=done")) == "validation_error"
    assert error_of(client.get("/v1/orders/open", "limit=0")) == "validation_error"


def test_upbit_3_1_order_chance_offers_every_kind(client: Client) -> None:
    """orders/chance tells fees, limits and the kinds of order of each side."""
    body = client.get("/v1/orders/chance", "market=KRW-BTC")
    assert body["bid_fee"] == body["ask_fee"] == "0.0005"
    assert body["maker_bid_fee"] == body["maker_ask_fee"] == "0.0005"
    assert body["market"]["bid"] == {"currency": "KRW", "min_total": "5000"}
    best_and_limit = ["best_fok", "best_ioc", "limit", "limit_fok", "limit_ioc"]
    assert body["market"]["bid_types"] == [*best_and_limit, "price"]
    assert body["market"]["ask_types"] == [*best_and_limit, "market"]
    assert body["market"]["max_total"] == "1000000000"
    assert body["ask_account"]["balance"] == "200000"
    assert error_of(client.get("/v1/orders/chance", "market=KRW-X")) == "notfoundmarket"
    assert error_of(client.get("/v1/orders/chance")) == "validation_error"


BEST_BUY = {**BUY, "ord_type": "best"}
BEST_SELL = {**SELL, "ord_type": "best"}
KINDS: dict[str, dict[str, Any]] = {
    "limit bid": LIMIT,
    "limit ask": {**LIMIT, "side": "ask"},
    "price bid": BUY,
    "market ask": SELL,
    "best bid": BEST_BUY,
    "best ask": BEST_SELL,
}
CONDITIONS = (None, "ioc", "fok", "post_only", "gtc")
SMP_TYPES = (None, "cancel_maker", "cancel_taker", "reduce", "none")


def refusal_of(kind: str, condition: str | None, smp_type: str | None) -> str | None:
    """What the documentation says of a combination, written down another way than the rules."""
    ord_type = kind.split()[0]
    if condition == "gtc":
        return "invalid_time_in_force"
    if condition == "post_only":
        is_fine = ord_type == "limit" and smp_type in (None, "none")
        return None if is_fine else "invalid_post_only"
    if ord_type == "best":
        return None if condition in ("ioc", "fok") else "invalid_time_in_force"
    if ord_type in ("price", "market"):
        return None if condition is None else "invalid_time_in_force"
    return None


@pytest.mark.parametrize("smp_type", SMP_TYPES)
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_upbit_3_2_every_combination_of_type_condition_and_smp(
    client: Client, kind: str, condition: str | None, smp_type: str | None
) -> None:
    """ioc and fok go with limit and best, which needs one; post_only with limit without SMP."""
    wanted = {"time_in_force": condition, "smp_type": smp_type}
    given = {name: value for name, value in wanted.items() if value is not None}
    body = client.post(KINDS[kind] | given)
    refusal = refusal_of(kind, condition, smp_type)
    if refusal is not None:
        assert (client.last.status, error_of(body)) == (400, refusal)
        return
    assert (client.last.status, body["state"], body["executed_volume"]) == (201, "wait", "0")
    assert body.get("time_in_force") == condition
    default = "none" if condition == "post_only" else "cancel_maker"
    assert body["smp_type"] == (smp_type or default)
    assert body["prevented_locked"] == "0"


@pytest.mark.parametrize("kind", KINDS)
def test_upbit_3_2_a_price_or_volume_too_many_or_too_few(client: Client, kind: str) -> None:
    """Each type takes its own of price and volume, the other null or absent; else create errors."""
    body = KINDS[kind] | ({"time_in_force": "ioc"} if kind.startswith("best") else {})
    for name in ("price", "volume"):
        if name in body:
            wrong = {key: value for key, value in body.items() if key != name}
        else:
            wrong = body | {name: "10000"}
        assert error_of(client.post(wrong)) == f"create_{body['side']}_error"
    absent = body | {name: None for name in ("price", "volume") if name not in body}
    assert client.post(absent)["state"] == "wait"


def test_upbit_3_2_without_a_default_an_absent_smp_type_is_absent() -> None:
    """Until 2026-11-09 an order without smp_type had none, and the answer no such field."""
    client = client_of([flat_tape("KRW-BTC", [10_000.0] * 3)], at(1), smp_default="none")
    assert "smp_type" not in client.post(LIMIT)
    assert client.post({**LIMIT, "smp_type": "none"})["smp_type"] == "none"
    assert "smp_type" not in client.post({**LIMIT, "time_in_force": "post_only"})


def test_upbit_11_12_maintenance_refuses_orders_and_cancels(client: Client) -> None:
    """In maintenance the order routes answer 403 market_offline; what waits goes on waiting."""
    waiting = client.limit("bid", "9000", "1", identifier="a")
    window = ((at(2), at(3)),)
    client.sandbox.venue.listings.by_code["KRW-BTC"] = Listing(maintenance=window)
    client.set_clock(at(2))
    for refused in (
        client.buy("10000", identifier="b"),
        client.post(BUY, "/v1/orders/test"),
        client.delete(f"uuid={waiting['uuid']}"),
        client.post(REPLACEMENT | {"prev_order_identifier": "a"}, "/v1/orders/cancel_and_new"),
    ):
        assert error_of(refused) == "market_offline"
        assert client.last.status == 403
    failed = client.delete("", "/v1/orders/open")["failed"]
    assert failed == {
        "count": 1,
        "orders": [{"uuid": waiting["uuid"], "market": "KRW-BTC", "identifier": "a"}],
    }
    assert client.order(waiting["uuid"])["state"] == "wait"
    client.set_clock(at(3))
    assert error_of(client.buy("10000", identifier="b")) == "duplicated_identifier"
    assert client.buy("10000", identifier="c")["state"] == "wait"


def test_upbit_11_9_a_delisted_market_is_not_found(client: Client) -> None:
    """After its delisting a market is unknown to the order routes too."""
    waiting = client.limit("bid", "9000", "1")["uuid"]
    client.sandbox.venue.listings.by_code["KRW-BTC"] = Listing(delisted_s=at(2))
    client.set_clock(at(2))
    assert error_of(client.buy("10000")) == "notfoundmarket"
    assert error_of(client.get("/v1/orders/chance", "market=KRW-BTC")) == "notfoundmarket"
    assert client.delete(f"uuid={waiting}")["state"] == "wait"
    assert client.balances()["KRW"] == ("10000000", "0")


def test_upbit_3_2_form_body_is_no_longer_an_order(client: Client) -> None:
    """Since 2022-03-01 only a JSON body is an order."""
    request = Request(
        "POST", "/v1/orders", headers={"authorization": token("a=b")}, body=b"market=KRW-BTC"
    )
    assert error_of(client.send(request)) == "bad_request"


def test_half_of_a_surrogate_pair_is_no_text(client: Client) -> None:
    body = b'{"market":"KRW-BTC","identifier":"\\ud800"}'
    answer = client.sandbox.handle(Request("POST", "/v1/orders", body=body))
    assert (answer.status, error_of(json.loads(answer.body))) == (400, "bad_request")
