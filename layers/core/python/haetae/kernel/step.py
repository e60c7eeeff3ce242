"""The parts of a minute, each on one market and the account; `advance` gives them their order."""

from haetae.kernel.books import open_day, open_week
from haetae.kernel.codes import (
    ENTRY,
    EXIT_SIGNAL,
    FLASH_CRASH,
    NO_ORDER,
    RUN,
    SLIPPAGE,
)
from haetae.kernel.entries import propose_entry
from haetae.kernel.exits import candle_step, exit_order
from haetae.kernel.fills import apply_fill, counted, with_order
from haetae.kernel.indicators import fold_bar
from haetae.kernel.quanta import fee_ceil, share_ceil, value_nearest
from haetae.kernel.registry import kernel
from haetae.kernel.state import (
    NO_BAR,
    NO_VERDICT,
    Account,
    Candle,
    Fill,
    Market,
    Order,
    Params,
    Rails,
    Tally,
    Trend,
    Verdict,
)
from haetae.kernel.strategy import FLAT, LONG, signal

FIRED_CRASH = 1 << FLASH_CRASH


@kernel
def candle_events(
    rails: Rails, p: Params, a: Account, m: Market, c: Candle, t: int
) -> tuple[Account, Market, int]:
    """Fold a candle that closed by `t`, ask for the exit it touched, cool down after a crash."""
    fired = 0
    m, reason, mark = candle_step(p, m, c)
    if reason != 0:
        a, m = ask_exit(rails, p, a, m, t, reason, mark)
        fired = 1 << reason
    if c.close <= m.crash.floor and t >= a.cooldown:
        a = cool_down(a, t + rails.cooldown_s)
        fired = fired | FIRED_CRASH
    return a, m, fired


@kernel
def settle(
    rails: Rails, p: Params, a: Account, m: Market, fill: Fill, t: int
) -> tuple[Account, Market, int]:
    """Apply a fill; an entry that filled abnormally is left at once."""
    a, m, fired = apply_fill(rails, p, a, m, fill, t)
    if fired != 0 and m.position.units > 0:
        a, m = ask_exit(rails, p, a, m, t, SLIPPAGE, m.close)
    return a, m, fired


@kernel
def ask_exit(
    rails: Rails, p: Params, a: Account, m: Market, t: int, reason: int, mark: float
) -> tuple[Account, Market]:
    """Open the sell order for `reason`; a position below the exchange's minimum stays."""
    order = exit_order(rails, p, m, t, reason, mark)
    if order.kind == NO_ORDER:
        return a, m
    account = Account(a.cash, a.reserved, a.last_entry, t, a.cooldown, a.day, a.week, a.tally)
    return account, with_order(m, order)


@kernel
def cool_down(a: Account, until: int) -> Account:
    """Refuse entries until `until`."""
    return Account(a.cash, a.reserved, a.last_entry, a.exit_t, until, a.day, a.week, a.tally)


@kernel
def close_bar(p: Params, m: Market) -> Market:
    """Fold the finished decision candle into the indicators."""
    return Market(
        m.seen,
        m.close,
        m.decided,
        m.crash,
        NO_BAR,
        fold_bar(p, m.trend, m.bar),
        m.position,
        m.order,
        m.verdict,
    )


@kernel
def worth(p: Params, m: Market) -> int:
    """Return what the position would bring at the last close, less the fee, in micro."""
    value = value_nearest(m.close, m.position.units)
    return value - fee_ceil(value, p.fee_bps)


@kernel
def exposure(rails: Rails, markets: list[Market]) -> tuple[int, int]:
    """Return how many markets hold or are buying, and the micro their open entries will cost."""
    open_count = 0
    committed = 0
    for m in markets:
        if m.position.units > 0:
            open_count = open_count + 1
        elif m.order.kind == ENTRY:
            open_count = open_count + 1
            committed = committed + share_ceil(
                m.order.krw * 1_000_000, 10_000 + rails.fee_assumed_bps
            )
    return open_count, committed


@kernel
def decide_market(
    rails: Rails,
    p: Params,
    a: Account,
    m: Market,
    t: int,
    now: int,
    equity: int,
    mode: int,
    open_count: int,
    committed: int,
) -> tuple[Account, Market, int]:
    """Decide a market on its last closed decision candle: an exit or an entry wish."""
    m = decided(m, NO_VERDICT)
    if m.order.kind != NO_ORDER:
        return a, m, 0
    wish = signal(p, m.trend)
    if m.position.units > 0:
        if wish == FLAT:
            a, m = ask_exit(rails, p, a, m, t, EXIT_SIGNAL, m.close)
        return a, m, 0
    if wish != LONG:
        return a, m, 0
    order, verdict, fired = propose_entry(
        rails, p, a, m, t, now, equity, mode, open_count, committed
    )
    m = decided(m, verdict)
    if order.kind == NO_ORDER:
        return a, m, fired
    account = Account(
        a.cash,
        a.reserved + order.reserved,
        a.last_entry,
        a.exit_t,
        a.cooldown,
        counted(a.day),
        a.week,
        a.tally,
    )
    return account, with_order(m, order), fired


@kernel
def decided(m: Market, verdict: Verdict) -> Market:
    """Return the market with its last closed decision candle decided."""
    return Market(
        m.seen,
        m.close,
        m.trend.t,
        m.crash,
        m.bar,
        m.trend,
        m.position,
        m.order,
        verdict,
    )


@kernel
def open_account(rails: Rails, t: int, cash: int) -> Account:
    """Return a new account of `cash` micro as of the minute `t`."""
    return Account(
        cash,
        0,
        0,
        0,
        0,
        open_day(rails, t, cash),
        open_week(rails, t, cash),
        Tally(0, 0, 0.0, 0.0),
    )


@kernel
def open_market(m: Market, trend: Trend, t: int) -> Market:
    """Return the market as it stands at `t` after warm-up: nothing is decided on old candles."""
    return Market(t, trend.close, t, m.crash, m.bar, trend, m.position, m.order, m.verdict)


assert RUN == 0
assert Order(0, 0, 0, 0, 0, 0.0, 0, 0, 0.0).kind == NO_ORDER
