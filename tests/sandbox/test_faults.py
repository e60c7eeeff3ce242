"""Faults on demand: each kind, where it strikes, how often, and how it is switched."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Client, at, client_of, error_of, flat_tape, token
from sandbox.servers import refused, running
from upbit_sandbox import Request, Response
from upbit_sandbox.access.faults import ODDITIES, Fault, Faults, Kind

TICKER = Request("GET", "/v1/ticker", "markets=KRW-BTC")
ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "5000"}


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [10_000.0] * 10)], at(2))


def switch(client: Client, *faults: dict[str, Any]) -> Any:
    body = client.control("PUT", "/sandbox/faults", list(faults))
    assert client.last.status == 200, body
    return body["faults"]


def place(client: Client, identifier: str = "a") -> Response:
    body = ORDER | {"identifier": identifier}
    hashed = "&".join(f"{name}={value}" for name, value in body.items())
    raw = json.dumps(body).encode()
    return client.sandbox.handle(
        Request("POST", "/v1/orders", headers={"authorization": token(hashed)}, body=raw)
    )


def booked(client: Client) -> int:
    return len(client.get("/v1/orders/open"))


@pytest.mark.parametrize(
    ("kind", "status"),
    [("html_500", 500), ("html_502", 502), ("html_503", 503), ("lost_request", 504)],
)
def test_upbit_12_gateway_answers_with_a_page(client: Client, kind: str, status: int) -> None:
    """A gateway in front of the exchange may answer 5xx with an HTML page."""
    switch(client, {"path": "/v1/orders", "kind": kind})
    answer = place(client)
    assert (answer.status, answer.header("content-type")) == (status, "text/html")
    assert answer.header("remaining-req") is None
    assert booked(client) == 0


def test_upbit_12_reply_may_be_lost_after_the_order_was_booked(client: Client) -> None:
    """A reply may be lost after the order was booked: it is found by its identifier."""
    switch(client, {"method": "POST", "path": "/v1/orders", "kind": "lost_reply"})
    assert place(client).status == 502
    assert client.get("/v1/order", "identifier=a")["state"] == "wait"


def test_request_may_be_lost_more_than_once(client: Client) -> None:
    switch(client, {"path": "/v1/orders", "kind": "lost_request", "count": 2})
    assert [place(client).status for _ in range(3)] == [504, 504, 201]


def test_slow_and_empty_answers(client: Client) -> None:
    slow = {"method": "POST", "path": "/v1/orders", "kind": "slow", "delay_s": 1.5}
    switch(client, slow, {"method": "POST", "path": "/v1/orders", "kind": "empty"})
    answer = place(client)
    assert (answer.status, answer.delay_s) == (201, 1.5)
    answer = place(client, "b")
    assert (answer.status, answer.body, answer.delay_s) == (201, b"", 0.0)
    assert booked(client) == 2


def test_stale_quotes_are_those_of_a_while_ago(client: Client) -> None:
    path, query = "/v1/candles/minutes/1", "market=KRW-BTC"
    switch(client, {"method": "GET", "path": path, "kind": "stale", "delay_s": 60})
    for start in ("2025-09-01T00:00:00", "2025-09-01T00:01:00"):
        [row] = client.quote(path, query)
        assert row["candle_date_time_utc"] == start


def test_body_may_break_off(client: Client) -> None:
    switch(client, {"path": "/v1/orders", "kind": "cut"})
    answer = place(client)
    assert (answer.status, answer.cut) == (201, True)
    assert booked(client) == 1
    assert not place(client, "b").cut


def test_cut_and_odd_answers_over_a_socket() -> None:
    import requests

    with running("--source", "synthetic", "--clock", "virtual") as server:
        faults = [
            {"path": "/v1/ticker", "kind": "cut"},
            {"path": "/v1/ticker", "kind": "odd_remaining", "oddity": "twice"},
        ]
        server.call("PUT", "/sandbox/faults", faults)
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            server.call("GET", "/v1/ticker?markets=KRW-BTC")
        answer = server.call("GET", "/v1/ticker?markets=KRW-BTC")
        assert answer.status_code == 200
        assert len(answer.raw.headers.getlist("remaining-req")) == 2


def test_upbit_5_server_error(client: Client) -> None:
    """The exchange's own failure is a 500 internal_server_error."""
    switch(client, {"method": "POST", "kind": "error_500"})
    answer = place(client)
    assert (answer.status, error_of(json.loads(answer.body))) == (500, "internal_server_error")
    assert answer.header("remaining-req") == "group=order; min=720; sec=1"
    assert booked(client) == 0


