"""The one table of settings, by the plan's and the guide's own names.

Each row says what the setting is for, in which unit it is written, what is allowed, which value
switches it off and which field of the kernel it sets. The command line, the environment,
docs/settings.md and every refusal read this table and no other.

Above 250 lines: one table.
"""

from dataclasses import replace
from typing import Final

from haetae.config.key import Field, Key, Kind, Part
from haetae.config.strategies import STRATEGIES, Strategy
from haetae.kernel.strategies.knob import Knob

MOST_MARKETS: Final = 200
MOST_POSITIONS: Final = 200


def params(*names: str) -> tuple[Field, ...]:
    """Return fields of a market's parameters."""
    return tuple(Field(part=Part.PARAMS, name=name) for name in names)


def rails(*names: str) -> tuple[Field, ...]:
    """Return fields of the account's rails."""
    return tuple(Field(part=Part.RAILS, name=name) for name in names)


EXCHANGE: Final = (
    Key(
        name="exchange.name",
        meaning="The exchange that is traded on.",
        kind=Kind.WORD,
        words={"upbit": 0},
    ),
    Key(
        name="exchange.market",
        meaning="The markets that are traded; where they are also given elsewhere both must agree.",
        kind=Kind.MARKETS,
    ),
    Key(
        name="exchange.taker_fee_bps",
        meaning="The fee that sizes and judges entries; never below what is charged.",
        unit="bps",
        high=100,
        fields=rails("fee_assumed_bps"),
    ),
    Key(
        name="exchange.fee_charged_bps",
        meaning="The fee that the exchange charges on a simulated fill.",
        unit="bps",
        high=100,
        fields=params("fee_bps"),
    ),
    Key(
        name="exchange.slippage_bps",
        meaning="How far a fill is assumed to be worse than its price.",
        unit="bps",
        high=200,
        fields=params("slippage_bps") + rails("slippage_assumed_bps"),
    ),
)

