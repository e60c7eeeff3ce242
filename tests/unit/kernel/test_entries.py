"""The rails of an entry: each refusal at its boundary, each size bound alone, the reservation."""

from typing import Any

import pytest

from haetae.kernel import codes
from haetae.kernel.entries import propose_entry, refusals
from haetae.kernel.records import Account, Params, Rails, TradeStats, Verdict
from haetae.kernel.rounding import MAX_UNITS, buy_units
from haetae.kernel.sizing import (
    cost_share,
    kelly_share,
    least_order,
    remaining_budget,
    size,
    small_size,
    stop_distance,
)
from support.states import BARE, NOW, OFF, PLAN, PLAN_RAILS, WON, account, moment, rising

EQUITY = 10_000_000 * WON
LOSS = 0.05


def refused(
    rails: Rails, a: Account, *, t: int = NOW, now: int = NOW, mode: int = 0, open_count: int = 0,
    seen: int = NOW,
) -> int:  # fmt: skip
    """Return the mask of rails that refuse an entry on a trend closed at NOW."""
    market = rising()._replace(seen=seen)
    fired, verdict = refusals(rails, a, market, moment(t, now=now, mode=mode, held=open_count))
    assert (verdict.rail != 0) == (fired != 0)
    if fired != 0:
        assert fired >> verdict.rail & 1
        assert verdict.krw == 0
    return fired


def test_nothing_refuses_by_default() -> None:
    assert refused(OFF, account()) == 0


@pytest.mark.parametrize(
    ("mode", "refuses"), [(codes.RUN, 0), (codes.STOP, 1), (codes.HALT, 1), (codes.KILLED, 1)]
)
def test_only_run_enters(mode: int, refuses: int) -> None:
    assert refused(OFF, account(), mode=mode) == refuses << codes.MODE


@pytest.mark.parametrize(("silence_s", "refuses"), [(599, 0), (600, 0), (601, 1)])
def test_stale_boundary(silence_s: int, refuses: int) -> None:
    assert refused(OFF, account(), seen=NOW - silence_s) == refuses << codes.STALE


@pytest.mark.parametrize(("age_s", "refuses"), [(0, 0), (119, 0), (120, 0), (121, 1)])
def test_expired_boundary(age_s: int, refuses: int) -> None:
    assert refused(OFF, account(), now=NOW + age_s) == refuses << codes.EXPIRED


@pytest.mark.parametrize(("exit_t", "refuses"), [(NOW - 60, 0), (NOW, 1), (0, 0)])
def test_no_entry_at_a_minute_that_decided_an_exit(exit_t: int, refuses: int) -> None:
    assert refused(OFF, account(exit_t=exit_t)) == refuses << codes.EXIT_THIS_MINUTE


def test_latches_refuse() -> None:
    assert refused(OFF, account(day_latch=1)) == 1 << codes.DAY_LOSS
    assert refused(OFF, account(week_latch=1)) == 1 << codes.WEEK_LOSS


@pytest.mark.parametrize(("since_s", "refuses"), [(3_599, 1), (3_600, 0), (3_601, 0)])
def test_interval_boundary(since_s: int, refuses: int) -> None:
    rails = OFF._replace(min_interval_s=3_600)
    assert refused(rails, account(last_entry=NOW - since_s)) == refuses << codes.MIN_INTERVAL
    assert refused(OFF, account(last_entry=NOW - since_s)) == 0


def test_interval_does_not_bind_the_first_entry() -> None:
    assert refused(OFF._replace(min_interval_s=2 * NOW), account(last_entry=0)) == 0


@pytest.mark.parametrize(("entries", "refuses"), [(4, 0), (5, 1), (6, 1)])
def test_entries_a_day_boundary(entries: int, refuses: int) -> None:
    rails = OFF._replace(max_entries=5)
    assert refused(rails, account(entries=entries)) == refuses << codes.MAX_ENTRIES
    assert refused(OFF, account(entries=entries)) == 0


