"""`haetae sandbox`: opens the exchange on a port and serves until it is told to stop."""

import argparse
import errno
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from upbit_sandbox.base.arithmetic import parse_amount
from upbit_sandbox.base.clock import parse_time
from upbit_sandbox.build import open_sandbox
from upbit_sandbox.prices.files import CandleFileError
from upbit_sandbox.server import serve
from upbit_sandbox.venue.store import StateFile, StateFileError
from upbit_sandbox.venue.venue import (
    ACCESS_KEY,
    FILLS,
    LIMIT_BODIES,
    SCOPE_STATUSES,
    SECRET_KEY,
    SMP_DEFAULTS,
)

UPBIT = "https://api.upbit.com"
MAX_SPEED = 100_000.0
REFUSED = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox; 0 after a clean stop, 2 when it cannot start."""
    args = _parser().parse_args(argv)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="haetae sandbox",
        description="An Upbit on this machine: Upbit's API under /v1, its own controls under"
        " /sandbox. Prints its address when it is ready.",
    )
    market = parser.add_argument_group("market").add_argument
    market(
        "--source",
        choices=("replay", "synthetic", "live"),
        default="synthetic",
        help="recorded candles, a made-up market (default), or an upstream's quotes mirrored",
    )
    market(
        "--market",
        "--markets",
        action="append",
        default=[],
        dest="markets",
        metavar="KRW-BTC",
        help="may repeat, or be a list with commas; default: all in the files, KRW-BTC where"
        " synthetic, all of the upstream where live",
    )
    market(
        "--candles",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="replay: recorded candles, Parquet or CSV, market and unit in the name",
    )
    market("--upstream", default=UPBIT, metavar="URL", help=f"live: its quotes (default {UPBIT})")
    market(
        "--seed", type=int, help="synthetic: which market; default 0, with --state one of its own"
    )
    time = parser.add_argument_group("time").add_argument
    time("--clock", choices=("real", "virtual"), help="default: virtual for replay, real otherwise")
    time("--start", type=_time, metavar="TIME", help="ISO 8601; default: the first candle, or now")
    time("--speed", type=_speed, default=1.0, metavar="X", help="a real clock's seconds a second")
    account = parser.add_argument_group("account").add_argument
    account("--cash", type=_cash, default=Decimal(10_000_000), metavar="KRW", help="to begin with")
    account(
        "--state",
        type=Path,
        metavar="FILE",
        help="keep account, market and clock here: what was answered survives restart and SIGKILL;"
        " with a file that exists --cash, --start and --accounts mean nothing",
    )
    account("--access-key", default=ACCESS_KEY)
    account("--secret-key", default=SECRET_KEY)
    account(
        "--accounts",
        type=Path,
        metavar="FILE",
        help="more accounts to open, a JSON list of what POST /sandbox/accounts takes",
    )
    orders = parser.add_argument_group("orders").add_argument
    orders(
        "--fills",
        choices=FILLS,
        help="trade against an order book and each print (default where the clock is real), or"
        " whole at candles (default where it is virtual); live is always a book",
    )
    orders("--slippage-bps", type=int, default=10, help="of market orders on candles (default 10)")
    orders(
        "--depth-krw",
        type=_cash,
        default=Decimal(100_000_000),
        metavar="KRW",
        help="on each level of a made-up book (default 100000000)",
    )
    orders(
        "--smp-default",
        choices=SMP_DEFAULTS,
        default=SMP_DEFAULTS[0],
        help="what an order without smp_type means: cancel_maker since 2026-11-09, none before",
    )
    manners = parser.add_argument_group("manners").add_argument
    manners("--rate-limits", choices=("on", "off"), help="default: on where the clock is real")
    manners(
        "--limit-body",
        choices=LIMIT_BODIES,
        default=LIMIT_BODIES[0],
        help="the form of 429 and 418, which is not documented (default text)",
    )
    manners(
        "--scope-status",
        type=int,
        choices=SCOPE_STATUSES,
        default=403,
        help="of out_of_scope, which is either by the route (default 403)",
    )
    manners(
        "--faults",
        type=Path,
        metavar="FILE",
        help="faults to begin with, JSON as PUT /sandbox/faults takes it",
    )
    server = parser.add_argument_group("server").add_argument
    server("--host", default="127.0.0.1")
    server("--port", type=_port, default=8700, help="default 8700; 0 takes a free one")
    server(
        "--until-stdin-closes",
        action="store_true",
        help="stop when standard input ends: when whoever started it is gone, however it went",
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"not a port: {text}")
    return int(text)


def _cash(text: str) -> Decimal:
    amount = Decimal(0) if text == "0" else parse_amount(text)
    if amount is None:
        raise argparse.ArgumentTypeError(f"not an amount: {text}")
    return amount


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= MAX_SPEED:
        raise argparse.ArgumentTypeError(f"not a speed from 0 to {MAX_SPEED:.0f}: {text}")
    return speed


def _time(text: str) -> float:
    try:
        return parse_time(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a time: {text}") from None


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
