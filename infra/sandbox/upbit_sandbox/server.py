"""Serves a sandbox over HTTP with uvicorn, on a socket that is already bound."""

import socket

import uvicorn

from upbit_sandbox.asgi import create_app
from upbit_sandbox.core import Sandbox

STOP_WITHIN_S = 2


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            print(f"The sandbox exchange is ready at http://{host}:{port}", flush=True)


def serve(sandbox: Sandbox, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; prints the address once requests are answered."""
    config = uvicorn.Config(
        create_app(sandbox),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    _Server(config).run(sockets=[listener])
