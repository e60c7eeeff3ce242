"""The routes that read: health, metrics, status and trades."""

from chalice.app import Blueprint, Response

from chalicelib.answers import ANY_TYPE, answer, as_answer
from chalicelib.parameters import query_of, trade_query_of
from chalicelib.prometheus import CONTENT_TYPE, exposition
from chalicelib.shapes import page_shape, status_shape
from haetae.app.desk.account import account_status
from haetae.app.desk.trades import count_fills_of_month, trades_page
from haetae.wiring.container import App

reading = Blueprint(__name__)


@reading.route("/healthz", content_types=ANY_TYPE)
@reading.route("/health", content_types=ANY_TYPE)
def get_health() -> Response:
    """Answer that the function runs; anybody may ask, so that it costs no read."""
    return answer(200, {"ok": True, "service": "haetae"})


@reading.route("/metrics", content_types=ANY_TYPE)
@as_answer
def get_metrics(app: App) -> Response:
    """Answer in Prometheus's text."""
    fills = count_fills_of_month(app.ports, app.setup, int(app.ports.clock.now_s()))
    text = exposition(account_status(app.ports, app.setup), fills)
    return Response(text, {"Content-Type": CONTENT_TYPE})


@reading.route("/status", content_types=ANY_TYPE)
@as_answer
def get_status(app: App) -> Response:
    """Answer how things stand."""
    return answer(200, status_shape(account_status(app.ports, app.setup)))


@reading.route("/trades", content_types=ANY_TYPE)
@as_answer
def get_trades(app: App) -> Response:
    """Answer with a page of fills, newest first."""
    now = int(app.ports.clock.now_s())
    question = trade_query_of(query_of(reading.current_request), app.setup.markets, now)
    return answer(200, page_shape(trades_page(app.ports, question)))
