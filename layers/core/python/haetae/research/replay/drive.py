"""Drives the real handlers through recorded time: one minute's events after the other."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import haetae
from haetae.base.errors import DataError
from haetae.base.time import MINUTE_S, iso_text
from haetae.research.data.tapes import Span
from haetae.research.replay.rehearsal import Rehearsal
from haetae.research.replay.variables import environment
from haetae.wiring.container import CONTAINER, App

type Handler = Callable[[dict[str, Any], Any], Any]
CONTEXT = SimpleNamespace(aws_request_id="replay", function_name="replay")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFaults:
    """How the schedule misbehaves: each event delivered twice, or the risk check first."""

    doubled: bool = False
    risk_first: bool = False


def drive(
    rehearsal: Rehearsal, span: Span, faults: DeliveryFaults, progress: Callable[[int], None]
) -> None:
    """Send each minute's events to the handlers."""
    cycle, check = handler("trading_cycle"), handler("risk_check")
    for t in range(span.from_t, span.to_t + 1, MINUTE_S):
        doors = [check]
        if t % rehearsal.app.setup.interval_s == 0:
            doors = [check, cycle] if faults.risk_first else [cycle, check]
        times = 2 if faults.doubled else 1
        drive_minute(rehearsal, t, [(door, t) for door in doors for _time in range(times)])
        progress(t)


def drive_minute(rehearsal: Rehearsal, t: int, events: Sequence[tuple[Handler, int]]) -> None:
    """Set both clocks to the minute `t`, then send its events: (handler, the event's time)."""
    rehearsal.set_time(t)
    for door, time in events:
        door({"time": iso_text(time)}, CONTEXT)


@contextmanager
def install(app: App) -> Iterator[None]:
    """Let the handlers of this process use `app`, quietly."""
    quiet = {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_LOG_LEVEL": "CRITICAL"}
    with environment(quiet):
        CONTAINER.install(app)
        try:
            yield
        finally:
            CONTAINER.install(None)


def handler(function: str) -> Handler:
    """Load a function's real handler from the repository's `functions` folder.

    Raises:
        DataError: this installation has no functions folder.
    """
    root = Path(haetae.__file__).resolve().parents[4]
    path = root / "functions" / function / "handler.py"
    if not path.exists():
        raise DataError(f"a replay runs the real handlers and needs {path}")
    spec = importlib.util.spec_from_file_location(f"functions.{function}.handler", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found
