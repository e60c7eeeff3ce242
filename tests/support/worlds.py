"""Hypothesis strategies for whole worlds: some markets on a tape, their parameters, the rails."""

from typing import NamedTuple

from hypothesis import strategies as st

from haetae.kernel.advance import Tape
from haetae.kernel.records import Params, Rails
from support.states import NO_KNOBS, PLAN_RAILS, QUICK
from support.tapes import REGIMES, Segment, seeded_market, tape_of

ORDINARY_PRICES = (3.0, 98.0, 4_900.0, 51_000.0, 1_040_000.0, 150_000_000.0)
EXTREME_PRICES = (1e-8, 5e-7, 2e-6, 3e-4, 0.02, 1.0, 9_990_000.0, 1e9)


class World(NamedTuple):
    """All that a fold starts from."""

    tape: Tape
    params: tuple[Params, ...]
    rails: Rails


def pick(*values: float) -> st.SearchStrategy[float]:
    """Draw one of a few values."""
    return st.sampled_from(values)


params = st.builds(
    QUICK._replace,
    strategy=pick(1, 1, 2, 3),
    knobs=st.sampled_from([QUICK.knobs, QUICK.knobs, NO_KNOBS, (35.0, 60.0, *NO_KNOBS[2:])]),
    rsi_len=pick(14, 3),
    size_share_bps=pick(10_000, 10_000, 2_500, 1),
    stop_atr=pick(2.5, 1.0, 0.0),
    trail_atr=pick(3.0, 1.5, 0.0),
    stop_bps=pick(0, 100, 500),
    target_bps=pick(0, 150, 1_000),
    target_atr=pick(0.0, 2.0, 6.0),
    partial_bps=pick(0, 70, 500),
    partial_share_bps=pick(5_000, 3_333),
    exit_share_bps=pick(10_000, 5_000, 1_500),
    flash_crash_bps=pick(500, 100, 0),
    slippage_bps=pick(10, 0, 150),
)
rails = st.builds(
    PLAN_RAILS._replace,
    r_bps=pick(50, 0, 200),
    buy_bps=pick(0, 3_000, 10_000),
    kelly_min_trades=pick(3, 0, 30),
    liquidity_bps=pick(100, 0),
    max_order=pick(1_000_000_000, 50_000),
    capital_limit=pick(0, 0, 3_000_000, 100_000),
    max_cost_bps=pick(0, 0, 2_500, 10_000),
    day_bps=pick(1_000, 50, 0),
    week_bps=pick(1_500, 80, 0),
    rolling_week_bps=pick(0, 0, 100, 20),
    day_r=pick(2, 0),
    week_r=pick(5, 0),
    gap_bps=pick(100, 0),
    fee_assumed_bps=pick(25, 5),
    min_interval_s=pick(0, 1_800),
    max_entries=pick(0, 3),
    max_positions=pick(1, 0, 2),
    coin_bps=pick(0, 4_000),
    reserve_bps=pick(0, 1_000),
    cooldown_s=pick(3_600, 0),
    slippage_limit_bps=pick(100, 0, 20),
)
segments: st.SearchStrategy[list[Segment]] = st.lists(
    st.tuples(
        st.sampled_from(["rise", *REGIMES]), st.sampled_from([5, 30, 120, 240])
    ).map(lambda drawn: (drawn[0], min(drawn[1], 8) if drawn[0] == "crash" else drawn[1])),
    min_size=4,
    max_size=9,
)  # fmt: skip


@st.composite
def worlds(
    draw: st.DrawFn, *, markets: tuple[int, ...] = (1, 3), prices: tuple[float, ...] = ()
) -> World:
    """Draw a tape of one or several seeded markets that begins with a trend, and its rails."""
    count = draw(st.sampled_from(markets))
    levels = prices or ORDINARY_PRICES
    candles = []
    for _ in range(count):
        seed = draw(st.integers(0, 2**32))
        price = draw(st.sampled_from(levels))
        parts: list[Segment] = [("calm", 60), ("rise", 120), *draw(segments)]
        candles.append(seeded_market(seed, parts, price=price))
    each = tuple(draw(params) for _ in range(count))
    return World(tape_of(*candles), each, draw(rails))
