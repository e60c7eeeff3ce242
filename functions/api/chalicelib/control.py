"""The route by which the operator says stop, halt, kill or resume."""

from chalice.app import Blueprint, Response

from chalicelib.answers import ANY_TYPE, answer, as_answer
from chalicelib.parameters import command_of
from chalicelib.shapes import halt_shape, kill_shape
from haetae.app.operator.command import halt, stop
from haetae.app.operator.kill import kill
from haetae.app.operator.resume import ResumeRefused, resume
from haetae.wiring.container import App

BY = "http"

control = Blueprint(__name__)


@control.route("/bot/control", methods=["POST"], content_types=ANY_TYPE)
@as_answer
def bot_control(app: App) -> Response:
    """Do what the operator says; a resume that is refused is 409 with every reason.

    A milder word than the one that stands changes nothing, and the answer tells what stands.
    """
    command = command_of(control.current_request)
    ports, t, reason = app.ports, int(app.ports.clock.now_s()), command.reason
    match command.action:
        case "stop":
            return answer(200, halt_shape(stop(ports, t=t, reason=reason, by=BY)))
        case "halt":
            return answer(200, halt_shape(halt(ports, t=t, reason=reason, by=BY)))
        case "kill":
            return answer(200, kill_shape(kill(ports, app.setup, t=t, reason=reason, by=BY)))
    resumed = resume(ports, app.setup, t=t, reason=reason, by=BY, confirm=command.confirm)
    if isinstance(resumed, ResumeRefused):
        return answer(409, {"error": "resume is refused", "reasons": list(resumed.reasons)})
    return answer(200, halt_shape(resumed))
