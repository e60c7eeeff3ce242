"""One market's past and present: what its tapes show at a given time, and never more."""

from collections.abc import Callable, Sequence
from functools import partial

from upbit_sandbox.series import Candle, Series, TapeCandles, aggregated, layered, merged, render
from upbit_sandbox.tape import Tape

type Grow = Callable[[float], Tape]


class Market:
    """Serves candles of every unit from the tapes of one market, finest first.

    The finest tape is the one that orders are matched on. The other tapes are older history.
    Sandboxes may share a Market: it holds recorded facts and renderings of them only.
    """

    def __init__(self, tapes: Sequence[Tape], grow: Grow | None = None) -> None:
        """Take at least one tape; `grow(until_s)` gives a longer finest tape when time runs on.

        Raises ValueError when the tapes are of different markets or two have the same unit.
        """
        self.tapes = sorted(tapes, key=lambda tape: tape.unit_min)
        if len({tape.market for tape in tapes}) != 1:
            raise ValueError("the tapes of a market must carry one market code")
        if len({tape.unit_min for tape in tapes}) != len(tapes):
            raise ValueError(f"{tapes[0].market} has two tapes of one unit")
        self.code = tapes[0].market
        self._grow = grow
        self._layers: dict[int, Series] = {}
        self._series: dict[int, Series] = {}

    @property
    def tape(self) -> Tape:
        """The finest tape."""
        return self.tapes[0]

    def extend(self, now_s: float) -> None:
        """Make sure that a growing tape reaches past this time."""
        if self._grow is None or (self.tape.starts and self.tape.starts[-1] > now_s + 86_400):
            return
        self.tapes[0] = self._grow(now_s + 2 * 86_400)
        self._layers.clear()
        self._series.clear()

    def series(self, unit_min: int) -> Series:
        """Give all candles of one unit, the future included: for index arithmetic only."""
        found = self._series.get(unit_min)
        if found is None:
            found = self._series[unit_min] = self._joined(unit_min)
        return found

    def rows(self, unit_min: int, now_s: float, to_s: float | None, count: int) -> list[bytes]:
        """Render up to `count` candles newest first that start before `to_s` and exist at `now_s`.

        Row 0 is the forming candle when `to_s` does not exclude it.
        """
        series = self.series(unit_min)
        limit_s = now_s if to_s is None else min(to_s, now_s)
        high = series.closed_by(now_s)
        if limit_s < now_s:
            high = min(high, series.before(limit_s))
        forming = self.forming(unit_min, now_s)
        if forming is None or forming.start_s >= limit_s:
            return series.newest_first(max(0, high - count), high)
        closed = series.closed_by(now_s)
        previous = series.candles[closed - 1].close if closed else forming.open
        head = render(self.code, unit_min, forming, previous)
        return [head, *series.newest_first(max(0, high - count + 1), high)]

    def forming(self, unit_min: int, now_s: float) -> Candle | None:
        """Build the unfinished candle from what has closed by now; None at an exact boundary.

        Inside the finest tape's current candle only its open is known, with no volume yet.
        """
        start_s = int(now_s - now_s % (unit_min * 60))
        parts: list[Candle] = []
        edge_s = now_s
        for layer in self._layers_for(unit_min):
            low, high = layer.before(start_s), layer.before(min(edge_s, now_s))
            older = [known(candle, layer.unit_min, now_s) for candle in layer.candles[low:high]]
            if older:
                parts = older + [part for part in parts if part.start_s > older[-1].last_s]
            if layer.starts:
                edge_s = min(edge_s, layer.starts[0])
        return merged(start_s, parts) if parts else None

    def last(self, now_s: float) -> Candle | None:
        """Give the newest candle known now, of the finest tape that has one."""
        for tape in self.tapes:
            layer = self._layer(tape)
            index = layer.before(now_s)
            if index:
                return known(layer.candles[index - 1], layer.unit_min, now_s)
        return None

    def traded_in_day(self, now_s: float) -> tuple[float, float]:
        """Sum value in KRW and volume in coins over the last 24 hours."""
        layer = self._layer(self.tape)
        low, high = layer.before(now_s - 86_400), layer.before(now_s)
        recent = [known(candle, layer.unit_min, now_s) for candle in layer.candles[low:high]]
        return sum([c.value for c in recent]), sum([c.volume for c in recent])

    def _joined(self, unit_min: int) -> Series:
        layers = self._layers_for(unit_min)
        if len(layers) == 1 and layers[0].unit_min == unit_min:
            return layers[0]
        step = partial(aggregated, unit_min=unit_min)
        candles = layered([layer.candles for layer in layers], step)
        starts = [candle.start_s for candle in candles]
        return Series(self.code, unit_min, candles, starts)

    def _layers_for(self, unit_min: int) -> list[Series]:
        return [self._layer(tape) for tape in self.tapes if unit_min % tape.unit_min == 0]

    def _layer(self, tape: Tape) -> Series:
        """Give one tape's own candles, without the history of coarser tapes."""
        found = self._layers.get(tape.unit_min)
        if found is None:
            found = Series(self.code, tape.unit_min, TapeCandles(tape), tape.starts)
            self._layers[tape.unit_min] = found
        return found


def known(candle: Candle, unit_min: int, now_s: float) -> Candle:
    """Give the candle as it is known now: whole when closed, otherwise only its open."""
    if candle.start_s + unit_min * 60 <= now_s:
        return candle
    open_ = candle.open
    return Candle(candle.start_s, open_, open_, open_, open_, 0.0, 0.0, candle.start_s)


def build_markets(tapes: Sequence[Tape]) -> dict[str, Market]:
    """Group tapes by market code, in the order of first appearance."""
    codes = dict.fromkeys(tape.market for tape in tapes)
    return {code: Market([tape for tape in tapes if tape.market == code]) for code in codes}
