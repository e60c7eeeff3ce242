"""An order book that cannot be wrong, and how much of it a market sale may take."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.market.order_book import Level, OrderBook, sellable_units

COINS = st.integers(1, 10**15).map(lambda units: Decimal(units).scaleb(-8))


def level(price: str, volume: str = "1") -> Level:
    return Level(price=Decimal(price), volume=Decimal(volume))


def book(*bids: Level, asks: tuple[Level, ...] = ()) -> OrderBook:
    return OrderBook(market="KRW-BTC", bids=bids, asks=asks)


@pytest.mark.parametrize(("price", "volume"), [("0", "1"), ("-1", "1"), ("1", "0"), ("1", "-1")])
def test_a_step_needs_a_price_and_a_volume(price: str, volume: str) -> None:
    with pytest.raises(ValueError, match="a price or a volume"):
        level(price, volume)


def test_bids_fall_and_asks_rise() -> None:
    sound = book(level("2"), level("1"), asks=(level("3"), level("4")))
    assert (len(sound.bids), len(sound.asks)) == (2, 2)
    for second in ("2", "3"):
        with pytest.raises(ValueError, match="bids are out of order"):
            book(level("2"), level(second))
    for second in ("3", "2"):
        with pytest.raises(ValueError, match="asks are out of order"):
            book(asks=(level("3"), level(second)))


def test_nothing_can_be_sold_where_nobody_bids() -> None:
    assert sellable_units(book(asks=(level("1"),)), limit_bps=100) == 0


def test_the_limit_is_included() -> None:
    bids = (level("100", "0.5"), level("99", "2"), level("98.99999999", "4"))
    assert sellable_units(book(*bids), limit_bps=0) == 50_000_000
    assert sellable_units(book(*bids), limit_bps=99) == 50_000_000
    assert sellable_units(book(*bids), limit_bps=100) == 250_000_000
    assert sellable_units(book(*bids), limit_bps=101) == 650_000_000


def test_less_than_a_unit_is_not_counted() -> None:
    assert sellable_units(book(level("1", "0.000000019")), limit_bps=0) == 1


@given(st.lists(COINS, min_size=1, max_size=30), st.integers(0, 9_999), st.integers(0, 9_999))
def test_a_wider_limit_never_takes_less(volumes: list[Decimal], one: int, other: int) -> None:
    bids = [Level(price=Decimal(1_000 - n), volume=each) for n, each in enumerate(volumes)]
    narrow, wide = (sellable_units(book(*bids), limit_bps=bps) for bps in sorted((one, other)))
    assert 0 < narrow <= wide <= sum(volumes) * 10**8
