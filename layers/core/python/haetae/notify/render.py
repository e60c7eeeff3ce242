"""Put a message into words: one function a channel, of the message and the language.

A channel decides the form (one line, a paragraph, later the markup of a chat), the language the
words; a message knows neither. A new channel is a function here and its row in CHANNELS.
"""

from collections.abc import Callable
from enum import StrEnum

from haetae.notify.messages import Message
from haetae.notify.text import SENTENCES, WORDS, Language, figures


class Channel(StrEnum):
    """The forms that a message can take."""

    LOG = "log"
    PLAIN = "plain"


def render(message: Message, language: Language, channel: Channel) -> str:
    """Return a message in the words of a language and the form of a channel."""
    return CHANNELS[channel](message, language)


def log_line(message: Message, language: Language) -> str:
    """Return the sentence on one line; level and time are fields of the log beside it."""
    return " ".join(SENTENCES[language](message).split())


def plain_text(message: Message, language: Language) -> str:
    """Return a text for people: how urgent, when in Seoul, and the sentence below it."""
    head = f"[{WORDS[language].levels[message.level]}] {figures.minute(message.t)}"
    return f"{head}\n{SENTENCES[language](message)}"


CHANNELS: dict[Channel, Callable[[Message, Language], str]] = {
    Channel.LOG: log_line,
    Channel.PLAIN: plain_text,
}
