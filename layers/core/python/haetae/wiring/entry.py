"""The Lambda entry: logs, metrics and the translation of errors, once for all doors."""

from collections.abc import Callable, Mapping
from functools import wraps
from time import perf_counter
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from haetae.base.errors import HaetaeError
from haetae.base.time import epoch_s

NAMESPACE = "haetae"
logger = Logger(service="haetae")
metrics = EphemeralMetrics(namespace=NAMESPACE)

type Event = Mapping[str, Any]
type Door[P] = Callable[[Event, P], Any]


def entry[P](job: str, make: Callable[[], P]) -> Callable[[Door[P]], Callable[[Event, Any], Any]]:
    """Make a Lambda handler of a door, a function of (event, what `make` gives it).

    Known errors are logged and counted by name and raised again, so that Lambda's retries, the
    dead-letter queue and the alarms see them; nothing is turned into a success.
    """

    def wrap(door: Door[P]) -> Callable[[Event, Any], Any]:
        @wraps(door)
        def handler(event: Event, context: Any) -> Any:
            logger.append_keys(job=job, request_id=getattr(context, "aws_request_id", ""))
            began_s = perf_counter()
            outcome = "scheduler_job_failure_total"
            try:
                answer = door(event, make())
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
