"""The parts of a minute, each on one market and the account; `advance` gives them their order."""

from haetae.kernel.changes import (
    cool_down,
    drop_partial,
    reserve,
    with_exit_at,
    with_exit_reason,
    with_order,
    with_position,
    with_verdict,
)
from haetae.kernel.codes import (
    ENTRY,
    EXIT,
    EXIT_SIGNAL,
    FLASH_CRASH,
    FLAT,
    KILL,
    LONG,
    NO_ORDER,
    PARTIAL_PROFIT,
    SLIPPAGE,
)
from haetae.kernel.entries import propose_entry
from haetae.kernel.exits import exit_order, partial_order, share_order
from haetae.kernel.fills import apply_fill
from haetae.kernel.indicators import fold_bar
from haetae.kernel.loss_limits import open_day, open_week
from haetae.kernel.records import (
    NO_BAR,
    NO_DAY_STARTS,
    NO_VERDICT,
    Account,
    Fill,
    Indicators,
    Market,
    Moment,
    Params,
    Rails,
    TradeStats,
)
from haetae.kernel.registry import kernel
from haetae.kernel.rounding import BPS, fee_ceil, share_ceil, value_nearest
from haetae.kernel.strategies.dispatch import signal

FIRED_CRASH = 1 << FLASH_CRASH


@kernel
def react(
    rails: Rails, p: Params, a: Account, m: Market, t: int, reason: int, trigger_price: float
) -> tuple[Account, Market, int]:
    """Act at `t` on a candle that was folded: ask for its exit, go on exiting, cool down."""
    fired = 0
    if reason == PARTIAL_PROFIT:
        a, m = ask_partial(p, a, m, t, trigger_price)
        fired = 1 << reason
    elif reason != 0:
        a, m = ask_exit(a, m, t, reason, trigger_price)
        fired = 1 << reason
    elif must_ask_again(m):
        a, m = ask_exit(a, m, t, m.position.exit_reason, 0.0)
    if m.close <= m.crash.floor:
        if t >= a.cooldown:
            fired = fired | FIRED_CRASH
        a = cool_down(a, t + rails.cooldown_s)
    return a, m, fired


@kernel
def settle(
    rails: Rails, p: Params, a: Account, m: Market, fill: Fill, t: int
) -> tuple[Account, Market, int]:
    """Apply a fill; an entry that filled abnormally is left at once, an exit not done goes on."""
    a, m, fired = apply_fill(rails, p, a, m, fill, t)
    if m.position.units > 0:
        if fired != 0 and m.position.exit_reason == 0:
            a, m = ask_exit(a, m, t, SLIPPAGE, 0.0)
        elif must_ask_again(m):
            a, m = ask_exit(a, m, t, m.position.exit_reason, 0.0)
    return a, m, fired


@kernel
def must_ask_again(m: Market) -> bool:
    """Tell whether an exit must be asked for again; a kill is sold by slices from outside."""
    exit_reason = m.position.exit_reason
    return exit_reason != 0 and exit_reason != KILL and m.order.kind == NO_ORDER


@kernel
def ask_exit(
    a: Account, m: Market, t: int, reason: int, trigger_price: float
) -> tuple[Account, Market]:
    """Leave the position for `reason`: open its sell order as soon as there can be one.

    `trigger_price` is the price that touched the exit inside a decision candle, else 0.0.
    """
    exiting = with_position(m, with_exit_reason(m.position, reason))
    order = exit_order(exiting, t, trigger_price)
    if order.kind == NO_ORDER or order.t != t:
        return a, exiting
    return with_exit_at(a, t), with_order(exiting, order)


@kernel
def ask_partial(
    p: Params, a: Account, m: Market, t: int, trigger_price: float
) -> tuple[Account, Market]:
    """Open the order of a first take-profit; a part too small to be sold gives the level up."""
    order = partial_order(p, m, t, trigger_price)
    if order.kind == NO_ORDER:
        return a, with_position(m, drop_partial(m.position))
    if order.kind == EXIT:
        m = with_position(m, with_exit_reason(m.position, PARTIAL_PROFIT))
    return with_exit_at(a, t), with_order(m, order)


