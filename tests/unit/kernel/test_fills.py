"""Fills: fees, cash, profit, R, and reservations that come back to zero."""

from math import inf, nextafter

import pytest

from haetae.kernel import codes
from haetae.kernel.fills import apply_fill, count_trade, is_abnormal, simulate_fill, trade_of
from haetae.kernel.records import (
    NO_FILL,
    NO_ORDER_OPEN,
    NO_POSITION,
    Account,
    Market,
    Order,
    Params,
    TradeStats,
)
from support.states import (
    BARE,
    NOW,
    OFF,
    UNITS,
    WON,
    account,
    bought,
    candle,
    filled,
    rising,
    selling,
)

FEES = BARE._replace(fee_bps=5, stop_bps=500, target_bps=1_000, partial_bps=500)


def buying(krw: int = 1_000_000, *, mark: float = 100_000.0) -> tuple[Account, Market]:
    """Return account and market with an open entry that reserves 60,000 won and risks 50,000."""
    order = bought(krw, mark=mark, reserved=60_000 * WON, risk=50_000 * WON, distance=2_500.0)
    return account(reserved=60_000 * WON), rising()._replace(order=order)


def held(params: Params = FEES, *, units: int = 10 * UNITS) -> tuple[Account, Market]:
    """Return account and market after that entry filled at 100,000."""
    a, m = buying()
    a, m, _ = apply_fill(OFF, params, a, m, filled(100_000.0, units), NOW + 60)
    return a, m


def test_entry_takes_funds_and_fee_and_opens_the_position() -> None:
    a, m = held()
    assert a.cash == 10_000_000 * WON - 1_000_000 * WON - 500 * WON
    assert a.reserved == 60_000 * WON
    assert a.last_entry == NOW
    assert m.order == NO_ORDER_OPEN
    q = m.position
    assert (q.units, q.t, q.price, q.high) == (10 * UNITS, NOW, 100_000.0, 100_000.0)
    assert (q.stop, q.target, q.partial) == (95_000.0, 110_000.0, 105_000.0)
    assert (q.spent, q.risk, q.reserved) == (1_000_500 * WON, 50_000 * WON, 60_000 * WON)


def test_a_target_in_atr_is_measured_from_the_fill() -> None:
    a, m = buying(mark=99_000.0)
    assert m.indicators.atr == 1_000.0
    params = FEES._replace(target_bps=0, target_atr=6.0)
    _, filled_market, _ = apply_fill(OFF, params, a, m, filled(100_000.0, UNITS), NOW + 60)
    assert filled_market.position.target == 106_000.0


def test_fee_is_rounded_up_to_the_micro() -> None:
    a, m = buying()
    fill = filled(100_000.0, UNITS)._replace(funds=2_001)
    assert trade_of(FEES, m, fill).fee == 2
    assert apply_fill(OFF, FEES, a, m, fill, NOW + 60)[0].cash == a.cash - 2_003


def test_exit_brings_funds_less_fee_and_counts_the_trade_in_r() -> None:
    a, m = held()
    m = m._replace(order=selling(10 * UNITS, codes.FIRST_STOP, mark=95_000.0))
    fill = filled(94_000.0, 10 * UNITS, t=NOW + 600)
    trade = trade_of(FEES, m, fill)
    after, sold, fired = apply_fill(OFF, FEES, a, m, fill, NOW + 660)
    assert fired == 0
    assert trade.pnl == 940_000 * WON - 470 * WON - 1_000_500 * WON
    assert trade.risk == 50_000 * WON
    assert after.cash == 10_000_000 * WON + trade.pnl
    assert after.reserved == 0
    assert sold.position == NO_POSITION
    assert after.trade_stats == TradeStats(1, 0, 0.0, -trade.pnl / (50_000 * WON))


def test_partial_exits_add_up_and_release_the_reservation_bit_by_bit() -> None:
    a, m = held()
    reserved = [a.reserved]
    pnl = 0
    sales = (3 * UNITS, 3 * UNITS + 1, 4 * UNITS - 1)
    for kind, units in zip((codes.PARTIAL, codes.EXIT, codes.EXIT), sales, strict=True):
        m = m._replace(order=selling(units, codes.PARTIAL_PROFIT, mark=1.0, kind=kind))
        fill = filled(101_000.0, units)
        trade = trade_of(FEES, m, fill)
        pnl += trade.pnl
        a, m, _ = apply_fill(OFF, FEES, a, m, fill, NOW + 60)
        reserved.append(a.reserved)
        assert a.reserved == m.position.reserved
        assert m.position.pnl == (pnl if m.position.units else 0)
    assert reserved == sorted(set(reserved), reverse=True), "every sale releases its share"
    assert reserved[-1] == 0
    assert m.position == NO_POSITION
    assert a.cash == 10_000_000 * WON + pnl
    assert a.trade_stats.n == a.trade_stats.wins == 1
    assert a.trade_stats.win_r == pnl / (50_000 * WON)


