"""The fold: one account from minute to minute, in the kernel's order of events.

Backtest, replay and Lambda all come through here. At each minute T:

1. fills known before T are applied
2. candles that closed by T are folded: exits as they stood, then highs and chandelier
3. equity is marked, the loss limits latch, the KST books roll
4. decision candles that closed by T enter the indicators; if the trigger is the trading cycle,
   each market decides on its last one
5. orders of T trade in the first candle that starts at or after T and are seen later

Above 250 lines: the order of a minute is read in one function, beside the records of one fold.
"""

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from haetae.kernel.codes import CODE_COUNT, NO_ORDER
from haetae.kernel.exits import candle_step
from haetae.kernel.fills import simulate_fill, trade_of
from haetae.kernel.loss_limits import mark_books, raise_floors
from haetae.kernel.records import (
    Account,
    Bar,
    Candle,
    Crash,
    Fill,
    Market,
    Moment,
    Params,
    Rails,
)
from haetae.kernel.registry import kernel
from haetae.kernel.step import (
    close_bar,
    decide_entry,
    decide_exit,
    exposure,
    liquidation_value,
    react,
    settle,
)

TRADE_INTS = 9  # market, t, kind, reason, units, funds, fee, pnl, risk


class Tape(NamedTuple):
    """Candles of all markets, one after the other: market i owns rows starts[i] to ends[i].

    Rows of a market rise in time; `ends` is exclusive. Times are epoch seconds, prices won, volume
    coins. Compiled, `candles` is a structured array with the fields of `Candle`.

    `known` is until when each market's candles are all there; a live fold leaves a decision candle
    open that ends later, because what is missing of it will come. A simulation knows its tape.
    """

    candles: Sequence[Candle]
    starts: Sequence[int]
    ends: Sequence[int]
    known: Sequence[int]


FOREVER = 9_000_000_000_000_000_000


class PerCandle(NamedTuple):
    """What every candle changes of a market; the rest changes rarely and is stored then.

    Of several markets only these four fields are written back at each minute, so that the whole
    record need not be copied (docs/decisions.md).
    """

    seen: int
    close: float
    crash: Crash
    bar: Bar


class Log(NamedTuple):
    """Where a simulation writes: trades, (t, equity) at each decision, how often rails fired."""

    trade_ints: MutableSequence[int]  # TRADE_INTS a row
    trade_prices: MutableSequence[float]
    marks: MutableSequence[int]  # two a row
    counts: MutableSequence[int]  # by rail code


class Reached(NamedTuple):
    """Where a fold ended: the minute and what happened in it, and the rows written to the log."""

    t: int
    equity: int  # micro, at the last close of each market
    fired: int  # bit 1 << code is set for each rail, latch or refusal that fired in this minute
    decided: int  # 1 where a decision was due, else 0
    trades: int  # rows
    marks: int  # rows
    inside: int  # 1 where it stopped inside the minute after t: the others' closes are those of t


class Span(NamedTuple):
    """From which minute to which a fold goes, and how.

    `decide` 1 is the trading cycle's fold, 0 the risk check's; `simulate` 1 fills orders from the
    tape. `most` bounds how many markets a fold with `simulate` 0 may touch; 0 is no bound.
    """

    t: int
    to_t: int
    step_s: int
    mode: int
    decide: int
    simulate: int
    most: int


