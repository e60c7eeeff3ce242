"""One WebSocket connection: the frames that wait for its client, and how it ends."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import count
from typing import Any

from upbit_sandbox.streams.subscriptions import UP, StreamError, Subscription

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

UP_S = 10.0
NORMAL = 1000  # the code that the server closes with, after an error too
_names = count()


class Connection:
    """One client: what it is subscribed to, and the frames that wait for it."""

    up_s = UP_S

    def __init__(self, offered: frozenset[str], account: str | None, most_bytes: int) -> None:
        """Open with the types that may be asked for; the account is None on the public address."""
        self.name = str(next(_names))
        self.offered = offered
        self.account = account
        self.held: Subscription | None = None
        self.is_dropped = asyncio.Event()
        self._most_bytes = most_bytes
        self._waiting: deque[bytes | None] = deque()
        self._waiting_bytes = 0
        self._more = asyncio.Event()
        self._up: asyncio.TimerHandle | None = None

    def put(self, frame: bytes) -> None:
        """Let a frame wait for the writer; what is too much for it ends the connection."""
        if self.is_dropped.is_set():
            return
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
        self._more.set()
        if self._waiting_bytes > self._most_bytes:
            self.is_dropped.set()
            self._waiting.clear()

    def refuse(self, error: StreamError) -> None:
        """Let the error be the last frame."""
        self.put(error.frame())
        self._waiting.append(None)

    def send_pong_status(self) -> None:
        """Say that the connection is up, now and every ten seconds from now on."""
        self.stop_pings()
        self.put(UP)
        self._up = asyncio.get_running_loop().call_later(self.up_s, self.send_pong_status)

    def stop_pings(self) -> None:
        """Say UP no more."""
        if self._up is not None:
            self._up.cancel()

    async def write(self, send: Send) -> None:
        """Send what waits, until an error was sent or the client is gone."""
        while True:
            while not self._waiting:
                self._more.clear()
                await self._more.wait()
            frame = self._waiting.popleft()
            if frame is None:
                await send({"type": "websocket.close", "code": NORMAL})
                return
            await send({"type": "websocket.send", "bytes": frame})
            self._waiting_bytes -= len(frame)