def test_refusals_by_rate_on_demand(client: Client) -> None:
    switch(client, {"kind": "limit_429"}, {"kind": "limit_418", "delay_s": 30})
    first, second, third = (client.sandbox.handle(TICKER) for _ in range(3))
    assert (first.status, first.body) == (429, b"Too many API requests.")
    assert first.header("remaining-req") == "group=ticker; min=600; sec=0"
    assert (second.status, second.body) == (
        418,
        b"Too many API requests. Blocked for 30 seconds.",
    )
    assert third.status == 200


def test_upbit_5_order_stabiliser_may_refuse(client: Client) -> None:
    """In a surge orders may be refused although the rate allows them, under no documented name."""
    named = {"status": 503, "error": "surge"}
    switch(client, {"method": "POST", "kind": "refused"}, {"kind": "refused", **named})
    answer = place(client)
    assert (answer.status, error_of(json.loads(answer.body))) == (400, "order_stabilizer")
    answer = place(client)
    assert (answer.status, error_of(json.loads(answer.body))) == (503, "surge")
    assert place(client).status == 201  # the identifier was not burnt


def test_upbit_12_remaining_req_may_be_missing(client: Client) -> None:
    """An order's answer may come without Remaining-Req; the order is booked all the same."""
    switch(client, {"path": "/v1/orders", "kind": "no_remaining"})
    answer = place(client)
    assert (answer.status, answer.header("remaining-req")) == (201, None)
    assert booked(client) == 1


SHAPES = {
    "no_min": ["group=ticker; sec=9"],
    "no_spaces": ["group=ticker;min=600;sec=9"],
    "upper_case": ["GROUP=TICKER; MIN=600; SEC=9"],
    "commas": ["group=ticker, min=600, sec=9"],
    "negative": ["group=ticker; min=600; sec=-1"],
    "fraction": ["group=ticker; min=600; sec=9.5"],
    "words": ["group=ticker; min=600; sec=many"],
    "more": ["group=ticker; min=600; sec=9; hour=36000"],
    "empty": [""],
    "twice": ["group=ticker; min=600; sec=9"] * 2,
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_odd_remaining_req(client: Client, oddity: str) -> None:
    switch(client, {"kind": "odd_remaining", "oddity": oddity})
    answer = client.sandbox.handle(TICKER)
    assert answer.status == 200
    found = [value for name, value in answer.headers if name == "remaining-req"]
    assert found == SHAPES[oddity]


def test_order_may_not_be_found_at_first(client: Client) -> None:
    hidden = {"method": "GET", "path": "/v1/order", "kind": "hidden"}
    switch(client, hidden | {"delay_s": 3, "count": None})
    place(client)
    for passed_s in (0, 2.5):
        client.control("PUT", "/sandbox/clock", {"advance_s": passed_s})
        assert error_of(client.get("/v1/order", "identifier=a")) == "order_not_found"
        assert client.last.header("remaining-req") == "group=default; min=1800; sec=29"
    client.control("PUT", "/sandbox/clock", {"advance_s": 0.5})
    assert client.get("/v1/order", "identifier=a")["identifier"] == "a"
    assert error_of(client.get("/v1/order", "identifier=never")) == "order_not_found"


@pytest.mark.parametrize(
    ("method", "path", "meets"),
    [
        ("*", "*", True),
        ("GET", "*", True),
        ("POST", "*", False),
        ("GET", "/v1/ticker", True),
        ("GET", "/v1/tick*", True),
        ("GET", "/v1/ticker*", True),
        ("GET", "/v1/ticke", False),
        ("GET", "/v1/orders*", False),
    ],
)
def test_where_a_fault_strikes(client: Client, method: str, path: str, meets: bool) -> None:
    switch(client, {"method": method, "path": path, "kind": "html_502"})
    assert client.sandbox.handle(TICKER).status == (502 if meets else 200)


def test_controls_meet_no_fault(client: Client) -> None:
    switch(client, {"kind": "html_502", "count": None})
    assert client.control("GET", "/sandbox/health")["status"] == "ok"
    assert client.sandbox.handle(Request("GET", "/sandbox/nowhere")).status == 404
    assert client.sandbox.handle(TICKER).status == 502


def test_the_first_that_is_on_strikes_and_each_is_counted(client: Client) -> None:
    first = {"path": "/v1/ticker", "kind": "html_500", "count": 2}
    switch(client, first, {"path": "/v1/*", "kind": "html_503", "count": None})
    seen = [client.sandbox.handle(TICKER).status for _ in range(5)]
    assert seen == [500, 500, 503, 503, 503]
    rows = client.control("GET", "/sandbox/faults")["faults"]
    assert [(row["struck"], row["left"]) for row in rows] == [(2, 0), (3, None)]
    assert client.control("DELETE", "/sandbox/faults") == {"seed": 0, "faults": []}
    assert client.sandbox.handle(TICKER).status == 200


def drawn(seed: int) -> list[int]:
    client = client_of([flat_tape("KRW-BTC", [10_000.0] * 10)], at(2))
    fault = {"kind": "html_502", "probability": 0.3}
    client.control("PUT", "/sandbox/faults", {"seed": seed, "faults": [fault]})
    found = [client.sandbox.handle(TICKER).status for _ in range(300)]
    [row] = client.control("GET", "/sandbox/faults")["faults"]
    assert row["struck"] == found.count(502)
    return found


def test_probability_is_drawn_from_a_seed() -> None:
    assert drawn(7) == drawn(7) != drawn(8)
    assert 60 <= drawn(7).count(502) <= 120


def test_what_get_answers_can_be_put_again(client: Client) -> None:
    faults: list[dict[str, Any]] = [
        {"kind": str(kind)} for kind in Kind if kind not in (Kind.STALE, Kind.HIDDEN)
    ]
    faults += [
        {"method": "GET", "path": "/v1/ticker", "kind": "stale", "delay_s": 60},
        {"method": "GET", "path": "/v1/order", "kind": "hidden", "delay_s": 1},
    ]
    switch(client, *faults)
    before = client.control("GET", "/sandbox/faults")
    assert client.control("PUT", "/sandbox/faults", before) == before
    assert len(before["faults"]) == len(Kind)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({}, "faults[0].kind: "),
        ({"kind": "explode"}, "faults[0].kind: must be one of slow, "),
        ({"kind": "slow", "typo": 1}, "faults[0]: has no field typo"),
        ({"kind": "slow", "delay_s": -1}, "faults[0].delay_s: "),
        ({"kind": "slow", "delay_s": "1"}, "faults[0].delay_s: "),
        ({"kind": "slow", "count": 0}, "faults[0].count: "),
        ({"kind": "slow", "count": "many"}, "faults[0].count: "),
        ({"kind": "slow", "probability": 1.5}, "faults[0].probability: "),
        ({"kind": "slow", "method": 7}, "faults[0].method: "),
        ({"kind": "slow", "path": ""}, "faults[0].path: "),
        ({"kind": "odd_remaining", "oddity": "purple"}, "faults[0].oddity: "),
        ({"kind": "refused", "status": 200}, "faults[0].status: "),
        ({"kind": "refused", "error": 7}, "faults[0].error: "),
        ({"kind": "stale"}, "faults[0]: only quotation paths"),
        ({"kind": "stale", "method": "GET", "path": "/v1/order"}, "faults[0]: only quotation"),
        ({"kind": "hidden", "path": "/v1/order"}, "faults[0]: only GET /v1/order"),
        ("slow", "faults[0]: must be an object"),
    ],
)
def test_unusable_fault_is_named_and_changes_nothing(
    client: Client, fault: object, said: str
) -> None:
    switch(client, {"kind": "html_502"})
    body = client.control("PUT", "/sandbox/faults", [fault])
    assert (client.last.status, error_of(body)) == (400, "validation_error")
    assert body["error"]["message"].startswith(said), body
    assert client.sandbox.handle(TICKER).status == 502


