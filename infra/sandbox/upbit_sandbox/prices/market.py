"""One market's past and present: what its tapes show at a given time, and never more.

Above 250 lines: every view is cut by the same clock here, so that none can look ahead.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from math import ceil, fsum

from upbit_sandbox.prices.days import Days, in_periods
from upbit_sandbox.prices.market_trades import MarketTrade, market_trades_of
from upbit_sandbox.prices.periods import DAY_S, Period
from upbit_sandbox.prices.rows import minute_row, period_row, second_row
from upbit_sandbox.prices.series import Candle, Series, Totals, join_candles
from upbit_sandbox.prices.tape import Tape, Windows

type Grow = Callable[[float], None]
type Make = Callable[[str, int, int, tuple[float, float, float, float, float]], list[MarketTrade]]

DAY_MIN = 1440
AHEAD_S = DAY_S
STEP_S = 3_600
ROWS_KEPT = 500  # of each unit
TRADES_KEPT = 128  # candles
LEAST_S = 0.0005  # trades have whole milliseconds
YEAR_S = 364 * DAY_S
SECONDS_KEPT_S = 90 * DAY_S  # three months (docs: list-candles-seconds)


class Market:
    """Serves candles of every unit, and single trades, from the tapes of one market.

    The finest tape is the one that orders are matched on. The other tapes are older history.
    Sandboxes may share a Market: it holds recorded facts and what follows from them only.
    """

    def __init__(
        self,
        tapes: Sequence[Tape],
        grow: Grow | None = None,
        *,
        closed: Windows = (),
        make: Make = market_trades_of,
    ) -> None:
        """Take at least one tape; `grow(until_s)` makes the finest one longer when time runs on.

        Nothing traded in the `closed` windows, whatever the tapes say. `make` makes a candle's
        trades. Raises ValueError when the tapes are of different markets or two have one unit.
        """
        self._recorded = sorted(tapes, key=lambda tape: tape.unit_min)
        if len({tape.market for tape in tapes}) != 1:
            raise ValueError("the tapes of a market must carry one market code")
        if len({tape.unit_min for tape in tapes}) != len(tapes):
            raise ValueError(f"{tapes[0].market} has two tapes of one unit")
        self.code = tapes[0].market
        self.closed = closed
        self.tapes = _open(self._recorded, closed)
        self._taken = len(self._recorded[0].starts)  # rows of the finest that were looked at
        self._grow = grow
        self._make = make
        self._joined: dict[int, Series] = {}
        self._series = self._series_of(DAY_MIN)
        self._days = Days(self._series)
        self._last_day = Totals(self._series)
        self._rows: dict[int, dict[int, tuple[int, bytes]]] = {}  # by unit and the rows up to it
        self._trades: dict[int, list[MarketTrade]] = {}  # by their row
        self._newest: tuple[tuple[int, float], Candle | None] = ((0, 0.0), None)

    @property
    def tape(self) -> Tape:
        """The finest tape."""
        return self.tapes[0]

    def with_closures(self, windows: Windows) -> "Market":
        """Give the same market with other windows in which nothing trades."""
        if windows == self.closed:
            return self
        return Market(self._recorded, self._grow, closed=windows, make=self._make)

    def extend(self, now_s: float) -> None:
        """Make sure that a growing tape reaches past this time."""
        if self._grow is None:
            return
        finest = self._recorded[0]
        if not finest.starts or finest.starts[-1] <= now_s + AHEAD_S:
            self._grow(now_s + AHEAD_S + STEP_S)
        if self.closed and len(finest.starts) > self._taken:
            self.tape.take(finest, self._taken, self.closed)
            self._taken = len(finest.starts)

    def rows(self, unit_min: int, now_s: float, to_s: float | None, count: int) -> list[bytes]:
        """Render up to `count` candles of 1 to 240 minutes, newest first, as known at `now_s`.

        They start before `to_s`. Row 0 is the unfinished candle when `to_s` does not exclude it.
        """
        limit_s = now_s if to_s is None else min(to_s, now_s)
        length_s = unit_min * 60
        found = []
        forming = self.forming(unit_min, now_s)
        if forming is not None and forming.start_s < limit_s:
            found.append(minute_row(self.code, forming, unit_min))
        series = self._series_of(unit_min)
        number = series.before(min(-(-limit_s // length_s), now_s // length_s) * length_s)
        known = self._rows.setdefault(unit_min, {})
        while number and len(found) < count:
            kept = known.get(number)
            if kept is None:
                if len(known) >= ROWS_KEPT:
                    known.clear()
                kept = known[number] = self._closed_row(unit_min, number)
            number, row = kept
            found.append(row)
        return found

    def _closed_row(self, unit_min: int, number: int) -> tuple[int, bytes]:
        """Render the candle that ends with this many rows; give also how many it begins with."""
        series = self._series_of(unit_min)
        start_s = series.start_of(number - 1)
        start_s -= start_s % (unit_min * 60)
        low = series.before(start_s)
        return low, minute_row(self.code, series.merge(low, number, start_s), unit_min)

    def second_rows(self, now_s: float, to_s: float | None, count: int) -> list[bytes]:
        """Render up to `count` candles of one second, otherwise as `rows`."""
        until_s = now_s if to_s is None else min(ceil(to_s) - LEAST_S, now_s)
        trades = self.market_trades_back(until_s, now_s - SECONDS_KEPT_S)
        seconds = islice(groupby(trades, lambda one: int(one.t_s)), count)
        return [
            second_row(self.code, _candle_of(second, list(reversed(list(inside)))))
            for second, inside in seconds
        ]

    def days(self, now_s: float, to_s: float | None, count: int) -> list[tuple[Candle, float]]:
        """Give up to `count` days, each with the close before it, otherwise as `rows`.

        The market's first day has its own open for the close before it.
        """
        limit_s = now_s if to_s is None else min(to_s, now_s)
        ended = self._days.before(limit_s, now_s)
        numbered = [(n, self._days.find(n)) for n in range(max(ended - count, 0), ended)]
        today = self.forming(DAY_MIN, now_s)
        if today is not None and today.start_s < limit_s:
            numbered.append((ended, today))
        found = [(day, self._days.find(n - 1).close if n else day.open) for n, day in numbered]
        return found[: -count - 1 : -1]

    def period_rows(
        self, period: Period, now_s: float, to_s: float | None, count: int
    ) -> list[bytes]:
        """Render up to `count` weeks, months or years, otherwise as `rows`."""
        limit_s = now_s if to_s is None else min(to_s, now_s)
        days = self._days.between(0, self._days.before(now_s, now_s))
        today = self.forming(DAY_MIN, now_s)
        found = in_periods(days if today is None else [*days, today], period)
        newest_first = (each for each in reversed(found) if each.start_s < limit_s)
        return [period_row(self.code, candle) for candle in islice(newest_first, count)]

    def forming(self, unit_min: int, now_s: float) -> Candle | None:
        """Build the unfinished candle from what has traded by now; None where nothing has.

        At an exact boundary there is none.
        """
        start_s = int(now_s - now_s % (unit_min * 60))
        if start_s == now_s:
            return None
        series = self._series_of(unit_min)
        low, high = series.before(start_s), series.count_until(now_s)
        current = self._current(series, high, now_s)
        if low >= high:
            return None if current is None else current._replace(start_s=start_s)
        if unit_min == DAY_MIN:
            closed = self._days.so_far(low, high)
        else:
            closed = series.merge(low, high, start_s)
        return closed if current is None else join_candles(start_s, (closed, current))

    def last(self, now_s: float) -> Candle | None:
        """Give the newest candle known now, of the finest tape that has one."""
        series = self._series
        closed = series.count_until(now_s)
        current = self._current(series, closed, now_s)
        if current is not None or not closed:
            return current
        return series.merge(closed - 1, closed, series.start_of(closed - 1))

    def year(self, now_s: float) -> tuple[Candle, Candle] | None:
        """Give the days of the highest and lowest price of 52 weeks, today not among them."""
        low = self._days.before(now_s - YEAR_S, now_s)
        high = self._days.before(now_s, now_s)
        return self._days.extremes(low, high) if low < high else None

    def day_turnover(self, now_s: float) -> tuple[float, float]:
        """Sum value in KRW and volume in coins over the last 24 hours."""
        series = self._series
        low, high = series.before(now_s - DAY_S), series.count_until(now_s)
        volume, value = self._last_day.over(low, high)
        current = self._current(series, high, now_s)
        if current is None:
            return value, volume
        return value + current.value, volume + current.volume

    # Single trades

    def market_trades(self, after_s: float, until_s: float) -> list[MarketTrade]:
        """Give the single trades with after_s < t_s ≤ until_s, oldest first."""
        series = self._series
        found: list[MarketTrade] = []
        for number in range(max(series.before(after_s) - 1, 0), series.before(until_s)):
            found += [one for one in self._trades_in(number) if after_s < one.t_s <= until_s]
        return found

    def market_trades_back(self, until_s: float, after_s: float) -> Iterator[MarketTrade]:
        """Go through the single trades with after_s < t_s ≤ until_s, newest first."""
        series = self._series
        least = max(series.before(after_s) - 1, 0)
        for number in range(series.before(until_s) - 1, least - 1, -1):
            for one in reversed(self._trades_in(number)):
                if after_s < one.t_s <= until_s:
                    yield one

    def last_print(self, now_s: float) -> MarketTrade | None:
        """Give the newest single trade known now."""
        return next(self.market_trades_back(now_s, 0), None)

    def _current(self, series: Series, closed: int, now_s: float) -> Candle | None:
        """Build the row after the closed ones from what has traded by now."""
        if closed >= series.before(now_s):
            return None
        asked = series.start_of(closed), now_s
        if self._newest[0] != asked:
            known = self.market_trades(*asked)
            self._newest = asked, _candle_of(asked[0], known) if known else None
        return self._newest[1]

    def _trades_in(self, number: int) -> list[MarketTrade]:
        found = self._trades.get(number)
        if found is None:
            tape, row = self._series.find(number)
            candle = tape.opens[row], tape.highs[row], tape.lows[row], tape.closes[row]
            length_s = tape.unit_min * 60
            found = self._make(self.code, tape.starts[row], length_s, (*candle, tape.volumes[row]))
            if len(self._trades) >= TRADES_KEPT:
                self._trades.clear()
            self._trades[number] = found
        return found

    def _series_of(self, unit_min: int) -> Series:
        found = self._joined.get(unit_min)
        if found is None:
            fitting = [tape for tape in self.tapes if unit_min % tape.unit_min == 0]
            found = self._joined[unit_min] = Series(fitting)
        return found


def _candle_of(start_s: int, trades: Sequence[MarketTrade]) -> Candle:
    """Make a candle of trades, oldest first."""
    prices = [one.price for one in trades]
    return Candle(
        start_s,
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        fsum([one.volume for one in trades]),
        fsum([one.price * one.volume for one in trades]),
        trades[-1].t_s,
    )


def _open(tapes: Sequence[Tape], windows: Windows) -> list[Tape]:
    """Leave out what lies in the windows, of history only candles that lie there whole."""
    if not windows:
        return list(tapes)
    finest, *history = tapes
    return [
        finest.without(windows),
        *(
            tape.without(
                tuple((a + tape.unit_min * 60 - 1, b - tape.unit_min * 60 + 1) for a, b in windows)
            )
            for tape in history
        ),
    ]


def build_markets(tapes: Sequence[Tape]) -> dict[str, Market]:
    """Group tapes by market code, in the order of first appearance."""
    codes = dict.fromkeys(tape.market for tape in tapes)
    return {code: Market([tape for tape in tapes if tape.market == code]) for code in codes}
