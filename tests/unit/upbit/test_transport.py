"""Every way the wire can fail, and the one error of ours that it becomes; the rate budget."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import urllib3

from haetae.adapters.upbit.client import UpbitClient
from haetae.adapters.upbit.transport import (
    Answer,
    MaybeSent,
    RateBudget,
    Request,
    SurelyNotSent,
    UrllibTransport,
    requests_left,
)
from haetae.app.ports import Unknown
from support.patience import patience
from support.upbit_script import (
    ACCESS,
    BUY,
    ORDER,
    SECRET,
    Script,
    client_of,
    said,
)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("group=default; min=1800; sec=29", ("default", 29)),
        ("group=candles; sec=0", ("candles", 0)),
        ("sec=3;group=order", ("order", 3)),
        ("Group=Market ;SEC= 7 ", ("Market", 7)),
        ("", None),
        ("group=default", None),
        ("group=default; sec=many", None),
        ("group=default; sec=-1", None),
        ("group=; sec=1", None),
        (";;;===", None),
    ],
)
def test_remaining_req_is_read_and_oddities_are_ignored(header: str, known: object) -> None:
    assert requests_left(header) == known


def test_spent_group_is_waited_for_once_and_others_are_not() -> None:
    now, waits = [100.0], list[float]()
    budget = RateBudget(waits.append, lambda: now[0])
    budget.note("/v1/order", "group=default; sec=0")
    budget.note("/v1/accounts", "group=default; sec=5")
    budget.note("/v1/orderbook", "group=orderbook; sec=9")
    now[0] = 100.25
    assert budget.hold("/v1/orderbook", 2.0) == 0.0
    assert budget.hold("/v1/accounts", 2.0) == 0.75
    assert budget.hold("/v1/order", 2.0) == 0.0
    assert waits == [0.75]


def test_spent_group_that_has_recovered_is_not_waited_for() -> None:
    now, waits = [100.0], list[float]()
    budget = RateBudget(waits.append, lambda: now[0])
    budget.note("/v1/order", "group=default; sec=0")
    now[0] = 101.0
    assert budget.hold("/v1/order", 2.0) == 0.0
    assert waits == []


def test_waiting_for_the_budget_leaves_the_order_less_time() -> None:
    waits: list[float] = []
    spent = {"remaining-req": "group=order; min=1; sec=0"}
    first = Answer(status=201, headers=spent, body=json.dumps(ORDER).encode())
    script = Script(first, said(201, ORDER))
    client = client_of(script, waits)
    client.place(BUY)
    client.place(BUY)
    assert len(waits) == 1
    assert 0.5 < waits[0] <= 1.0
    assert script.sent[1].timeout_s == pytest.approx(2.0 - waits[0])


LOOK = Request(method="GET", target="/", headers={}, timeout_s=1.0)
ORDERED = Request(method="POST", target="/v1/orders", headers={}, body=b"{}", timeout_s=1.0)


def foreign_errors() -> list[type[urllib3.exceptions.HTTPError]]:
    found, queue = [], [urllib3.exceptions.HTTPError]
    while queue:
        error = queue.pop()
        found.append(error)
        queue += error.__subclasses__()
    return sorted(set(found), key=lambda error: error.__name__)


@pytest.mark.parametrize("error", foreign_errors())
def test_every_urllib3_error_becomes_ours(
    error: type[urllib3.exceptions.HTTPError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error.__new__(error)

    monkeypatch.setattr(urllib3.HTTPSConnectionPool, "urlopen", fail)
    exceptions = urllib3.exceptions
    unsent = (exceptions.NewConnectionError, exceptions.ConnectTimeoutError)
    expected = SurelyNotSent if issubclass(error, unsent) else MaybeSent
    with pytest.raises(expected) as caught:
        UrllibTransport("https://api.upbit.com").send(LOOK)
    assert isinstance(caught.value.__cause__, error)


@contextmanager
def server_that(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serves one connection by hand."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(patience(5))

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(patience(5))
                answer(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=patience(5))


def client_at(address: str, timeout_s: float = patience(2.0)) -> UpbitClient:
    """Return a client of a server of this machine, which may be busy with other things."""
    return UpbitClient(base_url=address, access_key=ACCESS, secret_key=SECRET, timeout_s=timeout_s)


def read_request(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)


def test_refused_connection_is_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SurelyNotSent):
        UrllibTransport(f"http://127.0.0.1:{port}").send(ORDERED)


def test_unknown_host_is_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SurelyNotSent):
        UrllibTransport("http://exchange.invalid").send(ORDERED)


def test_connect_timeout_is_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*args: object, **kwargs: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(urllib3.util.connection, "create_connection", slow)
    with pytest.raises(SurelyNotSent):
        UrllibTransport("http://127.0.0.1:9").send(ORDERED)


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def say_nothing(connection: socket.socket) -> None:
    read_request(connection)
    connection.recv(1)  # until the client gives up


def stop_half_way(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")


def talk_nonsense(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"no HTTP at all\r\n\r\n")


def send_broken_gzip(connection: socket.socket) -> None:
    read_request(connection)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"
    connection.sendall(head + b"oops")


def hang_up_on_the_second(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    read_request(connection)


@pytest.mark.parametrize(
    "answer", [hang_up, say_nothing, stop_half_way, talk_nonsense, send_broken_gzip]
)
def test_request_that_was_read_may_have_been_carried_out(
    answer: Callable[[socket.socket], None],
) -> None:
    with server_that(answer) as address:
        client = client_at(address, timeout_s=patience(0.2))
        assert isinstance(client.place(BUY), Unknown)


def test_kept_alive_connection_that_dies_may_have_carried_the_order() -> None:
    with server_that(hang_up_on_the_second) as address:
        client = client_at(address)
        assert client.balances() == ()
        assert isinstance(client.place(BUY), Unknown)


def redirect(connection: socket.socket) -> None:
    read_request(connection)
    head = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n"
    connection.sendall(head + b"Content-Length: 0\r\nConnection: close\r\n\r\n")


def test_order_does_not_follow_a_redirect() -> None:
    with server_that(redirect) as address:
        client = client_at(address)
        assert client.place(BUY) == Unknown(message="307: no word about the order")
