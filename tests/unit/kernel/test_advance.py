"""The fold's order of events, live and simulated."""

from itertools import permutations

import pytest

from haetae.kernel import codes
from haetae.kernel.records import (
    NEW_MARKET,
    NO_FILL,
    NO_ORDER_OPEN,
    NO_POSITION,
    Account,
    Candle,
    Market,
    Rails,
)
from support.folds import fold, simulate
from support.states import (
    BARE,
    NOW,
    OFF,
    PLAN,
    PLAN_RAILS,
    QUICK,
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
from support.tapes import MIXED, T0, seeded_market, tape_of

GUARDED = BARE._replace(fee_bps=5, stop_bps=500)
EMPTY = tape_of([])


def due(t: int = NOW) -> Market:
    """Return a market whose LONG wish of `t` has not been decided."""
    return rising(t=t)


def minutes(*closes: float, start: int = NOW) -> list[Candle]:
    """Return one candle a minute."""
    return [candle(close, t=start + 60 * i) for i, close in enumerate(closes)]


def one(
    m: Market, candles: list[Candle], t: int, to_t: int, *, a: Account | None = None,
    rails: Rails = OFF, decide: int = 1, fill: object = None,
) -> tuple[Account, Market, int, int]:  # fmt: skip
    """Fold one market; return account, market, the minute reached and the rails fired."""
    fills = None if fill is None else [fill]
    account_, markets, reached = fold(
        rails, [GUARDED], a or account(), [m], tape_of(candles), t, to_t, decide=decide,
        fills=fills,  # type: ignore[arg-type]
    )  # fmt: skip
    return account_, markets[0], reached.t, reached.fired


def test_only_closed_candles_are_seen() -> None:
    m = rising()._replace(decided=NOW)
    assert one(m, minutes(99_000.0), NOW, NOW)[1].close == 100_000.0
    after = one(m, minutes(99_000.0, 98_000.0), NOW, NOW + 60)[1]
    assert (after.close, after.seen) == (99_000.0, NOW + 60)


def test_fold_stops_at_the_first_minute_that_asks_for_an_exit() -> None:
    m = rising()._replace(decided=NOW, position=position(stop=95_000.0))
    candles = minutes(99_000.0, 95_000.0, 80_000.0, 70_000.0)
    a, after, reached, fired = one(m, candles, NOW, NOW + 240)
    assert reached == NOW + 120
    assert fired == 1 << codes.FIRST_STOP
    assert (after.order.t, after.order.mark, a.exit_t) == (NOW + 120, 95_000.0, NOW + 120)
    assert after.close == 95_000.0


def test_fold_stops_at_a_latch() -> None:
    held = rising()._replace(decided=NOW, position=position(units=10 * UNITS))
    a = account(day_floor=10_900_000 * WON)
    candles = minutes(100_000.0, 90_000.0, 100_000.0)
    after, _, reached, fired = one(held, candles, NOW, NOW + 180, a=a)
    assert (reached, fired, after.day.latch) == (NOW + 120, 1 << codes.DAY_LATCH, 1)


def test_a_fold_latches_at_the_very_floor() -> None:
    held = rising()._replace(decided=NOW, position=position(units=10 * UNITS))
    equity = (10_000_000 + 900_000 - 450) * WON  # ten coins at 90,000 won, less the fee
    for floor, latched in ((equity - 1, 0), (equity, 1)):
        after, *_ = one(held, minutes(90_000.0), NOW, NOW + 60, a=account(day_floor=floor))
        assert after.day.latch == latched


def test_fold_stops_at_a_decision_even_if_nothing_comes_of_it() -> None:
    m = falling(t=NOW - 60)._replace(decided=NOW - 3_660)
    assert one(m, [], NOW, NOW + 600)[2] == NOW + 60
    assert one(m, [], NOW, NOW + 600, decide=0)[2] == NOW + 600


def test_a_quiet_fold_goes_all_the_way() -> None:
    m = rising()._replace(decided=NOW)
    _, after, reached, fired = one(m, minutes(*[100_000.0] * 9), NOW, NOW + 540)
    assert (reached, fired, after.seen) == (NOW + 540, 0, NOW + 540)


def test_repeating_a_minute_changes_nothing() -> None:
    m = rising()._replace(decided=NOW, position=position(stop=95_000.0))
    a, first, _, _ = one(m, minutes(95_000.0), NOW, NOW + 60)
    assert first.order.kind == codes.EXIT
    for decide in (0, 1):
        again = one(first, [], NOW + 60, NOW + 60, a=a, decide=decide)
        assert again == (a, first, NOW + 60, 0)


def test_a_decision_is_made_once() -> None:
    a, m, _, fired = one(due(), [], NOW, NOW)
    assert m.order.kind == codes.ENTRY
    assert fired == 1 << codes.CASH
    assert one(m, [], NOW, NOW, a=a) == (a, m, NOW, 0)


def test_a_risk_check_folds_but_does_not_decide() -> None:
    a, m, _, fired = one(due(), [], NOW, NOW, decide=0)
    assert (a, m, fired) == (account(), due(), 0)


def test_no_entry_at_a_minute_that_decided_an_exit_in_another_market() -> None:
    stopped = rising()._replace(decided=NOW + 60, position=position(stop=95_000.0))
    tape = tape_of(minutes(95_000.0), minutes(100_000.0))
    a, markets, reached = fold(
        OFF, [GUARDED] * 2, account(), [stopped, due(NOW + 60)], tape, NOW, NOW + 60
    )
    assert markets[0].order.reason == codes.FIRST_STOP
    assert markets[1].order.kind == codes.NO_ORDER
    assert markets[1].verdict.rail == codes.EXIT_THIS_MINUTE
    assert reached.fired >> codes.EXIT_THIS_MINUTE & 1
    assert a.exit_t == NOW + 60


def test_the_risk_checks_exit_still_forbids_the_entry_of_the_later_cycle() -> None:
    stopped = rising()._replace(decided=NOW + 60, position=position(stop=95_000.0))
    tape = tape_of(minutes(95_000.0), minutes(100_000.0))
    markets: tuple[Market, ...] = (stopped, due(NOW + 60))
    a, markets, _ = fold(OFF, [GUARDED] * 2, account(), markets, tape, NOW, NOW + 60, decide=0)
    _, markets, _ = fold(OFF, [GUARDED] * 2, a, markets, tape_of([], []), NOW + 60, NOW + 60)
    assert markets[1].verdict.rail == codes.EXIT_THIS_MINUTE


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_no_entry_at_a_decision_that_decides_an_exit_whatever_the_order_of_markets(
    order: tuple[int, ...],
) -> None:
    start = [falling()._replace(position=position()), due(), due()]
    states = [start[i] for i in order]
    a, markets, reached = fold(OFF, [GUARDED] * 3, account(), states, tape_of([], [], []), NOW, NOW)
    assert a.exit_t == NOW
    for i, m in zip(order, markets, strict=True):
        if i == 0:
            assert (m.order.kind, m.order.reason) == (codes.EXIT, codes.EXIT_SIGNAL)
        else:
            assert m.order.kind == codes.NO_ORDER
            assert m.verdict.rail == codes.EXIT_THIS_MINUTE
        assert m.decided == NOW
    assert reached.fired == 1 << codes.EXIT_THIS_MINUTE


@pytest.mark.parametrize(("allowed", "kinds"), [(1, [1, 0, 0]), (2, [1, 1, 0]), (0, [1, 1, 1])])
def test_wishes_of_one_minute_share_the_positions_in_the_configured_order(
    allowed: int, kinds: list[int]
) -> None:
    rails = OFF._replace(max_positions=allowed, buy_bps=1_000)
    _, markets, _ = fold(
        rails, [GUARDED] * 3, account(), [due()] * 3, tape_of([], [], []), NOW, NOW
    )
    assert [m.order.kind for m in markets] == kinds
    refused = [m.verdict.rail for m in markets if m.order.kind == 0]
    assert all(rail == codes.MAX_POSITIONS for rail in refused)


def test_wishes_of_one_minute_share_the_cash_and_the_budget() -> None:
    rails = OFF._replace(fee_assumed_bps=25)
    a, markets, _ = fold(rails, [GUARDED] * 2, account(), [due()] * 2, tape_of([], []), NOW, NOW)
    spent = sum(m.order.krw for m in markets)
    assert spent * 10_025 <= 10_000_000 * 10_000
    tight = account(day_floor=(10_000_000 - 100_000) * WON)
    a, markets, reached = fold(
        PLAN_RAILS._replace(max_positions=0), [PLAN] * 3, tight, [due()] * 3,
        tape_of([], [], []), NOW, NOW,
    )  # fmt: skip
    assert reached.fired >> codes.LOSS_BUDGET & 1
    assert a.reserved == sum(m.order.reserved for m in markets) <= 100_000 * WON
    assert [m.verdict.rail for m in markets][1:] == [codes.LOSS_BUDGET, codes.LOSS_BUDGET]
    assert [m.order.kind for m in markets] == [codes.ENTRY, codes.ENTRY, codes.NO_ORDER]


def test_a_decision_candle_whose_rest_is_missing_waits_for_it() -> None:
    # given a market that is away at the end of its decision candle
    end = NOW + 300
    there = tape_of(minutes(50_000.0, 50_100.0))
    away = there._replace(known=[0])
    _, (m,), reached = fold(OFF, [QUICK], account(), [NEW_MARKET], away, NOW, end)
    assert (m.bar.end, m.indicators.n, reached.t, reached.decided) == (end, 0, end, 0)
    # when its candles come, of this decision candle and of the next
    rest = minutes(50_200.0, 50_300.0, 50_400.0, 50_500.0, start=NOW + 120)
    _, (m,), reached = fold(OFF, [QUICK], account(), [m], tape_of(rest), end, end + 60)
    # then both are what they would have been
    (whole,) = simulate(
        tape_of(minutes(50_000.0, 50_100.0, *[c.close for c in rest])), [QUICK], OFF
    ).markets
    assert (m.indicators, m.bar) == (whole.indicators, whole.bar)
    assert (m.indicators.n, reached.decided) == (1, 1)


def test_a_late_cycle_drops_the_entry_but_not_the_exit() -> None:
    held = falling()._replace(position=position())
    late = NOW + 60 * 60
    tape = tape_of([], [])
    _, markets, reached = fold(OFF, [GUARDED] * 2, account(), [due(), held], tape, NOW, late)
    assert markets[0].verdict.rail == codes.EXPIRED
    assert (markets[1].order.kind, markets[1].order.reason) == (codes.EXIT, codes.EXIT_SIGNAL)
    assert markets[1].order.t == reached.t == NOW + 60


@pytest.mark.parametrize(("late_s", "kind"), [(120, codes.ENTRY), (180, codes.NO_ORDER)])
def test_the_age_of_a_wish_counts_from_the_trigger(late_s: int, kind: int) -> None:
    """It is the time of the event that counts, not the minute the fold has reached."""
    assert one(due(), [], NOW, NOW + late_s)[1].order.kind == kind


def test_a_latch_stops_entries_and_never_exits() -> None:
    a = account(day_latch=1, week_latch=1)
    assert one(due(), [], NOW, NOW, a=a)[1].order.kind == codes.NO_ORDER
    held = rising()._replace(decided=NOW, position=position(stop=95_000.0))
    assert one(held, minutes(95_000.0), NOW, NOW + 60, a=a)[1].order.kind == codes.EXIT


def test_books_roll_in_a_minute_without_a_candle() -> None:
    midnight = T0 + 86_400
    m = rising(t=midnight - 60)._replace(decided=midnight - 60)
    a = account(day_latch=1)
    assert one(m, [], midnight - 120, midnight - 60, a=a)[0].day.latch == 1
    after = one(m, [], midnight - 60, midnight, a=a)[0]
    assert (after.day.latch, after.day.until) == (0, midnight + 86_400)


@pytest.mark.parametrize(
    ("fill_t", "applied"),
    [(NOW, True), (NOW + 59, True), (NOW + 60, False), (NOW + 61, False), (0, False)],
)
def test_a_fill_is_known_only_after_its_minute(fill_t: int, applied: bool) -> None:
    m = rising()._replace(decided=NOW, order=bought(100_000))
    fill = filled(100_000.0, UNITS, t=fill_t)
    after = one(m, [], NOW, NOW + 60, fill=fill)[1]
    assert (after.position.units != 0) == applied
    assert (after.order.kind == codes.NO_ORDER) == applied


def test_a_fill_that_comes_late_is_applied_in_the_minute_already_folded() -> None:
    m = rising()._replace(decided=NOW, order=bought(100_000))
    after = one(m, [], NOW + 60, NOW + 60, fill=filled(100_000.0, UNITS))[1]
    assert after.position.units == UNITS


def test_a_fill_is_applied_before_the_candle_that_may_stop_it() -> None:
    params = GUARDED._replace(stop_bps=500)
    m = rising()._replace(decided=NOW, order=bought(100_000))
    _, markets, _ = fold(
        OFF, [params], account(), [m], tape_of(minutes(94_000.0)), NOW, NOW + 60,
        fills=[filled(100_000.0, UNITS)],
    )  # fmt: skip
    assert markets[0].order.reason == codes.FIRST_STOP


def test_an_exit_is_asked_for_until_all_is_sold_and_ends_as_simulated() -> None:
    held = falling()._replace(position=position(reserved=7 * WON))
    a, markets, _ = fold(OFF, [BARE], account(reserved=7 * WON), [held], EMPTY, NOW, NOW)
    assert markets[0].order == selling(UNITS, codes.EXIT_SIGNAL, mark=100_000.0)
    left, now = UNITS, NOW
    for sold in (0, UNITS // 2, 0, UNITS // 4, UNITS // 8):
        tape = tape_of(minutes(100_000.0, start=now))
        fills = [filled(100_000.0, sold, t=now)]
        now += 60
        a, markets, reached = fold(OFF, [BARE], a, markets, tape, now - 60, now, fills=fills)
        left -= sold
        assert (reached.t, a.exit_t) == (now, now)
        assert markets[0].order == selling(left, codes.EXIT_SIGNAL, t=now, mark=100_000.0)
        assert a.reserved == markets[0].position.reserved > 0
    tape = tape_of(minutes(98_000.0, start=now))
    run = simulate(tape, [BARE], OFF, account=a, markets=markets)
    assert [line.trade[:5] for line in run.trades] == [
        (now, codes.EXIT, codes.EXIT_SIGNAL, 98_000.0, left)
    ]
    after = fold(
        OFF, [BARE], a, markets, tape, now, now + 60, fills=[filled(98_000.0, left, t=now)]
    )
    assert (run.account, run.markets) == after[:2]
    assert run.account.reserved == 0
    assert run.markets[0].position == NO_POSITION


@pytest.mark.parametrize("sold", [0, UNITS // 2])
def test_a_flat_wish_meets_an_open_first_take_profit_and_sells_after_it(sold: int) -> None:
    half = selling(UNITS // 2, codes.PARTIAL_PROFIT, mark=100_000.0, kind=codes.PARTIAL)
    m = falling()._replace(position=position(), order=half)
    a, markets, _ = fold(OFF, [GUARDED], account(), [m], EMPTY, NOW, NOW)
    assert markets[0].order == half
    a, markets, reached = fold(
        OFF, [GUARDED], a, markets, tape_of(minutes(100_000.0)), NOW, NOW + 60,
        fills=[filled(100_000.0, sold)],
    )  # fmt: skip
    assert markets[0].position.units == UNITS - sold
    left = selling(UNITS - sold, codes.EXIT_SIGNAL, t=NOW + 60, mark=100_000.0)
    assert markets[0].order == left
    assert a.exit_t == reached.t == NOW + 60


def test_a_flat_wish_meets_an_open_first_take_profit_in_a_simulation() -> None:
    half = selling(UNITS // 2, codes.PARTIAL_PROFIT, mark=100_000.0, kind=codes.PARTIAL)
    m = falling()._replace(position=position(exit_reason=codes.EXIT_SIGNAL), order=half)
    tape = tape_of(minutes(99_000.0, 98_000.0))
    run = simulate(tape, [BARE], OFF, account=account(), markets=[m])
    assert [line.trade[:5] for line in run.trades] == [
        (NOW, codes.PARTIAL, codes.PARTIAL_PROFIT, 99_000.0, UNITS // 2),
        (NOW + 60, codes.EXIT, codes.EXIT_SIGNAL, 98_000.0, UNITS // 2),
    ]
    assert run.markets[0].position == NO_POSITION


def test_what_a_kill_sold_in_part_is_left_to_whoever_slices_it() -> None:
    order = selling(UNITS // 4, codes.KILL, mark=100_000.0)
    q = position(stop=95_000.0, exit_reason=codes.KILL)
    m = falling(t=NOW + 60)._replace(position=q, order=order)
    a, after, reached, fired = one(
        m, minutes(90_000.0, 80_000.0), NOW, NOW + 120, fill=filled(100_000.0, UNITS // 4)
    )
    assert (after.order, fired, a.exit_t) == (NO_ORDER_OPEN, 0, 0)
    assert (after.position.units, after.position.exit_reason) == (UNITS * 3 // 4, codes.KILL)
    assert reached == NOW + 60


def test_a_position_too_small_to_sell_stops_the_fold_once() -> None:
    small = position(units=1_000_000, stop=95_000.0)
    m = rising()._replace(decided=NOW, position=small)
    candles = minutes(*[90_000.0] * 5)
    a, m, reached, fired = one(m, candles, NOW, NOW + 300)
    assert (reached, fired) == (NOW + 60, 1 << codes.FIRST_STOP)
    assert (m.order.kind, a.exit_t) == (codes.NO_ORDER, 0)
    a, m, reached, fired = one(m, candles[1:], reached, NOW + 300, a=a)
    assert (reached, fired) == (NOW + 300, 0)
    candles = minutes(400_000.0, 500_000.0, 500_000.0, start=NOW + 300)
    a, m, reached, fired = one(m, candles, NOW + 300, NOW + 480, a=a)
    assert (reached, fired, a.exit_t) == (NOW + 420, 0, NOW + 420)
    assert m.order == selling(1_000_000, codes.FIRST_STOP, t=NOW + 420, mark=500_000.0)


def test_a_first_take_profit_that_cannot_be_sold_stops_the_fold_once() -> None:
    params = BARE._replace(partial_share_bps=4_000)
    q = position(units=9_999_998, partial=105_000.0)
    m = rising()._replace(decided=NOW, position=q)
    candles = minutes(*[106_000.0] * 5)
    a, markets, reached = fold(OFF, [params], account(), [m], tape_of(candles), NOW, NOW + 300)
    assert (reached.t, reached.fired) == (NOW + 60, 1 << codes.PARTIAL_PROFIT)
    a, markets, reached = fold(OFF, [params], a, markets, tape_of(candles[1:]), NOW + 60, NOW + 300)
    assert (reached.t, reached.fired) == (NOW + 300, 0)
    assert markets[0].position.units == 9_999_998


def test_a_candle_that_comes_late_was_never_there() -> None:
    held = rising()._replace(decided=NOW, position=position(stop=95_000.0))
    late = [candle(90_000.0, t=NOW - 300), candle(200_000.0, t=NOW - 60)]
    candles = minutes(99_000.0, 98_000.0)
    told = one(held, late + candles, NOW, NOW + 120)
    assert told == one(held, candles, NOW, NOW + 120)
    assert told[1].close == 98_000.0
    assert one(held, late, NOW, NOW + 120)[1] == held
    runs = [
        simulate(tape_of(some), [GUARDED], OFF, account=account(), markets=[held], start=NOW)
        for some in (late + candles, candles)
    ]
    assert runs[0] == runs[1]


def test_a_zero_fill_frees_the_market() -> None:
    m = rising()._replace(decided=NOW, order=bought(100_000, reserved=7))
    a, after, _, _ = one(
        m, [], NOW, NOW + 60, a=account(reserved=7), fill=NO_FILL._replace(t=NOW + 1)
    )
    assert (a.reserved, after.order.kind, after.position.units) == (0, codes.NO_ORDER, 0)


def test_a_simulated_order_waits_for_the_first_candle_at_or_after_it() -> None:
    params = GUARDED._replace(slippage_bps=0)
    m = rising()._replace(decided=NOW, order=bought(100_000, t=NOW + 60))
    candles = [candle(99_000.0, t=NOW), candle(101_000.0, t=NOW + 600, opened=98_000.0)]
    run = simulate(tape_of(candles), [params], OFF, account=account(), markets=[m])
    assert [(line.trade.t, line.trade.price) for line in run.trades] == [(NOW + 600, 98_000.0)]
    early = simulate(
        tape_of(candles), [params], OFF, account=account(), markets=[m], until=NOW + 600
    )
    assert early.trades == ()


def test_a_market_without_candles_keeps_its_last_close() -> None:
    held = rising()._replace(decided=NOW, position=position())
    _, markets, reached = fold(OFF, [BARE], account(), [held], EMPTY, NOW, NOW + 600)
    assert reached.equity == account().cash + 100_000 * WON
    assert markets[0] == held


def test_one_market_and_the_same_market_among_several_decide_alike() -> None:
    candles = seeded_market(21, MIXED)
    silent: list[Candle] = candles[:1]
    alone = simulate(tape_of(candles), [QUICK], PLAN_RAILS)
    among = simulate(tape_of(candles, silent), [QUICK] * 2, PLAN_RAILS)
    assert alone.trades == among.trades
    assert alone.trades
    assert alone.markets[0] == among.markets[0]
    assert alone.account == among.account


def test_each_rail_is_counted_once_a_minute_and_marks_follow_decisions() -> None:
    candles = seeded_market(22, (("calm", 120),))
    run = simulate(tape_of(candles), [QUICK], OFF._replace(max_order=5_000))
    assert [t for t, _ in run.marks] == [T0 + 300 * n for n in range(1, 25)]
    assert run.counts[codes.MAX_ORDER] == run.counts[codes.MIN_ORDER] > 0
    assert run.counts[codes.MAX_ORDER] <= len(run.marks)
    assert all(equity == run.account.cash for _, equity in run.marks)
