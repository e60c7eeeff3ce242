"""The sandbox's own switches: clock, reset, state, faults, and the rate limits."""

from decimal import Decimal

import pytest

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape, token
from upbit_sandbox import Options, Request, Sandbox
from upbit_sandbox.clock import RealClock
from upbit_sandbox.market import build_markets


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [10_000.0] * 10)], at(2))


@pytest.fixture
def ticking() -> tuple[Client, list[float]]:
    """A sandbox on a real clock whose elapsed seconds the test sets."""
    elapsed = [0.0]
    markets = list(build_markets([flat_tape("KRW-BTC", [10_000.0] * 10)]).values())
    clock = RealClock(at(2), lambda: elapsed[0])
    return Client(Sandbox(markets, clock, Options())), elapsed


def test_health(client: Client) -> None:
    body = client.control("GET", "/sandbox/health")
    assert body == {"status": "ok", "markets": ["KRW-BTC"]}


def test_clock_takes_both_spellings_and_goes_forward_only(client: Client) -> None:
    assert client.set_clock(at(3))["now"] == "2025-09-01T00:03:00Z"
    body = client.control("PUT", "/sandbox/clock", {"now": "2025-09-01T09:04:00+09:00"})
    assert body["now_s"] == at(4)
    assert error_of(client.set_clock(at(3))) == "clock_goes_forward"
    assert client.control("GET", "/sandbox/clock")["now_s"] == at(4)


@pytest.mark.parametrize("now", [None, "soon", True, [], -1, 1e300])
def test_clock_refuses_what_is_not_a_time(client: Client, now: object) -> None:
    assert error_of(client.control("PUT", "/sandbox/clock", {"now": now})) == "validation_error"


def test_real_clock_cannot_be_set(ticking: tuple[Client, list[float]]) -> None:
    client, elapsed = ticking
    assert error_of(client.set_clock(at(9))) == "clock_is_real"
    elapsed[0] = 60.0
    assert client.control("GET", "/sandbox/clock")["now_s"] == at(3)


def test_reset_starts_the_account_over(client: Client) -> None:
    client.buy("10000", identifier="a")
    body = {"cash": "7000", "coins": {"BTC": "0.5"}, "now": T0 + 60}
    client.control("POST", "/sandbox/reset", body)
    assert client.balances() == {"KRW": ("7000", "0"), "BTC": ("0.5", "0")}
    assert client.control("GET", "/sandbox/state")["orders"] == []
    assert client.control("GET", "/sandbox/clock")["now_s"] == at(1)
    assert client.buy("5000", identifier="a")["state"] == "wait"
    assert error_of(client.control("POST", "/sandbox/reset", {"cash": "-1"})) == "validation_error"


def test_state_shows_fills_that_nobody_asked_for_yet(client: Client) -> None:
    client.buy("10000")
    client.set_clock(at(3))
    state = client.control("GET", "/sandbox/state")
    assert [order["state"] for order in state["orders"]] == ["done"]
    assert [row["currency"] for row in state["balances"]] == ["KRW", "BTC"]


def place_raw(client: Client, identifier: str) -> int:
    body = (
        '{"market":"KRW-BTC","side":"bid","ord_type":"price","price":"5000","identifier":"'
        f'{identifier}"}}'
    )
    hashed = f"market=KRW-BTC&side=bid&ord_type=price&price=5000&identifier={identifier}"
    headers = {"authorization": token(hashed)}
    request = Request("POST", "/v1/orders", headers=headers, body=body.encode())
    client.last = client.sandbox.handle(request)
    return client.last.status


def switch(client: Client, kind: str, path: str = "/v1/orders", **more: object) -> None:
    method = "POST" if path == "/v1/orders" else "GET"
    fault = {"method": method, "path": path, "kind": kind, **more}
    assert client.control("PUT", "/sandbox/faults", [fault]) == {"faults": 1}


def test_lost_reply_books_the_order_but_answers_a_page(client: Client) -> None:
    switch(client, "lost_reply")
    assert place_raw(client, "a") == 502
    assert client.last.header("content-type") == "text/html"
    assert client.last.header("remaining-req") is None
    assert client.get("/v1/order", "identifier=a")["state"] == "wait"
    assert place_raw(client, "b") == 201


