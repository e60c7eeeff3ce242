"""The tick table at each boundary, and rounding that never leaves it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit_sandbox.base.ticks import (
    BANDS,
    buy_price,
    down_to_tick,
    is_on_tick,
    next_above,
    next_below,
    sell_price,
    tick_of,
    up_to_tick,
)

prices = st.decimals(
    min_value=Decimal("0.00000001"), max_value=Decimal(10**9), allow_nan=False, places=8
)

# Written out again from the exchange's page, so that the table is not tested against itself.
BOUNDARIES = [
    ("2000000", "1000", "1000"),
    ("1000000", "500", "1000"),
    ("500000", "100", "500"),
    ("100000", "50", "100"),
    ("50000", "10", "50"),
    ("10000", "5", "10"),
    ("5000", "1", "5"),
    ("1000", "1", "1"),
    ("100", "0.1", "1"),
    ("10", "0.01", "0.1"),
    ("1", "0.001", "0.01"),
    ("0.1", "0.0001", "0.001"),
    ("0.01", "0.00001", "0.0001"),
    ("0.001", "0.000001", "0.00001"),
    ("0.0001", "0.0000001", "0.000001"),
    ("0.00001", "0.00000001", "0.0000001"),
]


@pytest.mark.parametrize(("boundary", "below", "above"), BOUNDARIES)
def test_upbit_1_tick_changes_exactly_at_the_boundary(
    boundary: str, below: str, above: str
) -> None:
    """Each price band has its tick; a band's lower end belongs to it, its upper end to the next."""
    edge = Decimal(boundary)
    assert tick_of(edge) == Decimal(above)
    assert tick_of(edge - Decimal("0.000000001")) == Decimal(below)
    assert next_above(edge) == edge + Decimal(above)
    assert next_below(edge) == edge - Decimal(below)


def test_every_band_is_written_down() -> None:
    assert [str(floor) for floor, _ in reversed(BANDS[1:])] == [row[0] for row in BOUNDARIES]


def test_upbit_1_the_prices_own_band_decides() -> None:
    """The tick of an order is that of its own price: around 1,000 it is one won on both sides."""
    legal = [p for p in ("999", "999.1", "1000", "1000.1", "1001") if is_on_tick(Decimal(p))]
    assert legal == ["999", "1000", "1001"]


@given(prices)
def test_rounding_lands_on_legal_prices_around_the_price(price: Decimal) -> None:
    low, high = down_to_tick(price), up_to_tick(price)
    assert low <= price <= high or price < BANDS[0][1]
    assert is_on_tick(low)
    assert is_on_tick(high)
    assert high - low in (0, tick_of(price))


@given(prices, st.integers(0, 500))
def test_slippage_is_never_in_our_favour(price: Decimal, slippage_bps: int) -> None:
    assert buy_price(price, slippage_bps) >= price
    assert sell_price(price, slippage_bps) <= price
    assert is_on_tick(buy_price(price, slippage_bps))
    assert is_on_tick(sell_price(price, slippage_bps))


def test_slippage_rounds_against_the_order() -> None:
    assert buy_price(Decimal(150_000_000), 10) == 150_150_000
    assert buy_price(Decimal(150_001_000), 10) == 150_152_000  # 150,151,001 up
    assert sell_price(Decimal(150_001_000), 10) == 149_850_000  # 149,850,999 down
    assert buy_price(Decimal("999.9"), 10) == 1_001  # 1,000.8999 up across the band
