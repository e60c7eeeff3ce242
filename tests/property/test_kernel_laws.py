"""Laws of the fold: no look-ahead, nothing lost or made, and the bounds that are promised."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from haetae.kernel.advance import Tape
from haetae.kernel.codes import ENTRY, EXIT, NO_ORDER, PARTIAL
from haetae.kernel.fills import first_stop
from haetae.kernel.records import Account, Candle, Market, Order
from haetae.kernel.rounding import fee_ceil, tick_of
from support.folds import CASH, bits, fold, live, simulate, span
from support.tapes import tape_of, times_of
from support.worlds import World, worlds

DRAWN = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def changed_from(tape: Tape, t: int, factor: float) -> Tape:
    """Return the tape with every candle that starts at or after `t` moved and thinned out."""
    markets = []
    for i in range(len(tape.starts)):
        candles = []
        for row in range(tape.starts[i], tape.ends[i]):
            c = tape.candles[row]
            if c.t < t:
                candles.append(c)
            elif row % 3 != 0:
                o, h, low, close = (round(x * factor, 8) for x in (c.open, c.high, c.low, c.close))
                candles.append(Candle(c.t, o, h, low, close, c.volume * 2.0))
        markets.append(candles)
    return tape_of(*markets)


@DRAWN
@given(
    world=worlds(), minutes=st.integers(200, 900), factor=st.sampled_from([0.5, 0.97, 1.02, 3.0])
)
def test_the_future_changes_nothing_before_it(world: World, minutes: int, factor: float) -> None:
    t = span(world.tape)[0] + minutes * 60
    other = changed_from(world.tape, t, factor)
    assume(len(other.candles) > 0 and max(times_of(other)) >= t)

    told, untold = (
        simulate(tape, world.params, world.rails, until=t) for tape in (world.tape, other)
    )
    assert bits(told) == bits(untold)

    told, untold = (
        simulate(tape, world.params, world.rails, until=max(times_of(other)) + 60)
        for tape in (world.tape, other)
    )
    early = [[line for line in run.trades if line.trade.t < t] for run in (told, untold)]
    marks = [[mark for mark in run.marks if mark[0] <= t] for run in (told, untold)]
    assert early[0] == early[1]
    assert marks[0] == marks[1]


@DRAWN
@given(world=worlds())
def test_every_micro_is_accounted_for(world: World) -> None:
    run = simulate(*world)
    cash = CASH
    held = [0] * len(world.params)
    for market, trade in run.trades:
        assert trade.fee == fee_ceil(trade.funds, world.params[market].fee_bps)
        sign = 1 if trade.kind in (EXIT, PARTIAL) else -1
        cash += sign * trade.funds - trade.fee
        held[market] -= sign * trade.units
        assert cash >= 0
        assert held[market] >= 0
    assert run.account.cash == cash
    assert [m.position.units for m in run.markets] == held
    booked = sum(line.trade.pnl for line in run.trades)
    open_cost = sum(m.position.spent for m in run.markets)
    assert cash == CASH + booked - open_cost


@DRAWN
@given(world=worlds())
def test_every_minute_keeps_its_invariants(world: World) -> None:
    stops: dict[tuple[int, int], float] = {}

    def watch(t: int, account: Account, markets: tuple[Market, ...], equity: int) -> None:
        assert account.cash >= 0
        owed = sum(m.position.reserved + m.order.reserved for m in markets)
        assert account.reserved == owed >= 0
        assert t < account.day.until <= account.week.until
        for i, m in enumerate(markets):
            q = m.position
            assert q.units >= 0
            assert q.spent >= 0
            assert q.reserved >= 0
            if q.units != 0:
                assert q.stop >= stops.get((i, q.t), 0.0), "a stop never falls"
                stops[i, q.t] = q.stop
        if all(m.position.units == 0 and m.order.kind == NO_ORDER for m in markets):
            assert account.reserved == 0
            assert equity == account.cash

    live(*world, watch=watch)


@DRAWN
@given(world=worlds(), limit=st.sampled_from([30_000, 1_000_000, 9_000_000]))
def test_never_more_than_the_limit_of_capital_is_at_work(world: World, limit: int) -> None:
    rails = world.rails._replace(capital_limit=limit)

    def watch(_t: int, _account: Account, markets: tuple[Market, ...], _equity: int) -> None:
        spent = sum(m.position.spent for m in markets)
        asked = sum(m.order.krw for m in markets if m.order.kind == ENTRY)
        assert spent + asked * 1_000_000 <= limit * 1_000_000

    live(*world._replace(rails=rails), watch=watch)


@DRAWN
@given(world=worlds())
def test_an_entry_reserves_its_worst_case_inside_what_is_left_of_day_and_week(world: World) -> None:
    """What is certain of the loss limits: every entry's worst case fits when it is decided, and a

    position bought no worse than decided and sold no lower than its stop loses no more than that.
    """
    bought: dict[tuple[int, int], Order] = {}

    def watch(t: int, account: Account, markets: tuple[Market, ...], equity: int) -> None:
        floor = max(account.day.floor, account.week.floor)
        if world.rails.rolling_week_bps:
            start = next(filter(None, (*account.past[::-1], account.day.start)))
            capital = world.rails.capital_limit * 1_000_000 or start
            floor = max(
                floor, start + -min(start, capital) * world.rails.rolling_week_bps // 10_000
            )
        for i, m in enumerate(markets):
            if m.order.kind == ENTRY and m.order.t == t:
                assert account.reserved <= equity - floor
                assert account.day.latch == account.week.latch == 0
                bought[i, t] = m.order

    lived = live(*world, watch=watch)
    order: dict[int, tuple[Order, float]] = {}
    for i, trade in lived.trades:
        if trade.kind == ENTRY:
            placed = max(t for market, t in bought if market == i and t <= trade.t)
            order[i] = (bought[i, placed], trade.price)
            continue
        entry, price = order[i]
        stop = first_stop(world.params[i], price, entry.distance)
        same_tick = tick_of(price) == tick_of(entry.mark)
        if trade.kind == EXIT and same_tick and price >= entry.mark and trade.price >= stop:
            assert -trade.pnl <= entry.reserved


@DRAWN
@given(world=worlds(markets=(1,)), minutes=st.integers(100, 900), cut=st.integers(1, 99))
def test_a_fold_may_be_cut_anywhere(world: World, minutes: int, cut: int) -> None:
    """Folding to t in one call or in two is the same as long as nothing had to be written."""
    t = span(world.tape)[0] + minutes * 60
    run = simulate(*world, until=t)
    starts = [sum(1 for time in times_of(world.tape) if time + 60 <= t)]
    tape = world.tape._replace(starts=starts)
    account, markets, reached = fold(
        world.rails, world.params, run.account, run.markets, tape, t, t + 6_000
    )
    middle = t + (reached.t - t) * cut // 100 // 60 * 60
    if middle in (t, reached.t):
        return
    half, part, at = fold(world.rails, world.params, run.account, run.markets, tape, t, middle)
    assert at.t == middle
    starts = [sum(1 for time in times_of(world.tape) if time + 60 <= middle)]
    again = fold(
        world.rails, world.params, half, part, tape._replace(starts=starts), middle, t + 6_000
    )
    assert again == (account, markets, reached)
