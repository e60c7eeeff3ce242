"""Drive the fold: simulated in one go, or live, minute by minute, as the handlers do."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from haetae.kernel.advance import TRADE_INTS, Log, Reached, Span, Tape, advance, take_candle
from haetae.kernel.codes import CODE_COUNT, NO_ORDER, RUN
from haetae.kernel.fills import simulate_fill, trade_of
from haetae.kernel.records import (
    NEW_MARKET,
    NO_FILL,
    Account,
    Candle,
    Fill,
    Market,
    Order,
    Params,
    Rails,
    Trade,
)
from haetae.kernel.step import open_account
from support.tapes import MINUTE_S, as_arrays, times_of

WON = 1_000_000  # micro
CASH = 10_000_000 * WON


class Line(NamedTuple):
    """One trade of a run and the market it was in."""

    market: int
    trade: Trade


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that a simulated fold leaves behind."""

    account: Account
    markets: tuple[Market, ...]
    reached: Reached
    trades: tuple[Line, ...]
    marks: tuple[tuple[int, int], ...]
    counts: tuple[int, ...]


def span(tape: Tape) -> tuple[int, int]:
    """Return the minute before the tape's first candle closes, and the one its last closes at."""
    times = times_of(tape)
    return min(times) // MINUTE_S * MINUTE_S, max(times) + MINUTE_S


def simulate(
    tape: Tape,
    params: Sequence[Params],
    rails: Rails,
    *,
    account: Account | None = None,
    markets: Sequence[Market] | None = None,
    start: int | None = None,
    until: int | None = None,
    mode: int = RUN,
    step_s: int = MINUTE_S,
    compiled: Callable[..., Any] | None = None,
) -> Run:
    """Fold the tape with the kernel filling its own orders."""
    t0, t1 = span(tape)
    if start is not None:
        t0 = start
    to_t = t1 if until is None else until
    rows = len(tape.candles) + 2
    decisions = (to_t - t0) // MINUTE_S + 2
    log = Log([0] * (TRADE_INTS * rows), [0.0] * rows, [0] * (2 * decisions), [0] * CODE_COUNT)
    fold: Callable[..., Any] = advance
    if compiled is not None:
        fold, tape, log = compiled, as_arrays(tape), log_arrays(log)
    account, last, reached = fold(
        rails,
        tuple(params),
        account or open_account(rails, t0, CASH),
        tuple(markets or [NEW_MARKET] * len(params)),
        tape,
        (NO_FILL,) * len(params),
        Span(t0, to_t, step_s, mode, 1, 1, 0),
        log,
    )
    assert account is not None
    return Run(
        account=account,
        markets=tuple(last),
        reached=reached,
        trades=tuple(line_of(log, row) for row in range(reached.trades)),
        marks=tuple(
            (int(log.marks[2 * row]), int(log.marks[2 * row + 1])) for row in range(reached.marks)
        ),
        counts=tuple(int(count) for count in log.counts),
    )


def log_arrays(log: Log) -> Log:
    """Return an empty log of the same size as compiled code writes it."""
    import numpy as np

    ints: Any = np.int64
    return Log(
        np.zeros(len(log.trade_ints), ints),  # type: ignore[arg-type]
        np.zeros(len(log.trade_prices), np.float64),  # type: ignore[arg-type]
        np.zeros(len(log.marks), ints),  # type: ignore[arg-type]
        np.zeros(len(log.counts), ints),  # type: ignore[arg-type]
    )


def line_of(log: Log, row: int) -> Line:
    """Read a trade back from the log."""
    at = row * TRADE_INTS
    market, t, kind, reason, units, funds, fee, pnl, risk = (
        int(value) for value in log.trade_ints[at : at + TRADE_INTS]
    )
    price = float(log.trade_prices[row])
    return Line(market, Trade(t, kind, reason, price, units, funds, fee, pnl, risk))


NO_LOG = Log([], [], [], [])


def fold(
    rails: Rails,
    params: Sequence[Params],
    account: Account,
    markets: Sequence[Market],
    tape: Tape,
    t: int,
    to_t: int,
    *,
    fills: Sequence[Fill] | None = None,
    mode: int = RUN,
    decide: int = 1,
    most: int = 0,
) -> tuple[Account, tuple[Market, ...], Reached]:
    """Fold as a handler does: with the exchange's fills, up to the first thing to write."""
    account, last, reached = advance(
        rails,
        tuple(params),
        account,
        tuple(markets),
        tape,
        tuple(fills or [NO_FILL] * len(params)),
        Span(t, to_t, MINUTE_S, mode, decide, 0, most),
        NO_LOG,
    )
    return account, tuple(last), reached


class Live(NamedTuple):
    """What a live-style run leaves behind; `writes` counts the minutes that had to be stored."""

    account: Account
    markets: tuple[Market, ...]
    trades: tuple[Line, ...]
    equity: int
    writes: int


