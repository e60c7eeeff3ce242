"""The route by which the operator says stop, halt, kill or start."""

from chalice.app import Blueprint, Response

from chalicelib.answers import ANY_TYPE, answer, answered
from chalicelib.parameters import order_of
from chalicelib.shapes import halt_shape, kill_shape
from haetae.app.operator.command import halt, stop
from haetae.app.operator.kill import kill
from haetae.app.operator.resume import ResumeRefused, resume
from haetae.wiring.container import App

BY = "http"

control = Blueprint(__name__)


@control.route("/bot/control", methods=["POST"], content_types=ANY_TYPE)
@answered
def bot_control(app: App) -> Response:
    """Do what the operator says; a start that is refused is 409 with every reason.

    A milder word than the one that stands changes nothing, and the answer tells what stands.
    """
    order = order_of(control.current_request)
    ports, t, reason = app.ports, int(app.ports.clock.now_s()), order.reason
    match order.action:
        case "stop":
            return answer(200, halt_shape(stop(ports, t=t, reason=reason, by=BY)))
        case "halt":
            return answer(200, halt_shape(halt(ports, t=t, reason=reason, by=BY)))
        case "kill":
            return answer(200, kill_shape(kill(ports, app.setup, t=t, reason=reason, by=BY)))
    said = resume(ports, app.setup, t=t, reason=reason, by=BY, confirm=order.confirm)
    if isinstance(said, ResumeRefused):
        return answer(409, {"error": "start is refused", "reasons": list(said.reasons)})
    return answer(200, halt_shape(said))
