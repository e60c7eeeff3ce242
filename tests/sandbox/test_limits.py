"""Rate limits: who is counted where, what a refusal says, and who is blocked for going on."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape, token
from upbit_sandbox import Options, Request, Sandbox
from upbit_sandbox.access.limits import (
    BLOCK_S,
    GROUPS,
    LONGEST_BLOCK_S,
    MOST_CALLERS,
    REFUSED_SECONDS,
    RateLimits,
)
from upbit_sandbox.base.clock import RealClock
from upbit_sandbox.prices.market import build_markets

TICKER = Request("GET", "/v1/ticker", "markets=KRW-BTC")
IP = ("ip", "127.0.0.1")


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [10_000.0] * 10)], at(2), rate_limits=True)


def pass_by(client: Client, seconds: float) -> None:
    client.control("PUT", "/sandbox/clock", {"advance_s": seconds})


def statuses(client: Client, request: Request, times: int) -> list[int]:
    return [client.sandbox.handle(request).status for _ in range(times)]


def accounts(client: Client, **claims: object) -> Request:
    return Request("GET", "/v1/accounts", headers={"authorization": token(**claims)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "query", "group"),
    [
        ("/v1/market/all", "", "market"),
        ("/v1/candles/minutes/1", "market=KRW-BTC", "candles"),
        ("/v1/ticker", "markets=KRW-BTC", "ticker"),
        ("/v1/orderbook", "markets=KRW-BTC", "orderbook"),
        ("/v1/trades/ticks", "market=KRW-BTC", "trade"),
    ],
)
def test_upbit_6_quotes_are_ten_a_second(client: Client, path: str, query: str, group: str) -> None:
    """Each group of quotes allows ten calls a second to an address, counted apart."""
    request = Request("GET", path, query)
    client.quote("/v1/candles/minutes/3", "market=KRW-BTC")
    expected = [200] * (9 if group == "candles" else 10) + [429]
    answers = [client.sandbox.handle(request) for _ in expected]
    assert [answer.status for answer in answers] == expected
    assert answers[-2].header("remaining-req") == f"group={group}; min=600; sec=0"
    assert client.sandbox.handle(request).header("remaining-req") == answers[-1].header(
        "remaining-req"
    )


def test_upbit_6_quotes_count_by_address(client: Client) -> None:
    """Quotation limits are per address: another caller has its own ten."""
    assert statuses(client, TICKER, 11)[-1] == 429
    other = Request("GET", TICKER.path, TICKER.query, client="10.0.0.1")
    assert client.sandbox.handle(other).status == 200


def test_upbit_6_default_is_thirty_and_order_twelve_a_second(client: Client) -> None:
    """An account has thirty calls a second, and twelve orders apart from them."""
    seen = [client.sandbox.handle(accounts(client)).status for _ in range(31)]
    assert seen == [200] * 30 + [429]
    for _ in range(12):
        client.buy("5000")
        assert client.last.status == 201
    with pytest.raises(ValueError, match="Expecting value"):  # the refusal is no JSON
        client.buy("5000")
    assert client.last.status == 429
    assert len(client.sandbox.venue.account.orders) == 12


@pytest.mark.parametrize(
    ("group", "per_minute", "burst"),
    [("order-test", 480, 8), ("order-cancel-all", 30, 1), ("order", 720, 12)],
)
def test_upbit_6_groups_of_orders(group: str, per_minute: int, burst: int) -> None:
    """order is 12 a second, order-test 8 a second, order-cancel-all one in two seconds."""
    limits = RateLimits(enforced=True)
    allowed = [limits.take(group, IP, T0).allowed for _ in range(burst + 1)]
    assert allowed == [True] * burst + [False]
    over_a_minute = RateLimits(enforced=True)
    tries = [over_a_minute.take(group, IP, T0 + tick * 2.0) for tick in range(1, 31)]
    assert all(verdict.allowed for verdict in tries)
    assert GROUPS[group].requests * 60 / GROUPS[group].per_s == per_minute


def test_upbit_6_cancel_all_is_one_in_two_seconds(client: Client) -> None:
    """DELETE /orders/open may be called once in two seconds."""

    def cancel_all() -> int:
        request = Request("DELETE", "/v1/orders/open", headers={"authorization": token()})
        client.last = client.sandbox.handle(request)
        return client.last.status

    assert cancel_all() == 200
    assert client.last.header("remaining-req") == "group=order-cancel-all; min=30; sec=0"
    pass_by(client, 1)
    assert cancel_all() == 429
    pass_by(client, 1)
    assert cancel_all() == 200


def test_upbit_6_keys_of_one_account_share(client: Client) -> None:
    """The account's groups count all its keys together, and nobody else's."""
    made = {"access_key": "second", "secret_key": "s" * 64}
    client.control("POST", "/sandbox/keys", made)
    secret = {"access_key": "second", "secret": "s" * 64}
    for _ in range(15):
        assert client.sandbox.handle(accounts(client)).status == 200
        assert client.sandbox.handle(accounts(client, **secret)).status == 200
    assert client.sandbox.handle(accounts(client)).status == 429
    key = {"access_key": "hers", "secret_key": "s" * 64}
    client.control("POST", "/sandbox/accounts", {"name": "alice", "keys": [key]})
    hers = {"access_key": "hers", "secret": "s" * 64}
    assert client.sandbox.handle(accounts(client, **hers)).status == 200


def test_who_shows_no_good_token_is_counted_by_address(client: Client) -> None:
    request = Request("GET", "/v1/accounts")
    assert statuses(client, request, 31) == [401] * 30 + [429]
    other = Request("GET", "/v1/accounts", client="10.0.0.1")
    assert client.sandbox.handle(other).status == 401
    assert client.sandbox.handle(accounts(client)).status == 200


def test_upbit_6_account_groups_are_buckets() -> None:
    """The account's groups fill again bit by bit, as a token bucket does."""
    limits = RateLimits(enforced=True)
    for _ in range(12):
        assert limits.take("order", IP, T0).allowed
    assert not limits.take("order", IP, T0 + 0.08).allowed
    assert limits.take("order", IP, T0 + 0.09) == (0, True, 0.0)
    assert limits.take("order", IP, T0 + 0.59) == (5, True, 0.0)
    assert limits.take("order", IP, T0 + 5.0) == (11, True, 0.0)


