"""Mirrored quotes: what the upstream says, not too often, and its failures as what they are."""

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.client import T0, flat_tape
from sandbox.servers import TIMEOUT_S, Server, refused, running
from support.patience import patience
from upbit_sandbox import Options, Request, Sandbox
from upbit_sandbox.base.clock import RealClock
from upbit_sandbox.base.wire import Response
from upbit_sandbox.prices.market import build_markets
from upbit_sandbox.quotation_api.mirror import BLOCKED_S, Mirror
from upbit_sandbox.quotation_api.routes import QUOTES
from upbit_sandbox.quotation_api.upstream import Answer, HttpUpstream, UpstreamDown, UpstreamSlow
from upbit_sandbox.venue.store import StateFile, StateFileError

NOTHING: frozenset[str] = frozenset()
TICKER = "/v1/ticker"
QUERY = "markets=KRW-BTC"


class Scripted:
    """An upstream that answers what it is told, and a clock that only waiting moves."""

    def __init__(self, *answers: Answer | UpstreamDown) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, float]] = []
        self.now_s = float(T0)
        self.waited: list[float] = []

    def __call__(self, target: str) -> Answer:
        self.asked.append((target, self.now_s))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, UpstreamDown):
            raise answer
        return answer

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now_s += seconds

    def mirror(self, *markets: str) -> Mirror:
        return Mirror(self, markets, now_s=lambda: self.now_s, wait=self.wait)


def quote(mirror: Mirror, path: str = TICKER, query: str = QUERY) -> Response:
    found = mirror.look(path, query, NOTHING).quote
    assert found is not None
    return found


def fine(remaining: str | None = "group=ticker; min=600; sec=9", body: bytes = b"[]") -> Answer:
    return Answer(200, body, "application/json;charset=UTF-8", remaining)


def test_answer_is_kept_for_a_second() -> None:
    upstream = Scripted(fine(body=b"[1]"), fine(body=b"[2]"))
    mirror = upstream.mirror()
    bodies = []
    for _ in range(4):
        bodies.append(quote(mirror).body)
        upstream.now_s += 0.4
    assert bodies == [b"[1]", b"[1]", b"[1]", b"[2]"]
    assert [target for target, _ in upstream.asked] == [f"{TICKER}?{QUERY}"] * 2


def test_nothing_is_kept_into_the_next_minute() -> None:
    upstream = Scripted(fine(body=b"[1]"), fine(body=b"[2]"))
    mirror = upstream.mirror()
    upstream.now_s = T0 + 59.9
    first = quote(mirror, "/v1/candles/minutes/1", "market=KRW-BTC").body
    upstream.now_s = T0 + 60.0
    assert (first, quote(mirror, "/v1/candles/minutes/1", "market=KRW-BTC").body) == (
        b"[1]",
        b"[2]",
    )


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (Answer(404, b'{"error":{"name":404,"message":"Code not found"}}'), 404, b"Code not found"),
        (Answer(400, b"bad", "text/plain"), 400, b"bad"),
        (Answer(500, b"<html>upstream's page</html>", "text/html"), 500, b"upstream's page"),
        (Answer(503, b""), 503, b""),
        (Answer(200, b'[{"market":"KRW-B'), 502, b"Bad Gateway"),
        (Answer(200, b"<html></html>", "text/html"), 502, b"Bad Gateway"),
        (Answer(200, b'{"error":1}'), 502, b"Bad Gateway"),
        (Answer(200, b"[" * 100_000), 502, b"Bad Gateway"),
        (Answer(302, b""), 502, b"Bad Gateway"),
        (UpstreamDown(), 502, b"Bad Gateway"),
        (UpstreamSlow(), 504, b"Gateway Time-out"),
    ],
)
def test_failure_is_what_a_client_of_upbit_would_see(
    answer: Answer | UpstreamDown, status: int, body: bytes
) -> None:
    found = quote(Scripted(answer).mirror())
    assert found.status == status
    assert body in found.body


def test_failure_ends_with_the_upstreams_and_is_not_asked_for_at_once() -> None:
    upstream = Scripted(UpstreamDown(), fine())
    mirror = upstream.mirror()
    assert [quote(mirror).status for _ in range(5)] == [502] * 5
    assert len(upstream.asked) == 1
    upstream.now_s += 1.1
    assert quote(mirror).status == 200