@kernel
def close_bar(p: Params, m: Market) -> Market:
    """Fold the finished decision candle into the indicators."""
    return Market(
        seen=m.seen,
        close=m.close,
        decided=m.decided,
        crash=m.crash,
        bar=NO_BAR,
        indicators=fold_bar(p, m.indicators, m.bar),
        position=m.position,
        order=m.order,
        verdict=m.verdict,
    )


@kernel
def liquidation_value(p: Params, m: Market) -> int:
    """Return what the position would bring at the last close, less the fee, in micro."""
    value = value_nearest(m.close, m.position.units)
    return value - fee_ceil(value, p.fee_bps)


@kernel
def exposure(rails: Rails, markets: list[Market]) -> tuple[int, int, int]:
    """Return how many markets hold or are buying, the micro their open entries will cost, and
    the micro their positions have cost.
    """
    open_count = 0
    committed = 0
    invested = 0
    for m in markets:
        if m.position.units > 0:
            open_count = open_count + 1
            invested = invested + m.position.spent
        elif m.order.kind == ENTRY:
            open_count = open_count + 1
            committed = committed + share_ceil(
                m.order.krw * 1_000_000, 10_000 + rails.fee_assumed_bps
            )
    return open_count, committed, invested


@kernel
def decide_exit(p: Params, a: Account, m: Market, t: int) -> tuple[Account, Market]:
    """Decide a market that holds on its last closed decision candle: leave, or stay."""
    m = with_verdict(m, NO_VERDICT)
    if m.position.exit_reason == 0 and signal(p, m.indicators) == FLAT:
        if p.exit_share_bps < BPS:
            return ask_share(p, a, m, t)
        return ask_exit(a, m, t, EXIT_SIGNAL, 0.0)
    return a, m


@kernel
def ask_share(p: Params, a: Account, m: Market, t: int) -> tuple[Account, Market]:
    """Sell an exit signal's share; the next signal sells its share of what is left.

    Nothing is added to a sale that is under way. Where the share cannot be sold alone all goes.
    """
    if m.order.kind != NO_ORDER:
        return a, m
    order = share_order(p, m, t)
    if order.kind == NO_ORDER:
        return ask_exit(a, m, t, EXIT_SIGNAL, 0.0)
    return with_exit_at(a, t), with_order(m, order)


@kernel
def decide_entry(
    rails: Rails, p: Params, a: Account, m: Market, moment: Moment
) -> tuple[Account, Market, int]:
    """Decide a market that holds nothing: put an entry wish through the rails.

    Its worst case is reserved where they pass it.
    """
    m = with_verdict(m, NO_VERDICT)
    if m.order.kind != NO_ORDER or signal(p, m.indicators) != LONG:
        return a, m, 0
    order, verdict, fired = propose_entry(rails, p, a, m, moment)
    m = with_verdict(m, verdict)
    if order.kind == NO_ORDER:
        return a, m, fired
    return reserve(a, order), with_order(m, order), fired


@kernel
def open_account(rails: Rails, t: int, cash: int) -> Account:
    """Return a new account of `cash` micro as of the minute `t`."""
    return Account(
        cash=cash,
        reserved=0,
        last_entry=0,
        exit_t=0,
        cooldown=0,
        day=open_day(rails, t, cash),
        week=open_week(rails, t, cash),
        past=NO_DAY_STARTS,
        trade_stats=TradeStats(n=0, wins=0, win_r=0.0, loss_r=0.0),
    )


@kernel
def open_market(m: Market, indicators: Indicators, t: int) -> Market:
    """Return the market as it stands at `t` after warm-up: nothing is decided on old candles."""
    return Market(
        seen=t,
        close=indicators.close,
        decided=t,
        crash=m.crash,
        bar=m.bar,
        indicators=indicators,
        position=m.position,
        order=m.order,
        verdict=m.verdict,
    )
