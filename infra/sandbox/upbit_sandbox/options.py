"""What `haetae sandbox` may be told: its options in groups, and how their values are read."""

import argparse
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from upbit_sandbox.base.arithmetic import parse_amount
from upbit_sandbox.base.clock import parse_time
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


def build_parser() -> argparse.ArgumentParser:
    """Return the reader of the sandbox's command line."""
    parser = argparse.ArgumentParser(
        prog="haetae sandbox",
        description="An Upbit on this machine: Upbit's API under /v1, its own controls under"
        " /sandbox. Prints its address when it is ready.",
    )
    for title, add_options in GROUPS:
        add_options(parser.add_argument_group(title).add_argument)
    return parser


def _add_market(add: Callable[..., object]) -> None:
    add(
        "--source",
        choices=("replay", "synthetic", "live"),
        default="synthetic",
        help="recorded candles, a made-up market (default), or an upstream's quotes mirrored",
    )
    add(
        "--market",
        "--markets",
        action="append",
        default=[],
        dest="markets",
        metavar="KRW-BTC",
        help="may repeat, or be a list with commas; default: all in the files, KRW-BTC where"
        " synthetic, all of the upstream where live",
    )
    add(
        "--candles",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="replay: recorded candles, Parquet or CSV, market and unit in the name",
    )
    add("--upstream", default=UPBIT, metavar="URL", help=f"live: its quotes (default {UPBIT})")
    add("--seed", type=int, help="synthetic: which market; default 0, with --state one of its own")


def _add_time(add: Callable[..., object]) -> None:
    add("--clock", choices=("real", "virtual"), help="default: virtual for replay, real otherwise")
    add("--start", type=_time, metavar="TIME", help="ISO 8601; default: the first candle, or now")
    add("--speed", type=_speed, default=1.0, metavar="X", help="a real clock's seconds a second")


def _add_account(add: Callable[..., object]) -> None:
    add("--cash", type=_cash, default=Decimal(10_000_000), metavar="KRW", help="to begin with")
    add(
        "--state",
        type=Path,
        metavar="FILE",
        help="keep account, market and clock here: what was answered survives restart and SIGKILL;"
        " with a file that exists --cash, --start and --accounts mean nothing",
    )
    add("--access-key", default=ACCESS_KEY)
    add("--secret-key", default=SECRET_KEY)
    add(
        "--accounts",
        type=Path,
        metavar="FILE",
        help="more accounts to open, a JSON list of what POST /sandbox/accounts takes",
    )


def _add_orders(add: Callable[..., object]) -> None:
    add(
        "--fills",
        choices=FILLS,
        help="trade against an order book and each print (default where the clock is real), or"
        " whole at candles (default where it is virtual); live is always a book",
    )
    add("--slippage-bps", type=int, default=10, help="of market orders on candles (default 10)")
    add(
        "--depth-krw",
        type=_cash,
        default=Decimal(100_000_000),
        metavar="KRW",
        help="on each level of a made-up book (default 100000000)",
    )
    add(
        "--smp-default",
        choices=SMP_DEFAULTS,
        default=SMP_DEFAULTS[0],
        help="what an order without smp_type means: cancel_maker since 2026-11-09, none before",
    )


def _add_manners(add: Callable[..., object]) -> None:
    add("--rate-limits", choices=("on", "off"), help="default: on where the clock is real")
    add(
        "--limit-body",
        choices=LIMIT_BODIES,
        default=LIMIT_BODIES[0],
        help="the form of 429 and 418, which is not documented (default text)",
    )
    add(
        "--scope-status",
        type=int,
        choices=SCOPE_STATUSES,
        default=403,
        help="of out_of_scope, which is either by the route (default 403)",
    )
    add(
        "--faults",
        type=Path,
        metavar="FILE",
        help="faults to begin with, JSON as PUT /sandbox/faults takes it",
    )


def _add_server(add: Callable[..., object]) -> None:
    add("--host", default="127.0.0.1")
    add("--port", type=_port, default=8700, help="default 8700; 0 takes a free one")
    add(
        "--until-stdin-closes",
        action="store_true",
        help="stop when standard input ends: when whoever started it is gone, however it went",
    )


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


GROUPS = (
    ("market", _add_market),
    ("time", _add_time),
    ("account", _add_account),
    ("orders", _add_orders),
    ("manners", _add_manners),
    ("server", _add_server),
)
