"""A candle is judged the same by itself and as a row of many."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.kernel.records import Candle
from haetae.market.candles import FIELDS, candle_defect, row_defects

SOUND = Candle(60, 100.0, 102.0, 99.0, 101.0, 0.5)
NUMBERS = st.sampled_from([-1.0, -0.0, 0.0, 1e-8, 1.0, 2.0, 3.0]) | st.floats(-10, 10)
ROWS = st.lists(st.tuples(*[NUMBERS] * 5), min_size=1, max_size=20)


def changed(**numbers: float) -> Candle:
    """Return the sound candle with other numbers in some fields."""
    return Candle(**(SOUND._asdict() | numbers))


def test_a_sound_candle_has_no_defect() -> None:
    assert candle_defect(SOUND, 60) == ""
    flat = Candle(0, 5.0, 5.0, 5.0, 5.0, 0.0)
    assert candle_defect(flat, 86_400) == ""
    assert candle_defect(Candle(0, 1e308, 1e308, 1e308, 1e308, 1.0), 60) == ""


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_a_number_that_is_not_finite_is_named(field: str, number: float) -> None:
    assert candle_defect(changed(**{field: number}), 60) == (f"the {field} is not a finite number")


@pytest.mark.parametrize(
    ("changes", "defect"),
    [
        ({"open": 0.0}, "the open is not positive"),
        ({"high": -1.0}, "the high is not positive"),
        ({"low": 0.0}, "the low is not positive"),
        ({"close": -0.0}, "the close is not positive"),
        ({"volume": -1e-8}, "the volume is negative"),
        ({"high": 100.5}, "the high is below the open or the close"),
        ({"open": 102.5}, "the high is below the open or the close"),
        ({"low": 100.5}, "the low is above the open or the close"),
        ({"close": 98.0}, "the low is above the open or the close"),
        ({"t": 61}, "the start is not on the grid"),
    ],
)
def test_each_defect_is_named(changes: dict[str, float], defect: str) -> None:
    assert candle_defect(changed(**changes), 60) == defect


@given(ROWS)
def test_rows_of_a_file_are_judged_as_single_candles(rows: list[tuple[float, ...]]) -> None:
    columns = np.array(rows, dtype=np.float64).T
    first = [""] * len(rows)
    for field, defect, found in row_defects(*columns):
        first = [
            kept or (f"the {field} {defect}" if wrong else "")
            for kept, wrong in zip(first, found, strict=True)
        ]
    assert first == [candle_defect(Candle(0, *row), 60) for row in rows]
