"""Sockets under a deadline: the name resolved, the connection made, in the time that is left."""

import socket
import time
from queue import Empty, SimpleQueue
from threading import Thread
from typing import cast

type Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


class Deadline:
    """The moment on this machine's monotonic clock after which nothing may happen any more."""

    def __init__(self, timeout_s: float) -> None:
        """Begin now."""
        self._until_s = time.monotonic() + timeout_s

    def remaining_s(self) -> float:
        """Return the seconds left, which are more than none. Raises TimeoutError."""
        left_s = self._until_s - time.monotonic()
        if left_s <= 0.0:
            raise TimeoutError("the time has run out")
        return left_s


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a socket connected to the first of a host's addresses that answers. Raises OSError."""
    addresses = resolve(host, port, deadline)
    failure: OSError = TimeoutError("no address")
    for index, address in enumerate(addresses):
        share_s = deadline.remaining_s() / (len(addresses) - index)
        try:
            return _open(address, share_s)
        except OSError as exc:
            failure = exc
    raise failure


def resolve(host: str, port: int, deadline: Deadline) -> tuple[Address, ...]:
    """Return a host's addresses, in the order in which the system would try them.

    The thread of a resolver that hangs is left behind; it ends when the resolver gives up.

    Raises:
        OSError: no such host, or no word in time.
    """
    found: SimpleQueue[tuple[Address, ...] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as exc:
            found.put(OSError(str(exc)))
        else:
            found.put(tuple([cast("Address", (row[0], row[4])) for row in rows]))

    Thread(target=look_up, daemon=True).start()
    try:
        outcome = found.get(timeout=deadline.remaining_s())
    except Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(outcome, OSError):
        raise outcome
    return outcome


def _open(address: Address, timeout_s: float) -> socket.socket:
    """Return a socket connected to an address. Raises OSError."""
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(where)
    except OSError:
        sock.close()
        raise
    return sock
