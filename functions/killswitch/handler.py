"""The kill switch's door: one action that stops everything."""

from dataclasses import asdict
from typing import Any

from haetae.app.halt import kill
from haetae.wiring.bootstrap import App
from haetae.wiring.entry import Event, entry
from haetae.wiring.orders import kill_order


@entry("killswitch")
def handler(event: Event, app: App) -> dict[str, Any]:
    """Kill, whoever asks: an HTTP call, a message, an alarm or a direct invocation."""
    order = kill_order(event, app.ports.clock.now_s())
    if order.refusal:
        return order.answer(400, {"error": order.refusal})
    report = kill(app.ports, app.setup, t=order.t, reason=order.reason, by=order.by)
    return order.answer(200, asdict(report))
