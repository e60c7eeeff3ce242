"""The order routes besides placing one: lists, cancels in numbers, replacing, trying."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape, token
from upbit_sandbox import Request

DAY = 1_440
LIMIT = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "9000", "volume": "1"}
BY_IDS = "/v1/orders/uuids"
OPEN = "/v1/orders/open"
CLOSED = "/v1/orders/closed"
REPLACE = "/v1/orders/cancel_and_new"


@pytest.fixture
def client() -> Client:
    tapes = [flat_tape(market, [10_000.0] * 5) for market in ("KRW-BTC", "KRW-ETH", "KRW-XRP")]
    return client_of(tapes, at(1), coins={"BTC": Decimal(100)})


def uuids_of(orders: list[dict[str, Any]]) -> list[str]:
    return [order["uuid"] for order in orders]


def limits(client: Client, count: int, **more: str) -> list[str]:
    return uuids_of([client.limit("bid", "9000", "1", **more) for _ in range(count)])


def with_body(client: Client, method: str, path: str) -> Any:
    """A request whose parameters are in a JSON body."""
    headers = {"authorization": token("count=1")}
    return client.send(Request(method, path, headers=headers, body=b'{"count":"1"}'))


def encoded(client: Client, path: str, query: str) -> Any:
    """A GET whose query is percent-encoded in the address and hashed as it was before."""
    headers = {"authorization": token(query)}
    return client.send(Request("GET", path, quote(query, safe="=&"), headers))


# Closed orders


def test_upbit_3_4_closed_orders_are_done_and_cancelled_ones(client: Client) -> None:
    """orders/closed lists done and cancelled orders, newest first, or those of one state."""
    done, cancelled = client.buy("10000")["uuid"], limits(client, 1)[0]
    client.delete(f"uuid={cancelled}")
    limits(client, 1)
    client.set_clock(at(2))
    assert uuids_of(client.get(CLOSED)) == [cancelled, done]
    assert uuids_of(client.get(CLOSED, "state=done")) == [done]
    assert uuids_of(client.get(CLOSED, "states[]=cancel&market=KRW-BTC")) == [cancelled]
    assert uuids_of(client.get(CLOSED, "order_by=asc&limit=1")) == [done]
    assert client.get(CLOSED, "market=KRW-ETH") == []
    assert "trades" not in client.get(CLOSED)[0]
    assert error_of(client.get(CLOSED, "state=wait")) == "validation_error"
    assert error_of(client.get(CLOSED, "state=done&states[]=done")) == "invalid_parameter"
    assert error_of(client.get(CLOSED, "order_by=up")) == "validation_error"


def test_upbit_3_4_closed_orders_are_of_seven_days(client: Client) -> None:
    """The window is at most 7 days of creation time, without any the last 7, and has no pages."""
    placed = []
    for day in range(10):
        client.set_clock(at(1 + day * DAY))
        placed += limits(client, 1)
        client.delete(f"uuid={placed[-1]}")
    assert uuids_of(client.get(CLOSED)) == placed[:1:-1]
    start, end = T0 + 60, T0 + 60 + 2 * 86_400
    assert uuids_of(client.get(CLOSED, f"start_time={start}000")) == placed[7::-1]
    assert uuids_of(client.get(CLOSED, f"end_time={end}000")) == placed[2::-1]
    both = f"start_time={start + 86_400}000&end_time={end}000&order_by=asc"
    assert uuids_of(client.get(CLOSED, both)) == placed[1:3]
    zoned = "end_time=2025-09-02T09:01:00+09:00"
    assert uuids_of(client.get(CLOSED, zoned)) == placed[1::-1]
    assert uuids_of(encoded(client, CLOSED, zoned)) == placed[1::-1]
    for wrong in (
        f"start_time={start}000&end_time={start + 7 * 86_400 + 1}000",
        f"start_time={end}000&end_time={start}000",
        "start_time=soon",
    ):
        assert error_of(client.get(CLOSED, wrong)) == "invalid_parameter"


# By ids


def test_upbit_3_4_orders_are_listed_by_uuids_or_identifiers(client: Client) -> None:
    """GET /orders/uuids takes up to 100 uuids or identifiers, not both."""
    placed = limits(client, 3)
    named = client.limit("bid", "9000", "1", identifier="a")["uuid"]
    listed = f"uuids[]={placed[0]}&uuids[]={placed[2]}&uuids[]=unknown"
    assert uuids_of(client.get(BY_IDS, listed)) == [placed[2], placed[0]]
    assert uuids_of(client.get(BY_IDS, listed + "&order_by=asc")) == [placed[0], placed[2]]
    assert client.get(BY_IDS, listed + "&market=KRW-ETH") == []
    assert uuids_of(client.get(BY_IDS, "identifiers[]=a&identifiers[]=b")) == [named]
    assert uuids_of(encoded(client, BY_IDS, f"uuids[]={named}")) == [named]
    many = "&".join(f"uuids[]={n}" for n in range(101))
    for wrong in ("", f"{listed}&identifiers[]=a", many):
        assert error_of(client.get(BY_IDS, wrong)) == "invalid_parameter"


def test_upbit_3_5_orders_are_cancelled_by_uuids_or_identifiers(client: Client) -> None:
    """DELETE /orders/uuids cancels up to 20 orders and tells which succeeded and which failed."""
    placed = limits(client, 2)
    client.limit("bid", "9000", "1", identifier="a")
    client.delete(f"uuid={placed[0]}")
    body = client.delete(f"uuids[]={placed[0]}&uuids[]={placed[1]}", BY_IDS)
    assert (client.last.status, body["success"]["count"], body["failed"]["count"]) == (200, 1, 1)
    assert body["success"]["orders"] == [{"uuid": placed[1], "market": "KRW-BTC"}]
    assert body["failed"]["orders"] == [{"uuid": placed[0], "market": "KRW-BTC"}]
    body = client.delete("identifiers[]=a", BY_IDS)
    assert body["success"]["orders"][0]["identifier"] == "a"
    assert client.balances()["KRW"][1] == "0"
    assert error_of(client.delete("identifiers[]=b", BY_IDS)) == "order_not_found"
    many = "&".join(f"uuids[]={n}" for n in range(21))
    for wrong in (many, f"identifiers[]=a&uuids[]={placed[0]}"):
        assert error_of(client.delete(wrong, BY_IDS)) == "invalid_parameter"


@pytest.mark.parametrize("path", [BY_IDS, OPEN])
def test_upbit_3_5_cancels_in_numbers_take_query_parameters_only(client: Client, path: str) -> None:
    """A body is refused with QUERY_PARAMETER_NOT_SUPPORTED, and nothing is cancelled."""
    waiting = limits(client, 1)
    assert error_of(with_body(client, "DELETE", path)) == "QUERY_PARAMETER_NOT_SUPPORTED"
    assert uuids_of(client.get(OPEN)) == waiting


# All that waits


def test_upbit_3_5_without_parameters_the_20_newest_are_cancelled(client: Client) -> None:
    """DELETE /orders/open cancels the 20 newest waiting orders, or up to 300 from either end."""
    placed = limits(client, 25)
    body = client.delete("", OPEN)
    assert [order["uuid"] for order in body["success"]["orders"]] == placed[:4:-1]
    assert (body["success"]["count"], body["failed"]) == (20, {"count": 0, "orders": []})
    body = client.delete("count=2&order_by=asc", OPEN)
    assert [order["uuid"] for order in body["success"]["orders"]] == placed[:2]
    assert uuids_of(client.get(OPEN, "order_by=asc")) == placed[2:5]


def test_upbit_3_5_open_orders_are_cancelled_by_side_and_market(client: Client) -> None:
    """cancel_side, pairs or quote_currencies choose, and excluded_pairs wins over both."""
    sell = client.limit("ask", "11000", "1")["uuid"]
    btc, eth, xrp = (limits(client, 1, market=f"KRW-{c}")[0] for c in ("BTC", "ETH", "XRP"))

    def cancelled(query: str) -> set[str]:
        return {order["uuid"] for order in client.delete(query, OPEN)["success"]["orders"]}

    assert cancelled("cancel_side=ask") == {sell}
    assert cancelled("quote_currencies=BTC,USDT") == set()
    assert cancelled("pairs=KRW-BTC,KRW-XRP&excluded_pairs=KRW-BTC") == {xrp}
    assert cancelled("quote_currencies=KRW&excluded_pairs=KRW-BTC") == {eth}
    assert cancelled("cancel_side=bid") == {btc}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("pairs=KRW-BTC&quote_currencies=KRW", "invalid_parameter"),
        ("count=301", "invalid_parameter"),
        ("pairs=" + ",".join(f"KRW-{n}" for n in range(21)), "invalid_parameter"),
        ("count=0", "validation_error"),
        ("cancel_side=both", "validation_error"),
        ("order_by=up", "validation_error"),
    ],
)
def test_a_cancel_that_is_not_understood_cancels_nothing(
    client: Client, query: str, name: str
) -> None:
    waiting = limits(client, 1)
    assert error_of(client.delete(query, OPEN)) == name
    assert uuids_of(client.get(OPEN)) == waiting


# Replacing


def test_upbit_3_5_cancel_and_new_puts_an_order_in_the_place_of_another(client: Client) -> None:
    """cancel_and_new answers the old order with the new one's uuid and identifier."""
    old = client.limit("bid", "9000", "2", identifier="a")["uuid"]
    change = {"new_ord_type": "limit", "new_price": "9500", "new_volume": "1.5"}
    body = client.post(
        change | {"prev_order_identifier": "a", "new_identifier": "b", "new_smp_type": "reduce"},
        REPLACE,
    )
    assert (client.last.status, body["uuid"], body["state"]) == (201, old, "wait")
    assert body["new_order_identifier"] == "b"
    assert client.order(old)["state"] == "cancel"
    new = client.order(body["new_order_uuid"])
    assert (new["market"], new["side"], new["state"]) == ("KRW-BTC", "bid", "wait")
    assert (new["price"], new["volume"], new["smp_type"]) == ("9500", "1.5", "reduce")
    assert client.balances()["KRW"][1] == new["locked"]
    again = client.post(change | {"prev_order_uuid": new["uuid"]}, REPLACE)
    assert "new_order_identifier" not in again


