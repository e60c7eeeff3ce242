"""Collects candle history into one Parquet file per market and interval, whole or not at all."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from haetae.base.errors import ConfigError, DataError
from haetae.base.time import epoch_s, iso_text
from haetae.config.checks import check_markets
from haetae.kernel.records import Candle

BASE_URL = "https://api.upbit.com"
INTERVALS = {
    **{f"{unit}m": unit for unit in (1, 3, 5, 10, 15, 30, 60, 240)},
    "1h": 60,
    "4h": 240,
    "1d": 1440,
}
PAGE_ROWS = 200


class History(Protocol):
    """Where candles come from: pages of closed candles, oldest first."""

    def __call__(
        self, market: str, interval_min: int, *, from_t: int, to_t: int
    ) -> Iterable[Sequence[Candle]]:
        """Return the candles with from_t <= start and end <= to_t (epoch s)."""
        ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `haetae collect`."""
    parser.add_argument("market", metavar="MARKET", help="what to collect, such as KRW-BTC")
    parser.add_argument(
        "--interval",
        choices=tuple(INTERVALS),
        default="60m",
        metavar="LENGTH",
        help=f"the candles' length: {', '.join(INTERVALS)}; default: 60m",
    )
    parser.add_argument(
        "--from",
        dest="from_t",
        type=time_argument,
        required=True,
        metavar="TIME",
        help="the first candle's start, UTC, such as 2025-09-01; needed",
    )
    parser.add_argument(
        "--to",
        dest="to_t",
        type=time_argument,
        required=True,
        metavar="TIME",
        help="where it ends, UTC, itself left out; needed",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("data"),
        metavar="DIR",
        help="the folder of the file, which is extended if it is there; default: data",
    )
    parser.add_argument(
        "--base-url",
        default=BASE_URL,
        metavar="URL",
        help=f"the address of the exchange; default: {BASE_URL}",
    )


def run(args: argparse.Namespace) -> int:
    """Collect what the arguments ask for; return the exit code. Raises HaetaeError."""
    from haetae.adapters.pyupbit_history import PyupbitHistory

    check_markets((args.market,))
    interval_min = INTERVALS[args.interval]
    out_path = args.out / file_name(args.market, interval_min)
    rows = collect(
        args.market,
        interval_min,
        from_t=args.from_t,
        to_t=args.to_t,
        out_path=out_path,
        history=PyupbitHistory(base_url=args.base_url).history,
    )
    print(f"{out_path}: {rows}")
    return 0


def collect(
    market: str, interval_min: int, *, from_t: int, to_t: int, out_path: Path, history: History
) -> int:
    """Write the closed candles of [from_t, to_t) to `out_path`; return how many it then holds.

    A file that is there is extended on either side, up to what it holds, and never fetched
    again. It is replaced at the end in one step: after a failure it is as it was before.

    Raises:
        ConfigError: the period is empty.
        DataError: the file there cannot be read or has another interval, or nothing was found.
        ExchangeError: the history could not be had.
    """
    if from_t >= to_t:
        raise ConfigError(
            f"--from {iso_text(from_t)} is not before --to {iso_text(to_t)}; "
            "allowed: an earlier time"
        )
    held = _stored_candles(out_path, market, interval_min) if out_path.exists() else []
    candles = held
    for start, end in _missing(held, interval_min * 60, from_t, to_t):
        pages = (-(-(end - start) // (interval_min * 60)) + PAGE_ROWS - 1) // PAGE_ROWS
        found = _fetch(history(market, interval_min, from_t=start, to_t=end), market, pages)
        candles = found + candles if held and end <= held[0].t else candles + found
    if not candles:
        raise DataError(f"{market} has no candles of {interval_min} minutes in this period")
    if any(later.t <= earlier.t for earlier, later in pairwise(candles)):
        raise DataError(f"{market}: the history's candles are not in ascending order")
    if len(candles) > len(held):
        _replace(out_path, lambda part: _write(part, candles))
    return len(candles)


def file_name(market: str, interval_min: int) -> str:
    """Return the file name that tells market and interval, such as KRW-BTC_60m.parquet."""
    return f"{market}_1d.parquet" if interval_min == 1440 else f"{market}_{interval_min}m.parquet"


def time_argument(text: str) -> int:
    """Read a date or time, UTC unless it names a zone, as epoch seconds."""
    try:
        return epoch_s(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text} is not a date such as 2025-09-01") from exc


def _stored_candles(path: Path, market: str, interval_min: int) -> list[Candle]:
    from haetae.research.data.candle_files import read_candles

    file = read_candles(path)
    if (file.market, file.unit_min) != (market, interval_min):
        raise DataError(
            f"{path.name} holds {file.market} candles of {file.unit_min} minutes, "
            f"not {market} of {interval_min}"
        )
    return [
        Candle(t, *row) for t, row in zip(file.times.tolist(), file.prices.tolist(), strict=True)
    ]


def _missing(held: list[Candle], unit_s: int, from_t: int, to_t: int) -> list[tuple[int, int]]:
    """Return the periods to fetch; a hole between the file and the request is filled too."""
    if not held:
        return [(from_t, to_t)]
    spans = [(from_t, held[0].t), (held[-1].t + unit_s, to_t)]
    return [(start, end) for start, end in spans if end - start >= unit_s]


def _fetch(pages: Iterable[Sequence[Candle]], market: str, total: int) -> list[Candle]:
    from tqdm import tqdm

    shown = tqdm(pages, desc=market, total=total, unit="page", disable=None)
    return [candle for page in shown for candle in page]


def _write(path: Path, candles: list[Candle]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    starts, *prices = zip(*candles, strict=True)
    milliseconds = pa.array([t * 1000 for t in starts], pa.timestamp("ms", tz="UTC"))
    columns = [milliseconds, *(pa.array(column, pa.float64()) for column in prices)]
    names = ["timestamp", "open", "high", "low", "close", "volume"]
    pq.write_table(pa.table(columns, names=names), path, compression="zstd")


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside the file and rename over it, so that nobody ever reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
