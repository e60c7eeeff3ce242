"""The parts of a minute: crashes, slippage, wishes and what other markets have taken."""

from haetae.kernel import codes
from haetae.kernel.state import NEW_CRASH, NO_VERDICT, Account, Crash, Market, Trend
from haetae.kernel.step import (
    candle_events,
    close_bar,
    decide_market,
    exposure,
    open_account,
    open_market,
    settle,
    worth,
)
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
    position,
    rising,
    selling,
)
from support.tapes import T0

EQUITY = 10_000_000 * WON
CRASHING = BARE._replace(flash_crash_bps=500)
WATCH = Crash(NOW // 300 * 300, 100_000.0, 0.0, 95_000.0)
T = NOW + 60


def decide(a: Account, m: Market, *, mode: int = 0, others: int = 0) -> tuple[Account, Market, int]:
    """Decide a market at NOW under the plan's rails."""
    return decide_market(PLAN_RAILS, PLAN, a, m, NOW, NOW, EQUITY, mode, others, 0)


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
        a, m, fired = decide(tired, held, mode=mode)
        assert (m.order.kind, m.order.reason) == (codes.EXIT, codes.EXIT_SIGNAL)
        assert (a.exit_t, fired, m.decided) == (NOW, 0, NOW)


def test_an_exit_wish_never_expires() -> None:
    held = falling()._replace(position=position())
    late = NOW + 99_999
    _, m, _ = decide_market(PLAN_RAILS, PLAN, account(), held, NOW, late, EQUITY, 0, 0, 0)
    assert m.order.reason == codes.EXIT_SIGNAL


def test_no_second_order_while_one_is_open_and_no_second_entry() -> None:
    waiting = rising()._replace(order=bought(50_000))
    assert decide(account(), waiting)[1].order == waiting.order
    holding = rising()._replace(position=position())
    assert decide(account(), holding)[1].order.kind == codes.NO_ORDER
    assert decide(account(), falling())[1].order.kind == codes.NO_ORDER


def test_deciding_clears_the_last_verdict() -> None:
    spoken = falling()._replace(verdict=NO_VERDICT._replace(rail=codes.CASH))
    assert decide(account(), spoken)[1].verdict == NO_VERDICT


def test_exposure_counts_positions_and_entries_and_their_cash() -> None:
    rails = OFF._replace(fee_assumed_bps=25)
    selling_all = selling(UNITS, codes.FIRST_STOP, mark=1.0)
    markets = [
        rising(),
        rising()._replace(position=position()),
        rising()._replace(position=position(), order=selling_all),
        rising()._replace(order=bought(1_000_000)),
        rising()._replace(order=bought(1)),
    ]
    assert exposure(rails, markets) == (4, 1_002_500 * WON + 1_002_500)


def test_worth_is_the_last_close_less_the_fee() -> None:
    held = rising(price=90_000.0)._replace(position=position(units=2 * UNITS))
    assert worth(BARE, held) == 180_000 * WON
    assert worth(BARE._replace(fee_bps=5), held) == 180_000 * WON - 90 * WON


def test_closing_a_bar_folds_it_and_begins_anew() -> None:
    _, m, _ = candle_events(OFF, PLAN, account(), rising(), candle(101_000.0), T)
    closed = close_bar(PLAN, m)
    assert closed.bar.end == 0
    assert (closed.trend.n, closed.trend.t, closed.trend.close) == (601, NOW + 3_600, 101_000.0)
    assert closed._replace(bar=m.bar, trend=m.trend) == m


def test_a_new_account_stands_in_its_day_and_week() -> None:
    a = open_account(PLAN_RAILS, T0, EQUITY)
    assert (a.day.until, a.week.until) == (T0 + 86_400, T0 + 7 * 86_400)
    assert a.day.floor == EQUITY - EQUITY // 100
    assert a.week.floor == EQUITY - EQUITY // 40
    assert (a.cash, a.reserved, a.tally.n) == (EQUITY, 0, 0)


def test_nothing_is_decided_on_candles_of_the_warm_up() -> None:
    trend = Trend(600, NOW - 60, 5.0, 4.0, 3.0, 1.0, 1.0)
    m = open_market(rising(), trend, NOW)
    assert (m.seen, m.decided, m.close, m.trend) == (NOW, NOW, 5.0, trend)
