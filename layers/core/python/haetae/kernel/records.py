"""Every value the kernel reads and returns: NamedTuples of ints and floats, nested, never mutated.

Units: times are epoch seconds (UTC); `micro` is one millionth of a won; `units` are 1e-8 coins;
`krw` is whole won; prices are floats that are the nearest double of a decimal price; `_bps` is
one ten-thousandth. Zero means "none" wherever a field may be absent.

The kernel's functions name their arguments so: `p` is the market's `Params`, `m` its `Market`,
`a` the `Account`, `c` a `Candle`, `t` the minute that is being folded.

Above 250 lines: records that hold one another, and nothing but their fields.
"""

from typing import NamedTuple


class Candle(NamedTuple):
    """A closed candle: `t` is its start; volume in coins."""

    t: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Params(NamedTuple):
    """What one market is traded with: strategy, stops and targets, and the exchange's costs."""

    strategy: int
    candle_s: int  # of the candles that test the exits: 60, or interval_s where only those exist
    interval_s: int
    ema_fast: int
    ema_slow: int
    atr_len: int
    rsi_len: int
    knobs: tuple[float, float, float, float, float, float, float, float]  # the strategy's own
    size_share_bps: int  # of what R and cash allow; 10,000 = all of it
    stop_atr: float  # first stop in ATR; 0 = off
    trail_atr: float  # chandelier in ATR; 0 = off
    stop_bps: int  # first stop below the fill; 0 = off
    target_bps: int  # take-profit above the fill; 0 = off
    target_atr: float  # take-profit above the fill in ATR; 0 = off
    partial_bps: int  # first take-profit level; 0 = off
    partial_share_bps: int  # share of the position sold there
    exit_share_bps: int  # share of the position that an exit signal sells
    flash_crash_bps: int  # fall from the high of the last 5 to 10 minutes; 0 = off
    fee_bps: int  # charged by the exchange
    slippage_bps: int  # assumed by simulated fills


class Rails(NamedTuple):
    """The account's rails; zero switches one off."""

    r_bps: int
    buy_bps: int
    kelly_min_trades: int
    liquidity_bps: int  # share of the last decision candle's turnover
    min_order: int  # won
    max_order: int  # won
    capital_limit: int  # won that may be at work at once
    max_cost_bps: int  # most that a round trip may cost, as a share of the stop distance
    day_bps: int
    week_bps: int
    rolling_week_bps: int  # of the last seven KST days, today included
    day_r: int
    week_r: int
    gap_bps: int  # allowance for a stop that fills below its price
    fee_assumed_bps: int
    slippage_assumed_bps: int
    min_interval_s: int
    max_entries: int
    max_positions: int
    coin_bps: int
    reserve_bps: int
    cooldown_s: int
    slippage_limit_bps: int
    stale_s: int
    entry_delay_s: int


class Bar(NamedTuple):
    """The decision candle being built; `end` 0 = not begun. `value` is its turnover in won."""

    end: int
    open: float
    high: float
    low: float
    close: float
    value: float


class Averages(NamedTuple):
    """Exponential averages of closes; running sums until their first value, a mean of n closes."""

    fast: float
    slow: float


class Rsi(NamedTuple):
    """Wilder's averages of the rises and falls of `n` closes; running sums until `rsi_len`."""

    n: int
    gain: float
    loss: float


class Range(NamedTuple):
    """The last closed candle, and `before`: high less low of the one before it (0.0: none)."""

    open: float
    high: float
    low: float
    before: float


class Indicators(NamedTuple):
    """Incremental indicators as of the decision candle that closed at `t`, after `n` candles.

    A new measure is a record of its own and one migration (ledger.migrate). `value` is the
    candle's turnover in won; `atr` a running sum of the first true ranges until `atr_len`.
    """

    n: int
    t: int
    close: float
    value: float
    averages: Averages
    atr: float
    rsi: Rsi
    range: Range


class Crash(NamedTuple):
    """Highest highs of the five-minute block `block` and of the one before it.

    A close at or below `floor` is a flash crash.
    """

    block: int
    high: float
    before: float
    floor: float