def live(
    tape: Tape,
    params: Sequence[Params],
    rails: Rails,
    *,
    calls: Sequence[int] | Callable[[int], Sequence[int]] = (1,),
    refold: bool = False,
    mode: int = RUN,
    until: int | None = None,
    watch: Callable[[int, Account, tuple[Market, ...], int], None] | None = None,
    venue: Callable[[int, Order, Fill], Fill] | None = None,
) -> Live:
    """Drive the fold minute by minute; `calls` are the `decide` flags of each minute's triggers.

    `watch` is shown every minute that is kept: its time, account, markets and equity.

    The exchange fills an order as the simulation would, or as `venue` makes of that: it is given
    the market's number, the order and that fill. With `refold` the state is kept only when the
    fold says that there is something to write, and folded again from there.
    """
    t0, t1 = span(tape)
    account = open_account(rails, t0, CASH)
    markets: tuple[Market, ...] = (NEW_MARKET,) * len(params)
    at = list(tape.starts)
    t = t0
    lines: list[tuple[int, Line]] = []
    equity = account.cash
    writes = 0
    for minute in range(t0 + MINUTE_S, (t1 if until is None else until) + MINUTE_S, MINUTE_S):
        triggers = calls(minute) if callable(calls) else calls
        for decide in triggers:
            fills = [
                exchange_fill(tape, i, p, m, minute)
                for i, (p, m) in enumerate(zip(params, markets, strict=True))
            ]
            if venue is not None:
                fills = [
                    venue(i, m.order, fill) if fill.t != 0 else fill
                    for i, (m, fill) in enumerate(zip(markets, fills, strict=True))
                ]
            seen = [closed_before(tape, i, minute) for i in range(len(params))]
            window = Tape(tape.candles, list(at), seen, tape.known)
            after, last, reached = fold(
                rails, params, account, markets, window, t, minute,
                fills=fills, mode=mode, decide=decide,
            )  # fmt: skip
            assert reached.t == minute or refold
            equity = reached.equity
            opened = any(
                m.order.kind != NO_ORDER and m.order != before.order
                for m, before in zip(last, markets, strict=True)
            )
            settled = any(fill.t != 0 for fill in fills)
            write = reached.fired != 0 or reached.decided != 0 or opened or settled
            if refold and not write:
                continue
            assert reached.t == minute
            writes += write
            for i, fill in enumerate(fills):
                if fill.t != 0:
                    lines.append((minute, Line(i, trade_of(params[i], markets[i], fill))))
            account, markets, t, at = after, last, minute, seen
            if watch is not None:
                watch(minute, account, markets, equity)
    if refold:
        to_t = t1 if until is None else until
        window = Tape(tape.candles, at, list(tape.ends), tape.known)
        account, markets, reached = fold(rails, params, account, markets, window, t, to_t)
        equity = reached.equity
    return Live(account, markets, tuple(line for _, line in lines), equity, writes)


def exchange_fill(tape: Tape, i: int, p: Params, m: Market, now: int) -> Fill:
    """Return what the exchange did for the market's open order by `now`; t = 0 for nothing."""
    if m.order.kind == NO_ORDER:
        return NO_FILL
    for row in range(first_from(tape, i, m.order.t), tape.ends[i]):
        c = tape.candles[row]
        return simulate_fill(p, m.order, c) if c.t < now else NO_FILL
    return NO_FILL


def first_from(tape: Tape, i: int, t: int) -> int:
    """Return the first row of market `i` that starts at or after `t`."""
    from bisect import bisect_left

    return bisect_left(tape.candles, t, tape.starts[i], tape.ends[i], key=lambda c: c.t)


def closed_before(tape: Tape, i: int, t: int) -> int:
    """Return the end of market `i`'s candles that closed by `t`."""
    return first_from(tape, i, t - MINUTE_S + 1)


def bits(value: Any) -> bytes:
    """Return every number of nested records, bit for bit, and insist on its declared type."""
    if isinstance(value, bool):
        raise TypeError("no truth values in state")
    if isinstance(value, int):
        return b"i" + struct.pack("<q", value)
    if isinstance(value, float):
        return b"f" + struct.pack("<d", value)
    if isinstance(value, Run):
        return b"".join(
            bits(part)
            for part in (
                value.account, value.markets, value.reached, value.trades, value.marks, value.counts
            )
        )  # fmt: skip
    if hasattr(value, "_fields"):
        for name, declared in type(value).__annotations__.items():
            if declared in (int, float):
                assert type(getattr(value, name)) is declared, (type(value).__name__, name)
    return b"(" + b"".join(bits(part) for part in value) + b")"


def candle_events(
    rails: Rails, p: Params, a: Account, m: Market, c: Candle, t: int
) -> tuple[Account, Market, int]:
    """Fold one candle and act on it at `t`, as the fold does."""
    return take_candle(rails, p, a, m, c, t)
