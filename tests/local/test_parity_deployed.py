"""The promise, deployed: the functions on LocalStack make the trades of the backtest."""

from collections.abc import Callable

from local.deployed_days import traded_alike


def test_two_days_deployed_trade_as_backtested(
    record_property: Callable[[str, object], None],
) -> None:
    record_property("parity", traded_alike(doubled=False))