def test_calls_wait_when_none_is_left_this_second() -> None:
    left = [f"group=ticker; min=600; sec={n}" for n in (1, 0, 9, 8)]
    upstream = Scripted(*(fine(text) for text in left))
    mirror = upstream.mirror()
    for n in range(4):
        quote(mirror, query=f"markets=KRW-{n}")
    assert [at_s - T0 for _, at_s in upstream.asked] == [0, 0, 1.0, 1.0]


@pytest.mark.parametrize("remaining", [None, "", "sec=5", "group=ticker; min=600; sec=many"])
def test_without_a_readable_header_calls_are_spread(remaining: str | None) -> None:
    upstream = Scripted(fine(remaining))
    mirror = upstream.mirror()
    for n in range(21):
        quote(mirror, query=f"markets=KRW-{n}")
    times = [at_s for _, at_s in upstream.asked]
    assert all(later - one > 0.99 for one, later in zip(times, times[10:], strict=False))


def test_too_many_requests_is_tried_once_more_after_a_second() -> None:
    refusal = Answer(429, b"Too many API requests.", "text/plain;charset=UTF-8")
    upstream = Scripted(refusal, fine())
    assert quote(upstream.mirror()).status == 200
    assert upstream.waited == [1.0]
    upstream = Scripted(refusal)
    found = quote(upstream.mirror())
    assert (found.status, found.body, len(upstream.asked)) == (429, b"Too many API requests.", 2)


def test_blocked_mirror_leaves_the_upstream_alone_for_a_minute() -> None:
    upstream = Scripted(Answer(418, b"{}"), fine())
    mirror = upstream.mirror()
    for n in range(3):
        assert quote(mirror, query=f"markets=KRW-{n}").status == 418
        upstream.now_s += 10
    assert len(upstream.asked) == 1
    upstream.now_s = T0 + BLOCKED_S
    assert quote(mirror).status == 200


def test_named_markets_are_all_there_is() -> None:
    rows = [{"market": code, "korean_name": "x"} for code in ("KRW-BTC", "KRW-ETH", "BTC-ETH")]
    upstream = Scripted(fine(body=json.dumps(rows).encode()))
    mirror = upstream.mirror("KRW-ETH")
    listed = json.loads(quote(mirror, "/v1/market/all", "").body)
    assert listed == [rows[1]]
    refused_ = quote(mirror, query="markets=KRW-ETH,KRW-BTC")
    assert json.loads(refused_.body)["error"]["name"] == 404
    assert mirror.look("/v1/order", "", NOTHING).codes == {"KRW-ETH"}


@pytest.mark.parametrize("path", ["/v1/market/all", "/v1/ticker/all"])
def test_what_answers_for_all_answers_for_the_named_only(path: str) -> None:
    rows = [{"market": code, "trade_price": 1} for code in ("KRW-BTC", "KRW-ETH")]
    upstream = Scripted(fine(body=json.dumps(rows).encode()))
    assert json.loads(quote(upstream.mirror("KRW-BTC"), path, "").body) == rows[:1]
    assert json.loads(quote(upstream.mirror(), path, "").body) == rows


def test_every_quotation_path_is_passed_on_and_groups_wait_for_themselves_only() -> None:
    upstream = Scripted(fine())
    mirror = upstream.mirror()
    for path in QUOTES:
        assert quote(mirror, path, QUERY).status == 200
    assert [target for target, _ in upstream.asked] == [f"{path}?{QUERY}" for path in QUOTES]
    upstream.answers = [Answer(418, b""), fine()]
    assert quote(mirror, "/v1/trades/ticks", "market=KRW-ETH").status == 418
    assert quote(mirror, "/v1/trades/ticks", "market=KRW-XRP").status == 418
    assert quote(mirror, "/v1/ticker/all", "quote_currencies=KRW").status == 200


def test_known_markets_outlive_a_failure_and_unreadable_books_are_none() -> None:
    rows = json.dumps([{"market": "KRW-BTC"}, {"market": "KRW-ETH"}, 5]).encode()
    for bad in (fine(body=b"[5]"), fine(body=b'[{"market":"KRW-BTC","orderbook_units":[{}]}]')):
        upstream = Scripted(fine(body=rows), bad, UpstreamDown())
        mirror = upstream.mirror()
        view = mirror.look("", "", frozenset({"KRW-BTC", "KRW-NONE"}))
        assert view.codes == {"KRW-BTC", "KRW-ETH"}
        assert view.books == {}
        assert upstream.asked[-1][0] == "/v1/orderbook?markets=KRW-BTC"
        upstream.now_s += 7_200
        assert mirror.look("", "", NOTHING).codes == {"KRW-BTC", "KRW-ETH"}


