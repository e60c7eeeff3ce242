"""An order's executions, merged where they are more than one stored item can hold."""

from collections.abc import Iterable
from decimal import Decimal, localcontext
from itertools import batched

from haetae.ledger.intent import Execution

EXECUTIONS_MAX = 1_000  # of one intent: at most 110 bytes each of the 400 KB an item may have
PRECISION = 76  # digits; two numbers of 38 digits multiply without rounding
PRICE_STEP = Decimal("1e-8")


def merge_executions(
    executions: tuple[Execution, ...], *, most: int = EXECUTIONS_MAX
) -> tuple[Execution, ...]:
    """Return at most `most` executions that stand for all of them.

    Up to `most` they are returned as they are, and every figure counted from them stays. Beyond,
    executions of one price become one; if that does not suffice, so do neighbours in price. Kept
    exactly: the sums of units and of funds, the first time and the last. What may differ: a
    merged execution has the latest time of its parts and, of neighbours, their mean price by
    units, rounded to 1e-8 won; a figure that is rounded once an execution is rounded less often,
    by less than one micro-won an execution that was merged away, plus the price's rounding.
    """
    assert most >= 3, most
    if len(executions) <= most:
        return executions
    in_time = sorted(executions, key=lambda part: part.t)
    first, between, last = in_time[0], in_time[1:-1], in_time[-1]
    merged = _merge_equal(between)
    if len(merged) + 2 > most:
        by_price = sorted(merged, key=lambda part: part.price)
        size = -(-len(by_price) // (most - 2))
        merged = [_merge(group) for group in batched(by_price, size, strict=False)]
    return (first, *sorted(merged, key=lambda part: part.t), last)


def _merge_equal(executions: Iterable[Execution]) -> list[Execution]:
    groups: dict[Decimal, list[Execution]] = {}
    for part in executions:
        groups.setdefault(part.price, []).append(part)
    return [_merge(group) for group in groups.values()]


def _merge(group: list[Execution] | tuple[Execution, ...]) -> Execution:
    """Return one execution for a group; its price is the only one, or the mean by units."""
    if len(group) == 1:
        return group[0]
    with localcontext(prec=PRECISION):
        units = sum(part.units for part in group)
        price = group[0].price
        if any(part.price != price for part in group):
            worth = sum((part.price * part.units for part in group), Decimal(0))
            price = (worth / units).quantize(PRICE_STEP)
        return Execution(
            t=max(part.t for part in group),
            price=price,
            units=units,
            funds=sum((part.funds for part in group), Decimal(0)),
        )
