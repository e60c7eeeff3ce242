"""The outside world of one account: of a walk, and of the desk, which needs less of it."""

from dataclasses import dataclass
from typing import Protocol

from haetae.app.ports.books import Books
from haetae.app.ports.clock import Clock
from haetae.app.ports.exchange import Exchange
from haetae.app.ports.messages import Messages


class DeskPorts(Protocol):
    """What reads and tells need: the store and the messages, and no exchange."""

    @property
    def books(self) -> Books:
        """The store of the account's books."""
        ...

    @property
    def messages(self) -> Messages:
        """Where messages go."""
        ...


class Ports(DeskPorts, Protocol):
    """The whole outside world of one account."""

    @property
    def exchange(self) -> Exchange:
        """Quotes, the account and orders."""
        ...

    @property
    def clock(self) -> Clock:
        """Real time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSet:
    """Ports that are all there already, each made by the caller."""

    exchange: Exchange
    books: Books
    messages: Messages
    clock: Clock
