"""Secrets from the variables of the process, or from the Parameter Store of AWS."""

from collections.abc import Mapping
from typing import Any, Protocol

from haetae.base.errors import SecretMissing, SecretsUnavailable
from haetae.config.dotenv import read_spellings
from haetae.config.variables import SPELLINGS

TIMEOUT_S = 2.0
CALLS = 3  # one question is asked at most this often
SECURE = "SecureString"
NOT_FOUND = frozenset({"ParameterNotFound", "ParameterVersionNotFound"})
THROTTLES = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})
DENIALS = frozenset({"AccessDeniedException", "AccessDenied"})


class ParameterStore(Protocol):
    """The one call of boto3's client that is used."""

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        """Return a parameter, its value in plain text if `WithDecryption`."""
        ...


class EnvironmentSecrets:
    """The port `Secrets` on variables, each under either of its names."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Take the variables of a process."""
        self._variables = variables

    def __repr__(self) -> str:
        """Show no secret."""
        return "EnvironmentSecrets(***)"

    def get(self, name: str) -> str:
        """Return a secret; two names of it have to agree."""
        found = read_spellings(SPELLINGS[name], self._variables)
        if not found:
            names = " or ".join(SPELLINGS[name].spellings)
            raise SecretMissing(f"{names} is missing; allowed: the key that the exchange issued")
        if len({one.text for one in found}) > 1:
            names = " and ".join(one.name for one in found)
            raise SecretMissing(f"{names} disagree; allowed: one of them, or equal values")
        return bare(found[0].name, found[0].text)


class ParameterSecrets:
    """The port `Secrets` on the Parameter Store: path/NAME, asked for once in a process."""

    def __init__(self, client: ParameterStore, path: str) -> None:
        """Read below `path`, which begins with a slash."""
        self._client = client
        self._path = path
        self._read: dict[str, str] = {}

    def __repr__(self) -> str:
        """Show where the secrets are."""
        return f"ParameterSecrets({self._path})"

    def get(self, name: str) -> str:
        """Return a secret, which has to be a SecureString."""
        if name not in self._read:
            self._read[name] = self._ask(name)
        return self._read[name]

    def _ask(self, name: str) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        place = f"{self._path}/{name}"
        try:
            answer = self._client.get_parameter(Name=place, WithDecryption=True)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            raise refusal(name, place, code) from error
        except BotoCoreError as error:
            why = type(error).__name__
            raise SecretsUnavailable(f"the Parameter Store gave no {place}: {why}") from error
        parameter = answer["Parameter"]
        if parameter.get("Type") != SECURE:
            raise SecretMissing(f"{place} is not encrypted; allowed: a {SECURE}")
        return bare(place, parameter.get("Value", ""))


def create_client(endpoint_url: str | None, region: str) -> ParameterStore:
    """Return a client that answers or fails within a bounded time; None is AWS itself."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALLS},
    )
    client: ParameterStore = boto3.client(
        "ssm", endpoint_url=endpoint_url, region_name=region, config=config
    )
    return client


def refusal(name: str, place: str, code: str) -> SecretMissing | SecretsUnavailable:
    """Return what a refused question means, by the code of the refusal."""
    if code in NOT_FOUND:
        return SecretMissing(
            f"{name} is missing from the Parameter Store; allowed: a {SECURE} {place}"
        )
    if code in THROTTLES:
        return SecretsUnavailable(f"the Parameter Store is asked too often for {place}: {code}")
    if code in DENIALS:
        return SecretsUnavailable(f"this process may not read {place}: {code}")
    return SecretsUnavailable(f"the Parameter Store gave no {place}: {code}")


def bare(place: str, value: str) -> str:
    """Return a secret that is nothing but a key; `place` is where it was found."""
    if not value or value != value.strip("'\"") or any(c.isspace() for c in value):
        raise SecretMissing(f"{place} has quotes or spaces in it; allowed: the bare key")
    return value
