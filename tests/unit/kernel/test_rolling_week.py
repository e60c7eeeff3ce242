"""The window of the last seven KST days: its floor, what it refuses and bounds, when it opens."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haetae.kernel import codes
from haetae.kernel.entries import propose_entry, refusals
from haetae.kernel.loss_limits import entry_floor, mark_books, oldest_start, rolling_floor
from haetae.kernel.records import NO_DAY_STARTS, Account, DayStarts, Rails, Verdict
from haetae.kernel.sizing import remaining_budget
from haetae.kernel.step import open_account
from support.states import BARE, OFF, WON, account, moment, rising
from support.tapes import T0

EQUITY = 10_000_000 * WON
DAY_S = 86_400
TWO = OFF._replace(rolling_week_bps=200)
FLOOR = 9_800_000 * WON  # of EQUITY, less two per cent
ONE_DAY_AGO = NO_DAY_STARTS._replace(ago_1=EQUITY)


def refusal(rails: Rails, a: Account, equity: int, *, mode: int = codes.RUN) -> tuple[int, Verdict]:
    """Return the mask of rails that refuse an entry at `equity` micro, and the first's verdict."""
    return refusals(rails, a, rising(), moment(equity=equity, mode=mode))


@pytest.mark.parametrize("ago", range(7))
def test_the_oldest_day_that_is_known_begins_the_window(ago: int) -> None:
    starts = [EQUITY + n if n <= ago else 0 for n in range(1, 7)]
    a = account(cash=EQUITY, past=DayStarts(*starts))
    assert oldest_start(a) == EQUITY + ago


def test_a_day_that_nobody_saw_is_passed_over() -> None:
    assert oldest_start(account(past=DayStarts(7, 0, 5, 0, 0, 0))) == 5


def test_the_floor_is_a_share_of_the_oldest_start_and_no_wider_than_told() -> None:
    a = account(cash=1, past=ONE_DAY_AGO)
    assert rolling_floor(TWO, a) == FLOOR
    odd = account(past=NO_DAY_STARTS._replace(ago_6=9_999))
    assert rolling_floor(OFF._replace(rolling_week_bps=1), odd) == 9_998


def test_the_window_of_a_limited_capital_is_a_share_of_it() -> None:
    rails = TWO._replace(capital_limit=1_000_000)
    assert rolling_floor(rails, account(past=ONE_DAY_AGO)) == EQUITY - 20_000 * WON
    small = NO_DAY_STARTS._replace(ago_1=500_000 * WON)
    assert rolling_floor(rails, account(past=small)) == 490_000 * WON


def test_the_window_has_no_limit_in_r() -> None:
    rails = TWO._replace(r_bps=50, day_r=1, week_r=2)
    assert rolling_floor(rails, account(past=ONE_DAY_AGO)) == FLOOR


@pytest.mark.parametrize(("over", "refuses"), [(1, 0), (0, 1), (-1, 1)])
def test_rolling_week_boundary(over: int, refuses: int) -> None:
    a = account(cash=FLOOR + over, past=ONE_DAY_AGO)
    fired, verdict = refusal(TWO, a, FLOOR + over)
    assert fired == refuses << codes.ROLLING_WEEK
    if refuses:
        assert verdict == Verdict(codes.ROLLING_WEEK, 9_800_000.0, (FLOOR + over) / WON, 0)
    assert refusal(OFF, a, FLOOR + over)[0] == 0


def test_a_latched_week_is_named_before_the_window_and_the_window_before_the_interval() -> None:
    rails = TWO._replace(min_interval_s=3_600)
    a = account(past=ONE_DAY_AGO, last_entry=moment().t - 60)
    fired, verdict = refusal(rails, a, FLOOR)
    assert fired == 1 << codes.ROLLING_WEEK | 1 << codes.MIN_INTERVAL
    assert verdict.rail == codes.ROLLING_WEEK
    latched = account(past=ONE_DAY_AGO, week_latch=1)
    fired, verdict = refusal(TWO, latched, FLOOR)
    assert fired == 1 << codes.ROLLING_WEEK | 1 << codes.WEEK_LOSS
    assert verdict.rail == codes.WEEK_LOSS


