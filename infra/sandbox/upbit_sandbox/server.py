"""Serves a sandbox over HTTP and WebSocket with uvicorn, on a socket that is already bound."""

import asyncio
import logging
import os
import socket
import threading
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from upbit_sandbox.asgi import create_app
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.streams.sockets import Hub

STOP_WITHIN_S = 2
STDIN = 0
IDLE_S = 120.0  # docs: websocket-guide
MAX_REQUEST_BYTES = 1_000_000
CUT = "ASGI callable returned without completing response."


class IdleProtocol(WebSocketsSansIOProtocol):
    """A WebSocket that is dropped when nothing has come or gone for so long, no ping frame either.

    It ends without a closing handshake, as Upbit's was seen to.
    """

    idle_s = IDLE_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._active_s = self.loop.time()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Note that something came."""
        self._active_s = self.loop.time()
        super().data_received(data)

    async def send(self, message: Any) -> None:
        """Note that something goes."""
        await super().send(message)
        self._active_s = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._idle.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Look again when the connection may have been idle for long enough."""
        left_s = self._active_s + self.idle_s - self.loop.time()
        if left_s <= 0:
            self.transport.abort()
        else:
            self._idle = self.loop.call_later(left_s, self._watch)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub
        self._pump: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._pump = asyncio.create_task(self._hub.run())
        self._pump.add_done_callback(self._stop)
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            print(f"The sandbox exchange is ready at http://{host}:{port}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump

    def _stop(self, _: asyncio.Task[None]) -> None:
        """Stop the server with its pump: without it clients would wait for nothing."""
        self.should_exit = True


def serve(sandbox: Sandbox, listener: socket.socket, *, until_stdin_closes: bool = False) -> None:
    """Serve until SIGINT or SIGTERM, or until standard input ends if that is asked for.

    Prints the address once requests are answered. The Date header is the exchange's own.
    """
    hub = Hub(sandbox)
    config = uvicorn.Config(
        create_app(sandbox, hub),
        log_level="warning",
        access_log=False,
        lifespan="off",
        date_header=False,
        server_header=False,
        proxy_headers=False,
        ws=IdleProtocol,
        ws_max_size=MAX_REQUEST_BYTES,
        ws_ping_interval=None,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_unmeant)
    server = _Server(config, hub)
    if until_stdin_closes:
        threading.Thread(target=_stop_at_end, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _is_unmeant(record: logging.LogRecord) -> bool:
    """Pass what uvicorn complains of, but for an answer that was cut on purpose."""
    return record.msg != CUT


def _stop_at_end(server: uvicorn.Server) -> None:
    """Read standard input to its end: that is when whoever holds the other end is gone."""
    try:
        while os.read(STDIN, 4_096):
            pass
    except OSError:
        pass  # no standard input at all: nobody holds an end
    server.should_exit = True