def test_upbit_3_5_cancel_and_new_takes_over_what_remains() -> None:
    """A new_volume of remain_only is what the old order has left."""
    tape = flat_tape("KRW-BTC", [10_000.0] * 5)
    client = client_of([tape], at(1), fills="book", depth_krw=Decimal(10_010))
    old = client.limit("bid", "10010", "3")["uuid"]
    assert client.order(old)["remaining_volume"] == "2"
    change = {"new_ord_type": "limit", "new_price": "9900", "new_volume": "remain_only"}
    body = client.post(change | {"prev_order_uuid": old}, REPLACE)
    assert client.order(body["new_order_uuid"])["volume"] == "2"


def test_cancel_and_new_may_spend_what_the_old_order_locked(client: Client) -> None:
    old = client.limit("bid", "9000", "1000")["uuid"]
    change = {"prev_order_uuid": old, "new_ord_type": "limit", "new_price": "9100"}
    refused = client.post(change | {"new_volume": "1100"}, REPLACE)
    assert error_of(refused) == "insufficient_funds_bid"
    assert client.order(old)["state"] == "wait"
    assert client.post(change | {"new_volume": "1000"}, REPLACE)["uuid"] == old


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"new_price": "9001"}, "invalid_price_bid"),
        ({"new_volume": None}, "create_bid_error"),
        ({"new_volume": "0.1"}, "under_min_total_bid"),
        ({"new_ord_type": None}, "validation_error"),
        ({"new_ord_type": "market"}, "create_bid_error"),
        ({"new_time_in_force": "gtc"}, "invalid_time_in_force"),
        ({"new_identifier": "a"}, "duplicated_identifier"),
        ({"new_market": "KRW-ETH"}, "invalid_parameter"),
        ({"prev_order_identifier": None}, "invalid_parameter"),
        ({"prev_order_identifier": "b"}, "order_not_found"),
    ],
)
def test_a_replacement_that_is_refused_leaves_the_old_order(
    client: Client, change: dict[str, Any], name: str
) -> None:
    client.limit("bid", "9000", "1", identifier="a")
    before = client.get(OPEN), client.balances()
    fine = {"prev_order_identifier": "a", "new_ord_type": "limit", "new_price": "9100"}
    body = {k: v for k, v in (fine | {"new_volume": "1"} | change).items() if v is not None}
    assert error_of(client.post(body, REPLACE)) == name
    assert (client.get(OPEN), client.balances()) == before


