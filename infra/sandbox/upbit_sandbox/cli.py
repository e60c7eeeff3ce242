"""`haetae sandbox`: opens the exchange on a port and serves until it is told to stop."""

import errno
import signal
import socket
import sys
import threading
from collections.abc import Sequence

from upbit_sandbox.build import open_sandbox
from upbit_sandbox.options import build_parser
from upbit_sandbox.prices.files import CandleFileError
from upbit_sandbox.server import serve
from upbit_sandbox.venue.store import StateFile, StateFileError

REFUSED = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox; 0 after a clean stop, 2 when it cannot start."""
    args = build_parser().parse_args(argv)
    args.markets = [code for listed in args.markets for code in listed.split(",") if code]
    file = None if args.state is None else StateFile(args.state)
    try:
        sandbox = open_sandbox(args, file)
        listener = _listen(args.host, args.port)
        if file is not None:
            sandbox.keep(file)
    except (CandleFileError, StateFileError, ValueError) as exc:
        print(exc, file=sys.stderr)
        if file is not None:
            file.close()
        return REFUSED
    if threading.current_thread() is threading.main_thread():
        # The server raises the signal again once it has stopped; by then it has done its work.
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda *_: None)
    with listener:
        serve(sandbox, listener, until_stdin_closes=args.until_stdin_closes)
    if file is not None:
        file.close()
    return 0


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as exc:
        listener.close()
        if exc.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65_535 else 8_700
            raise ValueError(f"Port {port} is in use; try --port {other}.") from exc
        raise ValueError(f"Cannot listen on {host}:{port}: {exc.strerror}.") from exc
    return listener
