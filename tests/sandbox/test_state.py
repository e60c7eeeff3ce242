"""The exchange's state as JSON: what is exported can be restored, and nothing else is."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape
from sandbox.test_money import TAPES, act, actions
from upbit_sandbox import Options, Request, Sandbox
from upbit_sandbox.asgi import MAX_BODY_BYTES, call, create_app
from upbit_sandbox.base.clock import VirtualClock
from upbit_sandbox.prices.source import Source
from upbit_sandbox.prices.synthetic import synthetic_markets

TAPE = flat_tape("KRW-BTC", [10_000.0] * 10)


def exported(client: Client) -> Any:
    return client.control("GET", "/sandbox/state")


def put(client: Client, body: object) -> Any:
    return client.control("PUT", "/sandbox/state", body)


def traded() -> Client:
    """A fill, a waiting order and a refused identifier."""
    client = client_of([TAPE], at(2), coins={"BTC": Decimal(1)})
    client.buy("10003", identifier="filled")
    client.set_clock(at(3))
    client.limit("ask", "20000", "0.5")
    client.buy("1", identifier="refused")
    return client


def test_what_was_exported_can_be_restored_elsewhere() -> None:
    before = traded()
    state = exported(before)
    after = client_of([TAPE], at(0))
    assert put(after, state) == state
    assert exported(after) == state
    assert after.balances() == before.balances()
    for identifier in ("filled", "refused"):
        assert error_of(after.buy("6000", identifier=identifier)) == "duplicated_identifier"
    assert after.get("/v1/order", "identifier=filled")["trades_count"] == 1


def test_an_account_moves_to_an_exchange_with_other_markets() -> None:
    eth = flat_tape("KRW-ETH", [5_000.0] * 10)
    more = client_of([TAPE, eth], at(0))
    state = put(more, exported(traded()))
    assert sorted(state["source"]["markets"]) == ["KRW-BTC", "KRW-ETH"]
    assert more.buy("6000", market="KRW-ETH")["state"] == "wait"

    other = client_of([eth], at(0))
    before = exported(other)
    refusal = put(other, exported(traded()))["error"]
    assert "one waits in KRW-BTC" in refusal["message"]
    assert exported(other) == before


def test_exchanges_from_one_state_go_on_alike() -> None:
    one, other = traded(), client_of([TAPE], at(0))
    put(other, exported(one))
    for client in (one, other):
        client.buy("7000", identifier="later")
        client.delete("uuid=" + client.get("/v1/orders/open")[-1]["uuid"])
        client.set_clock(at(8))
    assert exported(one) == exported(other)
    uuids = [order["uuid"] for order in exported(one)["accounts"]["main"]["orders"]]
    assert len(set(uuids)) == len(uuids) == 3


@settings(max_examples=40, deadline=None)
@given(st.lists(actions, max_size=15), st.lists(actions, max_size=8))
def test_any_account_survives_export_and_restore(
    steps: list[tuple[object, ...]], more: list[tuple[object, ...]]
) -> None:
    one = client_of(TAPES, at(1))
    for step in steps:
        act(one, step)
    other = client_of(TAPES, at(0))
    assert put(other, exported(one)) == exported(one)
    for step in more:
        act(one, step)
        act(other, step)
    assert exported(other) == exported(one)


@settings(max_examples=40, deadline=None)
@given(st.lists(actions, max_size=15))
def test_any_account_that_met_a_book_survives_too(steps: list[tuple[object, ...]]) -> None:
    one = client_of(TAPES, at(1), fills="book")
    for step in steps:
        act(one, step)
    state = exported(one)
    assert put(client_of(TAPES, at(0), fills="book"), state) == state


def test_reset_forgets_what_was_restored() -> None:
    client = client_of([TAPE], at(0))
    put(client, exported(traded()))
    client.control("POST", "/sandbox/reset", {"cash": "5"})
    main = exported(client)["accounts"]["main"]
    assert (main["orders"], main["identifiers"], main["issued"]) == ([], {}, 0)
    assert client.balances() == {"KRW": ("5", "0")}


def synthetic(seed: int, origin_s: int, now_s: float) -> Client:
    source = Source(name="synthetic", markets=("KRW-BTC",), seed=seed, origin_s=origin_s)
    markets = synthetic_markets(source, now_s)
    return Client(Sandbox(markets, VirtualClock(now_s), Options(), source=source))


def test_synthetic_market_is_restored_too() -> None:
    one, other = synthetic(7, T0, T0 + 50_000), synthetic(8, T0 + 86_400, T0 + 90_000)
    put(other, exported(one))
    query = "market=KRW-BTC&count=100"
    rows = one.quote("/v1/candles/minutes/1", query)
    assert len(rows) == 100
    assert other.quote("/v1/candles/minutes/1", query) == rows


KEY = {"access_key": "k", "secret_key": "s", "account": "main"}
BROKEN = [
    ("version", 1, "version"),
    ("now_s", "soon", "now_s"),
    ("now_s", 1e300, "now_s"),
    ("accounts.main.issued", -1, "accounts.main.issued"),
    ("accounts.main.issued", 1, "accounts.main.issued"),
    ("accounts.main.issued", True, "accounts.main.issued"),
    ("accounts.main.identifiers", [], "accounts.main.identifiers"),
    ("accounts.main.identifiers", {}, "accounts.main.identifiers"),
    ("source", None, "source"),
    ("source.name", "oracle", "source.name"),
    ("source.name", "synthetic", "source.name"),
    ("source.markets", ["KRW-ETH"], "accounts.main.orders"),
    ("source.seed", "x", "source.seed"),
    ("source.origin_s", 0.5, "source.origin_s"),
    ("accounts", {}, "accounts"),
    ("accounts", [], "accounts"),
    ("accounts.main", None, "accounts.main"),
    ("accounts.main.opening", {"KRW": "-1"}, "accounts.main.opening.KRW"),
    ("accounts.main.opening", {}, "accounts.main.opening"),
    ("accounts.main.settled_s", "soon", "accounts.main.settled_s"),
    ("accounts.main.settled_s", 1e300, "accounts.main.settled_s"),
    ("accounts.Alice", {}, "accounts"),
    ("keys", None, "keys"),
    ("keys", [{}], "keys[0].access_key"),
    ("keys", [KEY | {"account": "nobody"}], "keys[0].account"),
    ("keys", [KEY, KEY], "keys[1].access_key"),
    ("keys", [KEY | {"permissions": ["fly"]}], "keys[0].permissions[0]"),
    ("keys", [KEY | {"allowed_ips": ["everywhere"]}], "keys[0].allowed_ips[0]"),
    ("keys", [KEY | {"expire_at": "soon"}], "keys[0].expire_at"),
    ("keys", [KEY | {"secret_key": ""}], "keys[0].secret_key"),
    ("accounts.main.balances", {}, "accounts.main.balances"),
    ("accounts.main.balances", [], "accounts.main.balances"),
    ("accounts.main.balances.0.balance", "-1", "accounts.main.balances[0].balance"),
    ("accounts.main.balances.0.balance", 5, "accounts.main.balances[0].balance"),
    ("accounts.main.balances.0.balance", "NaN", "accounts.main.balances[0].balance"),
    ("accounts.main.balances.0.balance", "1e999999", "accounts.main.balances[0].balance"),
    ("accounts.main.balances.1.currency", "KRW", "accounts.main.balances[1].currency"),
    ("accounts.main.balances.1.locked", "0.4", "accounts.main.balances"),
    ("accounts.main.orders", "none", "accounts.main.orders"),
    ("accounts.main.orders.0", None, "accounts.main.orders[0]"),
    ("accounts.main.orders.0.uuid", "", "accounts.main.orders[0].uuid"),
    ("accounts.main.orders.0.side", "both", "accounts.main.orders[0].side"),
    ("accounts.main.orders.0.side", ["bid"], "accounts.main.orders[0].side"),
    ("accounts.main.orders.0.ord_type", "market", "accounts.main.orders[0].ord_type"),
    ("accounts.main.orders.0.state", "lost", "accounts.main.orders[0].state"),
    ("accounts.main.orders.0.placed_s", None, "accounts.main.orders[0].placed_s"),
    ("accounts.main.orders.0.volume", "1", "accounts.main.orders[0].volume"),
    ("accounts.main.orders.0.executed_volume", "2", "accounts.main.orders[0].executed_volume"),
    ("accounts.main.orders.0.trades", None, "accounts.main.orders[0].trades"),
    ("accounts.main.orders.0.trades.0.funds", "1", "accounts.main.orders[0].trades[0].funds"),
    (
        "accounts.main.orders.0.trades.0.created_s",
        0.5,
        "accounts.main.orders[0].trades[0].created_s",
    ),
    ("accounts.main.orders.1.price", None, "accounts.main.orders[1].price"),
    ("accounts.main.orders.1.locked", "0.4", "accounts.main.balances"),
    ("accounts.main.orders.1.market", "KRW-ETH", "accounts.main.orders"),
]


@pytest.mark.parametrize(("path", "value", "field"), BROKEN, ids=lambda part: str(part)[:24])
def test_malformed_state_names_the_field_and_changes_nothing(
    path: str, value: object, field: str
) -> None:
    state = exported(traded())
    changed: Any = copy.deepcopy(state)
    *parents, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    holder = changed
    for part in parents:
        holder = holder[part]
    holder[last] = value
    client = client_of([TAPE], at(5))
    client.buy("6000", identifier="mine")
    before = exported(client)
    body = put(client, changed)
    assert (client.last.status, error_of(body)) == (400, "validation_error")
    assert body["error"]["message"].startswith(f"{field}: "), body
    assert exported(client) == before


def test_orders_cannot_be_there_twice() -> None:
    state = exported(traded())
    orders = state["accounts"]["main"]["orders"]
    orders.append(orders[0])
    said = put(client_of([TAPE]), state)["error"]["message"]
    assert said.startswith("accounts.main.orders: ")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"[" * 100_000])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    client = client_of([TAPE])
    body = client.send(Request("PUT", "/sandbox/state", body=raw))
    assert (client.last.status, error_of(body)) == (400, "validation_error")


def test_half_of_a_surrogate_pair_is_no_identifier() -> None:
    state = exported(traded())
    state["accounts"]["main"]["identifiers"]["\ud800"] = None
    client = client_of([TAPE])
    assert error_of(put(client, state)) == "validation_error"
    assert exported(client)["accounts"]["main"]["identifiers"] == {}


@pytest.mark.parametrize("origin_s", [T0 + 30, T0 + 120_000, 0])
def test_origin_of_a_synthetic_market_is_a_minute_of_the_last_years(origin_s: int) -> None:
    client = synthetic(1, T0, T0 + 3_600)
    state = exported(client)
    state["source"]["origin_s"] = origin_s
    assert put(client, state)["error"]["message"].startswith("source.origin_s: ")
    assert exported(client)["source"]["origin_s"] == T0


def test_large_state_is_read_where_large_orders_are_not() -> None:
    app = create_app(client_of([TAPE]).sandbox)
    large = b" " * MAX_BODY_BYTES + b"{}"
    answers = [
        call(app, Request(method, path, body=large)).status
        for method, path in (("PUT", "/sandbox/state"), ("POST", "/v1/orders"))
    ]
    assert answers == [400, 413]