@kernel
def advance(  # noqa: C901 - the one place where a minute's order is spelled out
    rails: Rails,
    params: tuple[Params, ...],
    a: Account,
    states: tuple[Market, ...],
    tape: Tape,
    fills: tuple[Fill, ...],
    span: Span,
    log: Log,
) -> tuple[Account, list[Market], Reached]:
    """Fold an account that stands at `span.t` up to `span.to_t`.

    With `simulate` 1 the kernel fills its own orders from the tape and writes `log`. With 0 the
    `fills` are what the exchange did (t = 0: nothing), and the fold stops at the first minute
    that leaves something to write: an order, a rail, a decision. `t` = `to_t` decides only.

    One market lives in the local `m` from minute to minute. Where there are more (`n > 1`), each is
    put together from `markets` and `per_candle`, and written back to `markets` when more of it
    changed. Both give the same bits; the difference is speed, and speed alone.

    `most` bounds how many markets a fold with `simulate` 0 may touch (a fill settled, an order
    opened, a decision taken) before it stops; 0 is no bound. Where it is reached inside a minute
    the fold stops there: the markets so far stand in that minute, the others and `Reached.t`
    before it, and the next fold from there goes on with the others, to the same bits.
    """
    t = span.t
    to_t = span.to_t
    decide = span.decide
    simulate = span.simulate
    most = 0
    if simulate == 0:
        most = span.most
    n = len(params)
    markets = [m for m in states]  # noqa: C416
    per_candle = [per_candle_of(m) for m in states]
    each = [p for p in params]  # noqa: C416
    at = [tape.starts[i] for i in range(n)]
    trades = 0
    marks = 0
    touched = 0
    inside = 0
    equity = a.cash
    fired = 0
    decided = 0
    p = params[0]
    candles = tape.candles
    ends = tape.ends
    known = tape.known
    m = markets[0]
    a = raise_floors(rails, a)
    lowest = max(a.day.floor, a.week.floor)  # from here on only mark_books moves them
    until = a.day.until
    go = 1
    while go != 0:
        begun = t
        if t < to_t:
            t = t + span.step_s
        now = to_t
        if simulate != 0:
            now = t
        fired = 0
        decided = 0
        opened = 0
        due = 0
        equity = 0
        for i in range(n):
            if n > 1:
                p = each[i]
                m = with_per_candle(markets[i], per_candle[i])
            changed = m.position.units
            settled = 0
            if simulate == 0 and m.order.kind != NO_ORDER and 0 < fills[i].t < t:
                a, m, fired_here = settle(rails, p, a, m, fills[i], t)
                fired = fired | fired_here
                changed = 1
                settled = 1
            while at[i] < ends[i] and candles[at[i]].t + p.candle_s <= t:
                c = candles[at[i]]
                at[i] = at[i] + 1
                if c.t >= m.seen:  # else it was folded before
                    if simulate == 0 and c.t >= m.bar.end and m.bar.end != 0:
                        m = close_bar(p, m)  # it was away: one decision candle after the other
                        changed = 1
                    if simulate != 0 and m.order.kind != NO_ORDER and c.t >= m.order.t:
                        fill = simulate_fill(p, m.order, c)
                        write_trade(log, trades, i, p, m, fill)
                        trades = trades + 1
                        a, m, fired_here = settle(rails, p, a, m, fill, t)
                        fired = fired | fired_here
                        changed = 1
                    a, m, fired_here = take_candle(rails, p, a, m, c, t)
                    fired = fired | fired_here
            if t >= m.bar.end and m.bar.end != 0 and (simulate != 0 or m.bar.end <= known[i]):
                m = close_bar(p, m)
                changed = 1
                due = decide
            if simulate == 0:
                if m.order.t == t and states[i].order.t != t:
                    opened = 1
                    settled = 1
                if m.indicators.t > m.decided:
                    due = decide
            if m.position.units != 0:
                equity = equity + liquidation_value(p, m)
            if n > 1:
                per_candle[i] = per_candle_of(m)
                if changed != 0:
                    markets[i] = m
            if settled != 0:
                touched = touched + 1
                if touched == most and i + 1 < n:
                    inside = 1
                    for j in range(i + 1, n):
                        rest = with_per_candle(markets[j], per_candle[j])
                        if rest.position.units != 0:
                            equity = equity + liquidation_value(each[j], rest)
                    break
        equity = a.cash + equity
        if inside != 0:
            due = 0
        elif equity <= lowest or t >= until:
            a, fired_here = mark_books(rails, a, t, equity)
            fired = fired | fired_here
            lowest = max(a.day.floor, a.week.floor)
            until = a.day.until
        if due != 0:
            decided = 1
            for i in range(n):
                if n > 1:
                    m = with_per_candle(markets[i], per_candle[i])
                markets[i] = m
            moment = Moment(
                t=t, now=now, equity=equity, mode=span.mode, held=0, committed=0, invested=0
            )
            a, touched, inside, fired_here = decide_all(
                rails, each, a, markets, moment, touched, most
            )
            fired = fired | fired_here
            m = markets[0]
            if simulate != 0:
                log.marks[marks * 2] = t
                log.marks[marks * 2 + 1] = equity
                marks = marks + 1
        if fired != 0 and simulate != 0:
            count(log, fired)
        if inside != 0:
            t = begun
            go = 0
        if t >= to_t or (simulate == 0 and (fired != 0 or decided != 0 or opened != 0)):
            go = 0
        if touched == most and most != 0:
            go = 0
    for i in range(n):
        if n > 1:
            m = with_per_candle(markets[i], per_candle[i])
        markets[i] = m
    return (
        a,
        markets,
        Reached(
            t=t,
            equity=equity,
            fired=fired,
            decided=decided,
            trades=trades,
            marks=marks,
            inside=inside,
        ),
    )