class Position(NamedTuple):
    """What is held; `spent`, `risk` and `pnl` are micro; `t` is the entry's fill time."""

    units: int
    t: int
    price: float
    spent: int
    stop: float
    trailing: int
    target: float
    partial: float
    high: float
    risk: int
    pnl: int
    reserved: int
    exit_reason: int  # why all of it is to be sold, until it is


class Order(NamedTuple):
    """The one order a market may have open; `reserved` and `risk` are micro.

    `distance` is an entry's stop distance; for an exit that was touched inside a decision candle
    the price that touched it, else 0.0. `mark` is the price it was decided at.
    """

    kind: int
    t: int
    reason: int
    krw: int
    units: int
    distance: float
    reserved: int
    risk: int
    mark: float


class Verdict(NamedTuple):
    """What the rails said of the last entry wish: the rail, its limit, what it saw, the size."""

    rail: int
    limit: float
    observed: float
    krw: int


class Market(NamedTuple):
    """One market's state; `seen` is when the last folded candle closed, `close` its close."""

    seen: int
    close: float
    decided: int
    crash: Crash
    bar: Bar
    indicators: Indicators
    position: Position
    order: Order
    verdict: Verdict


class Period(NamedTuple):
    """A KST day or week book: ends at `until`, began with `start` micro, latches at `floor`."""

    until: int
    start: int
    floor: int
    latch: int
    entries: int


class DayStarts(NamedTuple):
    """What the six KST days before this one began with, in micro; 0 where it was not seen."""

    ago_1: int
    ago_2: int
    ago_3: int
    ago_4: int
    ago_5: int
    ago_6: int


class TradeStats(NamedTuple):
    """Closed trades: how many, how many won, and the sums of R won and lost."""

    n: int
    wins: int
    win_r: float
    loss_r: float


class Account(NamedTuple):
    """The account; money in micro."""

    cash: int
    reserved: int
    last_entry: int
    exit_t: int
    cooldown: int
    day: Period
    week: Period
    past: DayStarts
    trade_stats: TradeStats


class Moment(NamedTuple):
    """What every decision of one minute needs to know of it.

    `now` is the minute that the trigger found, at or after `t`; `held` counts the markets that
    hold or are buying. In micro: `equity`; `committed`, what their open entries will cost;
    `invested`, what their open positions have cost.
    """

    t: int
    now: int
    equity: int
    mode: int
    held: int
    committed: int
    invested: int


class Fill(NamedTuple):
    """What the exchange did for an order: `units` 0 means it ended without a trade."""

    t: int
    price: float
    units: int
    funds: int  # micro


class Trade(NamedTuple):
    """A fill as it enters the books; `pnl` and `risk` are zero for an entry."""

    t: int
    kind: int
    reason: int
    price: float
    units: int
    funds: int
    fee: int
    pnl: int
    risk: int


NO_FILL = Fill(0, 0.0, 0, 0)
NO_BAR = Bar(0, 0.0, 0.0, 0.0, 0.0, 0.0)
NO_POSITION = Position(0, 0, 0.0, 0, 0.0, 0, 0.0, 0.0, 0.0, 0, 0, 0, 0)
NO_ORDER_OPEN = Order(0, 0, 0, 0, 0, 0.0, 0, 0, 0.0)
NO_VERDICT = Verdict(0, 0.0, 0.0, 0)
NO_DAY_STARTS = DayStarts(0, 0, 0, 0, 0, 0)
NO_RSI = Rsi(0, 0.0, 0.0)
NO_RANGE = Range(0.0, 0.0, 0.0, 0.0)
NEW_INDICATORS = Indicators(0, 0, 0.0, 0.0, Averages(0.0, 0.0), 0.0, NO_RSI, NO_RANGE)
NEW_CRASH = Crash(0, 0.0, 0.0, 0.0)
NEW_MARKET = Market(
    0, 0.0, 0, NEW_CRASH, NO_BAR, NEW_INDICATORS, NO_POSITION, NO_ORDER_OPEN, NO_VERDICT
)
