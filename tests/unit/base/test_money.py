"""Money: conversions that are exact, and the direction of those that round."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.base import money
from haetae.kernel import rounding

COUNTS = st.integers(0, rounding.MAX_UNITS)
AMOUNTS = st.decimals(0, 10**12, places=12, allow_nan=False)
FLOATS = st.floats(1e-8, 1e12)


def test_the_kernel_s_own_constants_are_the_same() -> None:
    assert (rounding.MICRO, rounding.UNITS) == (money.MICRO, money.UNITS)


@given(COUNTS)
def test_micro_won_and_units_survive_the_way_through_decimals(count: int) -> None:
    assert money.floor_micro(money.krw_of(count)) == count
    assert money.floor_units(Decimal(money.volume_text(count))) == count


@given(AMOUNTS)
def test_rounding_is_down_and_by_less_than_one(amount: Decimal) -> None:
    assert 0 <= amount * money.MICRO - money.floor_micro(amount) < 1
    assert 0 <= amount * money.UNITS - money.floor_units(amount) < 1


@given(FLOATS)
def test_a_float_survives_the_way_through_decimals(number: float) -> None:
    assert money.float_of(money.decimal_of(number)) == number
    assert float(money.price_text(number)) == number


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (0, "0.00000000"),
        (1, "0.00000001"),
        (100_000_000, "1.00000000"),
        (123_456_789_012_345_678, "1234567890.12345678"),
    ],
)
def test_a_volume_is_written_with_all_its_decimals(units: int, text: str) -> None:
    assert money.volume_text(units) == text


@pytest.mark.parametrize(
    ("price", "text"), [(148_490_000.0, "148490000"), (1e-8, "0.00000001"), (99.9, "99.9")]
)
def test_a_price_is_written_without_an_exponent(price: float, text: str) -> None:
    assert money.price_text(price) == text
    assert money.decimal_text(Decimal("1E+3")) == "1000"