def test_upbit_3_5_an_order_that_was_filled_is_not_replaced(client: Client) -> None:
    """Where the old order fills first, no new one is made."""
    old = client.limit("bid", "10000", "1")["uuid"]
    client.set_clock(at(2))
    change = {"new_ord_type": "limit", "new_price": "9100", "new_volume": "1"}
    assert error_of(client.post(change | {"prev_order_uuid": old}, REPLACE)) == "order_not_found"
    assert client.get(OPEN) == []


# Trying


def test_upbit_3_2_a_test_order_is_judged_and_not_made(client: Client) -> None:
    """orders/test answers 201 with an order that cannot be found or cancelled, or the refusal."""
    path = "/v1/orders/test"
    before = client.balances()
    body = client.post(LIMIT | {"identifier": "a"}, path)
    assert (client.last.status, body["state"], body["locked"]) == (201, "wait", "9004.5")
    assert error_of(client.get("/v1/order", f"uuid={body['uuid']}")) == "order_not_found"
    assert error_of(client.delete("identifier=a")) == "order_not_found"
    assert client.balances() == before
    for wrong, name in (
        ({"price": "9001"}, "invalid_price_bid"),
        ({"volume": "0.1"}, "under_min_total_bid"),
        ({"volume": "10000"}, "insufficient_funds_bid"),
        ({"market": "KRW-NONE"}, "notfoundmarket"),
    ):
        assert error_of(client.post(LIMIT | wrong, path)) == name
    assert client.post(LIMIT | {"identifier": "a"})["state"] == "wait"
    assert error_of(client.post(LIMIT | {"identifier": "a"}, path)) == "duplicated_identifier"
    assert "order-test" in (client.last.header("remaining-req") or "")


