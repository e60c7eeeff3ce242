"""The kernel's numbers and the market's decimals are two computations that must agree."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import inf, nextafter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haetae.kernel import rounding
from support import decimal_rules as rules

SEED = 20_250_731
MICRO = Decimal(1_000_000)
UNITS = Decimal(100_000_000)
BANDS = (*((start, tick) for start, tick in rules.TICKS), (Decimal(0), rules.SMALLEST_TICK))
LAW = settings(deadline=None, derandomize=True)
TOPS = (Decimal(1_000_000_000), *(start for start, _ in rules.TICKS))


def seeded(name: str) -> np.random.Generator:
    print(f"seed {SEED} of {name}")
    return np.random.default_rng([SEED, *name.encode()])


def legal_prices(rng: np.random.Generator, count: int) -> Iterator[Decimal]:
    """Legal prices, each band as often as any other, its first and last tick among them."""
    for band in rng.integers(0, len(BANDS), count).tolist():
        (start, tick), top = BANDS[band], TOPS[band]
        steps = int((top - start) / tick)
        edge = rng.integers(0, 10)
        step = 1 if edge == 0 else steps - 1 if edge == 1 else int(rng.integers(0, steps))
        yield start + tick * (step if start else max(step, 1))


def totals(rng: np.random.Generator, count: int) -> Iterator[int]:
    """Whole won up to Upbit's maximum, every magnitude as often, the limits among them."""
    for draw in np.exp(rng.uniform(0, np.log(1e9), count)).tolist():
        yield int(draw)
    yield from (1, 5_000, 999_999_999, 1_000_000_000)


def volumes(rng: np.random.Generator, count: int) -> Iterator[int]:
    """Units of every magnitude from one to what the kernel can hold."""
    for draw in np.exp(rng.uniform(0, np.log(9e18), count)).tolist():
        yield min(int(draw), rounding.MAX_UNITS)
    yield from (1, 99_999_999, 100_000_000, 100_000_001, rounding.MAX_UNITS)


def agree_on_ticks(price: float) -> None:
    exact = Decimal(repr(price))
    assert rounding.floor_tick(price) == float(rules.floor_tick(exact)), price
    assert rounding.ceil_tick(price) == float(rules.ceil_tick(exact)), price


def agree_on_a_buy(krw: int, price: Decimal) -> None:
    units = rounding.buy_units(krw, float(price))
    volume = rules.buy_volume(Decimal(krw), price)
    assert units == volume * UNITS, (krw, price)
    assert rules.funds(price, volume) <= krw
    assert rules.funds(price, volume + rules.VOLUME_STEP) > krw


def agree_on_funds(price: Decimal, units: int) -> None:
    funds = rules.funds(price, Decimal(units).scaleb(-8))
    micro = funds.scaleb(6)
    assert rounding.funds_floor(float(price), units) == int(micro.to_integral_value(ROUND_FLOOR))
    assert rounding.funds_ceil(float(price), units) == int(micro.to_integral_value(ROUND_CEILING))


def agree_on_fees(funds: int, bps: int) -> None:
    exact = rules.fee(Decimal(funds), bps)
    assert rounding.fee_ceil(funds, bps) == int(exact.to_integral_value(ROUND_CEILING))
    assert rounding.share_ceil(funds, bps) == int(exact.to_integral_value(ROUND_CEILING))
    assert rounding.share_floor(funds, bps) == int(exact.to_integral_value(ROUND_FLOOR))


# ---- in bulk


def test_ticks_agree_on_any_price() -> None:
    rng = seeded("any price")
    for price in np.exp(rng.uniform(np.log(1e-9), np.log(1e10), 15_000)).tolist():
        agree_on_ticks(price)
    for price in rng.uniform(0, 3_000_000, 10_000).tolist():
        agree_on_ticks(round(price, int(rng.integers(0, 9))))


def test_ticks_agree_on_legal_prices_and_beside_them() -> None:
    for price in legal_prices(seeded("legal"), 10_000):
        near = float(price)
        assert rules.is_legal(price)
        assert rounding.floor_tick(near) == rounding.ceil_tick(near) == near
        agree_on_ticks(nextafter(near, inf))
        agree_on_ticks(nextafter(near, 0.0))
        agree_on_ticks(float(price + rules.tick_of(price) / 2))


def test_ticks_agree_at_the_edge_of_every_band() -> None:
    for start, tick in rules.TICKS:
        for step in range(-50, 51):
            price = start + (tick if step >= 0 else rules.tick_of(start - tick / 1000)) * step
            agree_on_ticks(float(price))
        assert rules.tick_of(start) == tick
        scale, step = rounding.tick_of(float(start))
        assert Decimal(step) / Decimal(scale) == tick


def test_shifted_prices_agree() -> None:
    rng = seeded("shift")
    for price in legal_prices(rng, 20_000):
        bps = int(rng.integers(-9_999, 10_001))
        assert rounding.shift_bps(float(price), bps) == float(rules.shift_bps(price, bps)), price


def test_buys_agree() -> None:
    rng = seeded("buys")
    for krw, price in zip(totals(rng, 30_000), legal_prices(rng, 30_004), strict=True):
        agree_on_a_buy(krw, price)


def test_buys_agree_on_the_cheapest_and_the_dearest_coin() -> None:
    for krw in totals(seeded("extremes"), 1_000):
        for price in ("0.00000001", "0.00000003", "0.00001", "999999000", "0.1", "3", "7"):
            agree_on_a_buy(krw, Decimal(price))


def test_funds_agree() -> None:
    rng = seeded("funds")
    for units, price in zip(volumes(rng, 20_000), legal_prices(rng, 20_005), strict=True):
        agree_on_funds(price, units)


