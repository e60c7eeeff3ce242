"""What the environment of every door is, and how a variable is read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from haetae.base.errors import ConfigError, SecretMissing
from haetae.config.dotenv import agree, read_spellings
from haetae.config.variables import SPELLINGS

type Variables = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What every door has: a name for sentences about it, and a way to read its variables."""

    door: ClassVar[str]

    @classmethod
    def of_process(cls) -> Self:
        """Read the variables of this process, as `read` does."""
        return cls.read(os.environ)

    @classmethod
    def read(cls, variables: Variables) -> Self:
        """Read a door's variables.

        Raises:
            ConfigError: one is missing or wrong; names the variable and the door.
        """
        try:
            return cls(**cls.fields(variables))
        except SecretMissing as error:
            raise SecretMissing(f"{error} (read by {cls.door})") from error
        except ConfigError as error:
            raise ConfigError(f"{error} (read by {cls.door})") from error

    @classmethod
    def fields(cls, variables: Variables) -> dict[str, Any]:
        """Return the fields' values by name."""
        del variables
        return {}


def text(variables: Variables, name: str, default: str = "") -> str:
    """Return a variable, or the default where it is not set.

    Raises:
        ConfigError: its two names disagree, or its value is not allowed.
    """
    found = read_spellings(SPELLINGS[name], variables)
    return agree(SPELLINGS[name], found).text if found else default


def require(variables: Variables, name: str) -> str:
    """Return a variable that must be there."""
    value = text(variables, name)
    if not value:
        raise ConfigError(f"{name} is missing; allowed: any non-empty text")
    return value
