"""The trades route: single trades of one UTC day, newest first (Upbit docs: list-pair-trades)."""

import re
from itertools import islice

from upbit_sandbox.base.clock import utc_text
from upbit_sandbox.base.errors import invalid_value
from upbit_sandbox.base.wire import Json, Pairs, Response, first, json_response
from upbit_sandbox.prices.market import LEAST_S, Market
from upbit_sandbox.prices.market_trades import IDS_A_MS, MarketTrade
from upbit_sandbox.prices.periods import DAY_S
from upbit_sandbox.quotation_api.parameters import read_count, read_integer, read_market
from upbit_sandbox.venue.venue import Venue

MAX_TRADES = 500
MAX_DAYS_AGO = 7
_TIME = re.compile(r"([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d)")


def trades(venue: Venue, pairs: Pairs, now_s: float) -> Response:
    """Answer the trades of the UTC day `days_ago`, today unless told, before `to` and `cursor`."""
    market = read_market(venue, first(pairs, "market"), now_s)
    count = read_count(first(pairs, "count"), default=1, most=MAX_TRADES)
    day_s = int(now_s - now_s % DAY_S) - _days_ago(first(pairs, "days_ago")) * DAY_S
    until_s = min(now_s, day_s + _time_of_day(first(pairs, "to")) - LEAST_S)
    cursor = _cursor(first(pairs, "cursor"))
    if cursor is not None:
        until_s = min(until_s, cursor / IDS_A_MS / 1000 + LEAST_S)
    found = (
        one
        for one in market.market_trades_back(until_s, day_s - LEAST_S)
        if cursor is None or one.sequential_id < cursor
    )
    before = _close_before(market, day_s, now_s)
    return json_response([_body(market.code, one, before) for one in islice(found, count)])


def _body(code: str, one: MarketTrade, previous_close: float | None) -> Json:
    date, _, moment = utc_text(one.t_s).partition("T")
    before = one.price if previous_close is None else previous_close
    return {
        "market": code,
        "trade_date_utc": date,
        "trade_time_utc": moment,
        "timestamp": round(one.t_s * 1000),
        "trade_price": one.price,
        "trade_volume": one.volume,
        "prev_closing_price": before,
        "change_price": round(one.price - before, 8),
        "ask_bid": "ASK" if one.is_ask else "BID",
        "sequential_id": one.sequential_id,
    }


def _close_before(market: Market, day_s: int, now_s: float) -> float | None:
    """Give the close of the last day before this one, None where the market begins with it."""
    found = market.days(now_s, day_s, 1)
    return found[0][0].close if found else None


def _days_ago(text: str | None) -> int:
    if text is None:
        return 0
    days = read_integer(text)
    if not 1 <= days <= MAX_DAYS_AGO:
        raise invalid_value()
    return days


def _time_of_day(text: str | None) -> float:
    """Read HHmmss or HH:mm:ss as seconds of the day; the whole day when there is none."""
    if text is None:
        return DAY_S
    moment = _TIME.fullmatch(text)
    if moment is None:
        raise invalid_value()
    hours, minutes, seconds = (int(part) for part in moment.groups())
    return hours * 3600 + minutes * 60 + seconds


def _cursor(text: str | None) -> int | None:
    if text is None:
        return None
    if len(text) > 18 or not text.isdecimal():
        raise invalid_value()
    return int(text)
