"""Runs that are made twice, as a backtest and as a replay, and must come out the same."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from haetae.config.build import setup_of
from haetae.config.setup import Setup
from haetae.kernel.codes import WARMUP
from haetae.kernel.records import Candle
from haetae.ledger.book import Mode
from haetae.research.data.candle_files import read_candles
from haetae.research.data.tapes import History, Rows, Span, aggregate, histories, span
from haetae.research.engine.backtest import backtest
from haetae.research.engine.result import Result, page
from haetae.research.replay.drive import DeliveryFaults
from haetae.research.replay.replay import replay
from support.scenarios import Scenario
from support.tapes import MINUTE_S, data_folder, seeded_market
from upbit_sandbox.prices.synthetic import synthetic_minutes

CASH = 10_000_000 * 1_000_000
HOUR_S = 3_600
SEPTEMBER = 1_756_684_800  # 2025-09-01T00:00Z
OCTOBER = 1_759_276_800
DAY_S = 86_400


@dataclass(frozen=True, kw_only=True)
class Run:
    """One account over one stretch of tape."""

    setup: Setup
    found: dict[str, History]
    span: Span
    cash: int = CASH
    mode: Mode = Mode.RUN

    def backtested(self, *, compiled: bool = True) -> Result:
        """Return the backtest."""
        return backtest(
            self.setup, self.found, self.span, cash=self.cash, mode=self.mode, compiled=compiled
        )

    def replayed(
        self, *, target: str = "in-process", faults: DeliveryFaults | None = None
    ) -> Result:
        """Return the replay."""
        return replay(
            self.setup,
            self.found,
            self.span,
            cash=self.cash,
            mode=self.mode,
            target=target,
            faults=faults,
        )


def assert_same(tested: Result, replayed: Result) -> str:
    """Assert that both runs traded the same; return what a reader wants to know of them."""
    assert [t.as_json() for t in replayed.trades] == [t.as_json() for t in tested.trades]
    assert abs(replayed.cash - tested.cash) <= 1_000_000, "cash differs by more than 1 won"
    assert replayed.exchange_cash is not None
    assert abs(replayed.exchange_cash - tested.cash) <= 1_000_000, "the exchange has other cash"
    assert replayed.marks == tested.marks
    assert replayed.rails == tested.rails
    return f"{len(tested.trades)} trades; {page(tested)}"


def real(
    markets: tuple[str, ...], profile: str, *, from_t: int = SEPTEMBER, to_t: int = OCTOBER
) -> Run:
    """Return a run over recorded candles, or over seeded ones where there are none."""
    setup = setup_of(profile=profile, markets=markets, overrides={})
    found = {name: recorded_history(name) for name in markets}
    return Run(setup=setup, found=found, span=span(found, HOUR_S, from_t=from_t, to_t=to_t))


@cache
def recorded_history(market: str) -> History:
    """Return a market's September 2025 with its hours before, recorded or seeded."""
    folder = data_folder()
    if folder is not None:
        files = [read_candles(Path(folder) / f"{market}_{unit}.parquet") for unit in ("1m", "60m")]
        return histories(files, (market,), HOUR_S)[market]
    start = SEPTEMBER - (WARMUP + 24) * HOUR_S
    minutes = (OCTOBER - start) // 60
    tape = synthetic_minutes(market, sum(map(ord, market)), start, minutes)
    columns = [tape.opens, tape.highs, tape.lows, tape.closes, tape.volumes]
    rows = Rows(unit_s=60, times=np.array(tape.starts), prices=np.column_stack(columns))
    return History(bars=aggregate(rows, HOUR_S), minutes=rows)


def seeded(scenario: Scenario) -> Run:
    """Return a scenario of the kernel's tests as a run, with WARMUP candles put before it."""
    n = len(scenario.params)
    names = tuple(f"KRW-T{i}" for i in range(n))
    setup = Setup(
        account="test",
        profile="plan",
        markets=names,
        params=scenario.params,
        rails=scenario.rails,
    )
    interval_s = setup.interval_s
    found = {}
    for i, name in enumerate(names):
        rows = range(scenario.tape.starts[i], scenario.tape.ends[i])
        minutes = [scenario.tape.candles[row] for row in rows]
        first = minutes[0].t - minutes[0].t % interval_s
        older = seeded_market(
            i,
            [("calm", WARMUP)],
            price=minutes[0].open,
            start=first - WARMUP * interval_s,
            candle_s=interval_s,
        )
        made = aggregate(rows_of(minutes, MINUTE_S), interval_s)
        before = rows_of(older, interval_s)
        bars = Rows(
            unit_s=interval_s,
            times=np.concatenate([before.times, made.times]),
            prices=np.concatenate([before.prices, made.prices]),
        )
        found[name] = History(bars=bars, minutes=rows_of(minutes, MINUTE_S))
    return Run(
        setup=setup,
        found=found,
        span=span(found, interval_s, from_t=None, to_t=None),
        mode=Mode(scenario.mode),
    )


def rows_of(candles: list[Candle], unit_s: int) -> Rows:
    """Return candles as the arrays of a run."""
    return Rows(
        unit_s=unit_s,
        times=np.array([c.t for c in candles], np.int64),
        prices=np.array([c[1:] for c in candles], np.float64),
    )
