"""Where the bot's messages go."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the bot, before it is put into words.

    `kind` names the class of message; `facts` are what its text is filled with.
    """

    kind: str
    level: str
    t: int
    facts: dict[str, str]


class Messages(Protocol):
    """Where messages go; a lost message must never stop a trade."""

    def publish(self, message: Message) -> None:
        """Hand the message on; failures are the adapter's to log."""
        ...
