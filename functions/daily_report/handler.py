"""The daily report's door: 09:00 in Seoul, yesterday in figures."""

from typing import Any

from haetae.app.desk.report import daily_report
from haetae.notify.codec import to_json
from haetae.wiring.container import App
from haetae.wiring.entry import Event, entry, event_time


@entry("daily_report")
def handler(event: Event, app: App) -> dict[str, Any]:
    """Report the KST day that ended last before the event."""
    return to_json(daily_report(app.ports, app.setup, event_time(event)))
