"""The numbers that stand for rails, reasons, orders, modes and signals inside the kernel.

A rail's code is also its bit in the `fired` mask that a step returns. The same codes serve as
reasons of orders, so a trade's reason and the rail that caused it are one word.

Codes run from 1 to CODE_COUNT - 1, which is 62: the mask is a signed 64-bit integer when it is
compiled, and 1 << 63 does not fit it.
"""

from typing import Final

CODE_COUNT: Final = 63  # of the bits in a mask and the rows of counts, one for each code and for 0

# Rails that refuse an entry.
MODE: Final = 1
STALE: Final = 2
EXPIRED: Final = 3
EXIT_THIS_MINUTE: Final = 4
DAY_LOSS: Final = 5
WEEK_LOSS: Final = 6
MIN_INTERVAL: Final = 7
MAX_ENTRIES: Final = 8
MAX_POSITIONS: Final = 9
COOLDOWN: Final = 10
# Rails that bound an entry's size; the tightest one binds.
SIZE_R: Final = 11
BUY_SHARE: Final = 12
KELLY: Final = 13
CASH: Final = 14
CASH_RESERVE: Final = 15
COIN_SHARE: Final = 16
LIQUIDITY: Final = 17
LOSS_BUDGET: Final = 18
MAX_ORDER: Final = 19
MIN_ORDER: Final = 20
# Rails that end a position.
FIRST_STOP: Final = 21
CHANDELIER: Final = 22
TAKE_PROFIT: Final = 23
PARTIAL_PROFIT: Final = 24
FLASH_CRASH: Final = 25
SLIPPAGE: Final = 26
# Latches of the day and week books, counted when they close.
DAY_LATCH: Final = 27
WEEK_LATCH: Final = 28
# Reasons that are not rails.
ENTRY_SIGNAL: Final = 29
EXIT_SIGNAL: Final = 30
KILL: Final = 31
# Rails that came later, of any kind: a code never changes, for it is stored.
CAPITAL: Final = 32  # bounds a size
MAX_COST: Final = 33  # refuses an entry
SIZE_SHARE: Final = 34  # bounds a size
ROLLING_WEEK: Final = 35  # refuses an entry

RAIL_NAMES: Final[dict[int, str]] = {
    MODE: "mode",
    STALE: "stale_data",
    EXPIRED: "entry_expired",
    EXIT_THIS_MINUTE: "exit_this_minute",
    DAY_LOSS: "day_loss",
    WEEK_LOSS: "week_loss",
    MIN_INTERVAL: "min_interval",
    MAX_ENTRIES: "max_entries_per_day",
    MAX_POSITIONS: "max_positions",
    COOLDOWN: "cooldown",
    SIZE_R: "size_by_r",
    BUY_SHARE: "buy_share",
    KELLY: "kelly",
    CASH: "cash",
    CASH_RESERVE: "cash_reserve",
    COIN_SHARE: "coin_share",
    LIQUIDITY: "liquidity",
    LOSS_BUDGET: "loss_budget",
    MAX_ORDER: "max_order",
    MIN_ORDER: "min_order",
    FIRST_STOP: "first_stop",
    CHANDELIER: "chandelier",
    TAKE_PROFIT: "take_profit",
    PARTIAL_PROFIT: "partial_take_profit",
    FLASH_CRASH: "flash_crash",
    SLIPPAGE: "abnormal_slippage",
    SIZE_SHARE: "size_share",
    DAY_LATCH: "day_latch",
    WEEK_LATCH: "week_latch",
    CAPITAL: "capital_limit",
    MAX_COST: "max_cost",
    ROLLING_WEEK: "rolling_week_loss",
}
REASON_NAMES: Final[dict[int, str]] = RAIL_NAMES | {
    ENTRY_SIGNAL: "entry_signal",
    EXIT_SIGNAL: "exit_signal",
    KILL: "kill",
}

# Orders.
NO_ORDER: Final = 0
ENTRY: Final = 1
EXIT: Final = 2
PARTIAL: Final = 3

# Operator modes, least to most restrictive.
RUN: Final = 0
STOP: Final = 1
HALT: Final = 2
KILLED: Final = 3
MODE_NAMES: Final[dict[int, str]] = {RUN: "run", STOP: "stop", HALT: "halt", KILLED: "kill"}

# What a strategy wishes for.
HOLD: Final = 0
LONG: Final = 1
FLAT: Final = -1

MINUTE_S: Final = 60
LEAST_ORDER: Final = 5_000  # won; the exchange takes no smaller order in a KRW market
WARMUP: Final = 600  # closed decision candles folded before the first decision
