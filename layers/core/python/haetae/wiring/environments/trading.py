"""The environments of the doors that trade: an account with its exchange and its keys."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from haetae.adapters.secrets import EnvironmentSecrets
from haetae.base.errors import ConfigError
from haetae.wiring.environments.base import Variables, require, text
from haetae.wiring.environments.desk import DeskEnvironment

REAL_EXCHANGE: Final = "upbit.com"
KEYS: Final = ("UPBIT_ACCESS_KEY", "UPBIT_SECRET_KEY")  # by the table's names
PARAMETERS: Final = re.compile(r"ssm:((?:/[A-Za-z0-9_.-]+)+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterPath:
    """The path below which the Parameter Store holds the secrets."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingEnvironment(DeskEnvironment):
    """An account with its exchange: the address, where the keys are, and whose time counts."""

    upbit_url: str
    secrets: EnvironmentSecrets | ParameterPath
    clock: str

    @classmethod
    def fields(cls, variables: Variables) -> dict[str, Any]:
        """Return the fields' values by name."""
        return DeskEnvironment.fields(variables) | {
            "upbit_url": read_sandbox_url(variables),
            "secrets": read_secrets(variables),
            "clock": text(variables, "HAETAE_CLOCK", "system"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingCycleEnvironment(TradingEnvironment):
    """The trading cycle's."""

    door: ClassVar[str] = "trading_cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCheckEnvironment(TradingEnvironment):
    """The risk check's."""

    door: ClassVar[str] = "risk_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class KillswitchEnvironment(TradingEnvironment):
    """The kill switch's."""

    door: ClassVar[str] = "killswitch"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiEnvironment(TradingEnvironment):
    """The API's, which takes the operator's word too."""

    door: ClassVar[str] = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorEnvironment(TradingEnvironment):
    """The operator's verbs on a command line: `haetae kill`, `stop`, `halt`, `resume`."""

    door: ClassVar[str] = "haetae"


def read_sandbox_url(variables: Variables) -> str:
    """Return the address of a sandbox exchange, never of the real one.

    Paper is the only mode there is, and the exchange's own address would make its orders real.
    """
    name = "UPBIT_BASE_URL"
    value = require(variables, name).rstrip("/")
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(f"{name} {value!r} is no address; allowed: http://… or https://…")
    if f".{host.rstrip('.')}".endswith(f".{REAL_EXCHANGE}"):
        raise ConfigError(f"{name} {value!r} is the real exchange; allowed: a sandbox exchange")
    return value


def read_secrets(variables: Variables) -> EnvironmentSecrets | ParameterPath:
    """Return where the exchange's keys are; those in variables have to be there already.

    Raises:
        ConfigError: the place is unknown.
        SecretMissing: a key is not among the variables, or cannot be meant.
    """
    place = read_place(variables)
    if isinstance(place, EnvironmentSecrets):
        for name in KEYS:
            place.get(name)
    return place


def read_place(variables: Variables) -> EnvironmentSecrets | ParameterPath:
    """Return where the secrets are to be looked for.

    Raises:
        ConfigError: the place is unknown.
    """
    place = text(variables, "HAETAE_SECRETS", "env")
    if place == "env":
        return EnvironmentSecrets(variables)
    path = PARAMETERS.fullmatch(place)
    if path is None:
        raise ConfigError(f"HAETAE_SECRETS {place!r} is unknown; allowed: env, ssm:/path")
    return ParameterPath(path=path[1])