def test_too_many_faults_are_refused(client: Client) -> None:
    body = client.control("PUT", "/sandbox/faults", [{"kind": "slow"}] * 101)
    assert body["error"]["message"] == "faults: must be at most 100"


def test_prefix_of_quotes_can_be_stale(client: Client) -> None:
    stale = {"method": "GET", "path": "/v1/candles/*", "kind": "stale", "delay_s": 60}
    switch(client, stale)
    [row] = client.quote("/v1/candles/minutes/1", "market=KRW-BTC")
    assert row["candle_date_time_utc"] == "2025-09-01T00:00:00"


def test_faults_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('{"seed": 3, "faults": [{"path": "/v1/ticker", "kind": "html_503"}]}')
    options = ("--source", "synthetic", "--clock", "virtual", "--faults", file)
    with running(*options) as server:
        assert server.call("GET", "/v1/ticker?markets=KRW-BTC").status_code == 503
        assert server.get("/sandbox/faults")["faults"][0]["left"] == 0
    file.write_text('[{"kind": "explode"}]')
    assert refused(*options).startswith(f"{file}: faults[0].kind: must be one of ")
    file.write_text("[")
    assert refused(*options) == f"{file}: the file: is not JSON"
    file.unlink()
    assert refused(*options) == f"{file} cannot be read: No such file or directory."


def test_faults_of_the_product_are_as_they_were() -> None:
    faults = Faults((Fault(method="GET", path="/v1/order", kind=Kind.HTML_502, count=2),))
    struck = [faults.take("GET", "/v1/order") is not None for _ in range(3)]
    assert struck == [True, True, False]
    assert not faults.active