@kernel
def take_candle(
    rails: Rails, p: Params, a: Account, m: Market, c: Candle, t: int
) -> tuple[Account, Market, int]:
    """Fold one closed candle and act on it at `t`; return the mask of what fired too."""
    m, reason, trigger_price = candle_step(p, m, c)
    if reason != 0 or m.position.exit_reason != 0 or c.close <= m.crash.floor:
        return react(rails, p, a, m, t, reason, trigger_price)
    return a, m, 0


@kernel
def decide_all(
    rails: Rails,
    each: list[Params],
    a: Account,
    markets: list[Market],
    moment: Moment,
    touched: int,
    most: int,
) -> tuple[Account, int, int, int]:
    """Let each market with a new closed candle decide, in `markets` itself: exits before entries.

    `most` bounds the decisions as in `advance`, counted on from `touched`; 0 is no bound. Return
    the account, the count, 1 where the bound left some undecided, and the mask of what fired.
    """
    inside = 0
    fired = 0
    for i in range(len(each)):
        if markets[i].indicators.t > markets[i].decided and markets[i].position.units > 0:
            if touched == most and most != 0:
                inside = 1
            else:
                a, markets[i] = decide_exit(each[i], a, markets[i], moment.t)
                touched = touched + 1
    for i in range(len(each)):
        if markets[i].indicators.t > markets[i].decided:
            if touched == most and most != 0:
                inside = 1
                break
            touched = touched + 1
            held, committed, invested = exposure(rails, markets)
            now = Moment(
                t=moment.t,
                now=moment.now,
                equity=moment.equity,
                mode=moment.mode,
                held=held,
                committed=committed,
                invested=invested,
            )
            a, markets[i], fired_here = decide_entry(rails, each[i], a, markets[i], now)
            fired = fired | fired_here
    return a, touched, inside, fired


@kernel
def per_candle_of(m: Market) -> PerCandle:
    """Return what every candle changes of the market."""
    return PerCandle(m.seen, m.close, m.crash, m.bar)


@kernel
def with_per_candle(m: Market, last: PerCandle) -> Market:
    """Return the market as its last candle left it."""
    return Market(
        last.seen,
        last.close,
        m.decided,
        last.crash,
        last.bar,
        m.indicators,
        m.position,
        m.order,
        m.verdict,
    )


@kernel
def write_trade(log: Log, row: int, i: int, p: Params, m: Market, fill: Fill) -> None:
    """Write the fill of market `i`'s open order as row `row`."""
    trade = trade_of(p, m, fill)
    at = row * TRADE_INTS
    log.trade_ints[at] = i
    log.trade_ints[at + 1] = trade.t
    log.trade_ints[at + 2] = trade.kind
    log.trade_ints[at + 3] = trade.reason
    log.trade_ints[at + 4] = trade.units
    log.trade_ints[at + 5] = trade.funds
    log.trade_ints[at + 6] = trade.fee
    log.trade_ints[at + 7] = trade.pnl
    log.trade_ints[at + 8] = trade.risk
    log.trade_prices[row] = trade.price


@kernel
def count(log: Log, fired: int) -> None:
    """Count every rail in the mask once."""
    for rail in range(CODE_COUNT):
        if fired >> rail & 1 != 0:
            log.counts[rail] = log.counts[rail] + 1
