"""The trading cycle's door: a schedule's event in, one decided minute out."""

from typing import Any

from haetae.app.cycle import cycle
from haetae.wiring.container import App
from haetae.wiring.entry import Event, entry, event_time, log_outcome


@entry("trading_cycle")
def handler(event: Event, app: App) -> dict[str, Any]:
    """Decide the candle that closed at the event's minute."""
    return log_outcome(cycle(app.ports, app.setup, event_time(event)))
