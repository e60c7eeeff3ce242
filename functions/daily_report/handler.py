"""The daily report's door: 09:00 in Seoul, yesterday in figures."""

from haetae.app.desk.report import daily_report, report_facts
from haetae.wiring.container import App
from haetae.wiring.entry import Event, entry, event_time


@entry("daily_report")
def handler(event: Event, app: App) -> dict[str, str]:
    """Report the KST day that ended last before the event."""
    return report_facts(daily_report(app.ports, app.setup, event_time(event)))