RISK: Final = (
    Key(
        name="risk.r_per_trade_bps",
        meaning="R: the share of equity that one entry may lose at its stop.",
        unit="bps of equity",
        low=25,
        high=100,
        fields=rails("r_bps"),
    ),
    Key(
        name="risk.half_r",
        meaning="Trade with half of R, rounded down to whole bps, as in a beta.",
        kind=Kind.SWITCH,
    ),
    Key(
        name="risk.daily_stop_R",
        meaning="No entries for the rest of a KST day that has lost this much.",
        unit="R",
        low=-10,
        high=-1,
        scale=-1,
        off=0,
        fields=rails("day_r"),
    ),
    Key(
        name="risk.weekly_stop_R",
        meaning="No entries for the rest of a KST week that has lost this much.",
        unit="R",
        low=-30,
        high=-1,
        scale=-1,
        off=0,
        fields=rails("week_r"),
    ),
    Key(
        name="risk.daily_loss_limit_pct",
        meaning="The same for a day, as a share of the equity it began with.",
        unit="%",
        low=-50,
        high=-0.1,
        scale=-100,
        fields=rails("day_bps"),
    ),
    Key(
        name="risk.weekly_loss_limit_pct",
        meaning="The same for a week, as a share of the equity it began with.",
        unit="%",
        low=-50,
        high=-0.1,
        scale=-100,
        fields=rails("week_bps"),
    ),
    Key(
        name="risk.rolling_week_pct",
        meaning="No entries while the last seven KST days have lost this much: a window, no latch.",
        unit="%",
        low=-50,
        high=-0.1,
        scale=-100,
        off=0,
        fields=rails("rolling_week_bps"),
    ),
    Key(
        name="risk.max_position",
        meaning="How many markets may be held at once.",
        unit="positions",
        low=1,
        high=MOST_POSITIONS,
        fields=rails("max_positions"),
    ),
    Key(
        name="risk.capital_limit_krw",
        meaning="The most won at work at once; sizes and loss limits take equity for no more.",
        unit="KRW",
        low=5_000,
        high=1_000_000_000,
        off=0,
        fields=rails("capital_limit"),
    ),
    Key(
        name="risk.max_coin_pct",
        meaning="The largest share of equity in one coin.",
        unit="%",
        low=1,
        high=100,
        scale=100,
        off=0,
        fields=rails("coin_bps"),
    ),
    Key(
        name="risk.cash_reserve_pct",
        meaning="The share of equity that always stays cash.",
        unit="%",
        low=1,
        high=90,
        scale=100,
        off=0,
        fields=rails("reserve_bps"),
    ),
    Key(
        name="risk.stop_loss_pct",
        meaning="The first stop, below the entry's fill; the tightest stop wins.",
        unit="%",
        low=-30,
        high=-0.5,
        scale=-100,
        off=0,
        fields=params("stop_bps"),
    ),
    Key(
        name="risk.max_cost_r",
        meaning="No entry whose round trip is assumed to cost more of its stop distance.",
        unit="R",
        low=0.05,
        high=1,
        scale=10_000,
        off=0,
        fields=rails("max_cost_bps"),
    ),
    Key(
        name="risk.take_profit_pct",
        meaning="Sell everything this far above the entry's fill.",
        unit="%",
        low=0.5,
        high=200,
        scale=100,
        off=0,
        fields=params("target_bps"),
    ),
    Key(
        name="risk.partial_take_profit_pct",
        meaning="Sell a part this far above the entry's fill.",
        unit="%",
        low=0.5,
        high=200,
        scale=100,
        off=0,
        fields=params("partial_bps"),
    ),
    Key(
        name="risk.partial_share_pct",
        meaning="The part of the position that the partial take-profit sells: 50 unless said.",
        unit="%",
        low=1,
        high=99,
        scale=100,
        fields=params("partial_share_bps"),
    ),
    Key(
        name="risk.min_trade_interval_hours",
        meaning="The least time between two entries.",
        unit="hours",
        high=168,
        scale=3600,
        fields=rails("min_interval_s"),
    ),
    Key(
        name="risk.max_trades_per_day",
        meaning="The most entries of a KST day.",
        unit="entries",
        low=1,
        high=100,
        off=0,
        fields=rails("max_entries"),
    ),
    Key(
        name="risk.cooldown_hours",
        meaning="No entries for this long after a flash crash or abnormal slippage.",
        unit="hours",
        high=168,
        scale=3600,
        fields=rails("cooldown_s"),
    ),
    Key(
        name="risk.flash_crash_pct",
        meaning="A fall this deep within minutes sells and begins the cooldown.",
        unit="%",
        low=-50,
        high=-1,
        scale=-100,
        off=0,
        fields=params("flash_crash_bps"),
    ),
    Key(
        name="risk.slippage_limit_bps",
        meaning="A fill worse than its price by this much sells and begins the cooldown.",
        unit="bps",
        low=10,
        high=2_000,
        off=0,
        fields=rails("slippage_limit_bps"),
    ),
    Key(
        name="risk.kelly_min_trades",
        meaning="After how many closed trades the Kelly cap bounds the size.",
        unit="trades",
        low=30,
        high=1000,
        off=0,
        fields=rails("kelly_min_trades"),
    ),
    Key(
        name="risk.liquidity_bps",
        meaning="The largest share of the last decision candle's turnover in one entry.",
        unit="bps",
        low=1,
        high=10_000,
        off=0,
        fields=rails("liquidity_bps"),
    ),
    Key(
        name="risk.gap_allowance_bps",
        meaning="How far below its price a stop is assumed to fill, when a loss is reserved.",
        unit="bps",
        high=2_000,
        fields=rails("gap_bps"),
    ),
    Key(
        name="risk.stale_data_seconds",
        meaning="No entries once the newest candle is older than this.",
        unit="s",
        low=120,
        high=86_400,
        fields=rails("stale_s"),
    ),
    Key(
        name="risk.max_entry_delay_seconds",
        meaning="An entry wish that is older than this is dropped.",
        unit="s",
        high=3_600,
        fields=rails("entry_delay_s"),
    ),
)

TRADING: Final = (
    Key(
        name="trading.buy_percentage",
        meaning="The largest share of cash in one entry.",
        unit="share of 1",
        low=0.01,
        high=1,
        scale=10_000,
        off=0,
        fields=rails("buy_bps"),
    ),
    Key(
        name="trading.sell_percentage",
        meaning="The share of the position that an exit signal sells; stops and kill sell all.",
        unit="share of 1",
        low=0.01,
        high=1,
        scale=10_000,
        fields=params("exit_share_bps"),
    ),
    Key(
        name="trading.min_order_amount",
        meaning="The smallest order; Upbit takes none below 5000.",
        unit="KRW",
        low=5_000,
        high=100_000_000,
        fields=rails("min_order"),
    ),
    Key(
        name="trading.max_order_amount",
        meaning="The largest entry.",
        unit="KRW",
        low=5_000,
        high=1_000_000_000,
        fields=rails("max_order"),
    ),
)

