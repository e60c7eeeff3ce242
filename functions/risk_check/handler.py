"""The risk check's door: every minute, fills, exits and latches."""

from typing import Any

from haetae.app.walk.cycle import risk_check
from haetae.wiring.container import CONTAINER, App
from haetae.wiring.entry import Event, entry, event_time
from haetae.wiring.environments.trading import RiskCheckEnvironment
from haetae.wiring.outcomes import log_outcome


@entry("risk_check", CONTAINER.trader(RiskCheckEnvironment))
def handler(event: Event, app: App) -> dict[str, Any]:
    """Guard the account at the event's minute."""
    return log_outcome(risk_check(app.ports, app.setup, event_time(event)))
