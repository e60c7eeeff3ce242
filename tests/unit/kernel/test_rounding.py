"""The kernel's tick table and its roundings to it, a price of every band."""

from math import nextafter

import pytest

from haetae.kernel.rounding import ceil_tick, floor_tick


@pytest.mark.parametrize(
    ("price", "below", "above"),
    [
        (1_234_567.0, 1_234_000.0, 1_235_000.0),
        (612_345.0, 612_000.0, 612_500.0),
        (123_456.0, 123_400.0, 123_500.0),
        (51_234.0, 51_200.0, 51_250.0),
        (12_345.0, 12_340.0, 12_350.0),
        (5_678.0, 5_675.0, 5_680.0),
        (1_234.5, 1_234.0, 1_235.0),
        (123.4, 123.0, 124.0),
        (12.34, 12.3, 12.4),
        (1.234, 1.23, 1.24),
        (0.1234, 0.123, 0.124),
        (0.01234, 0.0123, 0.0124),
        (0.001234, 0.00123, 0.00124),
        (0.0001234, 0.000123, 0.000124),
        (0.00001234, 0.0000123, 0.0000124),
        (0.000001234, 0.00000123, 0.00000124),
    ],
)
def test_a_price_between_ticks_goes_to_the_one_below_or_above(
    price: float, below: float, above: float
) -> None:
    assert (floor_tick(price), ceil_tick(price)) == (below, above)


@pytest.mark.parametrize("price", [1_000_000.0, 500_000.0, 5_000.0, 1.13, 12.9, 0.00001])
def test_a_legal_price_stays_though_its_product_is_no_whole_number(price: float) -> None:
    assert (floor_tick(price), ceil_tick(price)) == (price, price)


def test_the_last_float_before_a_tick_is_below_it_though_its_product_rounds_up() -> None:
    assert nextafter(12.9, 0.0) * 10.0 == 129.0
    assert floor_tick(nextafter(12.9, 0.0)) == 12.8
    assert ceil_tick(nextafter(12.9, 0.0)) == 12.9
