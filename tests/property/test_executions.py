"""Executions are merged without losing a coin, a won or the first and last time."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from haetae.ledger.executions import EXECUTIONS_MAX, PRICE_STEP, merge_executions
from haetae.ledger.intent import Execution

EXECUTIONS = st.lists(
    st.builds(
        Execution,
        t=st.integers(0, 10**10),
        price=st.decimals(Decimal("1e-8"), 10**9, places=8) | st.sampled_from([Decimal(1)]),
        units=st.integers(1, 10**18),
        funds=st.decimals(0, 10**15, places=12),
    ),
    max_size=40,
).map(tuple)


@given(EXECUTIONS, st.integers(3, 40))
@settings(deadline=None)
def test_what_is_summed_and_the_ends_in_time_are_kept(
    executions: tuple[Execution, ...], most: int
) -> None:
    merged = merge_executions(executions, most=most)
    assert len(merged) <= most
    assert sum(e.units for e in merged) == sum(e.units for e in executions)
    assert sum(e.funds for e in merged) == sum(e.funds for e in executions)
    for end in (min, max):
        times = [end((e.t for e in found), default=0) for found in (merged, executions)]
        assert times[0] == times[1]
    if executions:
        prices = [e.price for e in executions]
        assert all(min(prices) - PRICE_STEP <= e.price <= max(prices) + PRICE_STEP for e in merged)


@given(EXECUTIONS)
def test_a_few_hundred_are_left_as_they_are(executions: tuple[Execution, ...]) -> None:
    assert merge_executions(executions) is executions


def test_equal_prices_are_merged_before_neighbours() -> None:
    parts = [
        Execution(t=n, price=Decimal(100 + n % 10), units=1, funds=Decimal(100 + n % 10))
        for n in range(EXECUTIONS_MAX * 2)
    ]
    merged = merge_executions(tuple(parts))
    assert len(merged) == 12, "ten prices, and the first and the last"
    assert [e.t for e in merged] == [0, *(part.t for part in parts[-11:])], "the latest of each"
    assert all(e.funds == e.price * e.units for e in merged)
