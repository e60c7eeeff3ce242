"""Laws of the targets: one more never raises the level, and the level is a legal price."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from haetae.kernel.fills import take_profit
from haetae.kernel.rounding import floor_tick
from support import decimal_rules as rules
from support.states import BARE

DRAWN = settings(max_examples=300, deadline=None, derandomize=True)
prices = st.floats(1e-7, 1e9).map(lambda price: max(floor_tick(price), 1e-8))
multiples = st.floats(0.5, 20.0)


@DRAWN
@given(prices, st.integers(50, 20_000), multiples, st.floats(0.0, 0.5))
def test_a_second_target_never_raises_the_level(
    price: float, bps: int, multiple: float, range_share: float
) -> None:
    atr = price * range_share
    share = BARE._replace(target_bps=bps)
    in_atr = BARE._replace(target_atr=multiple)
    alone = (take_profit(share, price, atr), take_profit(in_atr, price, atr))
    both = take_profit(share._replace(target_atr=multiple), price, atr)
    assert both == min(alone)
    assert min(alone) >= price


@DRAWN
@given(prices, multiples, st.floats(0.0, 0.5))
def test_a_target_in_atr_is_the_legal_price_above(
    price: float, multiple: float, range_share: float
) -> None:
    atr = price * range_share
    level = take_profit(BARE._replace(target_atr=multiple), price, atr)
    exact = Decimal(repr(price + multiple * atr))
    assert Decimal(repr(level)) == rules.ceil_tick(exact)
