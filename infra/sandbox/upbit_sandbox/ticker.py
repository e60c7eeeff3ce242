"""The current price of a market with its day, its last 24 hours and its last 52 weeks."""

import time

from upbit_sandbox.market import Market
from upbit_sandbox.series import DAY_MIN, Candle
from upbit_sandbox.wire import Json

YEAR_S = 364 * 86_400
KST_S = 32_400


def ticker_body(market: Market, now_s: float) -> dict[str, Json] | None:
    """Write one ticker row as known now; None before the market's first candle.

    The day runs from 00:00 UTC, as Upbit's does (docs: list-tickers). `trade_volume` is the
    volume of the newest closed candle: a tape of candles does not hold single trades.
    """
    last = market.last(now_s)
    if last is None:
        return None
    today, previous_close, year = _days(market, now_s, last)
    change = round(last.close - previous_close, 8)
    value_24h, volume_24h = market.traded_in_day(now_s)
    highest = max(year, key=lambda candle: candle.high)
    lowest = min(year, key=lambda candle: candle.low)
    return {
        "market": market.code,
        "trade_date": _stamp("%Y%m%d", last.last_s),
        "trade_time": _stamp("%H%M%S", last.last_s),
        "trade_date_kst": _stamp("%Y%m%d", last.last_s + KST_S),
        "trade_time_kst": _stamp("%H%M%S", last.last_s + KST_S),
        "trade_timestamp": int(last.last_s * 1000),
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
        "trade_volume": last.volume,
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


def _days(market: Market, now_s: float, last: Candle) -> tuple[Candle, float, list[Candle]]:
    """Give today's candle, the close before it and all days of the last 52 weeks."""
    series = market.series(DAY_MIN)
    closed = series.closed_by(now_s)
    year = list(series.candles[series.before(now_s - YEAR_S) : closed])
    today = market.forming(DAY_MIN, now_s)
    if today is None:
        quiet = last.close  # no trade yet today: the day stands at the last price
        today = Candle(int(now_s), quiet, quiet, quiet, quiet, 0.0, 0.0, last.last_s)
    previous = series.candles[closed - 1].close if closed else today.open
    return today, previous, [*year, today]


def _stamp(form: str, epoch_s: float) -> str:
    return time.strftime(form, time.gmtime(epoch_s))
