"""Where the public streams get their quotes: this exchange's own routes, or an upstream's."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from upbit_sandbox.base.errors import ApiError
from upbit_sandbox.base.wire import Json, Response, split_pairs
from upbit_sandbox.quotation_api.mirror import Mirror
from upbit_sandbox.quotation_api.routes import QUOTES
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.streams.frames import Frame
from upbit_sandbox.venue.venue import Venue

DAY_S = 86_400
MAX_TRADES = 500  # of one market in one look: a clock that was set far ahead shows the newest


class Quotes(Protocol):
    """Where a feed gets its quotes from."""

    def codes(self) -> Collection[str]:
        """Give the markets that are quoted now."""
        ...

    def has_news(self, code: str) -> bool:
        """Tell whether trades or the book of this market may have changed since the last look."""
        ...

    def rows(self, path: str, query: str) -> list[Frame]:
        """Give the rows of a quotation route, none where it refuses."""
        ...

    def new_trades(self, code: str) -> int:
        """Say how many of the newest trades may be new since the last look, at most MAX_TRADES."""
        ...

    def trade_sides(self, code: str) -> Frame:
        """Give a ticker's ask_bid, acc_ask_volume and acc_bid_volume, null where not known."""
        ...


def rows_by_code(
    quotes: Quotes, path: str, codes: Collection[str], more: str = ""
) -> dict[str, Frame]:
    """Ask for several markets at once; one that has no quote yet does not hide the others."""
    if not codes:
        return {}
    rows = quotes.rows(path, f"markets={','.join(codes)}{more}")
    if not rows and len(codes) > 1:
        rows = [row for code in codes for row in quotes.rows(path, f"markets={code}{more}")]
    return {str(row["market"]): row for row in rows}


def newest_trades(quotes: Quotes, code: str, count: int, known: Json = None) -> list[Frame]:
    """Give up to `count` trades, newest first, down to the one of this id; today's, or yesterday's.

    The route answers one UTC day at a time.
    """
    fresh: list[Frame] = []
    for day in ("", "&days_ago=1"):
        if len(fresh) == count:
            break
        for row in quotes.rows("/v1/trades/ticks", f"market={code}&count={count}{day}"):
            if row["sequential_id"] == known:
                return fresh
            fresh.append(row)
    return fresh[:count]


@dataclass(slots=True)
class _Sides:
    """The volumes of one UTC day by the taker's side, up to a time; epoch s."""

    day_s: float
    until_s: float
    ask: float = 0.0
    bid: float = 0.0


def quotes_of(sandbox: Sandbox) -> "VenueQuotes | MirrorQuotes":
    """Give the quotes of a sandbox as they are now."""
    if sandbox.mirror is not None:
        return MirrorQuotes(sandbox.mirror)
    quotes = VenueQuotes(sandbox.venue)
    quotes.begin(sandbox.venue.clock.now())
    return quotes


class VenueQuotes:
    """Quotes of this exchange's own markets."""

    def __init__(self, venue: Venue) -> None:
        """Read from this venue."""
        self._venue = venue
        self._now_s = 0.0
        self._before_s = 0.0
        self._events = -1
        self._is_traded = True
        self._sides: dict[str, _Sides] = {}

    def begin(self, now_s: float) -> None:
        """Begin a look: what was new until the last one is new no more."""
        events = sum(account.journal.count for account in self._venue.accounts.values())
        self._before_s, self._now_s = self._now_s, now_s
        self._is_traded, self._events = events != self._events, events

    def codes(self) -> Collection[str]:
        """Give this exchange's markets; one that has left it is refused by every route."""
        return self._venue.markets

    def has_news(self, code: str) -> bool:
        """Tell whether something traded, or an account's order took from the book."""
        return self._is_traded or self.new_trades(code) > 0

    def new_trades(self, code: str) -> int:
        """Count the trades since the last look."""
        market = self._venue.markets[code]
        since_s = max(self._before_s, self._now_s - DAY_S)
        return min(len(market.market_trades(since_s, self._now_s)), MAX_TRADES)

    def rows(self, path: str, query: str) -> list[Frame]:
        """Ask the quotation route."""
        try:
            response = QUOTES[path][1](self._venue, split_pairs(query), self._now_s)
        except ApiError:
            return []
        return _rows(response)

    def trade_sides(self, code: str) -> Frame:
        """Sum the day's trades by side, going on from where the last call stopped."""
        day_s = self._now_s - self._now_s % DAY_S
        sides = self._sides.get(code)
        if sides is None or sides.day_s != day_s or sides.until_s > self._now_s:
            sides = self._sides[code] = _Sides(day_s, day_s)
        market = self._venue.markets[code]
        for each in market.market_trades(sides.until_s, self._now_s):
            if each.is_ask:
                sides.ask += each.volume
            else:
                sides.bid += each.volume
        sides.until_s = self._now_s
        newest = market.last_print(self._now_s)
        return {
            "ask_bid": None if newest is None else "ASK" if newest.is_ask else "BID",
            "acc_ask_volume": round(sides.ask, 8),
            "acc_bid_volume": round(sides.bid, 8),
        }


class MirrorQuotes:
    """Quotes of an upstream's REST API, whose answers the mirror keeps for a second."""

    def __init__(self, mirror: Mirror) -> None:
        """Read through this mirror; every call may wait for the upstream."""
        self._mirror = mirror

    def codes(self) -> Collection[str]:
        """Give the markets that the upstream lists."""
        return self._mirror.look("", "", frozenset()).codes

    def has_news(self, code: str) -> bool:
        """Say yes: only the answer tells."""
        del code
        return True

    def new_trades(self, code: str) -> int:
        """Say how many to ask for: more than trade in the time between two looks."""
        del code
        return MAX_TRADES

    def rows(self, path: str, query: str) -> list[Frame]:
        """Ask the upstream's route, or what is kept of it."""
        response = self._mirror.look(path, query, frozenset()).quote
        return [] if response is None or response.status != 200 else _rows(response)

    def trade_sides(self, code: str) -> Frame:
        """Give the newest trade's side; the day's volumes by side are not to be had."""
        rows = newest_trades(self, code, 1)
        return {
            "ask_bid": rows[0].get("ask_bid") if rows else None,
            "acc_ask_volume": None,
            "acc_bid_volume": None,
        }


def _rows(response: Response) -> list[Frame]:
    rows = json.loads(response.body)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