def test_one_answer_serves_all_that_ask_at_once() -> None:
    may_answer = threading.Event()
    asked: list[str] = []

    def upstream(target: str) -> Answer:
        asked.append(target)
        assert may_answer.wait(TIMEOUT_S)
        return fine()

    mirror = Mirror(upstream, now_s=lambda: float(T0))
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(quote(mirror).status)) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    may_answer.set()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert (found, len(asked)) == ([200] * 5, 1)


def test_upstreams_rate_limit_is_never_run_into() -> None:
    """Forty different quotes at once, against a sandbox that enforces its limits."""
    script = Scripted(fine())
    markets = list(build_markets([flat_tape("KRW-BTC", [10_000.0] * 10)]).values())
    limited = Sandbox(markets, RealClock(T0 + 60, lambda: script.now_s), Options())
    statuses: list[int] = []

    def upstream(target: str) -> Answer:
        path, _, query = target.partition("?")
        answer = limited.handle(Request("GET", path, query))
        statuses.append(answer.status)
        return Answer(answer.status, answer.body, None, answer.header("remaining-req"))

    mirror = Mirror(upstream, now_s=lambda: script.now_s, wait=script.wait)
    found = [quote(mirror, query=f"{QUERY}&x={n}").status for n in range(40)]
    assert (found, statuses) == ([200] * 40, [200] * 40)
    assert script.waited == [1.0] * 3


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server]]:
    """A synthetic sandbox on the wall clock and a live one that mirrors it."""
    free = ("--rate-limits", "off")
    with (
        running("--source", "synthetic", "--market", "KRW-BTC,KRW-ETH", *free) as upstream,
        running("--source", "live", "--upstream", upstream.address, *free) as mirror,
    ):
        yield upstream, mirror


def until(true: Callable[[], bool]) -> None:
    """Wait for a condition, at most half a minute."""
    for _ in range(TIMEOUT_S * 10):
        if true():
            return
        threading.Event().wait(0.1)
    raise AssertionError("it did not come true")


def test_mirror_over_http(pair: tuple[Server, Server]) -> None:
    upstream, mirror = pair
    for path in (
        "/v1/market/all?is_details=true",
        "/v1/candles/minutes/60?market=KRW-ETH&count=5&to=2026-01-01T00:00:00Z",
        "/v1/candles/minutes/1?market=KRW-NONE",
        "/v1/candles/seconds?market=KRW-ETH&count=5&to=2026-01-01T00:00:00Z",
        "/v1/candles/days?market=KRW-BTC&count=5&converting_price_unit=KRW&to=2026-01-01 00:00:00",
        "/v1/candles/weeks?market=KRW-BTC&to=2026-01-01T09:00:00%2B09:00",
        "/v1/candles/months?market=KRW-BTC&count=x",
        "/v1/candles/years?market=KRW-NONE",
        "/v1/trades/ticks?market=KRW-BTC&days_ago=1&count=5",
        "/v1/orderbook/instruments?markets=KRW-NONE",
        "/v1/ticker/all",
        "/v1/orderbook",
    ):
        theirs, ours = (server.call("GET", path) for server in (upstream, mirror))
        assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())
    [row] = mirror.get("/v1/ticker?markets=KRW-BTC")
    assert row["market"] == "KRW-BTC"
    placed = mirror.buy("100000", identifier="paper")
    assert placed.status_code == 201
    until(lambda: order_of(mirror)["trades_count"] > 0)
    asks = {
        unit["ask_price"]
        for book in mirror.get("/v1/orderbook?markets=KRW-BTC")
        for unit in book["orderbook_units"]
    }
    assert asks
    assert order_of(mirror)["state"] in ("cancel", "done")
    assert upstream.private("GET", "/v1/order", "identifier=paper").status_code == 404


def order_of(server: Server) -> dict[str, Any]:
    body: dict[str, Any] = server.private("GET", "/v1/order", "identifier=paper").json()
    return body


