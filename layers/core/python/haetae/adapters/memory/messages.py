"""The port `Messages` in memory, for tests and replays."""

from haetae.notify.messages import Message


class MemoryMessages:
    """Keeps what is published."""

    def __init__(self) -> None:
        """Begin with no messages."""
        self.sent: list[Message] = []

    def publish(self, message: Message) -> None:
        """Keep one message."""
        self.sent.append(message)