@pytest.mark.parametrize(("kind", "status"), [("lost_request", 504), ("html_502", 502)])
def test_request_that_never_arrived_books_nothing(client: Client, kind: str, status: int) -> None:
    switch(client, kind, count=2)
    assert [place_raw(client, "a") for _ in range(3)] == [status, status, 201]


def test_slow_and_empty_answers(client: Client) -> None:
    switch(client, "slow", delay_s=1.5)
    assert (place_raw(client, "a"), client.last.delay_s) == (201, 1.5)
    switch(client, "empty")
    assert (place_raw(client, "b"), client.last.body) == (201, b"")
    assert len(client.get("/v1/orders/open")) == 2


def test_stale_quotes_are_those_of_a_while_ago(client: Client) -> None:
    switch(client, "stale", "/v1/candles/minutes/1", delay_s=60)
    query = "market=KRW-BTC"
    [row] = client.quote("/v1/candles/minutes/1", query)
    assert row["candle_date_time_utc"] == "2025-09-01T00:00:00"
    [row] = client.quote("/v1/candles/minutes/1", query)
    assert row["candle_date_time_utc"] == "2025-09-01T00:01:00"


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"method": "GET", "path": "/v1/order", "kind": "explode"},
        {"method": "GET", "path": "/v1/order", "kind": "stale"},
        {"method": "GET", "path": "/v1/order", "kind": "slow", "delay_s": -1},
        {"method": "GET", "path": "/v1/order", "kind": "slow", "count": "many"},
        {"method": "GET", "path": "/v1/order", "kind": "slow", "typo": 1},
    ],
)
def test_unusable_fault_is_refused(client: Client, fault: dict[str, object]) -> None:
    assert error_of(client.control("PUT", "/sandbox/faults", [fault])) == "validation_error"


def test_remaining_req_is_on_every_answer_and_never_runs_down_on_a_virtual_clock(
    client: Client,
) -> None:
    for _ in range(50):
        client.quote("/v1/candles/minutes/1", "market=KRW-NONE")
        assert client.last.header("remaining-req") == "group=candles; min=600; sec=9"
    client.buy("1")
    assert client.last.header("remaining-req") == "group=order; min=720; sec=11"
    client.get("/v1/accounts")
    assert client.last.header("remaining-req") == "group=default; min=1800; sec=29"


def test_eleventh_quote_in_a_second_is_refused_in_plain_text(
    ticking: tuple[Client, list[float]],
) -> None:
    client, elapsed = ticking
    request = Request("GET", "/v1/ticker", "markets=KRW-BTC")
    answers = [client.sandbox.handle(request) for _ in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[0].header("remaining-req") == "group=ticker; min=600; sec=9"
    assert answers[10].body == b"Too many API requests."
    assert answers[10].header("remaining-req") == "group=ticker; min=600; sec=0"
    client.quote("/v1/orderbook", "markets=KRW-BTC")  # another group has its own budget
    assert client.last.status == 200
    elapsed[0] = 1.0
    assert client.sandbox.handle(request).status == 200


def test_thirteenth_order_in_a_second_is_not_booked(ticking: tuple[Client, list[float]]) -> None:
    client, _ = ticking
    assert [place_raw(client, f"i{n}") for n in range(13)] == [201] * 12 + [429]
    assert len(client.get("/v1/orders/open")) == 12


def test_limits_can_be_switched_on_with_a_virtual_clock() -> None:
    client = client_of([flat_tape("KRW-BTC", [1.0])], rate_limits=True)
    request = Request("GET", "/v1/market/all")
    assert [client.sandbox.handle(request).status for _ in range(11)] == [200] * 10 + [429]


def test_options_refuse_what_no_exchange_could_open_with() -> None:
    with pytest.raises(ValueError, match="negative"):
        Options(cash=Decimal(-1))
    with pytest.raises(ValueError, match="slippage"):
        Options(slippage_bps=10_000)
