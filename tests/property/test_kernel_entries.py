"""Laws of an entry's size: never above any of its bounds, and tightening never enlarges it."""

from collections.abc import Callable
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from haetae.kernel.codes import LEAST_ORDER, MAX_COST, ROLLING_WEEK, SIZE_SHARE
from haetae.kernel.entries import propose_entry
from haetae.kernel.records import NO_DAY_STARTS, Account, DayStarts, Rails, TradeStats
from haetae.kernel.sizing import kelly_share, least_order, size, small_size
from support.states import OFF, PLAN, WON, account, moment, rising
from support.worlds import pick

DRAWN = settings(max_examples=300, deadline=None, derandomize=True)
SLACK = 1 + Fraction(1, 10**12)
won = st.integers(0, 10**9)
bps = st.integers(0, 10_000)
rails = st.builds(
    OFF._replace,
    r_bps=st.integers(0, 100),
    buy_bps=bps,
    kelly_min_trades=pick(0, 10, 30),
    liquidity_bps=bps,
    min_order=st.integers(5_000, 10**6),
    max_order=st.integers(5_000, 10**9),
    capital_limit=pick(0, 0, 5_000, 10**6, 10**8),
    gap_bps=st.integers(0, 500),
    fee_assumed_bps=st.integers(0, 100),
    slippage_assumed_bps=st.integers(0, 100),
    coin_bps=bps,
    reserve_bps=bps,
    rolling_week_bps=pick(0, 0, 1, 500, 5_000),
)
tallies = st.builds(
    lambda wins, losses, win, loss: TradeStats(wins + losses, wins, wins * win, losses * loss),
    st.integers(0, 60),
    st.integers(0, 60),
    st.floats(0.01, 10.0),
    st.floats(0.01, 3.0),
)
pasts = st.builds(lambda starts: DayStarts(*starts), st.tuples(*[st.just(0) | won] * 6))
accounts = st.builds(
    lambda cash, day, week, reserved, trade_stats, past: account(
        cash=cash * WON,
        day_floor=day * WON,
        week_floor=week * WON,
        reserved=reserved * WON,
        past=DayStarts(*(start * WON for start in past)),
        trade_stats=trade_stats,
    ),
    won, won, won, st.integers(0, 10**7), tallies, st.just(NO_DAY_STARTS) | pasts,
)  # fmt: skip
losses = st.floats(0.001, 1.0)
prices = pick(2e-5, 0.03, 4.0, 99.0, 5_010.0, 100_000.0, 2_000_000.0, 150_000_000.0)