def test_fees_agree() -> None:
    rng = seeded("fees")
    for funds in volumes(rng, 20_000):
        agree_on_fees(funds, int(rng.integers(0, 10_001)))


def test_selling_everything_never_exceeds_the_balance() -> None:
    """The exchange adds up decimals, the books add up units: the last sale takes all of it."""
    rng = seeded("sell all")
    prices, krw = legal_prices(rng, 12_000), totals(rng, 12_000)
    for _ in range(3_000):
        balance, held = Decimal(0), 0
        for _ in range(4):
            price, total = next(prices), next(krw)
            balance += rules.buy_volume(Decimal(total), price)
            held += rounding.buy_units(total, float(price))
        assert held == balance * UNITS
        share = rounding.share_floor(held, int(rng.integers(0, 10_001)))
        assert 0 <= share <= held
        assert Decimal(share) / UNITS + Decimal(held - share) / UNITS == balance


def test_books_are_never_richer_than_the_exchange_says() -> None:
    rng = seeded("books")
    prices = legal_prices(rng, 20_000)
    for krw in totals(rng, 9_996):
        price = next(prices)
        bought = rules.buy_volume(Decimal(krw), price)
        units, near = int(bought * UNITS), float(price)
        funds = rules.funds(price, bought)
        cost = rules.buy_cost(funds, 5) * MICRO
        ours = rounding.funds_ceil(near, units)
        spent = ours + rounding.fee_ceil(ours, 5)
        assert cost <= spent < cost + 3
        got = rules.sale_proceeds(funds, 5) * MICRO
        theirs = rounding.funds_floor(near, units)
        received = theirs - rounding.fee_ceil(theirs, 5)
        assert got - 3 < received <= got


# ---- one at a time, so that a failure shrinks


decimal_prices = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(1, 10**10),
    st.integers(0, 8),
)
legal = decimal_prices.map(rules.floor_tick).filter(bool)


@LAW
@given(decimal_prices)
def test_ticks_agree(price: Decimal) -> None:
    agree_on_ticks(float(price))


@LAW
@given(decimal_prices)
def test_tick_rounding_encloses_the_price_within_one_tick(price: Decimal) -> None:
    low, high = rules.floor_tick(price), rules.ceil_tick(price)
    assert low <= price <= high
    assert high - low in (0, rules.tick_of(price))
    assert rules.is_legal(high)
    assert low == 0 or rules.is_legal(low)


@LAW
@given(st.integers(1, 10**9), legal)
def test_a_buy_agrees(krw: int, price: Decimal) -> None:
    agree_on_a_buy(krw, price)


@LAW
@given(legal, st.integers(1, rounding.MAX_UNITS))
def test_funds_of_a_volume_agree(price: Decimal, units: int) -> None:
    agree_on_funds(price, units)


@LAW
@given(st.integers(0, 10**15), st.integers(0, 10_000))
def test_a_fee_agrees(funds: int, bps: int) -> None:
    agree_on_fees(funds, bps)


@LAW
@given(st.decimals(0, 10**12, places=8, allow_nan=False), st.integers(0, 1_000))
def test_whole_balance_can_be_spent_and_not_a_won_more(balance: Decimal, bps: int) -> None:
    most = rules.spendable(balance, bps)
    assert rules.buy_cost(most, bps) <= balance < rules.buy_cost(most + 1, bps)


@LAW
@given(st.decimals(0, 10**12, places=12, allow_nan=False))
def test_volume_is_truncated_to_eight_decimals(volume: Decimal) -> None:
    kept = rules.floor_volume(volume)
    assert kept <= volume < kept + rules.VOLUME_STEP
    assert kept * UNITS == int(kept * UNITS)


# ---- Upbit's own figures


@pytest.mark.parametrize(
    ("price", "tick"),
    [("658000", "500"), ("134000", "100"), ("37990", "10"), ("6180", "5"), ("2663", "1"),
     ("41.1", "0.1"), ("0.0106", "0.0001"), ("2000000", "1000"), ("1000000", "1000"),
     ("999500", "500"), ("1000", "1"), ("100", "1"), ("99.9", "0.1"), ("0.00000999", "0.00000001")],
)  # fmt: skip
def test_ticks_seen_on_live_books(price: str, tick: str) -> None:
    assert rules.tick_of(Decimal(price)) == Decimal(tick)
    assert rules.is_legal(Decimal(price))
    assert not rules.is_legal(Decimal(price) + Decimal(tick) / 2)


def test_live_buy_is_reproduced_to_the_last_digit() -> None:
    volume = rules.buy_volume(Decimal(5000), Decimal(315))
    funds = rules.funds(Decimal(315), volume)
    assert volume == Decimal("15.87301587")
    assert rules.fee(funds, 5) == Decimal("2.499999999525")
    assert rules.buy_cost(Decimal(5000) - funds, 5) == Decimal("0.000000950475")
    assert rules.buy_cost(Decimal(5000), 5) == Decimal("5002.5")


def test_live_sale_is_reproduced_to_the_last_digit() -> None:
    funds = rules.funds(Decimal(236), Decimal("81.90686236"))
    assert rules.fee(funds, 5) == Decimal("9.66500975848")


def test_order_limits_are_inclusive() -> None:
    allowed = [4_999, 5_000, 1_000_000_000, 1_000_000_001]
    assert [rules.order_total_allowed(Decimal(total)) for total in allowed] == [
        False, True, True, False,
    ]  # fmt: skip


def test_nothing_is_legal_at_or_below_zero() -> None:
    assert not rules.is_legal(Decimal(0))
    assert not rules.is_legal(Decimal(-1))
