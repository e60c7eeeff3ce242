"""Words and sentences for people, by language; the only place where the bot's messages have any."""

from collections.abc import Callable
from enum import StrEnum

from haetae.notify.messages import Message
from haetae.notify.text import en, ko
from haetae.notify.text.words import EN, KO, Words


class Language(StrEnum):
    """The languages that every message can be said in."""

    KO = "ko"
    EN = "en"


WORDS: dict[Language, Words] = {Language.KO: KO, Language.EN: EN}
SENTENCES: dict[Language, Callable[[Message], str]] = {
    Language.KO: ko.sentence,
    Language.EN: en.sentence,
}