def floor_of(r: Rails, a: Account) -> int:
    """Return the equity that no entry may put at risk, written apart from the kernel."""
    floors = [a.day.floor, a.week.floor]
    if r.rolling_week_bps:
        oldest = [start for start in (a.day.start, *a.past) if start][-1:]
        start = oldest[0] if oldest else 0
        share = min(start, r.capital_limit * WON) if r.capital_limit else start
        floors.append(start + -share * r.rolling_week_bps // 10_000)
    return max(floors)


@DRAWN
@given(rails, accounts, prices, st.floats(0.0, 1e11), won, losses, st.integers(0, 10**8))
def test_size_exceeds_none_of_its_bounds(
    r: Rails, a: Account, price: float, turnover: float, more: int, loss: float, taken: int
) -> None:
    """What lies in positions, `more`, cost half of what it is worth."""
    equity = a.cash + more * WON
    committed = taken * WON
    invested = more * WON // 2
    krw = size(
        r,
        a,
        rising(price=price, turnover=turnover),
        moment(equity=equity, committed=committed, invested=invested),
        loss,
    ).krw
    free = a.cash - committed
    micro = krw * WON
    assert 0 <= krw <= r.max_order
    if krw == 0:
        return
    assert micro * (10_000 + r.fee_assumed_bps) <= free * 10_000
    capital, spendable = equity, free
    if r.capital_limit:
        capital = min(equity, r.capital_limit * WON)
        spendable = min(free, r.capital_limit * WON - invested - committed)
        assert micro * (10_000 + r.fee_assumed_bps) <= spendable * 10_000
    if r.reserve_bps:
        left = free * 10_000 - micro * (10_000 + r.fee_assumed_bps)
        assert left >= equity * r.reserve_bps
    if r.coin_bps:
        assert micro * 10_000 <= capital * r.coin_bps
    if r.buy_bps:
        assert micro * 10_000 <= spendable * r.buy_bps
    if r.liquidity_bps:
        assert krw <= Fraction(turnover) * r.liquidity_bps / 10_000 * SLACK
    if r.r_bps:
        assert micro * Fraction(loss) <= Fraction(capital * r.r_bps, 10_000) * SLACK
    worst = Fraction(loss) + Fraction(r.gap_bps, 10_000)
    budget = equity - floor_of(r, a) - a.reserved
    assert micro * worst <= budget * SLACK
    kelly = kelly_share(r, a)
    assert 0.0 < kelly <= 1.0
    if kelly < 1.0:
        assert micro * Fraction(loss) <= Fraction(capital) * Fraction(kelly) * SLACK
    assert krw <= 9e9 * price


TIGHTER: dict[str, Callable[[Rails], int]] = {
    "r_bps": lambda r: max(1, r.r_bps // 2) if r.r_bps else 50,
    "buy_bps": lambda r: max(1, r.buy_bps // 2) if r.buy_bps else 5_000,
    "coin_bps": lambda r: max(1, r.coin_bps // 2) if r.coin_bps else 5_000,
    "liquidity_bps": lambda r: max(1, r.liquidity_bps // 2) if r.liquidity_bps else 100,
    "reserve_bps": lambda r: r.reserve_bps + 100,
    "gap_bps": lambda r: r.gap_bps + 100,
    "fee_assumed_bps": lambda r: r.fee_assumed_bps + 10,
    "max_order": lambda r: r.max_order // 2,
    "capital_limit": lambda r: max(1, r.capital_limit // 2) if r.capital_limit else 10**6,
    "rolling_week_bps": lambda r: max(1, r.rolling_week_bps // 2) if r.rolling_week_bps else 5_000,
}


@DRAWN
@given(rails, accounts, prices, st.floats(0.0, 1e11), losses, st.sampled_from(sorted(TIGHTER)))
def test_tightening_any_rail_never_enlarges_the_entry(
    r: Rails, a: Account, price: float, turnover: float, loss: float, name: str
) -> None:
    market = rising(price=price, turnover=turnover)
    tight = r._replace(**{name: TIGHTER[name](r)})
    at = moment(equity=a.cash)
    assert size(tight, a, market, at, loss).krw <= size(r, a, market, at, loss).krw


@DRAWN
@given(rails, accounts, st.integers(0, 10**8), losses, st.integers(1, 10_000))
def test_a_strategys_share_never_enlarges_the_entry_and_bounds_it(
    r: Rails, a: Account, taken: int, loss: float, share: int
) -> None:
    at = moment(equity=a.cash, committed=taken * WON)
    whole = size(r, a, rising(), at, loss)
    bound = small_size(r, PLAN._replace(size_share_bps=share), a, at, loss, whole)

    assert small_size(r, PLAN, a, at, loss, whole) == whole
    assert 0 <= bound.krw <= whole.krw
    assert bound == whole or bound.rail == SIZE_SHARE
    assert bound.krw * WON * 10_000 <= max(a.cash - at.committed, 0) * share
    if r.r_bps and bound.krw:
        allowed = Fraction(a.cash * r.r_bps * share, 10_000**2)
        assert bound.krw * WON * Fraction(loss) <= allowed * SLACK


@DRAWN
@given(rails, accounts, st.integers(1, 60), st.floats(0.01, 1.0))
def test_no_edge_no_trade(r: Rails, a: Account, n: int, payoff: float) -> None:
    """As many losses as wins that pay no more than they cost: Kelly is never positive."""
    even = a._replace(trade_stats=TradeStats(2 * n, n, n * payoff, float(n)))
    strict = r._replace(kelly_min_trades=1)
    assert kelly_share(strict, even) == 0.0
    assert size(strict, even, rising(), moment(equity=even.cash), 0.05).krw == 0


@DRAWN
@given(rails, accounts, st.floats(1.0, 30_000.0), st.integers(500, 10_000))
def test_a_bound_on_costs_refuses_an_entry_or_leaves_it_as_it_is(
    r: Rails, a: Account, atr: float, most: int
) -> None:
    """Written apart: 100,000 won, of which one tick is 0.1 %, and the plan's stop of 2.5 ATR."""
    at = moment(equity=a.cash)
    without = propose_entry(r, PLAN, a, rising(atr=atr), at)
    bound = propose_entry(r._replace(max_cost_bps=most), PLAN, a, rising(atr=atr), at)
    slippage = max(Fraction(r.slippage_assumed_bps, 10_000), Fraction(1, 1_000))
    cost = 2 * (Fraction(r.fee_assumed_bps, 10_000) + slippage)
    stop = min((Fraction(5, 2) * Fraction(atr) + 100) / 100_000, Fraction(1))
    if without[2] >> ROLLING_WEEK & 1:
        assert bound == without
    elif cost > stop * Fraction(most, 10_000) * SLACK:
        assert bound[0].kind == 0
        assert bound[2] == 1 << MAX_COST
    elif cost * SLACK < stop * Fraction(most, 10_000):
        assert bound == without


@DRAWN
@given(rails, accounts, pasts, st.floats(1.0, 30_000.0))
def test_what_the_last_days_began_with_counts_only_where_their_loss_is_limited(
    r: Rails, a: Account, other: DayStarts, atr: float
) -> None:
    """And a limit that refuses nothing and bounds nothing leaves the entry as it is."""
    at = moment(equity=a.cash)
    off = r._replace(rolling_week_bps=0)
    without = propose_entry(off, PLAN, a, rising(atr=atr), at)
    assert propose_entry(off, PLAN, a._replace(past=other), rising(atr=atr), at) == without
    entry = propose_entry(r, PLAN, a, rising(atr=atr), at)
    assert entry[0].krw <= without[0].krw
    if floor_of(r, a) == floor_of(off, a) and not entry[2] >> ROLLING_WEEK & 1:
        assert entry == without


@DRAWN
@given(rails, accounts, st.floats(1.0, 30_000.0))
def test_an_entry_can_be_sold_at_its_stop_and_reserves_its_worst_case(
    r: Rails, a: Account, atr: float
) -> None:
    market = rising(atr=atr)
    order, verdict, _ = propose_entry(r, PLAN, a, market, moment(equity=a.cash))
    if order.kind == 0:
        assert verdict.krw == 0
        return
    loss = Fraction(order.risk, order.krw * WON)
    assert order.krw >= least_order(r, float(loss))
    left = order.krw * (1 - loss - Fraction(r.gap_bps, 10_000))
    assert left >= LEAST_ORDER
    assert order.krw >= r.min_order
    assert order.reserved >= order.risk > 0
    assert a.reserved + order.reserved <= a.cash - floor_of(r, a) + 2