@pytest.mark.parametrize(("kind", "level"), [(codes.PARTIAL, 0.0), (codes.EXIT, 105_000.0)])
def test_a_partial_level_is_spent_only_by_its_own_order(kind: int, level: float) -> None:
    a, m = held()
    m = m._replace(order=selling(UNITS, codes.PARTIAL_PROFIT, mark=1.0, kind=kind))
    _, after, _ = apply_fill(OFF, FEES, a, m, filled(105_000.0, UNITS), NOW + 60)
    assert after.position.partial == level
    assert (after.position.stop, after.position.target) == (95_000.0, 110_000.0)
    assert after.position.units == 9 * UNITS


def test_an_entry_that_never_traded_releases_its_reservation() -> None:
    a, m = buying()
    after, market, fired = apply_fill(OFF, FEES, a, m, NO_FILL._replace(t=NOW), NOW + 60)
    assert (after.reserved, after.cash, after.last_entry, fired) == (0, a.cash, 0, 0)
    assert (market.order, market.position) == (NO_ORDER_OPEN, NO_POSITION)


def test_an_exit_that_never_traded_changes_nothing_but_the_order() -> None:
    a, m = held()
    open_sale = m._replace(order=selling(10 * UNITS, codes.FIRST_STOP, mark=95_000.0))
    after = apply_fill(OFF, FEES, a, open_sale, NO_FILL._replace(t=NOW), NOW + 60)
    assert after == (a, m, 0)


def test_an_entry_that_traded_in_part_holds_what_it_got() -> None:
    a, m = held(units=4 * UNITS)
    assert m.position.units == 4 * UNITS
    assert m.position.spent == 400_200 * WON
    assert m.position.risk == 20_000 * WON
    assert a.reserved == m.position.reserved == 24_000 * WON
    m = m._replace(order=selling(4 * UNITS, codes.EXIT_SIGNAL, mark=1.0))
    a, m, _ = apply_fill(OFF, FEES, a, m, filled(100_000.0, 4 * UNITS), NOW + 60)
    assert a.reserved == 0
    assert a.cash == 10_000_000 * WON - 400 * WON
    assert a.trade_stats == TradeStats(1, 0, 0.0, 400 / 20_000)


