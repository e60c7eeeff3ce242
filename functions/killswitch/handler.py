"""The kill switch's door: one action that stops everything."""

from typing import Any

from haetae.app.operator.kill import kill
from haetae.notify.codec import to_json
from haetae.wiring.commands import read_kill
from haetae.wiring.container import CONTAINER, App
from haetae.wiring.entry import Event, entry
from haetae.wiring.environments.trading import KillswitchEnvironment


@entry("killswitch", CONTAINER.trader(KillswitchEnvironment))
def handler(event: Event, app: App) -> dict[str, Any]:
    """Kill, whoever asks and however: an HTTP call, a message, an alarm, an invocation."""
    command = read_kill(event, app.ports.clock.now_s())
    report = kill(app.ports, app.setup, t=command.t, reason=command.reason, by=command.by)
    return command.answer(to_json(report))
