"""The notifier's environment: the language, and nothing of an account."""

from dataclasses import dataclass
from typing import Any, ClassVar

from haetae.notify.text import Language
from haetae.wiring.environments.base import Environment, Variables, text


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierEnvironment(Environment):
    """The notifier's: the language, and nothing of the account."""

    door: ClassVar[str] = "notifier"
    language: Language

    @classmethod
    def fields(cls, variables: Variables) -> dict[str, Any]:
        """Return the fields' values by name."""
        return {"language": Language(text(variables, "HAETAE_LANGUAGE", Language.KO))}
