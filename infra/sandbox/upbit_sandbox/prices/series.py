"""One market's candles, joined from its tapes and added up to the period that is asked for."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from math import fsum, ldexp
from operator import add, mul
from typing import NamedTuple

from upbit_sandbox.prices.tape import Columns, Tape

EXACT_BITS = 160  # what a price times a volume has after the binary point, with room


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


class _Piece:
    """The rows of one tape that count: from `low` to `high`, to its growing end when None."""

    __slots__ = ("first", "high", "low", "tape", "unit_s")

    def __init__(self, tape: Tape, high: int | None) -> None:
        self.tape = tape
        self.unit_s = tape.unit_min * 60
        self.low = 0
        self.high = high
        self.first = 0  # the number of its first row among all rows

    @property
    def end(self) -> int:
        """Its last row's number in the tape, exclusive."""
        return len(self.tape.starts) if self.high is None else self.high


class Series:
    """The rows of several tapes as one, numbered from the oldest; the finest tape may grow.

    A coarser tape only adds what starts before the finer ones do. The candle of it in which a
    finer tape begins counts whole, and the finer tape from that candle's end on.
    """

    def __init__(self, tapes: Sequence[Tape]) -> None:
        """Join tapes of different units, given from finest to coarsest."""
        self._pieces: list[_Piece] = []  # oldest first
        edge_s = float("inf")
        for tape in tapes:
            older = _Piece(tape, bisect_left(tape.starts, edge_s) if self._pieces else None)
            if older.high == 0:
                continue
            for piece in self._pieces:
                ends_s = tape.starts[older.end - 1] + older.unit_s
                piece.low = bisect_left(piece.tape.starts, ends_s, piece.low, piece.end)
            self._pieces.insert(0, older)
            edge_s = min([edge_s, *tape.starts[:1]])
        for piece, newer in zip(self._pieces, self._pieces[1:], strict=False):
            newer.first = piece.first + piece.end - piece.low

    def before(self, limit_s: float) -> int:
        """Count the rows that start before this time."""
        for piece in reversed(self._pieces):
            row = bisect_left(piece.tape.starts, limit_s, piece.low, piece.high)
            if row > piece.low:
                return piece.first + row - piece.low
        return 0

    def count_until(self, now_s: float) -> int:
        """Count the rows that have ended at or before this time."""
        for piece in reversed(self._pieces):
            row = bisect_right(piece.tape.starts, now_s - piece.unit_s, piece.low, piece.high)
            if row > piece.low:
                return piece.first + row - piece.low
        return 0

    def find(self, number: int) -> tuple[Tape, int]:
        """Give a row as its tape and its place there."""
        for piece in reversed(self._pieces):
            if number >= piece.first:
                break
        return piece.tape, piece.low + number - piece.first

    def start_of(self, number: int) -> int:
        """Give a row's start in epoch s."""
        tape, row = self.find(number)
        return tape.starts[row]

    def ends_of(self, number: int) -> int:
        """Give a row's end in epoch s."""
        tape, row = self.find(number)
        return tape.starts[row] + tape.unit_min * 60

    def merge(self, low: int, high: int, start_s: int) -> Candle:
        """Add a range of rows, which has one at least, up to one candle that starts at `start_s`.

        A tape has no traded value; volume times the mean of the four prices stands in for it.
        """
        _, opens, highs, lows, closes, volumes = columns = self._columns(low, high)
        last_s = self.ends_of(high - 1) - 0.001
        value = fsum(_values(columns))
        volume = fsum(volumes)
        return Candle(start_s, opens[0], max(highs), min(lows), closes[-1], volume, value, last_s)

    def amounts(self, low: int, high: int) -> tuple[int, int]:
        """Sum volume and value of a range of rows exactly, in units of 2 to the -EXACT_BITS."""
        columns = self._columns(low, high)
        return _exact(columns[5]), _exact(_values(columns))

    def _columns(self, low: int, high: int) -> Columns:
        found: Columns | None = None
        for piece in self._pieces:
            from_ = piece.low + max(low - piece.first, 0)
            to = min(piece.low + high - piece.first, piece.end)
            if from_ < to:
                part = piece.tape.columns(from_, to)
                found = part if found is None else _concatenate(found, part)
        assert found is not None, "a range of rows has one at least"
        return found


class Totals:
    """Volume and value of a range of rows that moves along: exact, so its past does not matter."""

    def __init__(self, series: Series) -> None:
        """Begin with nothing."""
        self._series = series
        self._low = self._high = 0
        self._volume = self._value = 0

    def over(self, low: int, high: int) -> tuple[float, float]:
        """Sum volume in coins and value in KRW of the rows from `low` to `high`."""
        if not self._low <= low <= self._high <= high:
            self._low = self._high = low
            self._volume = self._value = 0
        if self._high < high:
            volume, value = self._series.amounts(self._high, high)
            self._volume, self._value, self._high = self._volume + volume, self._value + value, high
        if self._low < low:
            volume, value = self._series.amounts(self._low, low)
            self._volume, self._value, self._low = self._volume - volume, self._value - value, low
        return self._volume / (1 << EXACT_BITS), self._value / (1 << EXACT_BITS)


def join_candles(start_s: int, parts: Sequence[Candle]) -> Candle:
    """Join candles, oldest first, into one that starts at `start_s`."""
    if len(parts) == 1:
        return parts[0]._replace(start_s=start_s)
    return Candle(
        start_s,
        parts[0].open,
        max([part.high for part in parts]),
        min([part.low for part in parts]),
        parts[-1].close,
        fsum([part.volume for part in parts]),
        fsum([part.value for part in parts]),
        parts[-1].last_s,
    )


def _values(columns: Columns) -> Iterator[float]:
    _, opens, highs, lows, closes, volumes = columns
    prices = map(add, map(add, map(add, opens, highs), lows), closes)
    return map(mul, map(mul, volumes, prices), repeat(0.25))


def _exact(numbers: Iterable[float]) -> int:
    return sum(map(int, map(ldexp, numbers, repeat(EXACT_BITS))))


def _concatenate(one: Columns, other: Columns) -> Columns:
    return (
        one[0] + other[0],
        one[1] + other[1],
        one[2] + other[2],
        one[3] + other[3],
        one[4] + other[4],
        one[5] + other[5],
    )
