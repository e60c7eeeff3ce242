"""The notifier's door: what the topic delivers, in words; the log is the first channel."""

from haetae.notify.inbox import deliveries, log_fields
from haetae.notify.messages import Level
from haetae.wiring.entry import Event, entry, logger
from haetae.wiring.environments.notifier import NotifierEnvironment

LOG = {
    Level.INFO: logger.info,
    Level.WARNING: logger.warning,
    Level.ERROR: logger.error,
    Level.CRITICAL: logger.critical,
}


@entry("notifier", NotifierEnvironment.of_process)
def handler(event: Event, environment: NotifierEnvironment) -> dict[str, int]:
    """Write each message out as one line; an event that is not a message raises, to be kept."""
    found = deliveries(event)
    for delivery in found:
        LOG[delivery.level]("message", extra=log_fields(delivery, environment.language))
    return {"messages": len(found)}