STRATEGY: Final = (
    Key(
        name="strategy.main",
        meaning="The strategy that decides.",
        kind=Kind.WORD,
        words={name: one.code for name, one in STRATEGIES.items()},
        fields=params("strategy"),
    ),
    Key(
        name="strategy.params.ema_fast",
        meaning="The length of the fast average.",
        unit="candles",
        low=2,
        high=200,
        fields=params("ema_fast"),
    ),
    Key(
        name="strategy.params.ema_slow",
        meaning="The length of the slow average.",
        unit="candles",
        low=3,
        high=400,
        fields=params("ema_slow"),
    ),
    Key(
        name="strategy.params.atr_len",
        meaning="The length of the average true range: 14 unless said.",
        unit="candles",
        low=2,
        high=200,
        fields=params("atr_len"),
    ),
    Key(
        name="strategy.params.rsi_len",
        meaning="The length of the RSI.",
        unit="candles",
        low=2,
        high=200,
        fields=params("rsi_len"),
    ),
    Key(
        name="strategy.params.size_share",
        meaning="The share of what cash, the share of it and R allow that an entry uses.",
        unit="%",
        low=1,
        high=100,
        scale=100,
        fields=params("size_share_bps"),
    ),
    Key(
        name="strategy.params.init_stop_atr",
        meaning="The first stop, below the entry's fill; the tightest stop wins.",
        kind=Kind.REAL,
        unit="ATR",
        low=0.5,
        high=10,
        off=0,
        fields=params("stop_atr"),
    ),
    Key(
        name="strategy.params.target_atr",
        meaning="Sell everything this far above the entry's fill; the tightest target wins.",
        kind=Kind.REAL,
        unit="ATR",
        low=0.5,
        high=20,
        off=0,
        fields=params("target_atr"),
    ),
    Key(
        name="strategy.params.trail_type",
        meaning="How the stop follows the price; none switches the multiple off.",
        kind=Kind.WORD,
        words={"chandelier": 1, "none": 0},
    ),
    Key(
        name="strategy.params.trail_atr_mult",
        meaning="How far below the highest price the trailing stop stands.",
        kind=Kind.REAL,
        unit="ATR",
        low=0.5,
        high=20,
        off=0,
        fields=params("trail_atr"),
    ),
    Key(
        name="schedule.decision_interval_minutes",
        meaning="The length of the candle that decides.",
        unit="minutes",
        low=1,
        high=240,
        scale=60,
        fields=params("interval_s"),
    ),
)


def knob_key(strategy: Strategy, knob: Knob) -> Key:
    """Return the row of a strategy's knob."""
    key = Key(
        name=knob.setting,
        meaning="",
        kind=Kind.SWITCH if knob.switch else Kind.REAL,
        unit=knob.unit,
        low=knob.low,
        high=knob.high,
        fields=(Field(part=Part.KNOBS, name=knob.name),),
    )
    default = key.show(knob.default)
    return replace(key, meaning=f"{knob.meaning} A knob of {strategy.name}: {default} unless said.")


LENGTHS: Final = {  # of which record of the indicators
    "strategy.params.ema_fast": "averages",
    "strategy.params.ema_slow": "averages",
    "strategy.params.rsi_len": "rsi",
}
KNOB_OWNERS: Final[dict[str, Strategy]] = {
    knob.setting: one for one in STRATEGIES.values() for knob in one.knobs
}
READERS: Final[dict[str, tuple[Strategy, ...]]] = {
    name: (owner,) for name, owner in KNOB_OWNERS.items()
} | {
    name: tuple(one for one in STRATEGIES.values() if measure in one.reads)
    for name, measure in LENGTHS.items()
}
KNOBS: Final = tuple(knob_key(one, knob) for one in STRATEGIES.values() for knob in one.knobs)
KEYS: Final[dict[str, Key]] = {
    key.name: key for key in (*EXCHANGE, *RISK, *TRADING, *STRATEGY, *KNOBS)
}
