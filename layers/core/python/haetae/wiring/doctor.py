"""What is wrong with an installation before it runs: findings of checks, in one registry.

A check is a function of the surroundings that yields findings; a later piece adds its own to
CHECKS. A check never raises for what a person can mend, and says nothing of what another one says.
"""

import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from haetae.base.errors import ConfigError, SecretMissing, SecretsUnavailable
from haetae.config.build import setup_of
from haetae.config.checks import split_markets
from haetae.config.dotenv import Chosen, idle_sentences
from haetae.config.sources import DEFAULT_PROFILE, MARKET, PROFILE, merge_settings, text_of
from haetae.wiring.adapters import open_secrets
from haetae.wiring.environments.desk import read_aws
from haetae.wiring.environments.trading import KEYS, read_place
from haetae.wiring.files import read_settings, read_variables

PYTHON: Final = (3, 13)
REFUSALS: Final = frozenset({"variable-refused", "setting-refused", "secrets-place"})
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Level(StrEnum):
    """How bad a finding is: an error keeps something from working."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found: a code for machines, a sentence, and what to do about it."""

    level: Level
    code: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the checks look at; `config` is a file of settings, if one is used."""

    python: tuple[int, int]
    folder: Path
    process: Mapping[str, str]
    config: Path | None


type Check = Callable[[Surroundings], Iterator[Finding]]


def check_python(around: Surroundings) -> Iterator[Finding]:
    """Find another Python than the functions run on: its numbers were never tested."""
    if around.python != PYTHON:
        found, wanted = (".".join(map(str, version)) for version in (around.python, PYTHON))
        yield Finding(
            level=Level.ERROR,
            code="python-version",
            sentence=f"this is Python {found}; the functions run on {wanted}",
            remedy=f"pyenv install {wanted} && make setup",
        )


def check_dotenv(around: Surroundings) -> Iterator[Finding]:
    """Find a `.env` that is missing or that others can read."""
    path = around.folder / ".env"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        yield Finding(
            level=Level.INFO,
            code="dotenv-missing",
            sentence="there is no .env in this folder; only the process's variables count",
            remedy="cp .env.example .env && chmod 600 .env",
        )
        return
    if mode & OTHERS:
        yield Finding(
            level=Level.ERROR,
            code="dotenv-mode",
            sentence=f".env is open to other users of this machine: its mode is {mode:03o}",
            remedy="chmod 600 .env",
        )


def check_variables(around: Surroundings) -> Iterator[Finding]:
    """Find variables that cannot be meant, by line and name."""
    try:
        read_variables(around.folder, around.process)
    except ConfigError as error:
        yield Finding(
            level=Level.ERROR,
            code="variable-refused",
            sentence=str(error),
            remedy="correct it; .env.example shows the form and says what each variable is for",
        )


def check_idle(around: Surroundings) -> Iterator[Finding]:
    """Find variables that have no effect."""
    for sentence in idle_sentences(variables(around)):
        yield Finding(
            level=Level.WARNING,
            code="variable-without-effect",
            sentence=sentence,
            remedy="take it out of .env",
        )


def check_settings(around: Surroundings) -> Iterator[Finding]:
    """Find settings that are unknown, out of range, contradictory or without effect."""
    chosen = variables(around)
    try:
        file = read_settings(around.config) if around.config else ()
        written = {one.name: one for one in merge_settings(line={}, file=file, chosen=chosen)}
        market = written.get(MARKET)
        setup_of(
            profile=text_of(chosen, PROFILE) or DEFAULT_PROFILE,
            markets=split_markets(market.text) if market else ("KRW-BTC",),
            overrides={name: one.text for name, one in written.items()},
            places={name: one.place for name, one in written.items()},
        )
    except ConfigError as error:
        yield Finding(
            level=Level.ERROR,
            code="setting-refused",
            sentence=str(error),
            remedy="correct it; haetae settings lists what is allowed",
        )


def check_secrets(around: Surroundings) -> Iterator[Finding]:
    """Find keys that are not where the variables say, of an installation that names its table."""
    chosen = variables(around)
    if not chosen.keys() & {"HAETAE_TABLE", "HAETAE_SECRETS"}:
        return  # make up brings the sandbox's own
    texts = {one.name: one.text for one in chosen.values()}
    try:
        secrets = open_secrets(read_place(texts), read_aws(texts))
    except ConfigError as error:
        yield Finding(
            level=Level.ERROR,
            code="secrets-place",
            sentence=str(error),
            remedy="correct HAETAE_SECRETS; .env.example says what it is for",
        )
        return
    for name in KEYS:
        try:
            secrets.get(name)
        except SecretMissing as error:
            yield Finding(
                level=Level.ERROR,
                code="secret-missing",
                sentence=str(error),
                remedy=f"put {name} there, or let HAETAE_SECRETS name the place where it is",
            )
        except SecretsUnavailable as error:
            yield Finding(
                level=Level.WARNING,
                code="secret-unknown",
                sentence=str(error),
                remedy="let this process reach and read the Parameter Store, and ask again",
            )


def variables(around: Surroundings) -> Chosen:
    """Return the variables; none where they are refused, which a check of its own says."""
    try:
        return read_variables(around.folder, around.process)
    except ConfigError:
        return {}


CHECKS: Final[tuple[Check, ...]] = (
    check_python,
    check_dotenv,
    check_variables,
    check_idle,
    check_settings,
    check_secrets,
)


def examine(around: Surroundings) -> tuple[Finding, ...]:
    """Return what all checks find, in their order."""
    return tuple(finding for check in CHECKS for finding in check(around))
