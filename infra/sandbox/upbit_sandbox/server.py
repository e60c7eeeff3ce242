"""Serves a sandbox over HTTP with uvicorn, on a socket that is already bound."""

import asyncio
import os
import socket
import threading

import uvicorn

from upbit_sandbox.asgi import create_app, follow
from upbit_sandbox.core import Sandbox

STOP_WITHIN_S = 2
STDIN = 0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, sandbox: Sandbox) -> None:
        super().__init__(config)
        self._sandbox = sandbox
        self._following: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._following = asyncio.create_task(follow(self._sandbox))
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            print(f"The sandbox exchange is ready at http://{host}:{port}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._following is not None:
            self._following.cancel()
        await super().shutdown(sockets)


def serve(sandbox: Sandbox, listener: socket.socket, *, until_stdin_closes: bool = False) -> None:
    """Serve until SIGINT or SIGTERM, or until standard input ends if that is asked for.

    Prints the address once requests are answered. The Date header is the exchange's own.
    """
    config = uvicorn.Config(
        create_app(sandbox),
        log_level="warning",
        access_log=False,
        lifespan="off",
        date_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    server = _Server(config, sandbox)
    if until_stdin_closes:
        threading.Thread(target=_stop_at_end, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _stop_at_end(server: uvicorn.Server) -> None:
    """Read standard input to its end: that is when whoever holds the other end is gone."""
    try:
        while os.read(STDIN, 4_096):
            pass
    except OSError:
        pass  # no standard input at all: nobody holds an end
    server.should_exit = True
