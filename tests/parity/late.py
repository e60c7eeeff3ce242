"""A schedule whose cycles come minutes late, while the risk checks go on."""

from contextlib import ExitStack

from haetae.adapters.memory.books import MemoryBooks
from haetae.research.engine.result import Result
from haetae.research.replay.replay import (
    collected,
    exchange_of,
    handler,
    plugged,
    ports_on,
    pump_minute,
)
from haetae.wiring.container import App
from parity.runs import Run


def late_cycles(run: Run, *, minutes: int) -> Result:
    """Replay with each cycle's event delivered `minutes` after its time."""
    interval_s = run.setup.interval_s
    sandbox = exchange_of(run.found, run.span, run.setup, run.cash)
    app = App(setup=run.setup, ports=ports_on(sandbox, MemoryBooks(), run.span))
    cycle, guard = handler("trading_cycle"), handler("risk_check")
    with ExitStack() as stack:
        stack.enter_context(plugged(app))
        for t in range(run.span.from_t, run.span.to_t + 1, 60):
            doors = [(guard, t)]
            due = t - minutes * 60
            if due % interval_s == 0 and due >= run.span.from_t:
                doors.append((cycle, due))
            pump_minute(app, sandbox, t, doors)
        return collected(run.setup, app.ports, run.span, run.cash)
