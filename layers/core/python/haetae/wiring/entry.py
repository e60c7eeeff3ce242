"""The Lambda entry: logs, metrics and the translation of errors, once for all doors."""

from collections.abc import Callable, Mapping
from functools import wraps
from time import perf_counter
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from haetae.app.walk.outcome import Outcome, Status
from haetae.base.errors import HaetaeError
from haetae.base.time import epoch_s
from haetae.kernel.codes import RAIL_NAMES
from haetae.wiring.container import CONTAINER, App

NAMESPACE = "haetae"
logger = Logger(service="haetae")
metrics = EphemeralMetrics(namespace=NAMESPACE)

type Event = Mapping[str, Any]
type Door = Callable[[Event, App], Any]


def entry(job: str) -> Callable[[Door], Callable[[Event, Any], Any]]:
    """Make a Lambda handler of a door, a function of (event, app).

    Known errors are logged and counted by name and raised again, so that Lambda's retries, the
    dead-letter queue and the alarms see them; nothing is turned into a success.
    """

    def wrap(door: Door) -> Callable[[Event, Any], Any]:
        @wraps(door)
        def handler(event: Event, context: Any) -> Any:
            logger.append_keys(job=job, request_id=getattr(context, "aws_request_id", ""))
            began_s = perf_counter()
            outcome = "scheduler_job_failure_total"
            try:
                answer = door(event, CONTAINER.current())
                outcome = "scheduler_job_success_total"
            except HaetaeError as error:
                logger.error("failed", extra={"error": type(error).__name__, "why": str(error)})
                raise
            finally:
                metrics.add_dimension(name="job", value=job)
                metrics.add_metric(name=outcome, unit=MetricUnit.Count, value=1)
                metrics.add_metric(
                    name="scheduler_job_duration_seconds",
                    unit=MetricUnit.Seconds,
                    value=perf_counter() - began_s,
                )
                metrics.flush_metrics()
                metrics.clear_metrics()
            return answer

        return handler

    return wrap


def event_time(event: Event) -> int:
    """Return the minute of a scheduled event as epoch seconds.

    Raises:
        HaetaeError: the event has no usable `time`; a schedule's time is never guessed.
    """
    text = event.get("time")
    try:
        return epoch_s(str(text))
    except ValueError:
        raise HaetaeError(f"event has no usable time: {text!r}") from None


def log_outcome(outcome: Outcome) -> dict[str, Any]:
    """Log and measure a cycle's or risk check's outcome; return it as the door's answer."""
    answer = {
        "status": outcome.status.value,
        "t": outcome.t,
        "equity_krw": outcome.equity_krw,
        "fired": [name for rail, name in RAIL_NAMES.items() if outcome.fired >> rail & 1],
        "orders": outcome.orders,
        "trades": outcome.trades,
        "mode": outcome.mode,
    }
    if outcome.status is not Status.UNCHANGED:
        logger.info("walked", extra=answer)
    if outcome.status is Status.DONE:
        for name in ("bot_equity", "portfolio_value_krw"):
            metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=outcome.equity_krw)
    if outcome.trades:
        for name in ("bot_trades_total", "trades_total"):
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=outcome.trades)
    return answer
