"""The notifier's door: what the topic delivers, in words; the log is the first channel."""

import os

from haetae.notify.inbox import deliveries
from haetae.wiring.container import App
from haetae.wiring.entry import Event, entry, logger

SAY = {
    "info": logger.info,
    "warning": logger.warning,
    "error": logger.error,
    "critical": logger.critical,
}


@entry("notifier")
def handler(event: Event, _app: App) -> dict[str, int]:
    """Write each message out as one line; an event that is no message raises, to be kept."""
    found = deliveries(event, os.environ.get("HAETAE_LANGUAGE", "ko"))
    for message in found:
        said = {
            "identifier": message.identifier,
            "kind": message.kind,
            "t": message.t,
            "text": message.text,
        }
        SAY[message.level]("told", extra=said)
    return {"messages": len(found)}