def test_upbit_6_quotes_begin_again_with_the_second() -> None:
    """Quotation groups begin again with each second of the clock."""
    limits = RateLimits(enforced=True)
    for _ in range(10):
        assert limits.take("ticker", IP, T0 + 0.9).allowed
    assert not limits.take("ticker", IP, T0 + 0.999).allowed
    assert limits.take("ticker", IP, T0 + 1.0).left == 9


@given(
    st.sampled_from(sorted(GROUPS)),
    st.lists(st.floats(0, 0.7), min_size=1, max_size=120),
)
def test_no_group_ever_allows_more_than_its_burst_and_its_rate(
    name: str, pauses: list[float]
) -> None:
    limits, now_s, allowed = RateLimits(enforced=True), float(T0), 0
    for pause in pauses:
        now_s += pause
        allowed += limits.take(name, IP, now_s).allowed
    group = GROUPS[name]
    passed = (now_s - T0) / group.per_s
    windows = passed + 1 if group.is_bucket else int(now_s - T0) + 1
    assert allowed <= group.requests * windows + 1e-6


def test_upbit_6_origin_is_one_in_ten_seconds(client: Client) -> None:
    """A quote asked for with an Origin header is one in ten seconds, in the group origin."""
    request = Request("GET", TICKER.path, TICKER.query, {"origin": "https://example.com"})
    first, second = (client.sandbox.handle(request) for _ in range(2))
    assert (first.status, second.status) == (200, 429)
    assert first.header("remaining-req") == "group=origin; min=6; sec=0"
    assert client.sandbox.handle(TICKER).status == 200
    pass_by(client, 10)
    assert client.sandbox.handle(request).status == 200
    headers = {"authorization": token(), "origin": "https://example.com"}
    client.send(Request("GET", "/v1/accounts", headers=headers))
    assert client.last.header("remaining-req") == "group=default; min=1800; sec=29"


def test_upbit_6_refusal_is_plain_text(client: Client) -> None:
    """The body of a 429 is not documented: here it is plain text, unless JSON is asked for."""
    statuses(client, TICKER, 10)
    answer = client.sandbox.handle(TICKER)
    assert answer.body == b"Too many API requests."
    assert answer.header("content-type") == "text/plain;charset=UTF-8"


def test_body_of_a_refusal_can_be_json() -> None:
    client = client_of(
        [flat_tape("KRW-BTC", [10_000.0])], at(2), rate_limits=True, limit_body="json"
    )
    statuses(client, TICKER, 10)
    assert error_of(client.send(TICKER)) == "too_many_requests"
    assert client.last.status == 429


def test_upbit_6_who_goes_on_after_429_is_blocked(client: Client) -> None:
    """Who goes on after 429 gets 418 for a while, on all quotes, and longer each time."""
    for _ in range(REFUSED_SECONDS):
        pass_by(client, 1)
        last = [client.sandbox.handle(TICKER) for _ in range(12)][-1]
    assert last.status == 418
    assert last.body == b"Too many API requests. Blocked for 10 seconds."
    assert client.sandbox.handle(Request("GET", "/v1/market/all")).status == 418
    assert client.sandbox.handle(accounts(client)).status == 200  # the account is not blocked
    other = Request("GET", TICKER.path, TICKER.query, client="10.0.0.1")
    assert client.sandbox.handle(other).status == 200
    pass_by(client, BLOCK_S - 1)
    assert client.sandbox.handle(TICKER).status == 418
    pass_by(client, 1)
    assert client.sandbox.handle(TICKER).status == 200


