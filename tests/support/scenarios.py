"""Seeded worlds that between them make every rail fire: each says which ones it is there for."""

from dataclasses import dataclass

from haetae.config.profiles import PROFILES
from haetae.config.strategies import STRATEGIES
from haetae.kernel import codes
from haetae.kernel.advance import Tape
from haetae.kernel.records import Params, Rails
from support.states import PLAN_RAILS, QUICK, QUICK_GUIDE
from support.tapes import T0, Segment, seeded_market, tape_of

GUIDE_RAILS = PROFILES["balanced"][1]
WAVES: tuple[Segment, ...] = (
    ("calm", 120),
    ("rise", 240),
    ("fall", 120),
    ("rise", 300),
    ("crash", 5),
    ("calm", 300),
    ("rise", 240),
    ("fall", 200),
)
CHOPPY: tuple[Segment, ...] = (("calm", 1_400),)
HOLES: tuple[Segment, ...] = (("calm", 60), *((("rise", 28), ("gap", 9)) * 12))
THIN: tuple[Segment, ...] = (("calm", 60), ("rise", 60), *((("thin", 60), ("rise", 60)) * 6))
MONDAY: tuple[Segment, ...] = (("calm", 60), ("rise", 190), ("crash", 5), ("rise", 300))
LATE_CRASH: tuple[Segment, ...] = (
    *((("calm", 200), ("rise", 100), ("fall", 60)) * 2),
    ("rise", 200),
    ("crash", 5),
    ("rise", 300),
)
TUESDAY_EVENING = T0 + 2 * 86_400 - 4 * 3_600
SUNDAY_EVENING = T0 + 7 * 86_400 - 4 * 3_600
GREEDY = GUIDE_RAILS._replace(
    buy_bps=10_000, coin_bps=0, reserve_bps=0, day_bps=200, week_bps=200, cooldown_s=60,
    min_interval_s=0,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A world, the operator's mode, and the rails that must fire in it."""

    tape: Tape
    params: tuple[Params, ...]
    rails: Rails
    fires: frozenset[int]
    mode: int = codes.RUN


def scenario(
    fires: set[int],
    params: Params,
    rails: Rails,
    *tapes: tuple[int, tuple[Segment, ...], float],
    mode: int = codes.RUN,
    start: int = T0,
) -> Scenario:
    """Build a scenario; a tape is a seed, its segments and its price."""
    markets = [
        seeded_market(seed, segments, price=price, start=start) for seed, segments, price in tapes
    ]
    return Scenario(
        tape=tape_of(*markets),
        params=(params,) * len(markets),
        rails=rails,
        fires=frozenset(fires),
        mode=mode,
    )


def decided_by(name: str) -> Params:
    """Return quick parameters with another strategy, its knobs and its size."""
    one = STRATEGIES[name]
    return QUICK._replace(
        strategy=one.code, knobs=one.defaults(), size_share_bps=one.size_share_bps
    )


def scenarios() -> dict[str, Scenario]:
    """Return the worlds by name. `EXPIRED` is for live folds alone: a simulation is never late."""
    wave = (1, WAVES * 3, 51_000.0)
    other = (2, WAVES * 3, 3_400.0)
    third = (3, WAVES * 3, 150_000_000.0)
    free = PLAN_RAILS._replace(cooldown_s=600)
    loose = GUIDE_RAILS._replace(cooldown_s=600, min_interval_s=0, max_entries=0)
    return {
        "plan": scenario(
            {codes.SIZE_R, codes.CHANDELIER, codes.FLASH_CRASH, codes.COOLDOWN},
            QUICK, PLAN_RAILS, wave,
        ),
        "plan, three markets": scenario(
            {codes.MAX_POSITIONS, codes.EXIT_THIS_MINUTE}, QUICK, free, wave, other, third
        ),
        "plan, losing streak": scenario(
            {codes.KELLY, codes.LOSS_BUDGET}, QUICK, free._replace(kelly_min_trades=5),
            (4, CHOPPY, 51_000.0),
        ),
        "profit given back after a weekend": scenario(
            {codes.DAY_LATCH, codes.DAY_LOSS, codes.WEEK_LATCH, codes.WEEK_LOSS},
            QUICK_GUIDE._replace(stop_bps=100), GREEDY, (1, MONDAY, 51_000.0), start=SUNDAY_EVENING,
        ),
        "a crash past the loss of seven days": scenario(
            {codes.ROLLING_WEEK, codes.CASH, codes.LOSS_BUDGET}, QUICK_GUIDE._replace(stop_bps=100),
            GREEDY._replace(
                day_bps=1_000, week_bps=1_500, rolling_week_bps=200, kelly_min_trades=0,
                gap_bps=0, max_entries=0,
            ),
            (1, LATE_CRASH, 51_000.0), start=TUESDAY_EVENING,
        ),
        "guide": scenario(
            {codes.BUY_SHARE, codes.MIN_INTERVAL},
            QUICK_GUIDE, GUIDE_RAILS, wave, other, third,
        ),
        "guide, many entries": scenario(
            {codes.MAX_ENTRIES, codes.TAKE_PROFIT}, QUICK_GUIDE._replace(target_bps=100),
            loose._replace(max_entries=3), wave, other, third,
        ),
        "plan, target in ATR": scenario(
            {codes.TAKE_PROFIT}, QUICK._replace(target_atr=4.0), free, wave
        ),
        "a signal sells a third": scenario(
            {codes.BUY_SHARE}, QUICK_GUIDE._replace(exit_share_bps=3_333, partial_bps=100), loose,
            wave, other,
        ),
        "guide, partial profit": scenario(
            {codes.PARTIAL_PROFIT}, QUICK_GUIDE._replace(partial_bps=100), loose, wave
        ),
        "all the cash": scenario(
            {codes.CASH}, QUICK_GUIDE, loose._replace(buy_bps=0, coin_bps=0, reserve_bps=0), wave
        ),
        "a share of the cash kept": scenario(
            {codes.CASH_RESERVE}, QUICK_GUIDE, loose._replace(buy_bps=0, coin_bps=0), wave
        ),
        "a share a coin": scenario(
            {codes.COIN_SHARE}, QUICK_GUIDE, loose._replace(buy_bps=0), wave
        ),
        "capital limited": scenario(
            {codes.CAPITAL, codes.MAX_ORDER}, QUICK_GUIDE,
            loose._replace(capital_limit=300_000, max_order=200_000, buy_bps=0, coin_bps=0),
            wave, other, third,
        ),
        "some stops too near for their costs": scenario(
            {codes.MAX_COST, codes.SIZE_R}, QUICK, free._replace(max_cost_bps=9_000), wave
        ),
        "orders bounded": scenario(
            {codes.MAX_ORDER}, QUICK, free._replace(max_order=100_000), wave
        ),
        "orders too small": scenario(
            {codes.MIN_ORDER}, QUICK, free._replace(max_order=5_000), wave
        ),
        "volatility breakout": scenario(
            {codes.SIZE_R}, decided_by("volatility_breakout"), free, wave, other
        ),
        "rsi reversion, small": scenario(
            {codes.SIZE_SHARE, codes.FIRST_STOP}, decided_by("rsi_reversion"), free, wave, other
        ),
        "thin market": scenario(
            {codes.LIQUIDITY, codes.MIN_ORDER, codes.FIRST_STOP}, QUICK, free, (5, THIN * 2, 98.0)
        ),
        "holes in the data": scenario(
            {codes.STALE}, QUICK._replace(target_bps=40), free._replace(stale_s=60),
            (6, HOLES * 2, 51_000.0),
        ),
        "coarse ticks": scenario(
            {codes.SLIPPAGE}, QUICK._replace(slippage_bps=60),
            free._replace(slippage_limit_bps=60), wave,
        ),
        "stopped": scenario({codes.MODE}, QUICK, free, wave, mode=codes.STOP),
    }  # fmt: skip
