"""The Lambda entry: logs, metrics and the translation of errors, once for all doors."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from haetae.app.cycle import Outcome
from haetae.base.errors import HaetaeError
from haetae.kernel.codes import RAIL_NAMES
from haetae.wiring.bootstrap import SOCKET, App

NAMESPACE = "haetae"
logger = Logger(service="haetae")

type Event = Mapping[str, Any]
type Door = Callable[[Event, App], Any]


def entry(job: str) -> Callable[[Door], Callable[[Event, Any], Any]]:
    """Make a door of a function of (event, app): the one place that lets every error through it.

    Known errors are logged by name and raised again, so that Lambda retries, the dead-letter
    queue and the alarms see them; nothing is turned into a success.
    """

    def wrap(door: Door) -> Callable[[Event, Any], Any]:
        @wraps(door)
        def handler(event: Event, context: Any) -> Any:
            logger.append_keys(job=job, request_id=getattr(context, "aws_request_id", ""))
            began = datetime.now(UTC)
            try:
                answer = door(event, SOCKET.current())
            except HaetaeError as error:
                logger.error("failed", extra={"error": type(error).__name__, "why": str(error)})
                count(job, "scheduler_job_failure_total", 1, MetricUnit.Count)
                raise
            took_s = (datetime.now(UTC) - began).total_seconds()
            count(job, "scheduler_job_success_total", 1, MetricUnit.Count)
            count(job, "scheduler_job_duration_seconds", took_s, MetricUnit.Seconds)
            return answer

        return handler

    return wrap


def count(job: str, name: str, value: float, unit: MetricUnit) -> None:
    """Write one metric in CloudWatch's embedded format."""
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        metric.add_dimension(name="job", value=job)


def event_time(event: Event) -> int:
    """Return the minute of a scheduled event as epoch seconds.

    Raises:
        HaetaeError: the event has no usable `time`; a schedule's time is never guessed.
    """
    text = event.get("time")
    try:
        return int(datetime.fromisoformat(str(text)).timestamp())
    except ValueError:
        raise HaetaeError(f"event has no usable time: {text!r}") from None


def told(job: str, outcome: Outcome) -> dict[str, Any]:
    """Log and measure a cycle's or risk check's outcome; return it as the door's answer."""
    answer = {
        "status": outcome.status,
        "t": outcome.t,
        "equity_krw": outcome.equity_krw,
        "fired": [RAIL_NAMES[r] for r in RAIL_NAMES if outcome.fired >> r & 1],
        "orders": outcome.orders,
        "trades": outcome.trades,
        "mode": outcome.mode,
    }
    if outcome.status != "quiet":
        logger.info("walked", extra=answer)
        for name in ("bot_equity", "portfolio_value_krw"):
            count(job, name, outcome.equity_krw, MetricUnit.NoUnit)
    if outcome.trades:
        for name in ("bot_trades_total", "trades_total"):
            count(job, name, outcome.trades, MetricUnit.Count)
    return answer