def hammered(limits: RateLimits, now_s: float) -> tuple[float, float]:
    """Go on until blocked; give when and for how long."""
    while True:
        verdicts = [limits.take("order", IP, now_s) for _ in range(13)]
        if verdicts[-1].blocked_s:
            return now_s, verdicts[-1].blocked_s
        now_s += 1


def test_blocks_double_up_to_an_hour_and_are_forgotten_after_one() -> None:
    limits, now_s = RateLimits(enforced=True), float(T0)
    blocks = []
    for _ in range(10):
        at_s, blocked_s = hammered(limits, now_s)
        blocks.append(blocked_s)
        now_s = at_s + blocked_s
    assert blocks == [min(BLOCK_S * 2**n, LONGEST_BLOCK_S) for n in range(10)]
    assert hammered(limits, now_s + 3_601)[1] == BLOCK_S


def test_a_single_burst_blocks_nobody() -> None:
    limits = RateLimits(enforced=True)
    verdicts = [limits.take("order", IP, T0) for _ in range(500)]
    assert not any(verdict.blocked_s for verdict in verdicts)
    for second in range(2, 20, 2):  # nor does one who waits for a second after each refusal
        verdicts = [limits.take("order", IP, T0 + second) for _ in range(13)]
        assert not verdicts[-1].allowed
        assert not verdicts[-1].blocked_s


@pytest.mark.parametrize(
    ("tried", "limit"),
    [
        (lambda limits, now_s: limits.connect(IP, now_s), 5),
        (lambda limits, now_s: limits.message("one", now_s), 5),
    ],
)
def test_upbit_6_websockets_are_five_a_second(
    tried: Callable[[RateLimits, float], bool], limit: int
) -> None:
    """Five new WebSockets a second, and five messages a second on each."""
    limits = RateLimits(enforced=True)
    assert [tried(limits, T0) for _ in range(limit + 1)] == [True] * limit + [False]
    assert tried(limits, T0 + 1)


def test_upbit_6_websocket_messages_are_a_hundred_a_minute() -> None:
    """A WebSocket may send a hundred messages a minute."""
    limits = RateLimits(enforced=True)
    sent = [limits.message("one", T0 + n * 0.2) for n in range(300)]
    assert 100 <= sum(sent) <= 200  # a full bucket, and what it gains in a minute
    assert sent[:100] == [True] * 100
    assert limits.message("other", T0 + 60)


def test_callers_are_not_remembered_without_end() -> None:
    limits = RateLimits(enforced=True)
    for n in range(MOST_CALLERS + 50):
        limits.take("order", ("ip", str(n)), T0)
    assert len(limits._uses) <= MOST_CALLERS


def test_upbit_6_remaining_req_is_on_every_answer() -> None:
    """Remaining-Req is on every answer, errors too: group, min and sec, exactly so written."""
    client = client_of([flat_tape("KRW-BTC", [10_000.0])], at(2))
    seen = {}
    for request in (
        TICKER,
        Request("GET", "/v1/ticker", "markets=KRW-NONE"),
        Request("GET", "/v1/candles/minutes/7", "market=KRW-BTC"),
        Request("GET", "/v1/accounts"),
        Request("POST", "/v1/orders", body=b"{"),
        Request("GET", "/v1/nowhere"),
        Request("PATCH", "/v1/ticker"),
        Request("HEAD", "/v1/ticker", "markets=KRW-BTC"),
    ):
        answer = client.sandbox.handle(request)
        seen[f"{request.method} {request.path} {answer.status}"] = answer.header("remaining-req")
    assert seen == {
        "GET /v1/ticker 200": "group=ticker; min=600; sec=9",
        "GET /v1/ticker 404": "group=ticker; min=600; sec=9",
        "GET /v1/candles/minutes/7 400": "group=default; min=1800; sec=29",
        "GET /v1/accounts 401": "group=default; min=1800; sec=29",
        "POST /v1/orders 400": "group=order; min=720; sec=11",
        "GET /v1/nowhere 404": "group=default; min=1800; sec=29",
        "PATCH /v1/ticker 405": "group=ticker; min=600; sec=9",
        "HEAD /v1/ticker 200": "group=ticker; min=600; sec=9",
    }


def test_limits_are_off_on_a_virtual_clock_unless_asked_for() -> None:
    markets = list(build_markets([flat_tape("KRW-BTC", [10_000.0])]).values())
    for asked, clock_is_real, limited in (
        (None, False, False),
        (True, False, True),
        (None, True, True),
        (False, True, False),
    ):
        clock = RealClock(T0, lambda: 0.0) if clock_is_real else None
        options = Options(rate_limits=asked)
        if clock is None:
            sandbox = Sandbox.of_tapes([flat_tape("KRW-BTC", [10_000.0])], T0, options)
        else:
            sandbox = Sandbox(markets, clock, options)
        last = [sandbox.handle(Request("GET", "/v1/market/all")).status for _ in range(11)][-1]
        assert last == (429 if limited else 200)