@pytest.mark.parametrize(("open_count", "refuses"), [(2, 0), (3, 1), (4, 1)])
def test_positions_boundary(open_count: int, refuses: int) -> None:
    rails = OFF._replace(max_positions=3)
    assert refused(rails, account(), open_count=open_count) == refuses << codes.MAX_POSITIONS
    assert refused(OFF, account(), open_count=open_count) == 0


@pytest.mark.parametrize(("ends_in_s", "refuses"), [(1, 1), (0, 0), (-1, 0)])
def test_cooldown_boundary(ends_in_s: int, refuses: int) -> None:
    assert refused(OFF, account(cooldown=NOW + ends_in_s)) == refuses << codes.COOLDOWN


def test_every_refusal_is_named_and_the_first_in_the_table_gives_the_verdict() -> None:
    rails = OFF._replace(min_interval_s=600, max_entries=1, max_positions=1)
    a = account(
        day_latch=1, week_latch=1, last_entry=NOW - 1, entries=1, cooldown=NOW + 9, exit_t=NOW
    )
    market = rising()._replace(seen=NOW - 601)
    fired, verdict = refusals(rails, a, market, moment(now=NOW + 121, mode=codes.STOP, held=1))
    assert fired == sum(1 << rail for rail in range(codes.MODE, codes.COOLDOWN + 1))
    assert verdict.rail == codes.MODE


@pytest.mark.parametrize(
    ("rails", "a", "turnover", "rail", "krw"),
    [
        ({"max_order": 50_000}, account(), 1e12, codes.MAX_ORDER, 50_000),
        ({}, account(), 1e12, codes.CASH, 10_000_000),
        ({"fee_assumed_bps": 25}, account(), 1e12, codes.CASH, 9_975_062),
        ({"reserve_bps": 1_000}, account(), 1e12, codes.CASH_RESERVE, 9_000_000),
        ({"reserve_bps": 1_000}, account(cash=900_000 * WON), 1e12, codes.CASH_RESERVE, 0),
        ({"coin_bps": 4_000}, account(), 1e12, codes.COIN_SHARE, 4_000_000),
        ({"buy_bps": 3_000}, account(), 1e12, codes.BUY_SHARE, 3_000_000),
        ({"buy_bps": 3_000}, account(cash=100 * WON), 1e12, codes.BUY_SHARE, 30),
        ({"liquidity_bps": 100}, account(), 1e8, codes.LIQUIDITY, 1_000_000),
        ({"liquidity_bps": 100}, account(), 0.0, codes.LIQUIDITY, 0),
        ({"r_bps": 50}, account(), 1e12, codes.SIZE_R, 1_000_000),
        ({}, account(day_floor=EQUITY - 100_000 * WON), 1e12, codes.LOSS_BUDGET, 2_000_000),
        ({}, account(week_floor=EQUITY - 100_000 * WON), 1e12, codes.LOSS_BUDGET, 2_000_000),
        ({"gap_bps": 300}, account(day_floor=EQUITY - 60_000 * WON), 1e12, codes.LOSS_BUDGET,
         750_000),
        ({}, account(day_floor=EQUITY - 100_000 * WON, reserved=50_000 * WON), 1e12,
         codes.LOSS_BUDGET, 1_000_000),
        ({}, account(day_floor=EQUITY - 100_000 * WON, reserved=100_000 * WON), 1e12,
         codes.LOSS_BUDGET, 0),
        ({}, account(day_floor=EQUITY + 1), 1e12, codes.LOSS_BUDGET, 0),
        ({"kelly_min_trades": 30}, account(trade_stats=TradeStats(30, 10, 10.0, 20.0)), 1e12,
         codes.KELLY, 0),
    ],
)  # fmt: skip
def test_each_bound_binds_alone(
    rails: dict[str, int], a: Account, turnover: float, rail: int, krw: int
) -> None:
    bound = size(OFF._replace(**rails), a, rising(turnover=turnover), moment(), LOSS)
    assert (bound.rail, bound.krw) == (rail, krw)


