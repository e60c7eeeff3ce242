"""The backtest: the compiled kernel over recorded candles, filling its own orders."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from haetae.app.walk.warm_up import fold_history
from haetae.config.setup import Setup
from haetae.kernel.advance import TRADE_INTS, Log, Reached, advance
from haetae.kernel.advance import Span as FoldSpan
from haetae.kernel.codes import CODE_COUNT, ENTRY, REASON_NAMES, RUN, WARMUP
from haetae.kernel.records import NEW_MARKET, NO_FILL, Account, Market, Params
from haetae.kernel.step import open_account, open_market
from haetae.research.data.tapes import History, Rows, Span, tape_of
from haetae.research.engine.compiled import compiled_kernel
from haetae.research.engine.result import Result, TradeRow, rails_by_name


def backtest(
    setup: Setup,
    found: dict[str, History],
    span: Span,
    *,
    cash: int,
    mode: int = RUN,
    compiled: bool = True,
) -> Result:
    """Run the account from `span.from_t` to `span.to_t` with `cash` micro-won.

    `mode` is the operator's, for the whole run. `compiled` False interprets the kernel, for
    comparison; the results are equal to the bit.
    """
    setup = coarse(setup) if span.coarse else setup
    account = open_account(setup.rails, span.from_t, cash)
    log = new_log(setup, span)
    fold = prepare(setup, found, span, account, log, mode=mode, compiled=compiled)
    account, _markets, reached = fold()
    return Result(
        kind="backtest",
        profile=setup.profile,
        markets=setup.markets,
        span=span,
        start_cash=cash,
        cash=account.cash,
        equity=reached.equity,
        trades=tuple(sorted(trade_row(setup, log, i) for i in range(reached.trades))),
        marks=tuple(
            (int(log.marks[2 * i]), int(log.marks[2 * i + 1])) for i in range(reached.marks)
        ),
        rails=rails_by_name(log.counts),
    )


type Fold = Callable[[], tuple[Account, list[Market], Reached]]


def prepare(
    setup: Setup,
    found: dict[str, History],
    span: Span,
    account: Account,
    log: Log,
    *,
    mode: int = RUN,
    compiled: bool = True,
) -> Fold:
    """Return the fold of the account over the tapes, ready to be called; it writes `log`."""
    markets = tuple(
        warm_up(found[name], p, span.from_t)
        for name, p in zip(setup.markets, setup.params, strict=True)
    )
    rows = [found[name].tape.between(span.from_t, span.to_t) for name in setup.markets]
    tape = tape_of(rows, compiled=compiled)
    fold = compiled_kernel()[advance] if compiled else advance
    return lambda: fold(
        setup.rails,
        setup.params,
        account,
        markets,
        tape,
        (NO_FILL,) * len(markets),
        FoldSpan(
            t=span.from_t,
            to_t=span.to_t,
            step_s=setup.params[0].candle_s,
            mode=int(mode),  # compiled code knows no enum
            decide=1,
            simulate=1,
            most=0,
        ),
        log,
    )


def coarse(setup: Setup) -> Setup:
    """Return the setup for tapes that only have decision candles."""
    return replace(setup, params=tuple(p._replace(candle_s=p.interval_s) for p in setup.params))


def warm_up(history: History, p: Params, from_t: int) -> Market:
    """Return a market as it stands at `from_t`, after WARMUP closed decision candles."""
    before = history.bars.between(0, from_t)
    last = Rows(unit_s=before.unit_s, times=before.times[-WARMUP:], prices=before.prices[-WARMUP:])
    return open_market(NEW_MARKET, fold_history(p, last.candles()), from_t)


def new_log(setup: Setup, span: Span) -> Log:
    """Return room for all that a run can write: an entry a decision, three fills an entry."""
    decisions = (span.to_t - span.from_t) // setup.interval_s + 2
    trades = 4 * decisions * len(setup.markets)
    return Log(
        np.zeros(trades * TRADE_INTS, np.int64),  # type: ignore[arg-type]
        np.zeros(trades, np.float64),  # type: ignore[arg-type]
        np.zeros(decisions * 2, np.int64),  # type: ignore[arg-type]
        np.zeros(CODE_COUNT, np.int64),  # type: ignore[arg-type]
    )


def trade_row(setup: Setup, log: Log, i: int) -> TradeRow:
    """Return the i-th trade of a log."""
    number, t, kind, reason, units, _funds, fee, pnl, risk = (
        int(v) for v in log.trade_ints[i * TRADE_INTS : (i + 1) * TRADE_INTS]
    )
    entry = kind == ENTRY
    return TradeRow(
        t=t,
        number=number,
        market=setup.markets[number],
        side="bid" if entry else "ask",
        reason=REASON_NAMES[reason],
        price=float(log.trade_prices[i]),
        units=units,
        fee=fee,
        pnl=None if entry else pnl,
        r=None if entry or risk == 0 else pnl / risk,
    )
