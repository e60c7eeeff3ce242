"""Executions of an order are merged only where they are too many for one item."""

from decimal import Decimal

from haetae.ledger.executions import EXECUTIONS_MAX, merge_executions
from haetae.ledger.intent import Execution


def part(t: int, price: int, units: int = 100_000_000) -> Execution:
    """Return one execution; its funds are price × coins."""
    return Execution(
        t=t, price=Decimal(price), units=units, funds=price * Decimal(units).scaleb(-8)
    )


def test_as_many_as_an_item_holds_stay_as_they_are() -> None:
    parts = tuple(part(n, 100) for n in range(EXECUTIONS_MAX))
    assert merge_executions(parts) is parts


def test_equal_prices_become_one_with_the_latest_time_between_the_first_and_the_last() -> None:
    parts = (part(9, 100), part(1, 100), part(3, 101), part(5, 100), part(4, 101))

    merged = merge_executions(parts, most=4)

    assert merged == (
        part(1, 100),
        Execution(t=4, price=Decimal(101), units=200_000_000, funds=Decimal(202)),
        part(5, 100),
        part(9, 100),
    )


def test_neighbours_in_price_get_their_mean_by_units_where_equal_prices_are_too_few() -> None:
    parts = (part(0, 100), part(3, 110), part(1, 100), part(2, 101, 200_000_000), part(9, 100))

    merged = merge_executions(parts, most=4)

    mean = Execution(t=2, price=Decimal("100.66666667"), units=300_000_000, funds=Decimal(302))
    assert merged == (part(0, 100), mean, part(3, 110), part(9, 100))