def test_cash_of_entries_that_have_not_filled_is_spent_already() -> None:
    committed = 4_000_000 * WON
    market = rising()
    assert size(OFF, account(), market, moment(committed=committed), LOSS).krw == 6_000_000
    share = size(OFF._replace(buy_bps=3_000), account(), market, moment(committed=committed), LOSS)
    assert share.krw == 1_800_000
    kept = size(
        OFF._replace(reserve_bps=1_000), account(), market, moment(committed=committed), LOSS
    )
    assert kept.krw == 5_000_000
    assert size(OFF, account(), market, moment(committed=EQUITY + 1), LOSS).krw == 0


@pytest.mark.parametrize(
    ("rails", "invested", "committed", "rail", "krw"),
    [
        ({}, 0, 0, codes.CAPITAL, 1_000_000),
        ({"fee_assumed_bps": 25}, 0, 0, codes.CAPITAL, 997_506),
        ({}, 300_000, 200_000, codes.CAPITAL, 500_000),
        ({}, 300_000, 700_000, codes.CAPITAL, 0),
        ({}, 1_000_001, 0, codes.CAPITAL, 0),
        ({"r_bps": 50}, 0, 0, codes.SIZE_R, 100_000),
        ({"buy_bps": 3_000}, 300_000, 200_000, codes.BUY_SHARE, 150_000),
        ({"coin_bps": 4_000}, 300_000, 0, codes.COIN_SHARE, 400_000),
        ({"reserve_bps": 9_950}, 0, 0, codes.CASH_RESERVE, 50_000),
    ],
)
def test_a_limit_of_capital_is_all_that_may_be_at_work(
    rails: dict[str, int], invested: int, committed: int, rail: int, krw: int
) -> None:
    limited = OFF._replace(capital_limit=1_000_000, **rails)
    at = moment(invested=invested * WON, committed=committed * WON)
    bound = size(limited, account(), rising(), at, LOSS)
    assert (bound.rail, bound.krw) == (rail, krw)


def test_a_strategys_share_is_of_what_a_limit_of_capital_leaves() -> None:
    limited = OFF._replace(capital_limit=1_000_000)
    at = moment(invested=300_000 * WON, committed=200_000 * WON)
    whole = size(limited, account(), rising(), at, LOSS)
    quarter = PLAN._replace(size_share_bps=2_500)
    bound = small_size(limited, quarter, account(), at, LOSS, whole)
    assert (bound.rail, bound.krw) == (codes.SIZE_SHARE, 125_000)


def test_a_limit_above_the_equity_changes_nothing() -> None:
    rails = PLAN_RAILS._replace(capital_limit=10_000_000)
    assert propose_entry(rails, PLAN, account(), rising(), moment()) == propose_entry(
        PLAN_RAILS, PLAN, account(), rising(), moment()
    )


def test_volume_of_the_cheapest_coins_fits_64_bits() -> None:
    bound = size(OFF, account(), rising(price=0.000_01), moment(), LOSS)
    assert (bound.rail, bound.krw) == (codes.MAX_ORDER, 90_000)


@pytest.mark.parametrize("price", [0.000_01, 0.000_000_5, 0.000_000_1])
def test_volume_fits_64_bits_at_a_fill_far_below_its_decision(price: float) -> None:
    bound = size(OFF, account(), rising(price=price), moment(), LOSS)
    assert 0 < buy_units(bound.krw, price / 10.0) <= MAX_UNITS


@pytest.mark.parametrize(
    ("trade_stats", "share"),
    [
        (TradeStats(29, 0, 0.0, 29.0), 1.0),
        (TradeStats(30, 0, 0.0, 30.0), 0.0),
        (TradeStats(30, 10, 10.0, 20.0), 0.0),
        (TradeStats(30, 15, 15.0, 15.0), 0.0),
    ],
)
def test_kelly_refuses_without_an_edge(trade_stats: TradeStats, share: float) -> None:
    assert kelly_share(OFF._replace(kelly_min_trades=30), account(trade_stats=trade_stats)) == share
    assert kelly_share(OFF, account(trade_stats=trade_stats)) == 1.0


