"""How every route answers: JSON, a refusal that names its field, errors by name, and metrics."""

import json
from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from chalice.app import Request, Response

from haetae.base.errors import HaetaeError
from haetae.wiring.container import CONTAINER, App
from haetae.wiring.entry import logger, metrics
from haetae.wiring.environments.trading import ApiEnvironment

JOB = "api"
current = CONTAINER.trader(ApiEnvironment)
ANY_TYPE = ["*/*"]  # a call's content type changes nothing: a body is JSON or it is refused


class BadRequest(Exception):
    """A call that cannot be taken as it is; names the field and says what is allowed."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")
        self.field = field


def answer(status: int, body: dict[str, Any]) -> Response:
    """Return JSON; a value that JSON does not know is a bug, never a rounded number."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    return Response(text, {"Content-Type": "application/json"}, status)


def as_answer(view: Callable[[App], Response]) -> Callable[[], Response]:
    """Make a route's view of a function of the App.

    A bad call is 400, an error known by name is logged and 503; nothing is turned into a success.
    """

    @wraps(view)
    def route() -> Response:
        try:
            return view(current())
        except BadRequest as error:
            return answer(400, {"error": str(error), "field": error.field})
        except HaetaeError as error:
            logger.error("failed", extra={"error": type(error).__name__, "why": str(error)})
            return answer(503, {"error": str(error)})

    return route


def measure(request: Request, call: Callable[[Request], Response]) -> Response:
    """Count a call and its time by route and status, as a middleware of every route."""
    request_id = getattr(request.lambda_context, "aws_request_id", "")
    logger.append_keys(job=JOB, request_id=request_id)
    began_s = perf_counter()
    response = call(request)
    metrics.add_dimension(name="job", value=JOB)
    metrics.add_dimension(name="route", value=f"{request.method} {request.path}")
    metrics.add_dimension(name="status", value=str(response.status_code))
    metrics.add_metric(name="http_requests_total", unit=MetricUnit.Count, value=1)
    metrics.add_metric(
        name="http_request_duration_seconds",
        unit=MetricUnit.Seconds,
        value=perf_counter() - began_s,
    )
    metrics.flush_metrics()
    return response
