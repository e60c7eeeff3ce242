"""The parts of a minute: crashes, slippage, wishes and what other markets have taken."""

import pytest

from haetae.kernel import codes
from haetae.kernel.records import (
    NEW_CRASH,
    NO_ORDER_OPEN,
    NO_POSITION,
    NO_VERDICT,
    Account,
    Crash,
    Market,
)
from haetae.kernel.step import (
    ask_exit,
    close_bar,
    decide_entry,
    decide_exit,
    exposure,
    liquidation_value,
    must_ask_again,
    open_account,
    open_market,
    react,
    settle,
)
from support.folds import candle_events, fold
from support.states import (
    BARE,
    NOW,
    OFF,
    PLAN,
    PLAN_RAILS,
    UNITS,
    WON,
    account,
    bought,
    candle,
    falling,
    filled,
    indicators,
    moment,
    position,
    rising,
    selling,
)
from support.tapes import T0, tape_of

EQUITY = 10_000_000 * WON
CRASHING = BARE._replace(flash_crash_bps=500)
WATCH = Crash(NOW // 300 * 300, 100_000.0, 0.0, 95_000.0)
T = NOW + 60


def decide(a: Account, m: Market, *, mode: int = 0, others: int = 0) -> tuple[Account, Market, int]:
    """Decide a market that holds nothing at NOW under the plan's rails."""
    return decide_entry(PLAN_RAILS, PLAN, a, m, moment(mode=mode, held=others))


def test_flash_crash_sells_at_once_and_cools_down() -> None:
    held = rising()._replace(position=position(), crash=WATCH)
    a, m, fired = candle_events(OFF, CRASHING, account(), held, candle(95_000.0), T)
    assert fired == 1 << codes.FLASH_CRASH
    assert (m.order.kind, m.order.reason) == (codes.EXIT, codes.FLASH_CRASH)
    assert (m.order.t, m.order.units) == (T, UNITS)
    assert a.cooldown == T + OFF.cooldown_s
    assert a.exit_t == T


def test_flash_crash_cools_down_a_market_that_holds_nothing() -> None:
    flat = rising()._replace(crash=WATCH)
    a, m, fired = candle_events(OFF, CRASHING, account(), flat, candle(95_000.0), T)
    assert (fired, a.cooldown) == (1 << codes.FLASH_CRASH, T + OFF.cooldown_s)
    assert m.order.kind == codes.NO_ORDER
    assert a.exit_t == 0


def test_a_stop_in_a_crash_sells_for_the_stop_and_cools_down() -> None:
    held = rising()._replace(position=position(stop=96_000.0), crash=WATCH)
    a, m, fired = candle_events(OFF, CRASHING, account(), held, candle(94_000.0), T)
    assert fired == 1 << codes.FIRST_STOP | 1 << codes.FLASH_CRASH
    assert m.order.reason == codes.FIRST_STOP
    assert a.cooldown == T + OFF.cooldown_s


def test_a_crash_sells_everything_even_where_the_first_level_was_touched() -> None:
    held = rising()._replace(position=position(partial=105_000.0), crash=WATCH)
    c = candle(95_000.0, opened=109_000.0, high=110_000.0)
    _, m, fired = candle_events(OFF, CRASHING, account(), held, c, T)
    assert (m.order.kind, m.order.reason) == (codes.EXIT, codes.FLASH_CRASH)
    assert m.order.units == UNITS
    assert fired == 1 << codes.FLASH_CRASH


@pytest.mark.parametrize(("ends_in_s", "fires"), [(-60, True), (0, True), (1, False), (120, False)])
def test_a_crash_while_cooling_down_cools_down_anew_and_is_told_once(
    ends_in_s: int, fires: bool
) -> None:
    flat = rising()._replace(crash=WATCH)
    cooling = account(cooldown=T + ends_in_s)
    a, _, fired = candle_events(OFF, CRASHING, cooling, flat, candle(90_000.0), T)
    assert a.cooldown == T + OFF.cooldown_s
    assert fired == int(fires) << codes.FLASH_CRASH


def test_no_fall_no_cooldown() -> None:
    flat = rising()._replace(crash=WATCH)
    a, _, fired = candle_events(OFF, CRASHING, account(), flat, candle(95_050.0), T)
    assert (a, fired) == (account(), 0)
    calm = flat._replace(crash=NEW_CRASH)
    assert candle_events(OFF, BARE, account(), calm, candle(1.0), T)[2] == 0


def test_abnormal_slippage_of_an_entry_sells_it_at_once_and_cools_down() -> None:
    rails = OFF._replace(slippage_limit_bps=100)
    m = rising()._replace(order=bought(1_000_000))
    a, m, fired = settle(rails, BARE, account(), m, filled(101_000.0, UNITS), T)
    assert fired == 1 << codes.SLIPPAGE
    assert (m.order.kind, m.order.reason, m.order.units) == (codes.EXIT, codes.SLIPPAGE, UNITS)
    assert a.cooldown == T + rails.cooldown_s
    assert a.exit_t == T


def test_abnormal_slippage_of_the_last_exit_only_cools_down() -> None:
    rails = OFF._replace(slippage_limit_bps=100)
    m = rising()._replace(
        position=position(), order=selling(UNITS, codes.FIRST_STOP, mark=100_000.0)
    )
    a, m, fired = settle(rails, BARE, account(), m, filled(98_000.0, UNITS), T)
    assert fired == 1 << codes.SLIPPAGE
    assert m.order.kind == codes.NO_ORDER
    assert (a.cooldown, a.exit_t) == (T + rails.cooldown_s, 0)


def test_abnormal_slippage_of_a_partial_exit_sells_the_rest() -> None:
    rails = OFF._replace(slippage_limit_bps=100)
    order = selling(UNITS // 2, codes.PARTIAL_PROFIT, mark=100_000.0, kind=codes.PARTIAL)
    m = rising()._replace(position=position(), order=order)
    _, m, _ = settle(rails, BARE, account(), m, filled(98_000.0, UNITS // 2), T)
    assert (m.order.reason, m.order.units) == (codes.SLIPPAGE, UNITS // 2)


def test_abnormal_slippage_of_an_exit_goes_on_for_its_own_reason() -> None:
    rails = OFF._replace(slippage_limit_bps=100)
    order = selling(UNITS, codes.CHANDELIER, mark=100_000.0)
    m = rising()._replace(position=position(exit_reason=codes.CHANDELIER), order=order)
    a, m, fired = settle(rails, BARE, account(), m, filled(98_000.0, UNITS // 2), T)
    assert fired == 1 << codes.SLIPPAGE
    assert (m.order.reason, m.order.units, m.order.t) == (codes.CHANDELIER, UNITS // 2, T)
    assert (a.cooldown, a.exit_t) == (T + rails.cooldown_s, T)


REASONS = (
    codes.FIRST_STOP, codes.CHANDELIER, codes.TAKE_PROFIT, codes.PARTIAL_PROFIT,
    codes.FLASH_CRASH, codes.SLIPPAGE, codes.EXIT_SIGNAL,
)  # fmt: skip


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("sold", [0, 1, UNITS // 2, UNITS - 5_000_000])
def test_an_exit_that_did_not_sell_all_is_asked_for_again_at_once(reason: int, sold: int) -> None:
    a, held = ask_exit(account(), rising()._replace(position=position()), NOW, reason, 0.0)
    assert held.order == selling(UNITS, reason, mark=100_000.0)
    a, m, fired = settle(OFF, BARE, a, held, filled(100_000.0, sold), T)
    assert fired == 0
    assert m.order == selling(UNITS - sold, reason, t=T, mark=100_000.0)
    assert (m.position.units, m.position.exit_reason) == (UNITS - sold, reason)
    assert a.exit_t == T
    a, m, _ = settle(OFF, BARE, a, m, filled(100_000.0, UNITS - sold, t=T), T + 60)
    assert (m.position, m.order) == (NO_POSITION, NO_ORDER_OPEN)
    assert a.exit_t == T


def test_what_a_kill_did_not_sell_waits_for_the_next_slice_from_outside() -> None:
    held = rising()._replace(position=position(stop=95_000.0))
    a, m = ask_exit(account(), held, NOW, codes.KILL, 0.0)
    assert (m.order.reason, m.position.exit_reason) == (codes.KILL, codes.KILL)
    for sold in (UNITS // 4, 0, UNITS // 4):
        left = m.position.units - sold
        slice_ = selling(UNITS // 4, codes.KILL, mark=100_000.0)
        a, m, fired = settle(OFF, BARE, a, m._replace(order=slice_), filled(100_000.0, sold), T)
        assert (m.order, fired) == (NO_ORDER_OPEN, 0)
        assert (m.position.units, m.position.exit_reason) == (left, codes.KILL)
        assert not must_ask_again(m)
        a, m, fired = candle_events(OFF, BARE, a, m, candle(90_000.0), T)
        assert (m.order, fired, a.exit_t) == (NO_ORDER_OPEN, 0, NOW)


@pytest.mark.parametrize(
    ("exit_reason", "kind", "told"),
    [
        (codes.FIRST_STOP, codes.NO_ORDER, True),
        (codes.EXIT_SIGNAL, codes.NO_ORDER, True),
        (codes.EXIT_SIGNAL, codes.PARTIAL, False),
        (codes.FIRST_STOP, codes.EXIT, False),
        (codes.KILL, codes.NO_ORDER, False),
        (0, codes.NO_ORDER, False),
    ],
)
def test_an_exit_goes_on_where_nothing_is_open_and_nobody_slices(
    exit_reason: int, kind: int, told: bool
) -> None:
    order = selling(UNITS, exit_reason, mark=1.0, kind=kind) if kind else NO_ORDER_OPEN
    m = rising()._replace(position=position(exit_reason=exit_reason), order=order)
    assert must_ask_again(m) is told


def test_abnormal_slippage_of_a_killed_position_asks_for_no_exit_of_its_own() -> None:
    rails = OFF._replace(slippage_limit_bps=100)
    order = selling(UNITS // 2, codes.KILL, mark=100_000.0)
    m = rising()._replace(position=position(exit_reason=codes.KILL), order=order)
    _, m, fired = settle(rails, BARE, account(), m, filled(98_000.0, UNITS // 2), T)
    assert fired == 1 << codes.SLIPPAGE
    assert (m.order, m.position.exit_reason) == (NO_ORDER_OPEN, codes.KILL)


@pytest.mark.parametrize("sold", [0, UNITS // 2])
def test_an_exit_wished_while_a_first_take_profit_is_open_comes_after_it(sold: int) -> None:
    half = selling(UNITS // 2, codes.PARTIAL_PROFIT, mark=100_000.0, kind=codes.PARTIAL)
    m = falling()._replace(position=position(partial=105_000.0), order=half)
    a, m = decide_exit(BARE, account(), m, NOW)
    assert (m.order, m.position.exit_reason) == (half, codes.EXIT_SIGNAL)
    _, m, _ = settle(OFF, BARE, a, m, filled(100_000.0, sold), T)
    assert m.order == selling(UNITS - sold, codes.EXIT_SIGNAL, t=T, mark=100_000.0)


def test_a_position_too_small_to_sell_fires_once_and_is_sold_when_it_can_be() -> None:
    small = position(units=5_000_000, stop=95_000.0)
    a, m = account(), rising()._replace(position=small)
    for close, rails in ((90_000.0, 1 << codes.FIRST_STOP), (91_000.0, 0), (99_950.0, 0)):
        a, m, fired = candle_events(OFF, BARE, a, m, candle(close), T)
        assert fired == rails
        assert (m.order, m.position.exit_reason) == (NO_ORDER_OPEN, codes.FIRST_STOP)
        assert a.exit_t == 0
    a, m, fired = candle_events(OFF, BARE, a, m, candle(100_000.0), T + 60)
    assert (fired, a.exit_t) == (0, T + 60)
    assert m.order == selling(5_000_000, codes.FIRST_STOP, t=T + 60, mark=100_000.0)


def test_a_first_take_profit_too_small_to_sell_is_given_up() -> None:
    q = position(units=9_999_998, stop=95_000.0, target=120_000.0, partial=100_000.0)
    params = BARE._replace(partial_share_bps=4_000)
    held = rising()._replace(position=q)
    a, m, fired = candle_events(OFF, params, account(), held, candle(100_000.0), T)
    assert (fired, a) == (1 << codes.PARTIAL_PROFIT, account())
    assert (m.position, m.order) == (q._replace(partial=0.0), NO_ORDER_OPEN)
    _, m, fired = candle_events(OFF, params, a, m, candle(100_000.0), T + 60)
    assert (fired, m.order) == (0, NO_ORDER_OPEN)


def test_a_first_take_profit_that_would_leave_too_little_sells_all_until_it_has() -> None:
    q = position(units=9_999_999, partial=100_000.0)
    params = BARE._replace(partial_share_bps=6_000)
    held = rising()._replace(position=q)
    a, m, fired = candle_events(OFF, params, account(), held, candle(100_000.0), T)
    assert (fired, a.exit_t) == (1 << codes.PARTIAL_PROFIT, T)
    assert m.order == selling(9_999_999, codes.PARTIAL_PROFIT, t=T, mark=100_000.0)
    assert m.position.exit_reason == codes.PARTIAL_PROFIT
    _, m, _ = settle(OFF, params, a, m, filled(100_000.0, 0), T + 60)
    assert m.order == selling(9_999_999, codes.PARTIAL_PROFIT, t=T + 60, mark=100_000.0)


def test_an_ordinary_first_take_profit_leaves_nothing() -> None:
    held = rising()._replace(position=position(partial=100_000.0))
    a, m, _ = candle_events(OFF, BARE, account(), held, candle(100_000.0), T)
    assert (m.order.kind, m.position.exit_reason, a.exit_t) == (codes.PARTIAL, 0, T)
    _, m, _ = settle(OFF, BARE, a, m, filled(100_000.0, UNITS // 2), T + 60)
    assert (m.order, m.position.exit_reason, m.position.partial) == (NO_ORDER_OPEN, 0, 0.0)


def test_an_ordinary_fill_asks_for_nothing() -> None:
    rails = OFF._replace(slippage_limit_bps=100)
    m = rising()._replace(order=bought(1_000_000))
    a, m, fired = settle(rails, BARE, account(), m, filled(100_500.0, UNITS), T)
    assert (fired, m.order.kind, a.cooldown) == (0, codes.NO_ORDER, 0)


def test_a_long_wish_becomes_an_entry_that_reserves_and_counts() -> None:
    a, m, fired = decide(account(), rising())
    assert m.order.kind == codes.ENTRY
    assert m.order.t == NOW
    assert a.reserved == m.order.reserved > 0
    assert a.day.entries == 1
    assert (m.decided, m.verdict.rail) == (NOW, codes.SIZE_R)
    assert fired == 1 << codes.SIZE_R


def test_a_refused_wish_leaves_only_its_verdict() -> None:
    a, m, fired = decide(account(), rising(), mode=codes.STOP)
    assert a == account()
    assert (m.order.kind, m.verdict.rail, m.decided) == (codes.NO_ORDER, codes.MODE, NOW)
    assert fired == 1 << codes.MODE


def test_a_flat_wish_sells_whatever_the_mode_latches_and_cooldown() -> None:
    held = falling()._replace(position=position())
    tired = account(day_latch=1, week_latch=1, cooldown=NOW + 9_999, entries=99, exit_t=NOW)
    for mode in (codes.RUN, codes.STOP, codes.HALT):
        a, (m,), reached = fold(PLAN_RAILS, [PLAN], tired, [held], tape_of([]), NOW, NOW, mode=mode)
        assert (m.order.kind, m.order.reason) == (codes.EXIT, codes.EXIT_SIGNAL)
        assert (m.position.exit_reason, m.decided) == (codes.EXIT_SIGNAL, NOW)
        assert (a.exit_t, reached.fired) == (NOW, 0)


HALF = PLAN._replace(exit_share_bps=5_000)


def test_an_exit_signal_sells_its_share_and_the_next_one_of_the_rest() -> None:
    market = falling()._replace(position=position(units=UNITS, partial=105_000.0))
    a, m = decide_exit(HALF, account(), market, NOW)
    assert a.exit_t == NOW
    assert (m.order.kind, m.order.units) == (codes.PARTIAL, UNITS // 2)
    assert (m.order.reason, m.position.exit_reason) == (codes.EXIT_SIGNAL, 0)
    assert decide_exit(HALF, a, m, NOW + 60) == (a, m), "a sale is under way"
    a, m, _ = settle(PLAN_RAILS, HALF, a, m, filled(1e5, UNITS // 2), NOW + 60)
    assert (m.position.units, m.position.partial) == (UNITS // 2, 105_000.0)
    assert (m.order.kind, m.position.exit_reason) == (codes.NO_ORDER, 0)
    _, m = decide_exit(HALF, a, m, NOW + 3_600)
    assert (m.order.kind, m.order.units) == (codes.PARTIAL, UNITS // 4)


@pytest.mark.parametrize("units", [9_999_998, 5_000_000, 4_999_999])
def test_a_share_that_cannot_be_sold_alone_sells_all_that_can(units: int) -> None:
    """A coin costs 100,000 won, so that 5,000 won, the least order, are 5,000,000 units."""
    market = falling()._replace(position=position(units=units))
    _, m = decide_exit(HALF, account(), market, NOW)
    assert m.position.exit_reason == codes.EXIT_SIGNAL
    assert m.order.kind == (codes.EXIT if units >= 5_000_000 else codes.NO_ORDER)
    assert m.order.units == (units if units >= 5_000_000 else 0)


def test_a_stop_sells_everything_whatever_share_a_signal_sells() -> None:
    market = falling()._replace(position=position(units=UNITS, stop=95_000.0))
    _, m, fired = react(PLAN_RAILS, HALF, account(), market, NOW, codes.FIRST_STOP, 0.0)
    assert fired == 1 << codes.FIRST_STOP
    assert (m.order.kind, m.order.units) == (codes.EXIT, UNITS)
    _, m = decide_exit(HALF, account(), market, NOW)
    _, m, _ = react(PLAN_RAILS, HALF, account(), m, NOW + 60, codes.FIRST_STOP, 0.0)
    assert m.position.exit_reason == codes.FIRST_STOP
    _, m, _ = settle(PLAN_RAILS, HALF, account(), m, filled(1e5, UNITS // 2), NOW + 60)
    assert (m.order.kind, m.order.units) == (codes.EXIT, UNITS // 2)


def test_an_exit_wish_never_expires() -> None:
    held = falling()._replace(position=position())
    late = NOW + 99_999
    _, (m,), reached = fold(PLAN_RAILS, [PLAN], account(), [held], tape_of([]), NOW, late)
    assert m.order.reason == codes.EXIT_SIGNAL
    assert m.order.t == reached.t == NOW + 60


def test_no_second_order_while_one_is_open_and_no_second_entry() -> None:
    waiting = rising()._replace(order=bought(50_000))
    assert decide(account(), waiting) == (account(), waiting._replace(decided=NOW), 0)
    holding = rising()._replace(position=position())
    a, m = decide_exit(PLAN, account(), holding, NOW)
    assert (a, m) == (account(), holding._replace(decided=NOW))
    _, (m,), _ = fold(PLAN_RAILS, [PLAN], account(), [holding], tape_of([]), NOW, NOW)
    assert m == holding._replace(decided=NOW)
    assert decide(account(), falling())[1].order.kind == codes.NO_ORDER


@pytest.mark.parametrize("reason", [codes.FIRST_STOP, codes.SLIPPAGE, codes.KILL])
def test_a_flat_wish_does_not_rename_an_exit_that_is_under_way(reason: int) -> None:
    held = falling()._replace(position=position(exit_reason=reason))
    a, m = decide_exit(BARE, account(), held, NOW)
    assert (a, m) == (account(), held._replace(decided=NOW))


def test_deciding_clears_the_last_verdict() -> None:
    spoken = falling()._replace(verdict=NO_VERDICT._replace(rail=codes.CASH))
    assert decide(account(), spoken)[1].verdict == NO_VERDICT
    held = spoken._replace(position=position())
    assert decide_exit(PLAN, account(), held, NOW)[1].verdict == NO_VERDICT


def test_exposure_counts_positions_and_entries_and_what_they_cost() -> None:
    rails = OFF._replace(fee_assumed_bps=25)
    selling_all = selling(UNITS, codes.FIRST_STOP, mark=1.0)
    markets = [
        rising(),
        rising()._replace(position=position()),
        rising()._replace(position=position(), order=selling_all),
        rising()._replace(order=bought(1_000_000)),
        rising()._replace(order=bought(1)),
    ]
    assert exposure(rails, markets) == (4, 1_002_500 * WON + 1_002_500, 200_000 * WON)


def test_worth_is_the_last_close_less_the_fee() -> None:
    held = rising(price=90_000.0)._replace(position=position(units=2 * UNITS))
    assert liquidation_value(BARE, held) == 180_000 * WON
    assert liquidation_value(BARE._replace(fee_bps=5), held) == 180_000 * WON - 90 * WON


def test_closing_a_bar_folds_it_and_begins_anew() -> None:
    _, m, _ = candle_events(OFF, PLAN, account(), rising(), candle(101_000.0), T)
    closed = close_bar(PLAN, m)
    assert closed.bar.end == 0
    after = closed.indicators
    assert (after.n, after.t, after.close) == (601, NOW + 3_600, 101_000.0)
    assert closed._replace(bar=m.bar, indicators=m.indicators) == m


def test_a_new_account_stands_in_its_day_and_week() -> None:
    a = open_account(PLAN_RAILS, T0, EQUITY)
    assert (a.day.until, a.week.until) == (T0 + 86_400, T0 + 7 * 86_400)
    assert a.day.floor == EQUITY - EQUITY // 100
    assert a.week.floor == EQUITY - EQUITY // 40
    assert (a.cash, a.reserved, a.trade_stats.n) == (EQUITY, 0, 0)


def test_nothing_is_decided_on_candles_of_the_warm_up() -> None:
    trend = indicators(NOW - 60, 5.0, 4.0, 3.0, 1.0, 1.0)
    m = open_market(rising(), trend, NOW)
    assert (m.seen, m.decided, m.close, m.indicators) == (NOW, NOW, 5.0, trend)
