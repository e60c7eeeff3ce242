"""Put a message into words."""

from haetae.notify.text import LANGUAGES


def render(kind: str, facts: dict[str, str], language: str) -> str:
    """Return the sentence of a message.

    Raises:
        KeyError: the kind, the language or a fact is not known; a bug, found by the tests.
    """
    return LANGUAGES[language][kind].format_map(facts)
