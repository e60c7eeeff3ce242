"""The sentences of every message, one table a language; both have the same kinds and fields."""

from haetae.notify.text.en import TEXTS as EN
from haetae.notify.text.ko import TEXTS as KO

LANGUAGES: dict[str, dict[str, str]] = {"en": EN, "ko": KO}
