"""The current price of a market with its day, its last 24 hours and its last 52 weeks."""

import time

from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.periods import DAY_S
from upbit_sandbox.prices.series import Candle

KST_S = 32_400


def ticker_body(market: Market, now_s: float) -> dict[str, Json] | None:
    """Write one ticker row as known now; None before the market's first candle.

    The day runs from 00:00 UTC, as Upbit's does (docs: list-tickers).
    """
    newest = market.last_print(now_s)
    last = market.last(now_s)
    if last is None or newest is None:
        return None
    today, previous_close = _day(market, now_s, last)
    change = round(last.close - previous_close, 8)
    value_24h, volume_24h = market.day_turnover(now_s)
    highest, lowest = market.year(now_s) or (today, today)
    highest = today if today.high > highest.high else highest
    lowest = today if today.low < lowest.low else lowest
    return {
        "market": market.code,
        "trade_date": _stamp("%Y%m%d", last.last_s),
        "trade_time": _stamp("%H%M%S", last.last_s),
        "trade_date_kst": _stamp("%Y%m%d", last.last_s + KST_S),
        "trade_time_kst": _stamp("%H%M%S", last.last_s + KST_S),
        "trade_timestamp": round(last.last_s * 1000),
        "opening_price": today.open,
        "high_price": today.high,
        "low_price": today.low,
        "trade_price": last.close,
        "prev_closing_price": previous_close,
        "change": "RISE" if change > 0 else "FALL" if change < 0 else "EVEN",
        "change_price": abs(change),
        "change_rate": round(abs(change) / previous_close, 10),
        "signed_change_price": change,
        "signed_change_rate": round(change / previous_close, 10),
        "trade_volume": newest.volume,
        "acc_trade_price": today.value,
        "acc_trade_price_24h": value_24h,
        "acc_trade_volume": today.volume,
        "acc_trade_volume_24h": volume_24h,
        "highest_52_week_price": highest.high,
        "highest_52_week_date": _stamp("%Y-%m-%d", highest.start_s),
        "lowest_52_week_price": lowest.low,
        "lowest_52_week_date": _stamp("%Y-%m-%d", lowest.start_s),
        "timestamp": int(now_s * 1000),
    }


def _day(market: Market, now_s: float, last: Candle) -> tuple[Candle, float]:
    """Give today's candle and the close before it; without a trade today it is the last price."""
    day_s = int(now_s - now_s % DAY_S)
    found = market.days(now_s, None, 1)
    if found and found[0][0].start_s == day_s:
        return found[0]
    price = last.close
    return Candle(day_s, price, price, price, price, 0.0, 0.0, last.last_s), price


def _stamp(form: str, epoch_s: float) -> str:
    return time.strftime(form, time.gmtime(epoch_s))