def test_the_window_refuses_before_a_size_is_thought_of() -> None:
    order, verdict, fired = propose_entry(
        TWO, BARE, account(past=ONE_DAY_AGO), rising(), moment(equity=FLOOR)
    )
    assert (order.kind, verdict.rail, fired) == (
        codes.NO_ORDER,
        codes.ROLLING_WEEK,
        1 << codes.ROLLING_WEEK,
    )


@pytest.mark.parametrize(
    ("day", "week", "left"),
    [(FLOOR + 7, 0, 90), (0, FLOOR + 9, 88), (FLOOR - 1, FLOOR - 2, 97)],
)
def test_budget_is_the_tightest_of_day_week_and_window_less_reservations(
    day: int, week: int, left: int
) -> None:
    a = account(day_floor=day, week_floor=week, reserved=3, past=ONE_DAY_AGO)
    assert remaining_budget(TWO, a, FLOOR + 100) == left
    assert remaining_budget(OFF, a, FLOOR + 100) == FLOOR + 97 - max(day, week)


def test_an_entry_may_lose_no_more_than_the_window_allows() -> None:
    params = BARE._replace(stop_bps=990)  # 9.9 % and a tick of room: 10 %
    a = account(past=ONE_DAY_AGO)
    at = moment(equity=FLOOR + 10_000 * WON)
    order, verdict, fired = propose_entry(TWO._replace(gap_bps=100), params, a, rising(), at)
    assert (verdict.rail, fired) == (codes.LOSS_BUDGET, 1 << codes.LOSS_BUDGET)
    assert order.reserved <= 10_000 * WON + 1
    assert order.krw == int(10_000 / (0.1 + 2 * 0.001 + 0.01))


def test_the_window_opens_again_when_the_day_of_the_loss_has_left() -> None:
    a = open_account(TWO, T0, EQUITY)
    refused_until = T0 + 7 * DAY_S
    for t in range(T0 + 3_600, T0 + 9 * DAY_S, 3_600):
        a, fired = mark_books(TWO, a, t, FLOOR)
        assert fired == a.day.latch == a.week.latch == 0
        assert bool(refusal(TWO, a, FLOOR)[0]) == (t < refused_until)


def test_what_is_won_back_opens_the_window_at_once() -> None:
    a, _ = mark_books(TWO, open_account(TWO, T0, EQUITY), T0 + DAY_S, FLOOR)
    assert refusal(TWO, a, FLOOR)[0] == 1 << codes.ROLLING_WEEK
    a, _ = mark_books(TWO, a, T0 + DAY_S + 60, FLOOR + 1)
    assert refusal(TWO, a, FLOOR + 1)[0] == 0


minutes = st.lists(
    st.tuples(
        st.sampled_from([60, 3_600, 43_200, DAY_S, 2 * DAY_S, 3 * DAY_S, 6 * DAY_S, 9 * DAY_S]),
        st.integers(-400, 400),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(minutes, st.sampled_from([0, 10, 200, 777]), st.sampled_from([0, 3_000_000]))
def test_the_window_is_that_of_a_diary_of_every_day(
    steps: list[tuple[int, int]], limit_bps: int, capital: int
) -> None:
    """Against a diary of what each day that was seen began with: days are left out at will.

    Steps move time by seconds and equity by parts of 10,000.
    """
    rails = OFF._replace(
        rolling_week_bps=limit_bps, capital_limit=capital, day_bps=900, week_bps=1_500
    )
    a = open_account(rails, T0, EQUITY)
    equity, t, diary = EQUITY, T0, {0: EQUITY}
    for seconds, change in steps:
        t += seconds
        equity += equity * change // 10_000
        today = (t - T0) // DAY_S
        diary.setdefault(today, equity)
        a, _ = mark_books(rails, a, t, equity)

        began = diary[min(day for day in diary if today - 7 < day <= today)]
        base = min(began, capital * WON) if capital else began
        limit = -(-base * limit_bps // 10_000)
        refuses = limit_bps > 0 and began - equity >= limit
        fired, _ = refusals(rails, a, rising(t=t), moment(t, equity=equity))
        assert bool(fired >> codes.ROLLING_WEEK & 1) == refuses
        floors = [a.day.floor, a.week.floor, *([began - limit] if limit_bps else [])]
        assert entry_floor(rails, a) == max(floors)
        assert remaining_budget(rails, a, equity) == equity - max(floors)