def test_kelly_is_half_of_kelly_at_the_lower_end_of_wilsons_interval() -> None:
    rails = OFF._replace(kelly_min_trades=30)
    low = (0.5 + 1 / 80 - (0.25 / 40 + 1 / 6_400) ** 0.5) / (1 + 1 / 40)
    expected = (low - (1 - low) / 3.0) / 2
    ours = kelly_share(rails, account(trade_stats=TradeStats(40, 20, 60.0, 20.0)))
    assert ours == pytest.approx(expected, rel=1e-12)
    assert 0.0 < ours < 0.5
    every = (1 + 1 / 80 - (1 / 6_400) ** 0.5) / (1 + 1 / 40) / 2
    won = kelly_share(rails, account(trade_stats=TradeStats(40, 40, 60.0, 0.0)))
    assert won == pytest.approx(every, rel=1e-12)


@pytest.mark.parametrize(
    ("rails", "krw"),
    [
        ({}, 2_500_000),
        ({"capital_limit": 1_000_000}, 150_000),  # 400,000 of it are invested
        ({"buy_bps": 1_000}, 250_000),
        ({"r_bps": 50}, 250_000),  # 50,000 won of risk at a loss of 5 %
        ({"buy_bps": 1_000, "r_bps": 20}, 100_000),
    ],
)
def test_a_small_size_is_a_share_of_what_cash_and_the_tighter_rail_allow(
    rails: dict[str, int], krw: int
) -> None:
    at = moment(invested=400_000 * WON)
    whole = Verdict(rail=codes.CASH, limit=0.0, observed=0.0, krw=10_000_000)
    small = BARE._replace(size_share_bps=2_500)
    bound = small_size(OFF._replace(**rails), small, account(), at, LOSS, whole)
    assert (bound.rail, bound.krw) == (codes.SIZE_SHARE, krw)
    assert small_size(OFF._replace(**rails), BARE, account(), at, LOSS, whole) is whole


def test_kelly_without_an_edge_means_no_trade() -> None:
    losing = account(trade_stats=TradeStats(30, 5, 5.0, 25.0))
    order, verdict, fired = propose_entry(PLAN_RAILS, PLAN, losing, rising(), moment())
    assert order.kind == codes.NO_ORDER
    assert (verdict.rail, verdict.limit, verdict.krw) == (codes.KELLY, 0.0, 0)
    assert fired == 1 << codes.KELLY


@pytest.mark.parametrize(
    ("params", "distance"),
    [
        ({"stop_atr": 2.5}, 2_600.0),
        ({"stop_bps": 500}, 5_100.0),
        ({"stop_atr": 2.5, "stop_bps": 500}, 2_600.0),
        ({"stop_atr": 2.5, "stop_bps": 200}, 2_100.0),
        ({"stop_atr": 200.0}, 100_000.0),
        ({}, 100_000.0),
    ],
)
def test_stop_distance_is_the_tightest_with_a_tick_of_room(
    params: dict[str, Any], distance: float
) -> None:
    assert stop_distance(BARE._replace(**params), 1_000.0, 100_000.0) == distance


def test_costs_are_two_fees_and_two_slippages_of_at_least_a_tick() -> None:
    rails = OFF._replace(fee_assumed_bps=25, slippage_assumed_bps=10)
    assert cost_share(rails, 100_000.0) == 2 * (0.0025 + 0.001)
    assert cost_share(rails, 100.0) == 2 * (0.0025 + 0.01)


