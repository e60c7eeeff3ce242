"""An application behind a real socket of this machine, for as long as a test needs it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from haetae.adapters.asgi_transport import AsgiApp
from support.patience import patience


@contextmanager
def served(app: AsgiApp) -> Iterator[str]:
    """Serve an application over HTTP on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until_s = time.monotonic() + patience(10)
            while not server.started and time.monotonic() < until_s:
                time.sleep(0.01)
            assert server.started
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=patience(10))
