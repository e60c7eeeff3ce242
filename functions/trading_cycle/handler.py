"""The trading cycle's door: a schedule's event in, one decided minute out."""

from typing import Any

from haetae.app.walk.cycle import trading_cycle
from haetae.wiring.container import CONTAINER, App
from haetae.wiring.entry import Event, entry, event_time
from haetae.wiring.environments.trading import TradingCycleEnvironment
from haetae.wiring.outcomes import log_outcome


@entry("trading_cycle", CONTAINER.trader(TradingCycleEnvironment))
def handler(event: Event, app: App) -> dict[str, Any]:
    """Decide the candle that closed at the event's minute."""
    return log_outcome(trading_cycle(app.ports, app.setup, event_time(event)))