@pytest.mark.parametrize(
    ("stop_bps", "most", "refuses"),
    [(270, 2_500, 0), (270, 2_499, 1), (170, 2_500, 1), (500, 2_500, 0), (100, 0, 0)],
)
def test_the_cost_of_a_stop_distance_boundary(stop_bps: int, most: int, refuses: int) -> None:
    rails = OFF._replace(
        fee_assumed_bps=25, slippage_assumed_bps=10, max_cost_bps=most, max_order=100_000
    )
    params = BARE._replace(stop_bps=stop_bps)  # a tick of room is another 0.1 %
    order, verdict, fired = propose_entry(rails, params, account(), rising(), moment())
    assert fired == (1 << codes.MAX_COST if refuses else 1 << codes.MAX_ORDER)
    assert (order.kind == codes.NO_ORDER) == bool(refuses)
    if refuses:
        observed = 0.007 / (stop_bps / 10_000 + 0.001)
        assert (verdict.rail, verdict.limit, verdict.krw) == (codes.MAX_COST, most / 10_000, 0)
        assert verdict.observed == pytest.approx(observed)


def test_budget_is_the_tighter_of_day_and_week_less_reservations() -> None:
    a = account(day_floor=EQUITY - 7, week_floor=EQUITY - 9, reserved=3)
    assert remaining_budget(OFF, a, EQUITY) == 4
    a = account(day_floor=EQUITY - 9, week_floor=EQUITY - 7, reserved=3)
    assert remaining_budget(OFF, a, EQUITY) == 4


def proposed(max_order: int, params: Params = BARE) -> tuple[int, int, int]:
    """Return order's kind, won and fired rails for an order bounded by `max_order`."""
    order, _, fired = propose_entry(
        OFF._replace(max_order=max_order), params, account(), rising(), moment()
    )
    return order.kind, order.krw, fired


def test_least_entry_can_still_be_sold_at_its_stop() -> None:
    params = BARE._replace(stop_bps=990)  # 9.9 % and a tick of room: 10 %
    rails = OFF
    cost = cost_share(rails, 100_000.0)
    least = least_order(rails, 0.1 + cost)
    assert least == int(5_000 / (0.9 - cost)) + 1
    refusal = 1 << codes.MAX_ORDER | 1 << codes.MIN_ORDER
    assert proposed(least - 1, params) == (codes.NO_ORDER, 0, refusal)
    assert proposed(least, params) == (codes.ENTRY, least, 1 << codes.MAX_ORDER)
    assert least * 0.9 >= codes.LEAST_ORDER


def test_a_larger_smallest_order_bounds_the_entry_itself() -> None:
    rails = OFF._replace(min_order=20_000)
    assert least_order(rails, 0.1) == 20_000
    assert least_order(rails, 0.8) == int(5_000 / 0.2) + 1


def test_the_verdict_of_an_entry_too_small_names_the_minimum() -> None:
    rails = OFF._replace(max_order=4_000)
    params = BARE._replace(stop_bps=500)
    order, verdict, fired = propose_entry(rails, params, account(), rising(), moment())
    loss = 0.051 + cost_share(rails, 100_000.0)
    assert order.kind == codes.NO_ORDER
    assert verdict == Verdict(codes.MIN_ORDER, float(least_order(rails, loss)), 4_000.0, 0)
    assert fired == 1 << codes.MAX_ORDER | 1 << codes.MIN_ORDER


def test_an_entry_that_could_lose_everything_is_refused() -> None:
    order_max = OFF.max_order
    assert least_order(OFF, 1.0) == order_max + 1
    assert proposed(order_max)[0] == codes.NO_ORDER


def test_entry_order_carries_its_worst_case() -> None:
    order, verdict, fired = propose_entry(PLAN_RAILS, PLAN, account(), rising(), moment())
    loss = 2_600.0 / 100_000.0 + 2 * (0.0025 + 0.001)
    assert order.kind == codes.ENTRY
    assert order.reason == codes.ENTRY_SIGNAL
    assert order.krw == verdict.krw == int(50_000 / loss)
    assert fired == 1 << codes.SIZE_R
    assert order.distance == 2_500.0
    assert order.mark == 100_000.0
    assert order.risk == int(order.krw * loss * WON)
    assert order.reserved == int(order.krw * (loss + 0.01) * WON) + 1
    assert order.risk <= 50_000 * WON < order.reserved
