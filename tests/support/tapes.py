"""Tapes to test with: seeded markets in a few regimes, recorded candles, and their two shapes.

A regime is a way for a minute to behave: `calm`, `rise`, `fall`, `crash`, `gap` (minutes without
a trade), `thin` (tiny volume, holes) and `flat` (one price).
"""

import os
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from haetae.kernel.advance import FOREVER, Tape
from haetae.kernel.records import Candle
from haetae.kernel.rounding import floor_tick

REPOSITORY = Path(__file__).parents[2]
MINUTE_S = 60
T0 = 1_756_652_400  # 2025-09-01 00:00 in Seoul, a Monday


class Regime(NamedTuple):
    """Drift and noise of a minute's log-price in bps, volume in won, chance of no trade."""

    drift_bps: float
    noise_bps: float
    turnover: float
    silence: float


REGIMES = {
    "calm": Regime(0.0, 4.0, 400_000_000.0, 0.0),
    "rise": Regime(3.0, 6.0, 600_000_000.0, 0.0),
    "fall": Regime(-3.0, 6.0, 600_000_000.0, 0.0),
    "crash": Regime(-150.0, 40.0, 3_000_000_000.0, 0.0),
    "gap": Regime(0.0, 0.0, 0.0, 1.0),
    "thin": Regime(0.5, 10.0, 20_000.0, 0.4),
    "flat": Regime(0.0, 0.0, 5_000_000.0, 0.0),
}
type Segment = tuple[str, int]


def seeded_market(
    seed: int,
    segments: Iterable[Segment],
    *,
    price: float = 50_000.0,
    start: int = T0,
    candle_s: int = MINUTE_S,
) -> list[Candle]:
    """Return the candles of `segments` (regime, how many), each price on the tick."""
    random = Random(seed)
    candles: list[Candle] = []
    last = legal(price)
    wanted = price
    t = start
    for name, minutes in segments:
        regime = REGIMES[name]
        for _ in range(minutes):
            if regime.silence == 0.0 or random.random() >= regime.silence:
                wanted *= 1.0 + (regime.drift_bps + random.gauss(0.0, regime.noise_bps)) / 10_000.0
                wanted = min(max(wanted, price / 50.0), price * 50.0)
                close = legal(wanted)
                reach = regime.noise_bps / 10_000.0 * random.random()
                top = max(last, close, legal(max(last, close) * (1.0 + reach)))
                bottom = min(last, close, legal(min(last, close) * (1.0 - reach)))
                volume = max(regime.turnover * (0.5 + random.random()) / close, 1e-8)
                candles.append(Candle(t, last, top, bottom, close, round(volume, 8)))
                last = close
            t += candle_s
    return candles


def legal(price: float) -> float:
    """Return the legal price at or below, never under the lowest tick."""
    return max(floor_tick(price), 1e-8)


def tape_of(*markets: Sequence[Candle]) -> Tape:
    """Lay markets one after the other on a tape of plain lists."""
    ends = list(accumulate(map(len, markets)))
    return Tape(
        [c for candles in markets for c in candles], [0, *ends[:-1]], ends, [FOREVER] * len(markets)
    )


def times_of(tape: Tape) -> list[int]:
    """Return when each candle of the tape starts, market after market."""
    return [c.t for c in tape.candles]


def as_arrays(tape: Tape) -> Tape:
    """Return the tape as compiled code reads it."""
    import numpy as np

    from haetae.research.data.tapes import CANDLE

    ints: Any = np.int64
    return Tape(
        np.array(list(tape.candles), CANDLE),  # type: ignore[arg-type]
        np.array(tape.starts, dtype=ints),  # type: ignore[arg-type]
        np.array(tape.ends, dtype=ints),  # type: ignore[arg-type]
        np.array(tape.known, dtype=ints),  # type: ignore[arg-type]
    )


def data_folder() -> Path | None:
    """Return the folder of recorded data: HAETAE_TEST_DATA, else ../shared/data, if it is there."""
    folder = Path(os.environ.get("HAETAE_TEST_DATA", REPOSITORY / "../shared/data"))
    return folder if folder.is_dir() else None


@cache
def recorded(market: str, unit: str) -> tuple[Candle, ...]:
    """Return the recorded candles of, say, ("KRW-BTC", "1m"); none where there is no data."""
    folder = data_folder()
    path = None if folder is None else folder / f"{market}_{unit}.parquet"
    if path is None or not path.is_file():
        return ()
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    stamps = table.column("timestamp").cast("int64").to_pylist()  # milliseconds
    names = ("open", "high", "low", "close", "volume")
    columns = [table.column(name).to_pylist() for name in names]
    return tuple(
        Candle(stamp // 1_000, *row)
        for stamp, row in zip(stamps, zip(*columns, strict=True), strict=True)
    )


MIXED: tuple[Segment, ...] = (
    ("calm", 400),
    ("rise", 600),
    ("thin", 120),
    ("rise", 300),
    ("crash", 6),
    ("calm", 300),
    ("gap", 40),
    ("rise", 700),
    ("fall", 500),
    ("flat", 120),
    ("rise", 500),
    ("fall", 300),
)


def minutes_of(market: str, first: int, count: int) -> list[Candle]:
    """Return recorded minutes of `market`, or seeded ones where there is no recorded data."""
    candles = recorded(market, "1m")[first : first + count]
    if candles:
        return list(candles)
    seed = sum(map(ord, market)) + first
    repeats = count // sum(minutes for _, minutes in MIXED) + 1
    return seeded_market(seed, MIXED * repeats)[:count]
