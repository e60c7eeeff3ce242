"""One connection to the exchange: a request and its answer, each step under one deadline."""

import select
import socket
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from ssl import SSLSocket
from typing import cast

from haetae.adapters.upbit.sockets import Deadline
from haetae.adapters.upbit.transport import Answer

MAX_BODY_BYTES = 8_388_608
TOO_LARGE = f"an answer larger than {MAX_BODY_BYTES} bytes"
IDLE_S = 20.0  # older connections may have been dropped on the way without a word
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

        Only after a final answer that was read to its end, and with nothing behind it: what is
        left over would be taken for the answer of the next request.

        Raises:
            OSError: no answer in time, or the connection broke.
            HTTPException, ValueError: what came is no whole answer of HTTP, or is too large.
        """
        self._deadline = deadline
        self._sock.settimeout(deadline.remaining_s())
        self._sock.sendall(data)
        response = HTTPResponse(cast("socket.socket", self), method=method)
        response.begin()
        if response.status < 200:
            raise HTTPException(f"{response.status} is no last word")
        answer = Answer(
            status=response.status, headers=_headers_of(response), body=_body_of(response)
        )
        self._used_s = time.time()
        whole = response.isclosed() and not response.will_close
        return answer, whole and not self._reader.has_more

    def makefile(self, mode: str) -> BufferedReader:
        """Return what HTTPResponse reads: this connection, under the deadline."""
        assert mode == "rb", mode
        self._reader = _AnswerReader(_BoundedReader(self._sock, self._deadline))
        return self._reader

    def is_fresh(self) -> bool:
        """Tell whether it was used lately, and the other side has neither closed it nor spoken."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        decrypted = self._sock.pending() if isinstance(self._sock, SSLSocket) else 0
        lately = 0.0 <= time.time() - self._used_s < IDLE_S
        return lately and not decrypted and not poll.poll(0)

    def reset(self) -> None:
        """Throw away what has not left yet, and close."""
        with suppress(OSError):  # it is closed already
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._sock.close()


class _BoundedReader(RawIOBase):
    """Reads a socket under a deadline; closing it leaves the socket open."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self.ended:
            return 0
        self._sock.settimeout(self._deadline.remaining_s())
        return self._sock.recv_into(buffer)


class _AnswerReader(BufferedReader):
    """Reads one answer; HTTPResponse closes it at the answer's end."""

    def __init__(self, raw: _BoundedReader) -> None:
        super().__init__(raw)
        self._bounded = raw
        self.has_more = False

    def close(self) -> None:
        """Close, noting whether something is left in the buffer."""
        if not self.closed:
            self._bounded.ended = True
            self.has_more = bool(self.peek(1))
        super().close()


def _headers_of(response: HTTPResponse) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _body_of(response: HTTPResponse) -> bytes:
    """Return the whole body. Raises HTTPException, OSError."""
    if response.getheader("content-encoding", "identity") != "identity":
        raise HTTPException("an encoding that was not asked for")
    if len(response.headers.get_all("content-length", [])) > 1:
        raise HTTPException("two lengths")
    if (response.length or 0) > MAX_BODY_BYTES:
        raise HTTPException(TOO_LARGE)
    if response.length is not None:
        return response.read()  # only so does a body cut short raise
    body = response.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise HTTPException(TOO_LARGE)
    return body