@pytest.mark.parametrize("units", [1, 3, UNITS // 3, 7 * UNITS + 1, 10 * UNITS - 1, 10 * UNITS])
@pytest.mark.parametrize("sales", [1, 2, 7])
def test_an_entry_in_part_and_its_exits_leave_no_reservation(units: int, sales: int) -> None:
    elsewhere = 123_456_789
    a, m = buying()
    a = a._replace(reserved=a.reserved + elsewhere)
    a, m, _ = apply_fill(OFF, FEES, a, m, filled(100_000.0, units), NOW + 60)
    assert a.reserved == elsewhere + m.position.reserved
    assert 0 <= m.position.reserved * 10 * UNITS <= 60_000 * WON * units
    for sale in range(sales, 0, -1):
        some = m.position.units // sale
        m = m._replace(order=selling(m.position.units, codes.FIRST_STOP, mark=1.0))
        a, m, _ = apply_fill(OFF, FEES, a, m, filled(99_000.0, some), NOW + 120)
        assert a.reserved == elsewhere + m.position.reserved
    assert m.position == NO_POSITION
    assert a.reserved == elsewhere


def test_an_entry_that_cost_more_than_it_was_to_bears_no_more_than_its_risk() -> None:
    a, m = buying()
    a, m, _ = apply_fill(OFF, FEES, a, m, filled(100_000.0, 10 * UNITS + 1), NOW + 60)
    assert (m.position.risk, m.position.reserved) == (50_000 * WON, 60_000 * WON)
    assert a.reserved == 60_000 * WON


def test_a_reason_to_leave_stays_until_all_is_sold() -> None:
    a, m = held()
    m = m._replace(position=m.position._replace(exit_reason=codes.CHANDELIER))
    for units, left in ((4 * UNITS, codes.CHANDELIER), (6 * UNITS, 0)):
        m = m._replace(order=selling(10 * UNITS, codes.CHANDELIER, mark=1.0))
        a, m, _ = apply_fill(OFF, FEES, a, m, filled(100_000.0, units), NOW + 60)
        assert m.position.exit_reason == left
    assert m.position == NO_POSITION


@pytest.mark.parametrize(
    ("pnl", "risk", "trade_stats"),
    [
        (5, 10, TradeStats(4, 2, 2.5, 2.0)),
        (-5, 10, TradeStats(4, 1, 2.0, 2.5)),
        (0, 10, TradeStats(4, 1, 2.0, 2.0)),
        (5, 0, TradeStats(3, 1, 2.0, 2.0)),
    ],
)
def test_trade_stats_count_r(pnl: int, risk: int, trade_stats: TradeStats) -> None:
    assert count_trade(TradeStats(3, 1, 2.0, 2.0), pnl, risk) == trade_stats


@pytest.mark.parametrize(
    ("order", "price", "told"),
    [
        (bought(5_000, mark=100_000.0), 101_000.0, True),
        (bought(5_000, mark=100_000.0), 100_999.0, False),
        (bought(5_000, mark=100_000.0), 99_000.0, False),
        (bought(5_000, mark=100_000.0), 1.0, False),
        (selling(1, codes.FIRST_STOP, mark=100_000.0), 99_000.0, True),
        (selling(1, codes.FIRST_STOP, mark=100_000.0), 99_001.0, False),
        (selling(1, codes.FIRST_STOP, mark=100_000.0), 101_000.0, False),
        (selling(1, codes.PARTIAL_PROFIT, mark=100_000.0, kind=codes.PARTIAL), 99_000.0, True),
        (selling(1, codes.PARTIAL_PROFIT, mark=100_000.0, kind=codes.PARTIAL), 1e9, False),
    ],
)
def test_abnormal_is_against_us_on_either_side(order: Order, price: float, told: bool) -> None:
    assert is_abnormal(order, price, 100) is told
    assert is_abnormal(order, price, 0) is False


@pytest.mark.parametrize(
    ("mark", "above", "below"),
    [
        (10.0, 10.1, 9.9),
        (0.1, 0.101, 0.099),
        (0.000_07, 0.000_070_7, 0.000_069_3),
        (1_100.0, 1_111.0, 1_089.0),
        (700.0, 707.0, 693.0),
        (150_000_000.0, 151_500_000.0, 148_500_000.0),
    ],
)
def test_abnormal_is_inclusive_at_every_scale_of_price(
    mark: float, above: float, below: float
) -> None:
    buy, sale = bought(5_000, mark=mark), selling(1, codes.KILL, mark=mark)
    assert is_abnormal(buy, above, 100)
    assert not is_abnormal(buy, nextafter(above, 0.0), 100)
    assert is_abnormal(sale, below, 100)
    assert not is_abnormal(sale, nextafter(below, inf), 100)


@pytest.mark.parametrize(("price", "fires"), [(100_900.0, 0), (101_000.0, 1), (101_100.0, 1)])
def test_abnormal_slippage_boundary(price: float, fires: int) -> None:
    a, m = buying()
    rails = OFF._replace(slippage_limit_bps=100)
    after, _, fired = apply_fill(rails, FEES, a, m, filled(price, UNITS), NOW + 60)
    assert fired == fires << codes.SLIPPAGE
    assert after.cooldown == (NOW + 60 + rails.cooldown_s) * fires
    assert apply_fill(OFF, FEES, a, m, filled(price, UNITS), NOW + 60)[2] == 0


def test_simulated_entry_pays_the_open_plus_slippage_on_the_tick_above() -> None:
    params = BARE._replace(slippage_bps=10)
    fill = simulate_fill(params, bought(1_000_000), candle(99_000.0, opened=100_000.0))
    assert (fill.t, fill.price) == (NOW, 100_100.0)
    assert fill.units == 1_000_000 * UNITS // 100_100
    assert 0 <= 1_000_000 * WON - fill.funds < 100_100 * WON // UNITS + WON


def test_simulated_exit_gets_the_open_less_slippage_on_the_tick_below() -> None:
    params = BARE._replace(slippage_bps=11)
    order = selling(3 * UNITS, codes.FIRST_STOP, mark=95_000.0)
    fill = simulate_fill(params, order, candle(99_000.0, opened=100_000.0))
    assert fill == (NOW, 99_850.0, 3 * UNITS, 299_550 * WON)


@pytest.mark.parametrize("price", [1e-8, 2e-8])
def test_a_simulated_sale_is_never_for_nothing(price: float) -> None:
    order = selling(10**15, codes.FIRST_STOP, mark=price)
    fill = simulate_fill(BARE._replace(slippage_bps=5_001), order, candle(price))
    assert fill == (NOW, 1e-8, 10**15, 100_000)


@pytest.mark.parametrize("reason", [codes.FIRST_STOP, codes.TAKE_PROFIT, codes.PARTIAL_PROFIT])
def test_an_exit_fills_where_a_decision_candle_touched_it_else_at_the_next_open(
    reason: int,
) -> None:
    c = candle(99_000.0, opened=100_000.0)
    asked = selling(UNITS, reason, mark=95_000.0)
    assert simulate_fill(BARE, asked, c).price == 100_000.0
    assert simulate_fill(BARE, asked._replace(distance=95_000.0), c).price == 95_000.0
