"""Orders before messages: what a walk has to say waits until it has done what it had to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from haetae.app.ports import Ports, PortSet
from haetae.notify.messages import Message


class Outbox:
    """Implements `Messages`: keeps them, in order."""

    def __init__(self) -> None:
        self.kept: list[Message] = []

    def publish(self, message: Message) -> None:
        """Keep the message."""
        self.kept.append(message)


@contextmanager
def messages_last(ports: Ports) -> Iterator[Ports]:
    """Give ports whose messages go out when the block ends, however it ends."""
    outbox = Outbox()
    try:
        yield PortSet(
            exchange=ports.exchange, books=ports.books, messages=outbox, clock=ports.clock
        )
    finally:
        for message in outbox.kept:
            ports.messages.publish(message)
