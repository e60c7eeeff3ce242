"""What the public streams have to say: the quotes of the REST API, looked at for what changed.

A feed remembers what it told last of every stream that somebody follows. It knows no sockets: one
look serves every client of a stream.
"""

from collections.abc import Collection
from typing import NamedTuple

from upbit_sandbox.base.clock import parse_time
from upbit_sandbox.streams.frames import (
    Frame,
    plain_frame,
    ticker_frame,
    trade_frame,
)
from upbit_sandbox.streams.quotes import Quotes, newest_trades, rows_by_code
from upbit_sandbox.streams.subscriptions import CANDLES, Stream
from upbit_sandbox.venue.venue import Venue

MAX_CANDLES = 200
UNITS_S = {
    kind: 1 if kind == "candle.1s" else 60 * int(kind.removeprefix("candle.")[:-1])
    for kind in CANDLES
}
TICKS = ("trade_price", "trade_timestamp", "acc_trade_volume")
LEVELS = ("orderbook_units", "total_ask_size", "total_bid_size")
ORDER = ("trade", "ticker", "orderbook")  # within a look; candles come last


class _Newest(NamedTuple):
    row: Frame
    frame: Frame


class Feed:
    """Tells of each stream what has changed since it was last asked."""

    def __init__(self, quotes: Quotes, venue: Venue) -> None:
        """Begin with nothing told."""
        self._quotes = quotes
        self._venue = venue
        self._told: dict[Stream, _Newest] = {}
        self._now_s = 0.0
        self._looked_s = 0.0

    def look(self, wanted: Collection[Stream], now_s: float) -> dict[Stream, list[Frame]]:
        """Give the new frames of these streams, oldest first; the others are forgotten."""
        self._begin(now_s)
        is_new_second = int(now_s) != int(self._looked_s)
        self._looked_s = now_s
        self._told = {stream: told for stream, told in self._told.items() if stream in wanted}
        due = [s for s in wanted if self._is_due(s, is_new_second=is_new_second)]
        return self._read(due, now_s)

    def snapshot(self, wanted: Collection[Stream], now_s: float) -> dict[Stream, Frame]:
        """Give the newest frame of these streams; a stream without a market has none."""
        self._begin(now_s)
        self._read([stream for stream in wanted if stream not in self._told], now_s)
        return {stream: self._told[stream].frame for stream in wanted if stream in self._told}

    def _begin(self, now_s: float) -> None:
        if now_s < self._now_s:
            self._told.clear()  # the clock was set back: nothing of what was told is so any more
        self._now_s = now_s

    def _is_due(self, stream: Stream, *, is_new_second: bool) -> bool:
        if stream not in self._told:
            return True
        if stream.kind in CANDLES:
            return is_new_second
        return self._quotes.has_news(stream.code)

    def _read(self, due: Collection[Stream], now_s: float) -> dict[Stream, list[Frame]]:
        quoted = self._quotes.codes()
        due = [stream for stream in due if stream.code in quoted]
        by_kind = {kind: [s for s in due if s.kind == kind] for kind in ORDER}
        books = self._books({(s.code, "0") for s in by_kind["trade"]})
        books |= self._books({(s.code, s.level) for s in by_kind["orderbook"]} - books.keys())
        tickers = rows_by_code(self._quotes, "/v1/ticker", [s.code for s in by_kind["ticker"]])
        news: dict[Stream, list[Frame]] = {}
        for stream in by_kind["trade"]:
            book = books.get((stream.code, "0"))
            rows = self._trades(stream)
            self._tell(news, stream, [(row, trade_frame(row, book, now_s)) for row in rows])
        for stream in by_kind["ticker"]:
            if (row := tickers.get(stream.code)) is not None:
                listing = self._venue.listings.of(stream.code)
                traded = self._quotes.trade_sides(stream.code)
                self._tell(news, stream, [(row, ticker_frame(row, traded, listing, now_s))])
        for stream in by_kind["orderbook"]:
            if (row := books.get((stream.code, stream.level))) is not None:
                self._tell(news, stream, [(row, plain_frame("orderbook", row))])
        for stream in due:
            if stream.kind in CANDLES:
                rows = self._candles(stream, now_s)
                self._tell(news, stream, [(row, plain_frame(stream.kind, row)) for row in rows])
        return news

    def _tell(
        self,
        news: dict[Stream, list[Frame]],
        stream: Stream,
        found: list[tuple[Frame, Frame]],
    ) -> None:
        """Note what is new of a stream."""
        told = self._told.get(stream)
        fresh = [
            _Newest(row, frame)
            for row, frame in found
            if told is None or _differs(stream.kind, row, told.row)
        ]
        if fresh:
            self._told[stream] = fresh[-1]
            news[stream] = [each.frame for each in fresh]

    def _books(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Frame]:
        found: dict[tuple[str, str], Frame] = {}
        for level in sorted({level for _, level in wanted}):
            codes = sorted(code for code, of in wanted if of == level)
            more = "" if level == "0" else f"&level={level}"
            for code, row in rows_by_code(self._quotes, "/v1/orderbook", codes, more).items():
                found[code, level] = row
        return found

    def _trades(self, stream: Stream) -> list[Frame]:
        """Give the trades after the last one told, oldest first."""
        told = self._told.get(stream)
        if told is None:
            return newest_trades(self._quotes, stream.code, 1)
        count = self._quotes.new_trades(stream.code)
        rows = newest_trades(self._quotes, stream.code, count, told.row["sequential_id"])
        return rows[::-1]

    def _candles(self, stream: Stream, now_s: float) -> list[Frame]:
        """Give the candle last told and those after it, oldest first."""
        told = self._told.get(stream)
        count = 1
        if told is not None:
            passed_s = now_s - parse_time(str(told.row["candle_date_time_utc"]))
            count = min(int(passed_s // UNITS_S[stream.kind]) + 1, MAX_CANDLES)
        rows = self._quotes.rows(CANDLES[stream.kind], f"market={stream.code}&count={count}")
        return rows[::-1]


def _differs(kind: str, row: Frame, last: Frame) -> bool:
    """Tell whether a row says more than the one that was told last."""
    if kind == "trade":
        return True  # only trades after the last one are asked for
    if kind in CANDLES:
        return row != last and _start(row) >= _start(last)
    names = TICKS if kind == "ticker" else LEVELS
    return any(row[name] != last[name] for name in names)


def _start(row: Frame) -> str:
    return str(row["candle_date_time_utc"])
