"""What a person wants of a stack: options, a settings file and variables, joined and checked.

Everything is refused before anything starts: a function could only say it at its first call.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from haetae.base.errors import ConfigError
from haetae.config.build import setup_of
from haetae.config.checks import split_markets
from haetae.config.dotenv import Chosen, idle_sentences
from haetae.config.files import Written, assignments
from haetae.config.keys import KEYS
from haetae.config.sources import (
    DEFAULT_PROFILE,
    MARKET,
    PROFILE,
    merge_settings,
    text_of,
    value_at,
)
from haetae.config.variables import SPELLINGS
from haetae.wiring.files import read_settings, read_variables
from haetae_local.errors import LocalError

INTERVAL = "schedule.decision_interval_minutes"
DEFAULT_MARKETS = "KRW-BTC"
ENABLED = "ENABLED"
DISABLED = "DISABLED"
SCHEDULES = {"true": ENABLED, "false": DISABLED}

type Settings = dict[str, Written]


def configure(args: argparse.Namespace, deployed: Mapping[str, str]) -> argparse.Namespace:
    """Return the options with what the file and the variables add to them.

    `deployed` are the parameters that the stack has: what nobody tells keeps them. What has no
    effect is told on the error stream.

    Raises:
        LocalError: something cannot be read, is unknown, out of range or contradicts.
    """
    try:
        chosen = read_variables(Path(), os.environ)
        settings = wanted_settings(args, chosen)
        wanted = options(args, chosen, settings, deployed)
        check(wanted, settings, deployed)
    except ConfigError as error:
        raise LocalError(str(error)) from error
    for sentence in idle_sentences(chosen, on_stack=True):
        print(f"haetae: warning: {sentence}", file=sys.stderr)
    return wanted


def wanted_settings(args: argparse.Namespace, chosen: Chosen) -> Settings:
    """Return each setting that is told, once; markets of the options overrule the variables'."""
    line = assignments(args.settings)
    if args.interval and INTERVAL in line:
        raise ConfigError(f"INTERVAL and {INTERVAL} of SETTINGS are one; allowed: one of them")
    if args.interval:
        line[INTERVAL] = args.interval
    if args.markets:
        chosen = {n: one for n, one in chosen.items() if SPELLINGS[n].setting != MARKET}
    file = read_settings(args.config) if args.config else ()
    return {one.name: one for one in merge_settings(line=line, file=file, chosen=chosen)}


def options(
    args: argparse.Namespace, chosen: Chosen, settings: Settings, deployed: Mapping[str, str]
) -> argparse.Namespace:
    """Return the options with every parameter that is told."""
    market = settings.get(MARKET)
    markets = ",".join(split_markets(args.markets)) if args.markets else ""
    own = {INTERVAL, MARKET}  # parameters of their own
    changed = {
        "markets": markets or (value_at(market) if market else ""),
        "profile": args.profile or text_of(chosen, PROFILE),
        "interval": minutes(settings[INTERVAL]) if INTERVAL in settings else "",
        "settings": ",".join(f"{n}={one.text}" for n, one in settings.items() if n not in own),
        "language": args.language or text_of(chosen, "HAETAE_LANGUAGE"),
        "log_level": text_of(chosen, "LOG_LEVEL"),
        "schedules": SCHEDULES.get(text_of(chosen, "SCHEDULER_ENABLED"))
        or deployed.get("Schedules", ENABLED),
    }
    return argparse.Namespace(**vars(args) | changed)


def minutes(interval: Written) -> str:
    """Return an interval as the template writes it: 60 of 60.0."""
    return KEYS[INTERVAL].show(float(value_at(interval)))


def check(wanted: argparse.Namespace, settings: Settings, deployed: Mapping[str, str]) -> None:
    """Refuse what the functions would refuse, with what is deployed where nothing is told.

    Raises:
        ConfigError: a value is not allowed, or some contradict each other; names its place.
    """
    texts = {name: one.text for name, one in settings.items()}
    if not wanted.settings:
        texts = assignments(deployed.get("Settings", "")) | texts
    if not wanted.interval and "DecisionIntervalMinutes" in deployed:
        texts[INTERVAL] = deployed["DecisionIntervalMinutes"]
    setup_of(
        profile=wanted.profile or deployed.get("Profile", DEFAULT_PROFILE),
        markets=split_markets(wanted.markets or deployed.get("Markets", DEFAULT_MARKETS)),
        overrides=texts,
        places={name: one.place for name, one in settings.items() if one.place},
    )
