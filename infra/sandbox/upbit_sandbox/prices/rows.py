"""Candle rows as the quotation API writes them (docs: list-candles-*), with numbers, not texts."""

from upbit_sandbox.base.clock import kst_text, utc_text
from upbit_sandbox.prices.series import Candle


def minute_row(market: str, candle: Candle, unit_min: int) -> bytes:
    """Write a candle of so many minutes."""
    return f'{_head(market, candle)},"unit":{unit_min}}}'.encode()


def second_row(market: str, candle: Candle) -> bytes:
    """Write a candle of one second."""
    return f"{_head(market, candle)}}}".encode()


def day_row(market: str, candle: Candle, previous_close: float, *, converted: bool) -> bytes:
    """Write a day with its change from the close of the day before.

    `converted` adds the close in won, which a KRW market's is already.
    """
    last = f',"converted_trade_price":{candle.close!r}}}' if converted else "}"
    change = round(candle.close - previous_close, 8)
    return (
        f'{_head(market, candle)},"prev_closing_price":{previous_close!r},'
        f'"change_price":{change!r},"change_rate":{round(change / previous_close, 10)!r}{last}'
    ).encode()


def period_row(market: str, candle: Candle) -> bytes:
    """Write a week, month or year."""
    first_day = utc_text(candle.start_s)[:10]
    return f'{_head(market, candle)},"first_day_of_period":"{first_day}"}}'.encode()


def _head(market: str, candle: Candle) -> str:
    return (
        f'{{"market":"{market}","candle_date_time_utc":"{utc_text(candle.start_s)}",'
        f'"candle_date_time_kst":"{kst_text(candle.start_s)}",'
        f'"opening_price":{candle.open!r},"high_price":{candle.high!r},'
        f'"low_price":{candle.low!r},"trade_price":{candle.close!r},'
        f'"timestamp":{round(candle.last_s * 1000)},"candle_acc_trade_price":{candle.value!r},'
        f'"candle_acc_trade_volume":{candle.volume!r}'
    )