# The old list


def test_upbit_12_the_old_list_of_orders_still_answers(client: Client) -> None:
    """GET /orders lists orders of any state, wait unless told, in pages: pyupbit needs it."""
    placed = limits(client, 3)
    client.delete(f"uuid={placed[1]}")
    assert uuids_of(client.get("/v1/orders")) == [placed[2], placed[0]]
    assert uuids_of(client.get("/v1/orders", "state=cancel&market=KRW-BTC")) == [placed[1]]
    both = "states[]=wait&states[]=cancel&order_by=asc"
    assert uuids_of(client.get("/v1/orders", both)) == placed
    assert uuids_of(client.get("/v1/orders", f"{both}&limit=2&page=2")) == placed[2:]
    by_id = f"uuids[]={placed[1]}&uuids[]={placed[0]}&state=cancel"
    assert uuids_of(client.get("/v1/orders", by_id)) == [placed[1]]
    assert client.get("/v1/orders", "state=watch") == []
    assert error_of(client.get("/v1/orders", "state=all")) == "validation_error"


# Wallets, keys and transfers


def test_upbit_3_6_wallet_status_has_every_coin(client: Client) -> None:
    """status/wallet tells of each coin whether it goes in and out; here none does."""
    rows = client.get("/v1/status/wallet")
    assert [row["currency"] for row in rows] == ["BTC", "ETH", "XRP"]
    assert {(row["wallet_state"], row["block_state"]) for row in rows} == {("unsupported", None)}


