"""From the command's options to an exchange: new, or going on where a state file left it."""

import argparse
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from upbit_sandbox.access.faults import read_faults
from upbit_sandbox.base.clock import Clock, RealClock, VirtualClock, parse_time
from upbit_sandbox.base.errors import ApiError
from upbit_sandbox.base.fields import Malformed, read_body, read_list
from upbit_sandbox.control.accounts import add_account, read_new_account
from upbit_sandbox.control.routes import check_faults
from upbit_sandbox.prices.files import read_tape
from upbit_sandbox.prices.market import Market, build_markets
from upbit_sandbox.prices.source import Source
from upbit_sandbox.prices.synthetic import DAY_S, synthetic_markets
from upbit_sandbox.quotation_api.mirror import Mirror
from upbit_sandbox.quotation_api.upstream import HttpUpstream
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.venue.store import StateFile, StateFileError
from upbit_sandbox.venue.tables import Kept
from upbit_sandbox.venue.venue import Options, Venue

HISTORY_S = 30 * DAY_S
SYNTHETIC_START = "2025-09-01T00:00:00Z"
SYNTHETIC_MARKET = "KRW-BTC"


def open_sandbox(args: argparse.Namespace, file: StateFile | None) -> Sandbox:
    """Build the exchange; raises ValueError, CandleFileError or StateFileError in one sentence."""
    _check(args)
    kept = None if file is None else file.load()
    markets = _read_markets(args) if args.source == "replay" else []
    clock = _clock(args, kept, markets)
    source = _source(args, kept, markets, clock)
    if kept is not None and file is not None:
        _check_state(kept, source, args.clock, file)
    if args.source == "synthetic":
        markets = synthetic_markets(source, clock.now())
    options = Options(
        cash=args.cash,
        access_key=args.access_key,
        secret_key=args.secret_key,
        slippage_bps=args.slippage_bps,
        seed=source.seed,
        fills=args.fills or ("book" if isinstance(clock, RealClock) else "candles"),
        depth_krw=args.depth_krw,
        smp_default=args.smp_default,
        rate_limits=None if args.rate_limits is None else args.rate_limits == "on",
        scope_status=args.scope_status,
        limit_body=args.limit_body,
    )
    mirror = None
    if args.source == "live":
        mirror = Mirror(HttpUpstream(_address(args.upstream)), source.markets)
    sandbox = Sandbox(markets, clock, options, source=source, mirror=mirror)
    if kept is not None:
        sandbox.venue.restore(kept.snapshot)
    elif args.accounts is not None:
        _open_accounts(args.accounts, sandbox.venue)
    if args.faults is not None:
        _switch_faults(args.faults, sandbox.venue)
    return sandbox


def _open_accounts(path: Path, venue: Venue) -> None:
    """Open the accounts of a file, which holds what POST /sandbox/accounts takes, in a list."""
    try:
        for n, row in enumerate(read_list(_json_of(path), "the file")):
            add_account(venue, read_new_account(row, f"[{n}]", venue.options.seed))
    except (Malformed, ApiError) as exc:
        raise ValueError(f"{path}: {exc}") from exc


def _switch_faults(path: Path, venue: Venue) -> None:
    """Switch on the faults of a file, which holds what PUT /sandbox/faults takes."""
    try:
        faults = read_faults(_json_of(path))
        check_faults(venue, faults)
    except Malformed as exc:
        raise ValueError(f"{path}: {exc}") from exc
    venue.faults = faults


def _json_of(path: Path) -> object:
    try:
        return read_body(path.read_bytes(), "the file")
    except OSError as exc:
        raise ValueError(f"{path} cannot be read: {exc.strerror}.") from exc


def _check(args: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    if args.source == "live" and (args.clock == "virtual" or args.start or args.speed != 1):
        raise ValueError("live prices are now: --clock virtual, --start and --speed have no place")
    if args.source == "replay" and not args.candles:
        raise ValueError("replay needs recorded candles: --candles KRW-BTC_1m.parquet")
    if args.speed != 1 and not _is_real(args):
        raise ValueError("--speed is for a clock that runs: add --clock real")


def _is_real(args: argparse.Namespace) -> bool:
    return bool(args.source != "replay" if args.clock is None else args.clock == "real")


def _read_markets(args: argparse.Namespace) -> list[Market]:
    built = build_markets([read_tape(path) for path in args.candles])
    for code in args.markets:
        if code not in built:
            raise ValueError(f"no candle file for {code}")
    return [built[code] for code in args.markets or built]


def _clock(args: argparse.Namespace, kept: Kept | None, markets: list[Market]) -> Clock:
    if kept is not None:
        if kept.anchor is not None:
            return RealClock.resume(kept.anchor, args.speed)
        return VirtualClock(kept.snapshot.now_s)
    start_s = args.start
    if start_s is None and args.source == "replay":
        start_s = min((m.tape.starts[0] for m in markets if m.tape.starts), default=0)
    if _is_real(args):
        return RealClock(start_s, speed=args.speed)
    return VirtualClock(parse_time(SYNTHETIC_START) if start_s is None else start_s)


def _source(
    args: argparse.Namespace, kept: Kept | None, markets: list[Market], clock: Clock
) -> Source:
    """Say which market it is; options that were not given are those of the state file."""
    before = None if kept is None else kept.snapshot.source
    codes = tuple(args.markets or [market.code for market in markets])
    if args.source != "replay" and not codes:
        default = (SYNTHETIC_MARKET,) if args.source == "synthetic" else ()
        codes = default if before is None else before.markets
    seed, origin_s = args.seed, 0
    if seed is None:
        # An account that lasts has a market of its own; without a state the market is the same.
        new = 0 if args.state is None else secrets.randbelow(2**32)
        seed = new if before is None else before.seed
    if args.source == "synthetic":
        new = int((clock.now() - HISTORY_S) // DAY_S * DAY_S)
        origin_s = new if before is None else before.origin_s
    return Source(name=args.source, markets=codes, seed=seed, origin_s=origin_s)


def _check_state(kept: Kept, source: Source, clock: str | None, file: StateFile) -> None:
    """Refuse to go on with a state of another market or on another clock."""
    kept_clock = "virtual" if kept.anchor is None else "real"
    before = kept.snapshot.source
    was, now = "", ""
    if before.name != source.name:
        was, now = f"source {before.name}", source.name
    elif set(before.markets) != set(source.markets):
        was, now = f"markets {_market_list(before)}", _market_list(source)
    elif before.seed != source.seed:
        was, now = f"seed {before.seed}", str(source.seed)
    elif clock not in (None, kept_clock):
        was, now = f"a {kept_clock} clock", f"a {clock} one"
    if was:
        raise StateFileError(
            f"{file.path} is a state of {was}, not {now}; name another file for --state."
        )


def _market_list(source: Source) -> str:
    return ", ".join(source.markets) or "all of the upstream"


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"not the address of an exchange: {url}; it looks like https://host")
    return f"{parts.scheme}://{parts.netloc}"