def test_dead_upstream_is_a_gateways_error_and_comes_back_honestly(
    pair: tuple[Server, Server],
) -> None:
    upstream, mirror = pair
    assert mirror.call("GET", f"{TICKER}?{QUERY}").status_code == 200
    upstream.process.kill()
    upstream.process.wait(TIMEOUT_S)
    until(lambda: mirror.call("GET", f"{TICKER}?{QUERY}").status_code == 502)
    assert mirror.call("GET", "/v1/candles/minutes/1?market=KRW-BTC").status_code == 502
    assert mirror.private("GET", "/v1/accounts").json()[0]["balance"] == "10000000"
    until(lambda: mirror.buy("6000").status_code == 500)


def test_waiting_order_is_filled_while_nobody_asks(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with (
        running("--source", "synthetic") as upstream,
        running("--source", "live", "--upstream", upstream.address, "--state", file) as mirror,
    ):
        assert mirror.buy("100000").status_code == 201
        until(lambda: trades_in_copy(file) > 0)


def trades_in_copy(file: Path) -> int:
    """Count the trades in the file of a running exchange, which nobody else may open."""
    copy = file.parent / "copy"
    copy.mkdir(exist_ok=True)
    for part in (file, file.with_name(file.name + "-wal")):
        shutil.copy(part, copy / part.name)
    kept = StateFile(copy / file.name)
    try:
        found = kept.load()
    except StateFileError:
        return 0  # copied in the middle of a write
    finally:
        kept.close()
    assert found is not None
    return sum(len(order.trades) for order in found.snapshot.accounts["main"].ledger.orders)


@pytest.fixture
def socket_server() -> Iterator[Callable[[bytes], str]]:
    """An upstream made of bytes: it sends them and closes the connection."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(raw: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(raw)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        threads.append(thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for listener in listeners:
        listener.close()
    for thread in threads:
        thread.join(TIMEOUT_S)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1,",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5000001\r\n\r\n" + b"0" * 5_000_001,
    ],
)
def test_broken_answers_over_http(raw: bytes, socket_server: Callable[[bytes], str]) -> None:
    with pytest.raises(UpstreamDown):
        HttpUpstream(socket_server(raw))("/v1/ticker")


def test_whole_answer_over_http(socket_server: Callable[[bytes], str]) -> None:
    raw = b"HTTP/1.1 200 OK\r\nremaining-req: r\r\ncontent-type: t\r\ncontent-length: 2\r\n\r\n[]"
    assert HttpUpstream(socket_server(raw))("/v1/ticker") == Answer(200, b"[]", "t", "r")


def test_answer_that_drips_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        given_up = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n")
                with suppress(OSError):  # the client hangs up
                    while not given_up.wait(0.02):
                        connection.sendall(b" ")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            upstream = HttpUpstream(
                f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=patience(0.2)
            )
            with pytest.raises(UpstreamSlow):
                upstream("/v1/ticker")
        finally:
            given_up.set()
            thread.join(TIMEOUT_S)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--clock", "virtual"), "live prices are now"),
        (("--start", "2025-09-01"), "live prices are now"),
        (("--speed", "2"), "live prices are now"),
        (("--upstream", "ftp://somewhere"), "not the address of an exchange"),
        (("--upstream", "127.0.0.1:8700"), "not the address of an exchange"),
        (("--upstream", "http://127.0.0.1/v1"), "not the address of an exchange"),
    ],
)
def test_options_that_do_not_go_with_live(options: tuple[str, ...], said: str) -> None:
    assert said in refused("--source", "live", *options)


def test_mirrored_quotes_cannot_be_made_stale(pair: tuple[Server, Server]) -> None:
    _, mirror = pair
    fault = {"method": "GET", "path": TICKER, "kind": "stale", "delay_s": 5}
    answer = mirror.call("PUT", "/sandbox/faults", [fault])
    assert (answer.status_code, answer.json()["error"]["name"]) == (400, "validation_error")
    page = {"method": "GET", "path": TICKER, "kind": "html_502"}
    mirror.call("PUT", "/sandbox/faults", [page])
    assert mirror.call("GET", f"{TICKER}?{QUERY}").status_code == 502
    assert requests.get(f"{mirror.address}{TICKER}?{QUERY}", timeout=TIMEOUT_S).status_code == 200
