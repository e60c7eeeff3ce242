"""Orders before messages: what a walk has to say waits until its orders are out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from haetae.app.ports import Books, Clock, Exchange, Messages, Ports
from haetae.notify.messages import Message


class Outbox:
    """Implements `Messages`: keeps them in order until `flush`, each once."""

    def __init__(self, out: Messages) -> None:
        """Keep for `out`."""
        self._out = out
        self._waiting: list[Message] = []
        self._said: list[Message] = []

    def publish(self, message: Message) -> None:
        """Keep the message, unless the same was said before: a walk may try more than once."""
        if message not in self._said:
            self._said.append(message)
            self._waiting.append(message)

    def flush(self) -> None:
        """Send what was kept."""
        while self._waiting:
            self._out.publish(self._waiting.pop(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPorts:
    """Ports whose messages are held; each other one is asked for when it is needed."""

    ports: Ports
    messages: Outbox

    @property
    def exchange(self) -> Exchange:
        """The exchange."""
        return self.ports.exchange

    @property
    def books(self) -> Books:
        """The books."""
        return self.ports.books

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self.ports.clock

    def tell(self) -> None:
        """Send what was held so far."""
        self.messages.flush()


@contextmanager
def messages_last(ports: Ports) -> Iterator[HeldPorts]:
    """Give ports whose messages go out when they are told or the block ends, however it ends."""
    held = HeldPorts(ports=ports, messages=Outbox(ports.messages))
    try:
        yield held
    finally:
        held.tell()
