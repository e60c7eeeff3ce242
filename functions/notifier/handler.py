"""The notifier's door: what the topic delivers, in words; the log is the first channel."""

import os

from haetae.notify.inbox import deliveries, log_fields
from haetae.notify.messages import Level
from haetae.notify.text import Language
from haetae.wiring.container import App
from haetae.wiring.entry import Event, entry, logger

LOG = {
    Level.INFO: logger.info,
    Level.WARNING: logger.warning,
    Level.ERROR: logger.error,
    Level.CRITICAL: logger.critical,
}


@entry("notifier")
def handler(event: Event, _app: App) -> dict[str, int]:
    """Write each message out as one line; an event that is not a message raises, to be kept."""
    language = Language(os.environ.get("HAETAE_LANGUAGE", Language.KO))
    found = deliveries(event)
    for delivery in found:
        LOG[delivery.level]("message", extra=log_fields(delivery, language))
    return {"messages": len(found)}