def test_upbit_3_6_api_keys_tell_their_end(client: Client) -> None:
    """api_keys lists the account's keys with their expiry in Korean time, and no permissions."""
    client.control("POST", "/sandbox/accounts", {"name": "other", "cash": "0"})
    [key] = client.get("/v1/api_keys")
    assert key == {"access_key": "sandbox-access-key", "expire_at": "2026-09-01T09:01:00+09:00"}


TRANSFERS = {
    ("GET", "/v1/withdraws"): None,
    ("GET", "/v1/withdraw"): (404, "withdraw_not_found"),
    ("GET", "/v1/withdraws/chance"): (404, "currency_not_found"),
    ("GET", "/v1/withdraws/coin_addresses"): None,
    ("POST", "/v1/withdraws/coin"): (403, "open_api_withdraw_locked"),
    ("POST", "/v1/withdraws/krw"): (403, "open_api_withdraw_locked"),
    ("DELETE", "/v1/withdraws/coin"): (404, "withdraw_not_found"),
    ("GET", "/v1/deposits"): None,
    ("GET", "/v1/deposit"): (404, "deposit_not_found"),
    ("GET", "/v1/deposits/chance/coin"): (404, "currency_not_found"),
    ("GET", "/v1/deposits/coin_address"): (404, "currency_not_found"),
    ("GET", "/v1/deposits/coin_addresses"): None,
    ("POST", "/v1/deposits/generate_coin_address"): (404, "currency_not_found"),
    ("POST", "/v1/deposits/krw"): (404, "currency_not_found"),
}


def transfer(client: Client, method: str, path: str, access_key: str, secret: str) -> Any:
    body = b'{"currency":"BTC"}' if method == "POST" else b""
    query = "" if body else "currency=BTC"
    header = token("currency=BTC", access_key=access_key, secret=secret)
    return client.send(Request(method, path, query, {"authorization": header}, body))


@pytest.mark.parametrize(("method", "path"), TRANSFERS)
def test_upbit_10_transfers_need_permissions_of_their_own(
    client: Client, method: str, path: str
) -> None:
    """A trading key gets out_of_scope from every withdrawal and deposit, which tells the right."""
    every = ["view_withdrawals", "withdraw", "view_deposits", "deposit"]
    keys = [
        {"access_key": "trades", "secret_key": "s" * 64},
        {"access_key": "moves", "secret_key": "t" * 64, "permissions": every},
    ]
    client.control("POST", "/sandbox/accounts", {"name": "other", "cash": "0", "keys": keys})
    refused = transfer(client, method, path, "trades", "s" * 64)
    assert (client.last.status, error_of(refused)) == (403, "out_of_scope")
    answer = transfer(client, method, path, "moves", "t" * 64)
    wanted = TRANSFERS[method, path]
    if wanted is None:
        assert (client.last.status, answer) == (200, [])
    else:
        assert (client.last.status, error_of(answer)) == wanted


def test_upbit_10_reading_withdrawals_is_not_the_right_to_withdraw(client: Client) -> None:
    """A key that may look at withdrawals still gets out_of_scope from what needs the right."""
    key = {"access_key": "looks", "secret_key": "s" * 64, "permissions": ["view_withdrawals"]}
    client.control("POST", "/sandbox/accounts", {"name": "other", "cash": "0", "keys": [key]})
    assert transfer(client, "GET", "/v1/withdraws", "looks", "s" * 64) == []
    for method, path in (("DELETE", "/v1/withdraws/coin"), ("POST", "/v1/withdraws/krw")):
        assert error_of(transfer(client, method, path, "looks", "s" * 64)) == "out_of_scope"
