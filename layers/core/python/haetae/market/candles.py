"""The one judgement of a candle: what a row of open, high, low, close and volume must hold.

The checks are arithmetic that numbers and arrays of numbers both understand, so that a page from
the exchange and a file of a million rows are held to the same ones. Old candles may lie off
today's ticks, so ticks are not judged.
"""

from collections.abc import Iterator
from math import isfinite
from typing import Any

from haetae.kernel.records import Candle

UNITS_MIN = (1, 3, 5, 10, 15, 30, 60, 240)  # the lengths below a day that Upbit has
DAY_MIN = 1_440
FIELDS = ("open", "high", "low", "close", "volume")


def candle_defect(candle: Candle, unit_s: int) -> str:
    """Say in a few words why a candle of `unit_s` seconds cannot be true; "" when it can."""
    t, *numbers = candle
    if not isfinite(sum(numbers)):  # one look for five; large prices may add up to infinity
        for field, number in zip(FIELDS, numbers, strict=True):
            if not isfinite(number):
                return f"the {field} is not a finite number"
    for field, defect, found in row_defects(*numbers):
        if found:
            return f"the {field} {defect}"
    return "the start is not on the grid" if t % unit_s else ""


def row_defects(
    open_: Any, high: Any, low: Any, close: Any, volume: Any
) -> Iterator[tuple[str, str, Any]]:
    """Yield (field, defect, found) of each check on finite numbers, or on arrays of them.

    `found` is one truth for numbers, and one a row for arrays.
    """
    yield "open", "is not positive", open_ <= 0
    yield "high", "is not positive", high <= 0
    yield "low", "is not positive", low <= 0
    yield "close", "is not positive", close <= 0
    yield "volume", "is negative", volume < 0
    yield "high", "is below the open or the close", (high < open_) | (high < close)
    yield "low", "is above the open or the close", (low > open_) | (low > close)
