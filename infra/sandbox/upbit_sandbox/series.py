"""One market's candles of one unit, joined from its tapes, each closed row rendered once."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, overload

from upbit_sandbox.clock import kst_text, utc_text
from upbit_sandbox.tape import Tape

DAY_MIN = 1440
RENDERED_KEPT = 50_000


class Candle(NamedTuple):
    """One candle: start in epoch s, prices in KRW, volume in coins, value in KRW, last tick in s.

    A NamedTuple because a tape makes millions of them.
    """

    start_s: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    value: float
    last_s: float


@dataclass(slots=True)
class Series:
    """Candles of one unit, sorted by start; closed ones render once."""

    market: str
    unit_min: int
    candles: Sequence[Candle]
    starts: list[int]
    _rendered: dict[int, bytes] = field(default_factory=dict)

    def before(self, limit_s: float) -> int:
        """Count the candles that start before this time."""
        return bisect_left(self.starts, limit_s)

    def closed_by(self, now_s: float) -> int:
        """Count the candles that have ended at or before this time."""
        ended = now_s - self.unit_min * 60
        index = bisect_left(self.starts, ended)
        return index + (index < len(self.starts) and self.starts[index] == ended)

    def newest_first(self, low: int, high: int) -> list[bytes]:
        """Render the closed candles of this half-open index range."""
        kept = self._rendered
        rows = []
        for index in range(high - 1, low - 1, -1):
            row = kept.get(index)
            rows.append(self._render_closed(index) if row is None else row)
        return rows

    def _render_closed(self, index: int) -> bytes:
        if len(self._rendered) >= RENDERED_KEPT:
            self._rendered.clear()
        previous = self.candles[index - 1].close if index else self.candles[index].open
        row = render(self.market, self.unit_min, self.candles[index], previous)
        self._rendered[index] = row
        return row


def render(market: str, unit_min: int, candle: Candle, previous_close: float) -> bytes:
    """Write one candle row with numbers as Upbit's quotation API does (docs: list-candles)."""
    head = (
        f'{{"market":"{market}","candle_date_time_utc":"{utc_text(candle.start_s)}",'
        f'"candle_date_time_kst":"{kst_text(candle.start_s)}",'
        f'"opening_price":{candle.open!r},"high_price":{candle.high!r},'
        f'"low_price":{candle.low!r},"trade_price":{candle.close!r},'
        f'"timestamp":{int(candle.last_s * 1000)},"candle_acc_trade_price":{candle.value!r},'
        f'"candle_acc_trade_volume":{candle.volume!r},'
    )
    if unit_min != DAY_MIN:
        return f'{head}"unit":{unit_min}}}'.encode()
    change = round(candle.close - previous_close, 8)
    return (
        f'{head}"prev_closing_price":{previous_close!r},"change_price":{change!r},'
        f'"change_rate":{round(change / previous_close, 10)!r}}}'
    ).encode()


class TapeCandles(Sequence[Candle]):
    """A tape's candles, made when asked for: a tape of years would fill the memory otherwise."""

    def __init__(self, tape: Tape) -> None:
        """Look at this tape."""
        self._tape = tape
        self._made: dict[int, Candle] = {}

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._tape.starts)

    def __iter__(self) -> Iterator[Candle]:
        """Go through all rows without keeping them."""
        return _rows_of(self._tape, 0, len(self))

    @overload
    def __getitem__(self, index: int) -> Candle: ...

    @overload
    def __getitem__(self, index: slice) -> list[Candle]: ...

    def __getitem__(self, index: int | slice) -> Candle | list[Candle]:
        """Give one row or a range of rows, and keep them for the next time."""
        if isinstance(index, slice):
            made = self._made
            return [made.get(row) or self[row] for row in range(*index.indices(len(self)))]
        row = range(len(self))[index]
        found = self._made.get(row)
        if found is None:
            if len(self._made) >= RENDERED_KEPT:
                self._made.clear()
            found = self._made[row] = next(_rows_of(self._tape, row, row + 1))
        return found


def _rows_of(tape: Tape, low: int, high: int) -> Iterator[Candle]:
    """Make candles of a half-open range of rows.

    A tape has no traded value; volume times the mean of the four prices stands in for it.
    """
    length_s = tape.unit_min * 60
    whole = (tape.starts, tape.opens, tape.highs, tape.lows, tape.closes, tape.volumes)
    columns = [column[low:high] for column in whole]
    for start_s, open_, high, low, close, volume in zip(*columns, strict=True):
        value = volume * (open_ + high + low + close) / 4
        yield Candle(start_s, open_, high, low, close, volume, value, start_s + length_s - 0.001)


def merged(start_s: int, parts: list[Candle]) -> Candle:
    """Join candles, oldest first, into one that starts at `start_s`."""
    return Candle(
        start_s,
        parts[0].open,
        max([part.high for part in parts]),
        min([part.low for part in parts]),
        parts[-1].close,
        sum([part.volume for part in parts]),
        sum([part.value for part in parts]),
        parts[-1].last_s,
    )


def aggregated(candles: Iterable[Candle], unit_min: int) -> Iterator[Candle]:
    """Join candles into buckets of this unit; a bucket without candles does not exist."""
    length_s = unit_min * 60
    parts: list[Candle] = []
    bucket = 0
    for candle in candles:
        start = candle.start_s - candle.start_s % length_s
        if parts and start != bucket:
            yield merged(bucket, parts)
            parts = []
        bucket = start
        parts.append(candle)
    if parts:
        yield merged(bucket, parts)


def layered(
    layers: list[Sequence[Candle]], step: Callable[[Iterable[Candle]], Iterator[Candle]]
) -> list[Candle]:
    """Lay finer candles over coarser history: a coarser layer only adds what starts before.

    `layers` run from finest to coarsest; `step` aggregates one layer to the wanted unit. The
    bucket in which a finer layer begins comes whole from the coarser one.
    """
    joined: list[Candle] = []
    edge = float("inf")
    for layer in layers:
        older = [candle for candle in step(layer) if candle.start_s < edge]
        if older:
            joined = older + [candle for candle in joined if candle.start_s > older[-1].start_s]
        if layer:
            edge = min(edge, layer[0].start_s)
    return joined
