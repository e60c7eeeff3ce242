"""A schedule whose cycles come minutes late, while the risk checks go on."""

from haetae.adapters.memory.books import MemoryBooks
from haetae.research.engine.result import Result
from haetae.research.replay.drive import drive_minute, handler, install
from haetae.research.replay.exchange import exchange_of
from haetae.research.replay.outcome import read_outcome
from haetae.research.replay.rehearsal import rehearse
from parity.runs import Run


def late_cycles(run: Run, *, minutes: int) -> Result:
    """Replay with each cycle's event delivered `minutes` after its time."""
    interval_s = run.setup.interval_s
    sandbox = exchange_of(run.found, run.span, run.setup, run.cash)
    rehearsal = rehearse(run.setup, sandbox, MemoryBooks(), now_s=run.span.from_t)
    cycle, guard = handler("trading_cycle"), handler("risk_check")
    with install(rehearsal.app):
        for t in range(run.span.from_t, run.span.to_t + 1, 60):
            doors = [(guard, t)]
            due = t - minutes * 60
            if due % interval_s == 0 and due >= run.span.from_t:
                doors.append((cycle, due))
            drive_minute(rehearsal, t, doors)
        return read_outcome(run.setup, rehearsal.app.ports, run.span, run.cash)
