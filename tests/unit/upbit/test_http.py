"""Every way the wire can fail, what we say of it, and when nothing may leave any more."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from haetae.adapters.upbit import connection
from haetae.adapters.upbit.client import UpbitClient
from haetae.adapters.upbit.http import HttpTransport
from haetae.adapters.upbit.sockets import Deadline, resolve
from haetae.adapters.upbit.transport import Answer, MaybeSent, Request, SurelyNotSent, WireFailure
from haetae.app.ports import Unknown
from support.patience import patience
from support.upbit_script import ACCESS, BUY, SECRET

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
LOOK = Request(method="GET", target="/", headers={}, timeout_s=1.0)
ORDERED = Request(method="POST", target="/v1/orders", headers={}, body=b"{}", timeout_s=1.0)


@contextmanager
def server_that(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serves one connection by hand."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(patience(5))

        def run() -> None:
            connection, _ = listener.accept()
            with connection, suppress(ConnectionResetError):
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
        HttpTransport(f"http://127.0.0.1:{port}").send(ORDERED)


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


# What leaves, and until when


class Door:
    """Counts what reaches a listening socket: connections, and the requests of each."""

    def __init__(
        self,
        answer: bytes = OK,
        *,
        context: ssl.SSLContext | None = None,
        hangs_up: bool = False,
    ) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.answer = answer
        self._context = context
        self._hangs_up = hangs_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                while data := connection.recv(65536):
                    self.requests.append(data)
                    connection.sendall(self.answer)
                    if self._hangs_up:
                        return
        except OSError:
            return

    def close(self) -> None:
        """Close the connections that wait, and the door."""
        self._listener.close()


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


type Rows = list[tuple[socket.AddressFamily, int, int, str, tuple[str, int]]]


def resolve_to(
    monkeypatch: pytest.MonkeyPatch, *hosts: str, after: threading.Event | None = None
) -> None:
    """Let every name stand for these addresses, once `after` is set."""

    def rows(host: str, port: int, **kwargs: object) -> Rows:
        if after is not None:
            after.wait(patience(10))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", rows)


def order_request(timeout_s: float) -> Request:
    return Request(method="POST", target="/v1/orders", headers={}, body=b"{}", timeout_s=timeout_s)


def test_order_whose_name_resolves_too_late_never_leaves(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = threading.Event()
    resolve_to(monkeypatch, "127.0.0.1", after=resolved)
    with pytest.raises(SurelyNotSent):
        HttpTransport(f"http://exchange.test:{door.port}").send(order_request(0.1))
    resolved.set()
    time.sleep(0.2)
    assert (door.connections, door.requests) == (0, [])


def test_black_holes_before_the_address_that_answers_share_one_deadline(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1")
    asked: list[tuple[str, float]] = []

    class BlackHole(socket.socket):
        def connect(self, address: tuple[str, int]) -> None:  # type: ignore[override]
            left_s = self.gettimeout()
            assert left_s is not None
            asked.append((address[0], left_s))
            if address[0] != "127.0.0.1":
                time.sleep(left_s)
                raise TimeoutError
            super().connect(address)

    monkeypatch.setattr(socket, "socket", BlackHole)
    limit_s = patience(2.0)
    answer = HttpTransport(f"http://exchange.test:{door.port}").send(order_request(limit_s))
    assert answer.body == b"[]"
    assert [ip for ip, _ in asked] == ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"]
    assert sum(left_s for _, left_s in asked) <= limit_s


def test_connection_that_took_all_the_time_carries_nothing_and_is_kept(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = HttpTransport(f"http://127.0.0.1:{door.port}")
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    connect = HttpTransport._new_connection

    def slowly(self: HttpTransport, deadline: Deadline) -> object:
        connection = connect(self, deadline)
        clock[0] += 2.0
        return connection

    with monkeypatch.context() as slow:
        slow.setattr(HttpTransport, "_new_connection", slowly)
        with pytest.raises(SurelyNotSent, match="too late"):
            transport.send(order_request(2.0))
    assert door.requests == []
    assert transport.send(order_request(2.0)).status == 200
    assert door.connections == 1
    transport.close()


def test_request_is_one_piece_and_exactly_what_was_asked(door: Door) -> None:
    transport = HttpTransport(f"http://127.0.0.1:{door.port}/prefix/")
    headers = {"authorization": "Bearer x"}
    transport.send(
        Request(method="POST", target="/v1/orders", headers=headers, body=b"{}", timeout_s=5.0)
    )
    assert door.requests == [
        (
            f"POST /prefix/v1/orders HTTP/1.1\r\nhost: 127.0.0.1:{door.port}\r\n"
            "accept-encoding: identity\r\nauthorization: Bearer x\r\ncontent-length: 2\r\n\r\n{}"
        ).encode()
    ]
    transport.close()


def test_line_break_in_a_header_never_leaves(door: Door) -> None:
    request = Request(method="GET", target="/", headers={"a": "b\r\nc: d"}, timeout_s=5.0)
    with pytest.raises(AssertionError):
        HttpTransport(f"http://127.0.0.1:{door.port}").send(request)
    assert door.connections == 0


# How long an answer may take, and how large it may be


def drip(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b" ")
        time.sleep(0.02)


def drip_headers(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(90):
        connection.sendall(f"X-{n}: 1\r\n".encode())
        time.sleep(0.2)


@pytest.mark.parametrize("answer", [drip, drip_headers])
def test_answer_that_drips_is_left_at_the_deadline(
    answer: Callable[[socket.socket], None],
) -> None:
    ends: list[str] = []

    def until_reset(connection: socket.socket) -> None:
        try:
            answer(connection)
        except ConnectionError as exc:
            ends.append(type(exc).__name__)

    with server_that(until_reset) as address, pytest.raises(MaybeSent):
        HttpTransport(address).send(order_request(0.5))
    assert ends, "the whole answer was waited for"


def test_connection_is_reset_when_the_time_runs_out() -> None:
    seen: list[BaseException | bytes] = []

    def wait_for_the_end(connection: socket.socket) -> None:
        read_request(connection)
        try:
            seen.append(connection.recv(1))
        except ConnectionError as exc:
            seen.append(exc)

    with server_that(wait_for_the_end) as address, pytest.raises(MaybeSent, match="TimeoutError"):
        HttpTransport(address).send(order_request(0.2))
    assert isinstance(seen[0], ConnectionResetError)


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 100000", b"Connection: close", b"Transfer-Encoding: chunked"],
    ids=["announced", "until the end", "chunked"],
)
def test_body_without_a_bound_is_not_read(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_BODY_BYTES", 1000)

    def flood(connection: socket.socket) -> None:
        read_request(connection)
        piece = b"3e8\r\n" + b"x" * 1000 + b"\r\n" if b"chunked" in head else b"x" * 1000
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + 100 * piece)
        except ConnectionError:
            return

    with server_that(flood) as address, pytest.raises(MaybeSent, match="HTTPException"):
        HttpTransport(address).send(order_request(patience(5.0)))


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 4\r\n\r\nbody",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
        b"Connection: close\r\n\r\nbody",
    ],
    ids=["announced", "chunked", "until the end"],
)
def test_body_arrives_whole(body: bytes) -> None:
    def say(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 201 Created\r\nRemaining-Req: a; sec=1\r\n" + body)

    with server_that(say) as address:
        answer = HttpTransport(address).send(order_request(patience(5.0)))
    assert (answer.status, answer.body) == (201, b"body")
    assert answer.headers["remaining-req"] == "a; sec=1"


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=60).map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest),
        st.binary(max_size=60).map(lambda rest: OK[:-2] + rest),
        st.binary(max_size=60).map(
            lambda rest: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest
        ),
    )
)
def test_whatever_answers_becomes_an_answer_or_our_error(said: bytes) -> None:
    def say(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(said)

    with server_that(say) as address:
        try:
            answer = HttpTransport(address).send(LOOK)
        except WireFailure:
            return
    assert isinstance(answer, Answer)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n[]",
    ],
    ids=["hints first", "another protocol", "negative", "two lengths", "too long", "cut short"],
)
def test_answer_that_is_not_whole_and_final_is_none(said: bytes) -> None:
    def say(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(said)

    with server_that(say) as address, pytest.raises(MaybeSent):
        HttpTransport(address).send(order_request(patience(5.0)))


# Connections that are kept


def test_what_follows_an_answer_is_not_taken_for_the_next_one(
    secure_door: Door, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    stale = OK.replace(b"[]", b"{}")
    for address, door in (
        (f"https://localhost:{secure_door.port}", secure_door),
        ("", Door()),
    ):
        door.answer = OK + stale
        transport = HttpTransport(address or f"http://127.0.0.1:{door.port}", trusting)
        for _ in range(3):
            assert transport.send(order_request(patience(5.0))).body == b"[]"
        assert door.connections == 3
        transport.close()
        door.close()


def test_half_an_answer_too_much_costs_the_connection(door: Door) -> None:
    door.answer = OK + b"HTTP/1.1 200 OK\r\nContent-Le"
    transport = HttpTransport(f"http://127.0.0.1:{door.port}")
    for _ in range(2):
        assert transport.send(order_request(patience(5.0))).body == b"[]"
    assert door.connections == 2
    transport.close()


def test_connection_is_kept_for_the_next_request(door: Door) -> None:
    transport = HttpTransport(f"http://127.0.0.1:{door.port}")
    for _ in range(3):
        transport.send(LOOK)
    assert (door.connections, len(door.requests)) == (1, 3)
    transport.close()


@pytest.mark.parametrize("moved_s", [connection.IDLE_S + 1.0, -60.0])
def test_connection_that_has_rested_is_not_trusted(
    door: Door, monkeypatch: pytest.MonkeyPatch, moved_s: float
) -> None:
    transport = HttpTransport(f"http://127.0.0.1:{door.port}")
    transport.send(LOOK)
    later_s = time.time() + moved_s
    monkeypatch.setattr(time, "time", lambda: later_s)
    transport.send(LOOK)
    assert door.connections == 2
    transport.close()


def test_connection_that_the_other_side_closed_is_opened_again() -> None:
    door = Door(hangs_up=True)
    transport = HttpTransport(f"http://127.0.0.1:{door.port}")
    for _ in range(3):
        assert transport.send(order_request(patience(5.0))).status == 200
        wait_until_readable(transport)
    assert (door.connections, len(door.requests)) == (3, 3)
    door.close()


def wait_until_readable(transport: HttpTransport) -> None:
    until_s = time.monotonic() + patience(5.0)
    while transport._idle and transport._idle[0].is_fresh():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_connection_that_the_answer_closes_is_not_kept() -> None:
    door = Door(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))
    transport = HttpTransport(f"http://127.0.0.1:{door.port}")
    transport.send(LOOK)
    transport.send(LOOK)
    assert door.connections == 2
    door.close()


# Names and certificates


def test_unknown_host_is_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SurelyNotSent):
        HttpTransport("http://exchange.invalid").send(ORDERED)


def test_host_without_an_address_is_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch)
    with pytest.raises(SurelyNotSent):
        HttpTransport("http://exchange.test").send(ORDERED)


def test_addresses_keep_the_order_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "127.0.0.9", "127.0.0.1")
    found = resolve("exchange.test", 443, Deadline(patience(5.0)))
    assert [where for _, where in found] == [("127.0.0.9", 443), ("127.0.0.1", 443)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate that localhost signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secure_door(certificate: Path) -> Iterator[Door]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    door = Door(context=context)
    yield door
    door.close()


def test_certificate_that_nobody_vouches_for_gets_no_request(secure_door: Door) -> None:
    with pytest.raises(SurelyNotSent, match="SSLCertVerificationError"):
        HttpTransport(f"https://localhost:{secure_door.port}").send(order_request(patience(5.0)))
    assert secure_door.requests == []


def test_certificate_of_another_name_gets_no_request(secure_door: Door, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    transport = HttpTransport(f"https://127.0.0.1:{secure_door.port}", trusting)
    with pytest.raises(SurelyNotSent, match="SSLCertVerificationError"):
        transport.send(order_request(patience(5.0)))
    assert secure_door.requests == []


def test_request_over_tls_is_answered_and_its_connection_kept(
    secure_door: Door, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    transport = HttpTransport(f"https://localhost:{secure_door.port}", trusting)
    for _ in range(3):
        assert transport.send(order_request(patience(5.0))).body == b"[]"
    assert secure_door.connections == 1
    transport.close()


def test_peer_that_never_shakes_hands_gets_no_request() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"https://localhost:{listener.getsockname()[1]}"
        with pytest.raises(SurelyNotSent, match="TimeoutError"):
            HttpTransport(address).send(order_request(0.3))
