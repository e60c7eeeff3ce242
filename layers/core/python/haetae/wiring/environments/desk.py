"""The environment of a door that reads books and tells: an account, and no exchange."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from haetae.config.build import setup_of
from haetae.config.checks import split_markets
from haetae.config.dotenv import Chosen, agree, read_spellings
from haetae.config.setup import Setup
from haetae.config.sources import DEFAULT_PROFILE, MARKET, PROFILE, SET, merge_settings
from haetae.config.variables import SPELLINGS, VARIABLES
from haetae.wiring.environments.base import Environment, Variables, require, text

REGION: Final = "ap-northeast-2"
ALLOWED_ONLY: Final = ("MODE",)  # to refuse what the table does not allow
SETTINGS: Final = (SET, *(variable.name for variable in VARIABLES if variable.setting))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """Where AWS is: None is AWS itself, an address is a LocalStack."""

    endpoint_url: str | None
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEnvironment(Environment):
    """An account's settings, its books and its messages."""

    setup: Setup
    table: str
    topic_arn: str
    aws: Aws

    @classmethod
    def fields(cls, variables: Variables) -> dict[str, Any]:
        """Return the fields' values by name."""
        return {
            "setup": read_setup(variables),
            "table": require(variables, "HAETAE_TABLE"),
            "topic_arn": require(variables, "HAETAE_TOPIC_ARN"),
            "aws": read_aws(variables),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReportEnvironment(DeskEnvironment):
    """The daily report's."""

    door: ClassVar[str] = "daily_report"


def read_setup(variables: Variables) -> Setup:
    """Return the account's settings.

    Raises:
        ConfigError: one is unknown, out of range or contradictory, or two variables disagree.
    """
    for name in ALLOWED_ONLY:
        text(variables, name)
    settings = merge_settings(line={}, file=(), chosen=read_choices(variables, SETTINGS))
    texts = {one.name: one.text for one in settings}
    return setup_of(
        profile=text(variables, PROFILE, DEFAULT_PROFILE),
        markets=split_markets(texts.get(MARKET, "KRW-BTC")),
        overrides=texts,
        places={one.name: one.place for one in settings},
        account=text(variables, "HAETAE_ACCOUNT", "main"),
    )


def read_choices(variables: Variables, names: tuple[str, ...]) -> Chosen:
    """Return those of `names` that are set."""
    found = {name: read_spellings(SPELLINGS[name], variables) for name in names}
    return {name: agree(SPELLINGS[name], one) for name, one in found.items() if one}


def read_aws(variables: Variables) -> Aws:
    """Return where AWS is; the runtime sets the region."""
    return Aws(
        endpoint_url=text(variables, "AWS_ENDPOINT_URL") or None,
        region=text(variables, "AWS_REGION", REGION),
    )
