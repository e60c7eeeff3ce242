"""The four profiles as data: the plan in full, of the others only what differs."""

from typing import Final

from haetae.base.time import HOUR_S
from haetae.config.strategies import STRATEGIES
from haetae.kernel.records import Params, Rails

TREND_FOLLOW: Final = STRATEGIES["trend_follow"]
PLAN_PARAMS: Final = Params(
    strategy=TREND_FOLLOW.code,
    candle_s=60,
    interval_s=HOUR_S,
    ema_fast=20,
    ema_slow=50,
    atr_len=14,
    rsi_len=14,
    knobs=TREND_FOLLOW.defaults(),
    size_share_bps=TREND_FOLLOW.size_share_bps,
    stop_atr=2.5,
    trail_atr=3.0,
    stop_bps=0,
    target_bps=0,
    target_atr=0.0,
    partial_bps=0,
    partial_share_bps=5_000,
    exit_share_bps=10_000,
    flash_crash_bps=500,
    fee_bps=5,
    slippage_bps=10,
)
PLAN_RAILS: Final = Rails(
    r_bps=50,
    buy_bps=0,
    kelly_min_trades=30,
    liquidity_bps=100,
    min_order=5_000,
    max_order=1_000_000_000,
    capital_limit=0,
    max_cost_bps=0,
    day_bps=1_000,
    week_bps=1_500,
    rolling_week_bps=0,
    day_r=2,
    week_r=5,
    gap_bps=100,
    fee_assumed_bps=25,
    slippage_assumed_bps=10,
    min_interval_s=0,
    max_entries=0,
    max_positions=1,
    coin_bps=0,
    reserve_bps=0,
    cooldown_s=4 * HOUR_S,
    slippage_limit_bps=100,
    stale_s=600,
    entry_delay_s=120,
)

BALANCED_PARAMS: Final = PLAN_PARAMS._replace(
    stop_atr=0.0, trail_atr=0.0, stop_bps=500, target_bps=1_000
)
BALANCED_RAILS: Final = PLAN_RAILS._replace(
    r_bps=0,
    buy_bps=3_000,
    day_r=0,
    week_r=0,
    fee_assumed_bps=5,
    min_interval_s=4 * HOUR_S,
    max_entries=5,
    max_positions=3,
    coin_bps=4_000,
    reserve_bps=1_000,
)

PROFILES: Final[dict[str, tuple[Params, Rails]]] = {
    "plan": (PLAN_PARAMS, PLAN_RAILS),
    "conservative": (
        BALANCED_PARAMS._replace(stop_bps=300, target_bps=800),
        BALANCED_RAILS._replace(day_bps=500, min_interval_s=6 * HOUR_S),
    ),
    "balanced": (BALANCED_PARAMS, BALANCED_RAILS),
    "aggressive": (
        BALANCED_PARAMS._replace(stop_bps=700, target_bps=1_500),
        BALANCED_RAILS._replace(day_bps=1_500, min_interval_s=2 * HOUR_S),
    ),
}
