"""From a request to its route: what has none, what cannot be read, and never a 500."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.client import Client, at, client_of, error_of, flat_tape, token
from upbit_sandbox import Request
from upbit_sandbox.base.wire import hash_input
from upbit_sandbox.control.routes import CONTROLS
from upbit_sandbox.exchange_api.routes import ROUTES
from upbit_sandbox.quotation_api.routes import QUOTES

TAPES = [flat_tape("KRW-BTC", [10_000.0] * 10)]
PATHS = sorted({*QUOTES, *(path for _, path in ROUTES)})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")


@pytest.fixture
def client() -> Client:
    return client_of(TAPES, at(2))


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v2/ticker", "/v1/ticker/", "/sandbox/x"])
def test_path_without_a_route(client: Client, path: str) -> None:
    body = client.send(Request("GET", path))
    assert (client.last.status, body["error"]["name"]) == (404, 404)


@pytest.mark.parametrize("path", PATHS)
def test_method_without_a_route(client: Client, path: str) -> None:
    for method in ("PUT", "PATCH", "TRACE"):
        body = client.send(Request(method, path))
        assert (client.last.status, body["error"]["name"]) == (405, 405)


@pytest.mark.parametrize("path", PATHS)
def test_options_say_which_methods_there_are(client: Client, path: str) -> None:
    answer = client.sandbox.handle(Request("OPTIONS", path))
    allowed = (answer.header("allow") or "").split(", ")
    routed = {method for method, at_path in ROUTES if at_path == path}
    routed |= {"GET"} if path in QUOTES else set()
    assert (answer.status, answer.body) == (204, b"")
    assert set(allowed) - {"HEAD", "OPTIONS"} == routed


def test_head_is_get_without_the_body(client: Client) -> None:
    get, head = (
        client.sandbox.handle(Request(method, "/v1/ticker", "markets=KRW-BTC"))
        for method in ("GET", "HEAD")
    )
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
    assert get.body
    answer = client.sandbox.handle(Request("HEAD", "/v1/accounts"))
    assert (answer.status, answer.body) == (401, b"")


def test_upbit_5_candles_of_a_unit_that_there_is_not(client: Client) -> None:
    """Candles of an unknown unit are a 400 "specified unit is not valid."."""
    body = client.quote("/v1/candles/minutes/7", "market=KRW-BTC")
    assert body["error"] == {"name": 400, "message": "specified unit is not valid."}


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"a":"\\ud800"}'],
)
def test_body_of_an_order_that_is_no_object(client: Client, raw: bytes) -> None:
    headers = {"authorization": token()}
    body = client.send(Request("POST", "/v1/orders", headers=headers, body=raw))
    assert client.last.status in (400, 401)
    assert error_of(body) in ("bad_request", "validation_error", "invalid_query_payload")


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 100_000, b'{"a":"\\ud800"}', b"7"])
@pytest.mark.parametrize("route", sorted(route for route in CONTROLS if route[0] != "GET"))
def test_control_says_what_is_wrong_with_a_body(
    client: Client, route: tuple[str, str], raw: bytes
) -> None:
    method, path = route
    answer = client.sandbox.handle(Request(method, path, body=raw))
    takes_a_body = method in ("PUT", "POST")
    assert (answer.status == 400) or not takes_a_body
    assert answer.status < 500
    if takes_a_body:
        assert error_of(json.loads(answer.body)) == "validation_error"


texts = st.text(max_size=12)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    [
        *("market", "side", "ord_type", "price", "volume", "identifier", "time_in_force"),
        *("smp_type", "uuid", "uuids[]", "states[]", "state", "count", "to", "page", "limit"),
        *("name", "cash", "coins", "keys", "account", "amount", "now", "advance_s", "kind"),
    ]
)
bodies = st.one_of(
    st.binary(max_size=40),
    st.dictionaries(names | texts, values, max_size=6).map(lambda v: json.dumps(v).encode()),
)
queries = st.lists(st.tuples(names | texts, texts), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
headers = st.dictionaries(
    st.sampled_from(["authorization", "content-type", "origin", "x"]),
    st.text(st.characters(max_codepoint=255), max_size=30),
    max_size=3,
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(METHODS),
    st.sampled_from([*PATHS, *sorted({path for _, path in CONTROLS}), "/v1/x", ""]),
    queries,
    headers,
    bodies,
    st.booleans(),
)
def test_nothing_that_is_sent_is_a_500(
    method: str, path: str, query: str, sent: dict[str, str], body: bytes, signed: bool
) -> None:
    client = client_of(TAPES, at(2))
    if signed:
        sent = sent | {"authorization": token(hash_input(query) or hashed(body))}
    answer = client.sandbox.handle(Request(method, path, query, sent, body))
    assert answer.status < 500
    assert answer.header("remaining-req") or path.startswith("/sandbox/")


def hashed(body: bytes) -> str | None:
    try:
        fields = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace") or None
    return "&".join(f"{k}={v}" for k, v in fields.items()) if isinstance(fields, dict) else "x"
