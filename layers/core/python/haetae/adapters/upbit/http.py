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

from http.client import HTTPException
from ssl import SSLContext, create_default_context
from urllib.parse import urlsplit
from weakref import finalize

from haetae.adapters.upbit.connection import Connection
from haetae.adapters.upbit.sockets import Deadline, connect
from haetae.adapters.upbit.transport import Answer, MaybeSent, Request, SurelyNotSent

MAX_IDLE = 2
PORTS = {"http": 80, "https": 443}


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
        self._context = None
        if url.scheme == "https":
            self._context = context or create_default_context()
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
        except (OSError, HTTPException, ValueError) as exc:
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


def _close(connections: list[Connection]) -> None:
    while connections:
        connections.pop().reset()
