"""The daily report's door: 09:00 in Seoul, yesterday in figures."""

from typing import Any

from haetae.app.desk.report import daily_report
from haetae.app.ports import DeskPorts
from haetae.notify.codec import to_json
from haetae.wiring.container import CONTAINER, App
from haetae.wiring.entry import Event, entry, event_time
from haetae.wiring.environments.desk import DailyReportEnvironment


@entry("daily_report", CONTAINER.desk(DailyReportEnvironment))
def handler(event: Event, app: App[DeskPorts]) -> dict[str, Any]:
    """Report the KST day that ended last before the event."""
    return to_json(daily_report(app.ports, app.setup, event_time(event)))
