"""The table of keys: where each setting goes, how its text is read, what is allowed."""

from dataclasses import dataclass

from haetae.kernel.codes import STRATEGY_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting: where it goes in Params or Rails, how its text is read, what is allowed."""

    part: str
    field: str
    low: float
    high: float
    scale: float = 1.0
    whole: bool = True
    off: float | None = None  # a value outside the range that switches the rail off

    @property
    def allowed(self) -> str:
        """The range in words."""
        text = f"{self.low:.10g} to {self.high:.10g}"
        return text if self.off is None else f"{text}, or {self.off:g} for off"

    @property
    def switch(self) -> bool:
        """Whether this is a yes or no, which may be written as true or false."""
        return (self.low, self.high) == (0, 1)


# The plan's and the guide's own names. `scale` turns their unit into the kernel's.
KEYS: dict[str, Key] = {
    "exchange.taker_fee_bps": Key(part="rails", field="fee_assumed_bps", low=0, high=100),
    "exchange.fee_charged_bps": Key(part="params", field="fee_bps", low=0, high=100),
    "exchange.slippage_bps": Key(part="both", field="slippage", low=0, high=200),
    "risk.r_per_trade_bps": Key(part="rails", field="r_bps", low=25, high=100),
    "risk.daily_stop_R": Key(part="rails", field="day_r", low=-10, high=-1, scale=-1, off=0),
    "risk.weekly_stop_R": Key(part="rails", field="week_r", low=-30, high=-1, scale=-1, off=0),
    "risk.max_position": Key(part="rails", field="max_positions", low=1, high=50),
    "risk.stop_loss_pct": Key(
        part="params", field="stop_bps", low=-30, high=-0.5, scale=-100, off=0
    ),
    "risk.take_profit_pct": Key(
        part="params", field="target_bps", low=0.5, high=200, scale=100, off=0
    ),
    "risk.partial_take_profit_pct": Key(
        part="params", field="partial_bps", low=0.5, high=200, scale=100, off=0
    ),
    "risk.partial_share_pct": Key(
        part="params", field="partial_share_bps", low=1, high=99, scale=100
    ),
    "risk.daily_loss_limit_pct": Key(part="rails", field="day_bps", low=-50, high=-0.1, scale=-100),
    "risk.weekly_loss_limit_pct": Key(
        part="rails", field="week_bps", low=-50, high=-0.1, scale=-100
    ),
    "risk.min_trade_interval_hours": Key(
        part="rails", field="min_interval_s", low=0, high=168, scale=3600
    ),
    "risk.max_trades_per_day": Key(part="rails", field="max_entries", low=1, high=100, off=0),
    "risk.max_coin_pct": Key(part="rails", field="coin_bps", low=1, high=100, scale=100, off=0),
    "risk.cash_reserve_pct": Key(
        part="rails", field="reserve_bps", low=1, high=90, scale=100, off=0
    ),
    "risk.cooldown_hours": Key(part="rails", field="cooldown_s", low=0, high=168, scale=3600),
    "risk.kelly_min_trades": Key(part="rails", field="kelly_min_trades", low=30, high=1000, off=0),
    "risk.liquidity_bps": Key(part="rails", field="liquidity_bps", low=1, high=10_000, off=0),
    "risk.gap_allowance_bps": Key(part="rails", field="gap_bps", low=0, high=2_000),
    "risk.slippage_limit_bps": Key(
        part="rails", field="slippage_limit_bps", low=10, high=2_000, off=0
    ),
    "risk.flash_crash_pct": Key(
        part="params", field="flash_crash_bps", low=-50, high=-1, scale=-100, off=0
    ),
    "risk.stale_data_seconds": Key(part="rails", field="stale_s", low=120, high=86_400),
    "risk.max_entry_delay_seconds": Key(part="rails", field="entry_delay_s", low=0, high=3_600),
    "trading.buy_percentage": Key(
        part="rails", field="buy_bps", low=0.01, high=1, scale=10_000, off=0
    ),
    "trading.min_order_amount": Key(part="rails", field="min_order", low=5_000, high=100_000_000),
    "trading.max_order_amount": Key(part="rails", field="max_order", low=5_000, high=1_000_000_000),
    "strategy.params.ema_fast": Key(part="params", field="ema_fast", low=2, high=200),
    "strategy.params.ema_slow": Key(part="params", field="ema_slow", low=3, high=400),
    "strategy.params.atr_len": Key(part="params", field="atr_len", low=2, high=200),
    "strategy.params.init_stop_atr": Key(
        part="params", field="stop_atr", low=0.5, high=10, whole=False, off=0
    ),
    "strategy.params.trail_atr_mult": Key(
        part="params", field="trail_atr", low=0.5, high=20, whole=False, off=0
    ),
    "filters.only_long_when_fast_gt_slow": Key(
        part="params", field="only_long_when_fast_gt_slow", low=0, high=1
    ),
    "schedule.decision_interval_minutes": Key(
        part="params", field="interval_s", low=1, high=240, scale=60
    ),
}
WORDS: dict[str, tuple[str, ...]] = {
    "strategy.main": tuple(STRATEGY_NAMES.values()),
    "strategy.params.trail_type": ("chandelier", "none"),
    "exchange.name": ("upbit",),
}
