"""States to start a test from: a market with a signal, a position, an account in the middle."""

from typing import Final

from haetae.config.profiles import PROFILES
from haetae.config.strategies import STRATEGIES
from haetae.kernel.codes import ENTRY, ENTRY_SIGNAL, EXIT
from haetae.kernel.records import (
    NEW_INDICATORS,
    NEW_MARKET,
    NO_DAY_STARTS,
    NO_POSITION,
    Account,
    Averages,
    Candle,
    Crash,
    DayStarts,
    Fill,
    Indicators,
    Market,
    Moment,
    Order,
    Params,
    Period,
    Position,
    Rails,
    TradeStats,
)
from support.tapes import T0

WON: Final = 1_000_000
UNITS: Final = 100_000_000
NOW: Final = T0 + 10 * 3_600  # 10:00 in Seoul
FAR: Final = -9_000_000_000_000_000_000 // 2  # a floor that no equity reaches
PLAN: Final[Params] = PROFILES["plan"][0]
PLAN_RAILS: Final[Rails] = PROFILES["plan"][1]
BALANCED: Final[Params] = PROFILES["balanced"][0]
BALANCED_RAILS: Final[Rails] = PROFILES["balanced"][1]

TREND_FOLLOW: Final = STRATEGIES["trend_follow"]
NO_KNOBS: Final = (0.0,) * 8
OFF: Final = Rails(
    r_bps=0,
    buy_bps=0,
    kelly_min_trades=0,
    liquidity_bps=0,
    min_order=5_000,
    max_order=1_000_000_000,
    capital_limit=0,
    max_cost_bps=0,
    day_bps=0,
    week_bps=0,
    rolling_week_bps=0,
    day_r=0,
    week_r=0,
    gap_bps=0,
    fee_assumed_bps=0,
    slippage_assumed_bps=0,
    min_interval_s=0,
    max_entries=0,
    max_positions=0,
    coin_bps=0,
    reserve_bps=0,
    cooldown_s=4 * 3_600,
    slippage_limit_bps=0,
    stale_s=600,
    entry_delay_s=120,
)
BARE: Final = Params(
    strategy=TREND_FOLLOW.code,
    candle_s=60,
    interval_s=3_600,
    ema_fast=20,
    ema_slow=50,
    atr_len=14,
    rsi_len=14,
    knobs=TREND_FOLLOW.defaults(),
    size_share_bps=10_000,
    stop_atr=0.0,
    trail_atr=0.0,
    stop_bps=0,
    target_bps=0,
    target_atr=0.0,
    partial_bps=0,
    partial_share_bps=5_000,
    exit_share_bps=10_000,
    flash_crash_bps=0,
    fee_bps=0,
    slippage_bps=0,
)
# Five-minute decisions on short averages: a small tape trades often.
QUICK: Final = PLAN._replace(interval_s=300, ema_fast=3, ema_slow=8, atr_len=5)
QUICK_GUIDE: Final = BALANCED._replace(interval_s=300, ema_fast=3, ema_slow=8, atr_len=5)


def account(
    *,
    cash: int = 10_000_000 * WON,
    reserved: int = 0,
    last_entry: int = 0,
    exit_t: int = 0,
    cooldown: int = 0,
    day_floor: int = FAR,
    week_floor: int = FAR,
    day_latch: int = 0,
    week_latch: int = 0,
    entries: int = 0,
    past: DayStarts = NO_DAY_STARTS,
    trade_stats: TradeStats | None = None,
) -> Account:
    """Return an account in the middle of its KST day and week; money in micro."""
    return Account(
        cash,
        reserved,
        last_entry,
        exit_t,
        cooldown,
        Period(T0 + 86_400, cash, day_floor, day_latch, entries),
        Period(T0 + 7 * 86_400, cash, week_floor, week_latch, 0),
        past,
        trade_stats or TradeStats(0, 0, 0.0, 0.0),
    )


def rising(
    *, price: float = 100_000.0, t: int = NOW, atr: float = 1_000.0, turnover: float = 1e12
) -> Market:
    """Return a flat market whose trend says LONG as of `t`."""
    trend = indicators(t, price, price * 0.99, price * 0.98, atr, turnover)
    return NEW_MARKET._replace(seen=t, close=price, decided=t - 3_600, indicators=trend)


def falling(*, price: float = 100_000.0, t: int = NOW) -> Market:
    """Return a flat market whose trend says FLAT as of `t`."""
    trend = indicators(t, price, price * 1.01, price * 1.02, 1_000.0, 1e12)
    return NEW_MARKET._replace(seen=t, close=price, decided=t - 3_600, indicators=trend)


def holding(market: Market, position: Position) -> Market:
    """Return the market with a position."""
    return market._replace(position=position)


def position(
    *,
    units: int = UNITS,
    price: float = 100_000.0,
    spent: int = 100_000 * WON,
    stop: float = 0.0,
    trailing: int = 0,
    target: float = 0.0,
    partial: float = 0.0,
    high: float = 100_000.0,
    risk: int = 1_000 * WON,
    pnl: int = 0,
    reserved: int = 0,
    exit_reason: int = 0,
) -> Position:
    """Return a position of one coin bought at 100,000 won, no exit set."""
    return NO_POSITION._replace(
        units=units, t=NOW - 3_600, price=price, spent=spent, stop=stop, trailing=trailing,
        target=target, partial=partial, high=high, risk=risk, pnl=pnl, reserved=reserved,
        exit_reason=exit_reason,
    )  # fmt: skip


def bought(
    krw: int, *, t: int = NOW, mark: float = 100_000.0, reserved: int = 0, risk: int = 0,
    distance: float = 0.0,
) -> Order:  # fmt: skip
    """Return an open market buy of `krw` won."""
    return Order(ENTRY, t, ENTRY_SIGNAL, krw, 0, distance, reserved, risk, mark)


def selling(units: int, reason: int, *, t: int = NOW, mark: float, kind: int = EXIT) -> Order:
    """Return an open market sale."""
    return Order(kind, t, reason, 0, units, 0.0, 0, 0, mark)


def candle(
    close: float,
    *,
    t: int = NOW,
    opened: float | None = None,
    high: float | None = None,
    low: float | None = None,
    volume: float = 1.0,
) -> Candle:
    """Return a candle; what is not said is the close or what it implies."""
    first = close if opened is None else opened
    return Candle(
        t,
        first,
        max(first, close) if high is None else high,
        min(first, close) if low is None else low,
        close,
        volume,
    )


def filled(price: float, units: int, *, t: int = NOW) -> Fill:
    """Return a fill whose funds are exactly price × units for whole-won prices."""
    return Fill(t, price, units, round(price) * units // 100)


def crash_floor(floor: float) -> Crash:
    """Return a crash watch that calls a close at `floor` a crash, in the current block."""
    return Crash(NOW // 300 * 300, floor / 0.95, floor / 0.95, floor)


def moment(
    t: int = NOW, *, now: int | None = None, equity: int = 10_000_000_000_000, mode: int = 0,
    held: int = 0, committed: int = 0, invested: int = 0,
) -> Moment:  # fmt: skip
    """Return the moment of a decision at `t`; the trigger comes in time unless told."""
    return Moment(t, t if now is None else now, equity, mode, held, committed, invested)


def indicators(
    t: int, close: float, fast: float, slow: float, atr: float, value: float, *, n: int = 600
) -> Indicators:
    """Return indicators of a trend; RSI and range have seen nothing."""
    return NEW_INDICATORS._replace(
        n=n, t=t, close=close, value=value, averages=Averages(fast, slow), atr=atr
    )
