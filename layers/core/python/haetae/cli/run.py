"""What a backtest and a replay have in common: their arguments, their run and their result.

Profile and settings come from the command line, a file, and the variables that `make up` reads too.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haetae.base.errors import ConfigError, DataError
from haetae.base.files import reason_of
from haetae.base.money import MICRO
from haetae.base.time import epoch_s
from haetae.cli.variables import find_variables
from haetae.config.build import setup_of
from haetae.config.dotenv import Chosen
from haetae.config.files import Written, merge_assignments
from haetae.config.profiles import PROFILES
from haetae.config.sources import DEFAULT_PROFILE, MARKET, PROFILE, merge_settings, text_of
from haetae.config.variables import SPELLINGS
from haetae.wiring.files import read_settings

if TYPE_CHECKING:
    from haetae.config.setup import Setup
    from haetae.research.data.tapes import History, Span
    from haetae.research.engine.result import Result

INTERVAL = "schedule.decision_interval_minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run is made of; `settings` are those that made the setup of its profile."""

    setup: "Setup"
    settings: Mapping[str, str]
    histories: "dict[str, History]"
    span: "Span"


def add_run_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what a backtest and a replay have in common."""
    verb.add_argument(
        "--market",
        action="append",
        metavar="KRW-BTC",
        help="a market to trade; may repeat; default: those of the candles",
    )
    verb.add_argument(
        "--candles",
        action="append",
        type=Path,
        required=True,
        metavar="FILE",
        help="recorded candles, Parquet or CSV, such as KRW-BTC_1m.parquet; may repeat; needed",
    )
    verb.add_argument(
        "--decision-interval",
        metavar="MINUTES",
        help="the candle that decides, such as 60m; default: the settings', else 60m",
    )
    verb.add_argument(
        "--from",
        dest="from_",
        metavar="TIME",
        help="when trading begins, UTC: 2025-09-01 or 2025-09-01T09:00Z; "
        "default: once 600 decision candles have closed",
    )
    verb.add_argument(
        "--to", metavar="TIME", help="when it ends, UTC; default: with the last candle"
    )
    add_settings_arguments(verb)
    verb.add_argument(
        "--cash", default="10000000", metavar="KRW", help="won to start with; default: 10000000"
    )
    verb.add_argument(
        "--json", type=Path, metavar="OUT", help="a file for the result; default: printed only"
    )


def add_settings_arguments(verb: argparse.ArgumentParser) -> None:
    """Add where settings come from."""
    verb.add_argument(
        "--profile",
        metavar="NAME",
        help=f"the rails to start from: {', '.join(PROFILES)}; default: HAETAE_PROFILE, else plan",
    )
    verb.add_argument(
        "--config", type=Path, metavar="FILE", help="settings as YAML; default: the profile's"
    )
    verb.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="single settings, separated by commas; may repeat; haetae settings lists them; "
        "default: the file's and the variables'",
    )


def parse_run(args: argparse.Namespace) -> Run:
    """Return what a run is made of; nothing is written before all of it is valid."""
    from haetae.research.data.candle_files import read_candles
    from haetae.research.data.tapes import histories, span

    variables = find_variables()
    from_t, to_t = parse_time("--from", args.from_), parse_time("--to", args.to)
    if from_t is not None and to_t is not None and from_t >= to_t:
        raise ConfigError(
            f"--from {args.from_} is not before --to {args.to}; allowed: an earlier time"
        )
    profile = args.profile or text_of(variables, PROFILE) or DEFAULT_PROFILE
    written = written_settings(args, variables)
    overrides = {one.name: one.text for one in written}
    places = {one.name: one.place for one in written if one.place}
    given = tuple(args.market) if args.market else ()
    if given:
        setup_of(profile=profile, markets=given, overrides=overrides, places=places)
    only = given[0] if len(given) == 1 else None
    files = [read_candles(path, market_of(path, only)) for path in args.candles]
    markets = given or tuple(dict.fromkeys(file.market for file in files))
    setup = setup_of(profile=profile, markets=markets, overrides=overrides, places=places)
    found = histories(files, markets, setup.interval_s)
    chosen = span(
        found,
        setup.interval_s,
        from_t=from_t,
        to_t=to_t,
    )
    return Run(setup=setup, settings=overrides, histories=found, span=chosen)


def market_of(path: Path, only: str | None) -> str | None:
    """Return the market of a file whose name does not tell, where only one was given."""
    return None if path.name.startswith("KRW-") else only


def written_settings(args: argparse.Namespace, variables: Chosen) -> tuple[Written, ...]:
    """Return the settings of the flags, the file and the variables, each with its place.

    The markets that variables name are those of `make up`: a backtest trades its candles'.

    Raises:
        ConfigError: the file cannot be read, or a setting is given twice.
    """
    flags = merge_assignments(args.set)
    if args.decision_interval:
        minutes = args.decision_interval.removesuffix("m")
        if not (minutes.isascii() and minutes.isdigit()) or not args.decision_interval.endswith(
            "m"
        ):
            raise ConfigError(
                f"--decision-interval {args.decision_interval!r} is not an interval; "
                "allowed: 1m, 3m, 5m, 10m, 15m, 30m, 60m, 240m"
            )
        if INTERVAL in flags:
            raise ConfigError(
                f"--decision-interval and --set {INTERVAL} are one key; allowed: one of them"
            )
        flags[INTERVAL] = minutes
    file = read_settings(args.config) if args.config else ()
    others = {name: one for name, one in variables.items() if SPELLINGS[name].setting != MARKET}
    return merge_settings(line=flags, file=file, chosen=others)


def parse_time(flag: str, text: str | None) -> int | None:
    """Return a time as epoch seconds; without a zone it is UTC.

    Raises:
        ConfigError: it is not a time.
    """
    if text is None:
        return None
    try:
        return epoch_s(text)
    except ValueError:
        raise ConfigError(f"{flag} {text!r} is not a time; allowed: 2025-09-01T00:00Z") from None


def parse_cash(text: str) -> int:
    """Return won as micro-won.

    Raises:
        ConfigError: not a whole number of won the exchange could hold.
    """
    whole = text.isascii() and text.isdecimal() and len(text) <= len("1000000000000")
    if not whole or not 5_000 <= int(text) <= 1_000_000_000_000:
        raise ConfigError(f"--cash {text!r} is out of range; allowed: 5000 to 1000000000000")
    return int(text) * MICRO


def print_result(args: argparse.Namespace, result: "Result") -> int:
    """Print the result and write its JSON."""
    from haetae.research.engine.result import page

    if args.json:
        try:
            result.save(args.json)
        except OSError as error:
            raise DataError(
                f"--json {args.json} cannot be written: it {reason_of(error)}"
            ) from error
    print(page(result))
    return 0
