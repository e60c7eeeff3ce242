"""From candle files to what a run needs: minutes to trade on, decision candles to warm up on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haetae.base.errors import DataError
from haetae.base.time import iso_text
from haetae.kernel.advance import FOREVER, Tape
from haetae.kernel.codes import WARMUP
from haetae.kernel.records import Candle
from haetae.research.data.candle_files import CandleFile

CANDLE = np.dtype([("t", np.int64), *[(name, np.float64) for name in Candle._fields[1:]]])
type Times = npt.NDArray[np.int64]
type Prices = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Candles of one unit: `times` of starts (epoch s), `prices` (n, 5): o, h, l, c, volume."""

    unit_s: int
    times: Times
    prices: Prices

    def between(self, from_t: int, to_t: int) -> "Rows":
        """Return the candles with from_t <= start and end <= to_t."""
        low = int(np.searchsorted(self.times, from_t))
        high = int(np.searchsorted(self.times, to_t - self.unit_s, side="right"))
        return Rows(unit_s=self.unit_s, times=self.times[low:high], prices=self.prices[low:high])

    def candles(self) -> tuple[Candle, ...]:
        """Return the rows as the kernel's candles."""
        return tuple(
            Candle(t, *row)
            for t, row in zip(self.times.tolist(), self.prices.tolist(), strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One market: decision candles, and minutes where the files have them."""

    bars: Rows
    minutes: Rows | None

    @property
    def tape(self) -> Rows:
        """What the exits are tested on: minutes, or the decision candles where there are none."""
        return self.bars if self.minutes is None else self.minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The run's time in epoch seconds, from a decision candle's start; coarse without minutes."""

    from_t: int
    to_t: int
    coarse: bool


def histories(
    files: Iterable[CandleFile], markets: Iterable[str], interval_s: int
) -> dict[str, History]:
    """Return each market's history from its files.

    Raises:
        DataError: a market without a file, files that overlap, or an interval nobody can use.
    """
    by_market: dict[str, list[CandleFile]] = {name: [] for name in markets}
    for file in files:
        if file.market not in by_market:
            raise DataError(f"candles of {file.market} were given, but not --market {file.market}")
        if file.unit_min * 60 not in {60, interval_s}:
            raise DataError(
                f"candles of {file.market} are {file.unit_min}-minute ones; allowed: 1-minute "
                f"ones to trade on and {interval_s // 60}-minute ones as history"
            )
        by_market[file.market].append(file)
    return {name: history(name, found, interval_s) for name, found in by_market.items()}


def history(market: str, files: list[CandleFile], interval_s: int) -> History:
    """Return one market's history; minutes make decision candles where no file has them."""
    if not files:
        raise DataError(f"no candles were given for {market}")
    minutes = join_rows(market, [f for f in files if f.unit_min == 1], 60)
    bars = join_rows(market, [f for f in files if f.unit_min * 60 == interval_s], interval_s)
    if interval_s == 60 or minutes is None:
        bars = bars or minutes
        assert bars is not None
        return History(bars=bars, minutes=minutes if interval_s == 60 else None)
    made = aggregate(minutes, interval_s)
    if bars is None:
        return History(bars=made, minutes=minutes)
    older = bars.between(0, int(made.times[0]))
    newer = bars.between(int(made.times[-1]) + interval_s, 1 << 62)
    parts = [older, made, newer]
    return History(
        bars=Rows(
            unit_s=interval_s,
            times=np.concatenate([r.times for r in parts]),
            prices=np.concatenate([r.prices for r in parts]),
        ),
        minutes=minutes,
    )


def join_rows(market: str, files: list[CandleFile], unit_s: int) -> Rows | None:
    """Return the rows of several files of one unit, in order of time."""
    if not files:
        return None
    files = sorted(files, key=lambda f: int(f.times[0]))
    times = np.concatenate([f.times for f in files])
    if np.any(np.diff(times) <= 0):
        at = int(times[:-1][np.diff(times) <= 0][0])
        raise DataError(f"candle files of {market} overlap at {iso_text(at)}")
    return Rows(unit_s=unit_s, times=times, prices=np.concatenate([f.prices for f in files]))


def aggregate(minutes: Rows, interval_s: int) -> Rows:
    """Return the decision candles that the minutes make."""
    starts = minutes.times - minutes.times % interval_s
    first = np.flatnonzero(np.concatenate([[True], starts[1:] != starts[:-1]]))
    last = np.concatenate([first[1:], [len(starts)]]) - 1
    p = minutes.prices
    prices = np.column_stack(
        [
            p[first, 0],
            np.maximum.reduceat(p[:, 1], first),
            np.minimum.reduceat(p[:, 2], first),
            p[last, 3],
            np.add.reduceat(p[:, 4], first),
        ]
    )
    return Rows(unit_s=interval_s, times=starts[first], prices=prices)


def span(
    found: Mapping[str, History], interval_s: int, *, from_t: int | None, to_t: int | None
) -> Span:
    """Return the time that can be traded: everything asked for lies inside every tape.

    Without `from_t` it begins once WARMUP decision candles have closed.

    Raises:
        DataError: too little history, or nothing left to trade on.
    """
    coarse = any(h.minutes is None and interval_s != 60 for h in found.values())
    first = max(int(h.tape.times[0]) for h in found.values())
    last = min(int(h.tape.times[-1]) + h.tape.unit_s for h in found.values())
    begin = first if from_t is None else from_t
    begin = -(-begin // interval_s) * interval_s
    if from_t is None:
        begin = max([begin] + [warm_at(h, interval_s) for h in found.values()])
    end = last if to_t is None else to_t
    end -= end % 60
    for name, h in found.items():
        check_warm(name, h, begin, interval_s)
    if end <= begin or end > last or begin < first - interval_s:
        raise DataError(
            f"candles cover {iso_text(first)} to {iso_text(last)}; "
            f"asked for {iso_text(begin)} to {iso_text(end)}"
        )
    return Span(from_t=begin, to_t=end, coarse=coarse)


def warm_at(h: History, interval_s: int) -> int:
    """Return when the history's WARMUP-th decision candle closed (or a time that fails later)."""
    return int(h.bars.times[min(WARMUP, len(h.bars.times)) - 1]) + interval_s


def check_warm(name: str, h: History, begin: int, interval_s: int) -> None:
    """Refuse a start with fewer than WARMUP decision candles before it."""
    have = len(h.bars.between(0, begin).times)
    if have < WARMUP:
        raise DataError(
            f"{name} has {have} closed {interval_s // 60}-minute candles before {iso_text(begin)}; "
            f"the indicators need {WARMUP}: add a history file or start later"
        )


def tape_of(rows: list[Rows], *, compiled: bool) -> Tape:
    """Lay the rows of all markets out for the kernel, as arrays where it is compiled."""
    times = np.concatenate([r.times for r in rows])
    prices = np.concatenate([r.prices for r in rows])
    ends = np.cumsum([len(r.times) for r in rows])
    starts = np.concatenate([[0], ends[:-1]])
    known = np.full(len(rows), FOREVER)
    if not compiled:
        candles = Rows(unit_s=rows[0].unit_s, times=times, prices=prices).candles()
        return Tape(candles, starts.tolist(), ends.tolist(), known.tolist())
    table: Any = np.empty(len(times), CANDLE)
    for name, column in zip(Candle._fields, [times, *prices.T], strict=True):
        table[name] = column
    return Tape(table, starts, ends, known)  # type: ignore[arg-type] # arrays index as sequences do
