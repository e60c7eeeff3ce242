"""The outside world of one account."""

from dataclasses import dataclass

from haetae.app.ports.books import Books
from haetae.app.ports.clock import Clock
from haetae.app.ports.exchange import Exchange
from haetae.app.ports.messages import Messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one account."""

    exchange: Exchange
    books: Books
    messages: Messages
    clock: Clock
