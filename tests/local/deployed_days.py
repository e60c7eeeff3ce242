"""Two recorded days, backtested and then driven through deployed functions."""

from haetae_local.replay.replay import replay_deployed
from parity.runs import CASH, DAY_S, SEPTEMBER, assert_same, real

FROM_T = SEPTEMBER + 8 * DAY_S
TO_T = FROM_T + 2 * DAY_S


def traded_alike(*, doubled: bool) -> str:
    """Assert that both made the same trades, entry and exit among them; return the figures."""
    run = real(("KRW-BTC",), "plan", from_t=FROM_T, to_t=TO_T)
    tested = run.backtested()
    assert {trade.side for trade in tested.trades} == {"bid", "ask"}, "nothing to compare"
    replayed = replay_deployed(
        run.setup, run.found, run.span, cash=CASH, settings={}, doubled=doubled
    )
    return assert_same(tested, replayed)
