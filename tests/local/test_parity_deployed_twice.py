"""The promise, deployed, with every event twice; a file apart runs beside the other."""

from collections.abc import Callable

from local.deployed_days import traded_alike


def test_two_days_with_every_invoke_doubled_trade_as_backtested(
    record_property: Callable[[str, object], None],
) -> None:
    record_property("parity", traded_alike(doubled=True))
