"""The promise, deployed: the functions on LocalStack make the trades of the backtest."""

from collections.abc import Callable

import pytest

from haetae_local.replay import replay_deployed
from parity.runs import CASH, DAY_S, SEPTEMBER, assert_same, real

FROM_T = SEPTEMBER + 8 * DAY_S
TWO_DAYS = {"from_t": FROM_T, "to_t": FROM_T + 2 * DAY_S}


@pytest.mark.parametrize("doubled", [False, True], ids=["once", "every invoke twice"])
def test_two_days_deployed_trade_as_backtested(
    doubled: bool, record_property: Callable[[str, object], None]
) -> None:
    run = real(("KRW-BTC",), "plan", **TWO_DAYS)
    tested = run.backtested()
    assert {trade.side for trade in tested.trades} == {"bid", "ask"}, "nothing to compare"

    replayed = replay_deployed(
        run.setup, run.found, run.span, cash=CASH, settings={}, doubled=doubled
    )

    record_property("parity", assert_same(tested, replayed))
