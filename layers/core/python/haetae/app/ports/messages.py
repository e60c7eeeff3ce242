"""Where the bot's messages go."""

from typing import Protocol

from haetae.notify.messages import Message


class Messages(Protocol):
    """Where messages go; a lost message must never stop a trade."""

    def publish(self, message: Message) -> None:
        """Hand the message on; failures are the adapter's to log."""
        ...
