"""Exits: which one a candle touches, in which order, and how the chandelier rises."""

from itertools import product

import pytest

from haetae.kernel import codes
from haetae.kernel.changes import drop_partial, with_exit_reason
from haetae.kernel.exits import (
    candle_step,
    exit_order,
    find_exit,
    find_trigger_price,
    partial_order,
    raise_stop,
)
from haetae.kernel.fills import first_stop, level_above, take_profit
from haetae.kernel.records import NEW_CRASH, NO_BAR, NO_ORDER_OPEN, Crash, Market, Position
from haetae.kernel.step import settle
from support.folds import candle_events
from support.states import (
    BARE,
    NOW,
    OFF,
    PLAN,
    UNITS,
    account,
    candle,
    crash_floor,
    filled,
    position,
    rising,
    selling,
)

STOP, PARTIAL, TARGET, CRASH = 95_000.0, 105_000.0, 110_000.0, 90_000.0


@pytest.mark.parametrize(
    ("stop", "trailing", "target", "partial", "crash"),
    list(product((0, 1), repeat=5)),
)
def test_truth_table_of_exits_that_are_all_touched(
    stop: int, trailing: int, target: int, partial: int, crash: int
) -> None:
    """A candle that fell and rose through everything: the stop is first, the first level last."""
    held = rising()._replace(
        position=position(
            stop=STOP * stop, trailing=trailing, target=TARGET * target, partial=PARTIAL * partial
        ),
        crash=crash_floor(CRASH) if crash else NEW_CRASH,
    )
    touched = candle(90_000.0, opened=100_000.0, high=110_000.0, low=89_000.0)
    if stop:
        expected = codes.CHANDELIER if trailing else codes.FIRST_STOP
    elif target:
        expected = codes.TAKE_PROFIT
    elif crash:
        expected = codes.FLASH_CRASH
    else:
        expected = codes.PARTIAL_PROFIT if partial else 0
    params = BARE._replace(flash_crash_bps=500 if crash else 0)
    if crash:
        held = held._replace(crash=Crash(NOW // 300 * 300, 110_000.0, 0.0, 104_500.0))
    assert candle_step(params, held, touched)[1] == expected


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [
        (95_050.0, 100_000.0, 0),
        (95_000.0, 100_000.0, codes.FIRST_STOP),
        (94_950.0, 100_000.0, codes.FIRST_STOP),
        (99_000.0, 104_950.0, 0),
        (99_000.0, 105_000.0, codes.PARTIAL_PROFIT),
        (99_000.0, 109_900.0, codes.PARTIAL_PROFIT),
        (99_000.0, 110_000.0, codes.TAKE_PROFIT),
        (99_000.0, 110_100.0, codes.TAKE_PROFIT),
        (95_000.0, 110_000.0, codes.FIRST_STOP),
    ],
)
def test_boundaries_are_inclusive_and_the_stop_comes_first(
    low: float, high: float, reason: int
) -> None:
    q = position(stop=STOP, target=TARGET, partial=PARTIAL)
    assert find_exit(q, candle(100_000.0, low=low, high=high)) == reason


@pytest.mark.parametrize(("close", "reason"), [(95_050.0, 0), (95_000.0, codes.FLASH_CRASH)])
def test_flash_crash_boundary(close: float, reason: int) -> None:
    params = BARE._replace(flash_crash_bps=500)
    held = rising()._replace(
        position=position(), crash=Crash(NOW // 300 * 300, 100_000.0, 0.0, 95_000.0)
    )
    assert candle_step(params, held, candle(close))[1] == reason
    assert candle_step(BARE, held._replace(crash=NEW_CRASH), candle(close))[1] == 0


def test_an_open_partial_order_is_not_doubled_and_hides_no_stop() -> None:
    half = selling(UNITS // 2, codes.PARTIAL_PROFIT, mark=100_000.0, kind=codes.PARTIAL)
    held = rising()._replace(position=position(stop=STOP, partial=PARTIAL), order=half)
    assert candle_step(BARE, held, candle(106_000.0, high=106_000.0))[1] == 0
    assert candle_step(BARE, held, candle(80_000.0))[1] == codes.FIRST_STOP
    a, m, _ = candle_events(OFF, BARE, account(), held, candle(80_000.0), NOW + 60)
    assert (m.order, m.position.exit_reason) == (half, codes.FIRST_STOP)
    a, m, _ = settle(OFF, BARE, a, m, filled(105_000.0, UNITS // 2), NOW + 120)
    assert m.order == selling(UNITS - UNITS // 2, codes.FIRST_STOP, t=NOW + 120, mark=80_000.0)


@pytest.mark.parametrize("exit_reason", [codes.EXIT_SIGNAL, codes.FIRST_STOP, codes.KILL])
def test_a_position_being_left_touches_nothing_more(exit_reason: int) -> None:
    params = BARE._replace(flash_crash_bps=500)
    q = position(stop=STOP, target=TARGET, partial=PARTIAL, exit_reason=exit_reason)
    held = rising()._replace(position=q, crash=crash_floor(CRASH))
    everything = candle(90_000.0, opened=100_000.0, high=110_000.0, low=89_000.0)
    after, reason, trigger_price = candle_step(params, held, everything)
    assert (reason, trigger_price) == (0, 0.0)
    assert after.position.exit_reason == exit_reason
    assert after.position.high == 110_000.0


@pytest.mark.parametrize(
    ("reason", "opened", "expected"),
    [
        (codes.FIRST_STOP, 99_000.0, STOP),
        (codes.FIRST_STOP, 90_000.0, 90_000.0),  # it opened below the stop
        (codes.CHANDELIER, 99_000.0, STOP),
        (codes.TAKE_PROFIT, 99_000.0, TARGET),
        (codes.PARTIAL_PROFIT, 99_000.0, PARTIAL),
        (codes.FLASH_CRASH, 99_000.0, 0.0),
    ],
)
def test_an_exit_inside_a_decision_candle_trades_at_what_touched_it(
    reason: int, opened: float, expected: float
) -> None:
    q = position(stop=STOP, target=TARGET, partial=PARTIAL)
    c = candle(99_000.0, opened=opened)
    assert find_trigger_price(BARE._replace(candle_s=3_600), q, c, reason) == expected
    assert find_trigger_price(BARE, q, c, reason) == 0.0


def test_exits_are_tested_as_they_stood_before_the_candle_raised_them() -> None:
    params = BARE._replace(trail_atr=3.0)
    held = rising()._replace(position=position(stop=STOP))
    after, reason, _ = candle_step(params, held, candle(99_000.0, high=103_000.0, low=99_000.0))
    assert reason == 0
    assert after.position.stop == 100_000.0  # above the low that came before it was raised
    assert after.position.trailing == 1
    assert candle_step(params, after, candle(100_000.0, t=NOW + 60))[1] == codes.CHANDELIER


@pytest.mark.parametrize(
    ("stop", "high", "atr", "expected", "trailing"),
    [
        (95_000.0, 99_000.0, 1_000.0, 97_000.0, 1),
        (97_000.0, 99_000.0, 1_000.0, 97_000.0, 0),
        (97_000.0, 99_000.0, 999.0, 97_000.0, 0),  # a rise of less than a tick is none
        (98_000.0, 99_000.0, 1_000.0, 98_000.0, 0),
        (95_000.0, 101_000.0, 1_000.0, 98_000.0, 1),
        (95_000.0, 99_000.0, 5_000.0, 95_000.0, 0),
        (95_000.0, 100_010.0, 1_003.0, 97_000.0, 1),
        (95_000.0, 99_000.0, 40_000.0, 95_000.0, 0),
    ],
)
def test_chandelier_hangs_from_the_highest_price_and_never_falls(
    stop: float, high: float, atr: float, expected: float, trailing: int
) -> None:
    after = raise_stop(BARE._replace(trail_atr=3.0), position(stop=stop, high=100_000.0), atr, high)
    assert (after.stop, after.trailing, after.high) == (expected, trailing, max(high, 100_000.0))


def test_chandelier_rises_when_volatility_falls_without_a_new_high() -> None:
    params = BARE._replace(trail_atr=3.0)
    held = rising(atr=500.0)._replace(position=position(stop=97_000.0))
    after, _, _ = candle_step(params, held, candle(99_500.0))
    assert after.position.stop == 98_500.0


def test_without_a_chandelier_only_the_high_is_kept() -> None:
    after = raise_stop(BARE, position(stop=STOP), 1_000.0, 120_000.0)
    assert (after.stop, after.high) == (STOP, 120_000.0)


@pytest.mark.parametrize(
    ("stop_atr", "stop_bps", "distance", "expected"),
    [
        (0.0, 0, 0.0, 0.0),
        (2.5, 0, 2_500.0, 97_500.0),
        (2.5, 0, 2_501.0, 97_450.0),
        (0.0, 500, 0.0, 95_000.0),
        (0.0, 333, 0.0, 96_650.0),
        (2.5, 500, 2_500.0, 97_500.0),
        (2.5, 100, 2_500.0, 99_000.0),
        (2.5, 0, 100_000.0, 0.0),
        (2.5, 500, 100_000.0, 95_000.0),
    ],
)
def test_tightest_first_stop_wins_on_the_tick_below(
    stop_atr: float, stop_bps: int, distance: float, expected: float
) -> None:
    params = BARE._replace(stop_atr=stop_atr, stop_bps=stop_bps)
    assert first_stop(params, 100_000.0, distance) == expected


@pytest.mark.parametrize(
    ("bps", "expected"), [(0, 0.0), (1_000, 110_000.0), (1_001, 110_100.0), (1_500, 115_000.0)]
)
def test_targets_lie_on_the_tick_above(bps: int, expected: float) -> None:
    assert level_above(100_000.0, bps) == expected


@pytest.mark.parametrize(
    ("target_bps", "target_atr", "atr", "expected"),
    [
        (0, 0.0, 1_000.0, 0.0),
        (0, 4.0, 1_000.0, 104_000.0),
        (0, 4.0, 1_010.0, 104_100.0),
        (1_000, 4.0, 1_000.0, 104_000.0),
        (300, 4.0, 1_000.0, 103_000.0),
        (1_000, 0.0, 1_000.0, 110_000.0),
    ],
)
def test_the_tightest_target_wins_on_the_tick_above(
    target_bps: int, target_atr: float, atr: float, expected: float
) -> None:
    params = BARE._replace(target_bps=target_bps, target_atr=target_atr)
    assert take_profit(params, 100_000.0, atr) == expected


def market_of(units: int, *, exit_reason: int = 0, close: float = 100_000.0) -> Market:
    """Return a market that holds `units`."""
    return rising(price=close)._replace(position=position(units=units, exit_reason=exit_reason))


def test_an_exit_sells_everything() -> None:
    order = exit_order(market_of(UNITS, exit_reason=codes.FIRST_STOP), NOW, 95_000.0)
    assert (order.kind, order.units, order.reason) == (codes.EXIT, UNITS, codes.FIRST_STOP)
    assert (order.t, order.mark, order.krw, order.reserved) == (NOW, 95_000.0, 0, 0)


def test_an_exit_waits_for_the_order_that_is_open() -> None:
    half = selling(UNITS // 2, codes.PARTIAL_PROFIT, mark=100_000.0, kind=codes.PARTIAL)
    held = market_of(UNITS, exit_reason=codes.EXIT_SIGNAL)._replace(order=half)
    assert exit_order(held, NOW + 60, 100_000.0) == half


def test_a_first_take_profit_sells_its_share() -> None:
    params = BARE._replace(partial_share_bps=3_333)
    order = partial_order(params, market_of(UNITS + 1), NOW, 95_000.0)
    assert (order.kind, order.units) == (codes.PARTIAL, 33_330_000)
    assert (order.reason, order.t) == (codes.PARTIAL_PROFIT, NOW)
    assert (order.mark, order.krw, order.reserved) == (95_000.0, 0, 0)


@pytest.mark.parametrize(
    ("units", "share", "kind", "sold"),
    [
        (10_000_000, 5_000, codes.PARTIAL, 5_000_000),
        (9_999_999, 5_000, codes.NO_ORDER, 0),
        (9_999_999, 5_001, codes.EXIT, 9_999_999),
        (9_999_998, 5_000, codes.NO_ORDER, 0),
        (9_999_998, 4_000, codes.NO_ORDER, 0),
        (8_333_334, 6_000, codes.EXIT, 8_333_334),
        (12_500_000, 6_000, codes.PARTIAL, 7_500_000),
        (5_000_000, 10_000, codes.EXIT, 5_000_000),
        (5_000_000, 5_000, codes.NO_ORDER, 0),
        (4_999_999, 10_000, codes.NO_ORDER, 0),
    ],
)
def test_a_part_too_small_to_sell_stays_and_a_rest_too_small_goes_with_it(
    units: int, share: int, kind: int, sold: int
) -> None:
    """5,000 won at 100,000 a coin are 0.05 coins."""
    params = BARE._replace(partial_share_bps=share)
    order = partial_order(params, market_of(units), NOW, 1.0)
    assert (order.kind, order.units) == (kind, sold)
    assert order.reason == (codes.PARTIAL_PROFIT if kind else 0)


def test_leaving_and_giving_a_level_up_change_nothing_else() -> None:
    q = Position(*range(1, 14))
    assert with_exit_reason(q, codes.KILL) == q._replace(exit_reason=codes.KILL)
    assert drop_partial(q) == q._replace(partial=0.0)


def test_a_position_below_the_minimum_stays() -> None:
    small = market_of(4_999_999, exit_reason=codes.FIRST_STOP)
    assert exit_order(small, NOW, 1.0) == NO_ORDER_OPEN
    assert exit_order(small._replace(close=100_001.0), NOW, 1.0).units == 4_999_999
    enough = market_of(5_000_000, exit_reason=codes.FIRST_STOP)
    assert exit_order(enough, NOW, 1.0).kind == codes.EXIT
    assert exit_order(enough._replace(close=99_999.0), NOW, 1.0) == NO_ORDER_OPEN


def test_candles_build_the_decision_candle() -> None:
    market = rising(t=NOW)._replace(bar=NO_BAR)
    for minute, (close, high, low) in enumerate(
        [(100.0, 101.0, 99.0), (102.0, 104.0, 100.0), (101.0, 103.0, 98.0)]
    ):
        c = candle(close, t=NOW + 60 * minute, opened=100.0, high=high, low=low, volume=2.0)
        market, _, _ = candle_step(PLAN, market, c)
    assert market.bar == (NOW + 3_600, 100.0, 104.0, 98.0, 101.0, 606.0)
    assert (market.seen, market.close) == (NOW + 180, 101.0)


def test_a_candle_of_a_bar_that_is_closed_is_not_counted_again() -> None:
    market = rising(t=NOW)
    after, _, _ = candle_step(PLAN, market, candle(90_000.0, t=NOW - 60))
    assert after.bar == NO_BAR
    assert after.seen == NOW


def test_crash_watch_remembers_this_block_and_the_one_before() -> None:
    params = BARE._replace(flash_crash_bps=500)
    market = rising()
    start = NOW // 300 * 300
    floors = []
    for minute, price in ((0, 100_000.0), (4, 99_000.0), (5, 98_000.0), (9, 98_000.0),
                          (10, 97_000.0), (25, 96_000.0)):  # fmt: skip
        market, _, _ = candle_step(params, market, candle(price, t=start + 60 * minute))
        floors.append(market.crash.floor)
    assert floors == [95_000.0, 95_000.0, 95_000.0, 95_000.0, 93_100.0, 91_200.0]


@pytest.mark.parametrize(
    ("reason", "opened", "mark"),
    [
        (codes.FIRST_STOP, 100_000.0, 95_000.0),
        (codes.FIRST_STOP, 94_000.0, 94_000.0),
        (codes.TAKE_PROFIT, 100_000.0, 110_000.0),
        (codes.PARTIAL_PROFIT, 100_000.0, 105_000.0),
    ],
)
def test_where_only_decision_candles_exist_the_touched_price_is_the_mark(
    reason: int, opened: float, mark: float
) -> None:
    params = BARE._replace(candle_s=3_600)
    low, high = {
        codes.FIRST_STOP: (94_000.0, 100_000.0),
        codes.TAKE_PROFIT: (99_000.0, 111_000.0),
        codes.PARTIAL_PROFIT: (99_000.0, 106_000.0),
    }[reason]
    held = rising()._replace(position=position(stop=STOP, target=TARGET, partial=PARTIAL))
    c = candle(99_500.0, opened=opened, low=low, high=high)
    assert candle_step(params, held, c)[1:] == (reason, mark)
    assert candle_step(BARE, held, c)[1:] == (reason, 0.0)
