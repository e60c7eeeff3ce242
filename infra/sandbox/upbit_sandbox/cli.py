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

from upbit_sandbox.arithmetic import parse_amount
from upbit_sandbox.clock import Clock, RealClock, VirtualClock, parse_time
from upbit_sandbox.core import Sandbox
from upbit_sandbox.files import CandleFileError, read_tape
from upbit_sandbox.market import Market, build_markets
from upbit_sandbox.server import serve
from upbit_sandbox.synthetic import synthetic_market
from upbit_sandbox.venue import ACCESS_KEY, SECRET_KEY, Options

DAY_S = 86_400
HISTORY_S = 30 * DAY_S
SYNTHETIC_START = "2025-09-01T00:00:00Z"
REFUSED = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox; 0 after a clean stop, 2 when it cannot start."""
    args = _parser().parse_args(argv)
    try:
        sandbox = _sandbox(args)
        listener = _listen(args.host, args.port)
    except (CandleFileError, ValueError) as exc:
        print(exc, file=sys.stderr)
        return REFUSED
    if threading.current_thread() is threading.main_thread():
        # The server raises the signal again once it has stopped; by then it has done its work.
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda *_: None)
    with listener:
        serve(sandbox, listener)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="haetae sandbox", description=__doc__)
    add = parser.add_argument
    add("--source", choices=("replay", "synthetic"), default="synthetic")
    add("--candles", type=Path, nargs="+", action="extend", default=[], metavar="FILE")
    add("--clock", choices=("real", "virtual"), help="replay: virtual, synthetic: real")
    add("--start", type=_time, metavar="TIME", help="ISO 8601; default: the first candle, or now")
    add("--host", default="127.0.0.1")
    add("--port", type=_port, default=8700)
    add("--cash", type=_cash, default=Decimal(10_000_000), help="KRW")
    add("--access-key", default=ACCESS_KEY)
    add("--secret-key", default=SECRET_KEY)
    add("--slippage-bps", type=int, default=10)
    add("--seed", type=int, default=0)
    add("--markets", metavar="KRW-BTC,…", help="replay: all in the files, synthetic: KRW-BTC")
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


def _sandbox(args: argparse.Namespace) -> Sandbox:
    options = Options(
        cash=args.cash,
        access_key=args.access_key,
        secret_key=args.secret_key,
        slippage_bps=args.slippage_bps,
        seed=args.seed,
    )
    build = _replay if args.source == "replay" else _synthetic
    markets, clock = build(args)
    return Sandbox(markets, clock, options)


def _time(text: str) -> float:
    try:
        return parse_time(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a time: {text}") from None


def _replay(args: argparse.Namespace) -> tuple[list[Market], Clock]:
    if not args.candles:
        raise ValueError("replay needs recorded candles: --candles KRW-BTC_1m.parquet")
    built = build_markets([read_tape(path) for path in args.candles])
    wanted = args.markets.split(",") if args.markets else list(built)
    for code in wanted:
        if code not in built:
            raise ValueError(f"no candle file for {code}")
    markets = [built[code] for code in wanted]
    start_s = args.start
    if start_s is None:
        start_s = min((m.tape.starts[0] for m in markets if m.tape.starts), default=0)
    return markets, RealClock(start_s) if args.clock == "real" else VirtualClock(start_s)


def _synthetic(args: argparse.Namespace) -> tuple[list[Market], Clock]:
    clock: Clock
    if args.clock == "virtual":
        start = parse_time(SYNTHETIC_START) if args.start is None else args.start
        clock = VirtualClock(start)
    else:
        clock = RealClock(args.start)
    now_s = clock.now()
    first_t = int((now_s - HISTORY_S) // DAY_S * DAY_S)
    codes = (args.markets or "KRW-BTC").split(",")
    return [synthetic_market(c, args.seed, first_t, now_s + 2 * DAY_S) for c in codes], clock


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
