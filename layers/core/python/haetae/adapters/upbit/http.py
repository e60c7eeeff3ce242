"""HTTP to the exchange with a deadline of our own: after it no byte leaves, and none is waited for.

    resolve the name    in a thread, since getaddrinfo knows no time limit
    connect             the time left, shared out among the host's addresses; TLS included
    look at the clock   too late: SurelyNotSent
    send                head and body at once
    read                every read under the same deadline, at most MAX_BODY_BYTES of body

urllib3 was measured and left: its `Timeout(total=2)` bounds neither name resolution nor the sum
over addresses nor an answer that drips (29 s), and it sends though the total has run out. Where the
time runs out the connection is reset (SO_LINGER 0), so that what the kernel still holds for a slow
peer is thrown away. What the other side has received nobody can take back: that is MaybeSent.
"""

import select
import socket
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from ssl import SSLContext, create_default_context
from typing import cast
from urllib.parse import urlsplit
from weakref import finalize

from haetae.adapters.upbit.sockets import Deadline, connect
from haetae.adapters.upbit.transport import Answer, MaybeSent, Request, SurelyNotSent

MAX_BODY_BYTES = 8_388_608
MAX_IDLE = 2
IDLE_S = 20.0  # older connections may have been dropped on the way without a word
PORTS = {"http": 80, "https": 443}
RESET = struct.pack("ii", 1, 0)


class Connection:
    """One connection, with a deadline on every step; also what HTTPResponse reads from."""

    def __init__(self, sock: socket.socket) -> None:
        """Take a connected socket."""
        self._sock = sock
        self._deadline = Deadline(0.0)
        self._used_s = time.time()

    def ask(self, data: bytes, method: str, deadline: Deadline) -> tuple[Answer, bool]:
        """Send a request and return its answer, and whether the connection may be used again.

        Raises:
            OSError: no answer in time, or the connection broke.
            HTTPException: what came is no HTTP, or is larger than MAX_BODY_BYTES.
        """
        self._deadline = deadline
        self._sock.settimeout(deadline.remaining_s())
        self._sock.sendall(data)
        response = HTTPResponse(cast("socket.socket", self), method=method)
        response.begin()
        answer = Answer(
            status=response.status, headers=_headers_of(response), body=_body_of(response)
        )
        self._used_s = time.time()
        return answer, response.isclosed() and not response.will_close

    def makefile(self, mode: str) -> BufferedReader:
        """Return what HTTPResponse reads: this connection, under the deadline."""
        assert mode == "rb", mode
        return BufferedReader(_BoundedReader(self._sock, self._deadline))

    def is_fresh(self) -> bool:
        """Tell whether it was used lately, and the other side has neither closed it nor spoken."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return 0.0 <= time.time() - self._used_s < IDLE_S and not poll.poll(0)

    def reset(self) -> None:
        """Throw away what has not left yet, and close."""
        with suppress(OSError):  # it is closed already
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._sock.close()


class HttpTransport:
    """Implements `Transport`: HTTP/1.1 over connections that are kept alive."""

    def __init__(self, base_url: str, context: SSLContext | None = None) -> None:
        """Take scheme, host and an optional path prefix, such as https://api.upbit.com."""
        url = urlsplit(base_url)
        assert url.scheme in PORTS, base_url
        assert url.hostname, base_url
        self._host = url.hostname
        self._port = url.port or PORTS[url.scheme]
        self._host_header = url.netloc.rpartition("@")[2]
        self._prefix = url.path.rstrip("/")
        self._context = context
        if url.scheme == "https" and context is None:
            self._context = create_default_context()
        self._idle: list[Connection] = []
        finalize(self, _close, self._idle)

    def send(self, request: Request) -> Answer:
        """Send once, within the request's time. Raises SurelyNotSent, MaybeSent."""
        deadline = Deadline(request.timeout_s)
        data = self._bytes_of(request)
        try:
            connection = self._idle_connection() or self._new_connection(deadline)
        except OSError as exc:
            raise SurelyNotSent(f"no connection: {type(exc).__name__}") from exc
        try:
            deadline.remaining_s()
        except TimeoutError as exc:
            self._keep(connection)
            raise SurelyNotSent("connected too late to send") from exc
        try:
            answer, again = connection.ask(data, request.method, deadline)
        except (OSError, HTTPException) as exc:
            connection.reset()
            raise MaybeSent(f"no answer: {type(exc).__name__}") from exc
        if again:
            self._keep(connection)
        else:
            connection.reset()
        return answer

    def close(self) -> None:
        """Close the connections that are kept."""
        _close(self._idle)

    def _idle_connection(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh():
                return connection
            connection.reset()
        return None

    def _keep(self, connection: Connection) -> None:
        if len(self._idle) < MAX_IDLE:
            self._idle.append(connection)
        else:
            connection.reset()

    def _new_connection(self, deadline: Deadline) -> Connection:
        """Connect, and shake hands where the address says https. Raises OSError."""
        sock = connect(self._host, self._port, deadline)
        if self._context is None:
            return Connection(sock)
        try:
            sock.settimeout(deadline.remaining_s())
            return Connection(self._context.wrap_socket(sock, server_hostname=self._host))
        except OSError:
            sock.close()
            raise

    def _bytes_of(self, request: Request) -> bytes:
        """Return a request as it goes over the wire."""
        lines = [f"{request.method} {self._prefix}{request.target} HTTP/1.1"]
        lines.append(f"host: {self._host_header}")
        lines.append("accept-encoding: identity")
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        if request.body is not None:
            lines.append(f"content-length: {len(request.body)}")
        assert not any("\r" in line or "\n" in line for line in lines), "a line break in a header"
        return "\r\n".join([*lines, "", ""]).encode("ascii") + (request.body or b"")


class _BoundedReader(RawIOBase):
    """Reads a socket under a deadline; closing it leaves the socket open."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._sock.settimeout(self._deadline.remaining_s())
        return self._sock.recv_into(buffer)


def _close(connections: list[Connection]) -> None:
    while connections:
        connections.pop().reset()


def _headers_of(response: HTTPResponse) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _body_of(response: HTTPResponse) -> bytes:
    """Return the whole body. Raises HTTPException, OSError."""
    if response.getheader("content-encoding", "identity") != "identity":
        raise HTTPException("an encoding that was not asked for")
    if response.length is not None and response.length <= MAX_BODY_BYTES:
        return response.read()  # only so does a body cut short raise
    body = response.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise HTTPException(f"an answer larger than {MAX_BODY_BYTES} bytes")
    return body
