"""What the options of a verb mean: for the exchange, for the template, and for a replay."""

import argparse
from typing import TYPE_CHECKING

from haetae.base.time import MINUTE_S, iso_text
from haetae.config.checks import split_markets
from haetae_local.errors import LocalError
from haetae_local.folders import Running
from haetae_local.lifecycle.configure import DISABLED
from haetae_local.talk.http import call, exchange_at

if TYPE_CHECKING:
    from haetae.research.data.candle_files import CandleFile
    from haetae.research.data.tapes import Span

SOURCE_OF = {"CANDLES": "replay", "SPEED": "replay", "UPSTREAM": "live"}  # where it has an effect
MOST_NAMES = 10  # in a sentence


def exchange_options(args: argparse.Namespace) -> list[str]:
    """Return the sandbox's options for a source of prices."""
    options = ["--source", args.source]
    if args.source == "replay":
        if not args.candles:
            raise LocalError("SOURCE=replay needs recorded minutes; add CANDLES=KRW-BTC_1m.parquet")
        options += ["--clock", "virtual", "--start", iso_text(recorded_span(args).from_t)]
        return [*options, "--candles", *[str(path.resolve()) for path in args.candles]]
    if args.markets:
        options += ["--markets", args.markets]
    if args.source == "live" and args.upstream:
        options += ["--upstream", args.upstream]
    return options


def check_source(args: argparse.Namespace, running: Running | None) -> None:
    """Refuse what has no effect on the source of prices, or on one that is already there.

    Raises:
        LocalError: names the variable, and what to do.
    """
    if running is not None and running.source != args.source:
        raise LocalError(f"SOURCE={running.source} is running; to change it run: make down")
    given = {"CANDLES": args.candles, "UPSTREAM": args.upstream, "SPEED": args.speed is not None}
    for name, source in SOURCE_OF.items():
        if given[name] and args.source != source:
            raise LocalError(
                f"{name}= has no effect on SOURCE={args.source}; "
                f"add SOURCE={source}, or leave it out"
            )
        if given[name] and running is not None:
            raise LocalError(f"{name}= has no effect on what runs; to change it run: make down")


def check_markets(wanted: str, running: Running) -> None:
    """Refuse markets that the exchange which runs does not list: the bot would see no candle.

    Raises:
        LocalError: names them, and what to do.
    """
    rows = call(exchange_at(running.exchange), "GET", "/v1/market/all")
    listed = [row["market"] for row in rows if row["market"].startswith("KRW-")]
    missing = [name for name in split_markets(wanted) if name and name not in listed]
    if missing:
        raise LocalError(
            f"MARKETS: {', '.join(missing)} is not on the exchange that runs, which lists "
            f"{', '.join(listed[:MOST_NAMES])}; to change it run: make down"
        )


def parameters(args: argparse.Namespace, running: Running, *, schedules: str) -> dict[str, str]:
    """Return the template's parameters; unset values keep their deployed setting."""
    from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY

    given = {
        "Markets": args.markets,
        "Profile": args.profile,
        "DecisionIntervalMinutes": args.interval,
        "Settings": args.settings,
        "Language": args.language,
        "LogLevel": args.log_level,
    }
    return {
        "Schedules": schedules,
        "Clock": "exchange" if running.source == "replay" else "system",
        "UpbitBaseUrl": running.exchange,
        "UpbitAccessKey": ACCESS_KEY,
        "UpbitSecretKey": SECRET_KEY,
        **{name: text for name, text in given.items() if text},
    }


def markets_of(args: argparse.Namespace) -> str:
    """Return the markets that were told, of a replay else those of its candle files; "" for none.

    Unset values keep their deployed setting.
    """
    if args.markets or args.source != "replay":
        return str(args.markets)
    return ",".join(dict.fromkeys(file.market for file in candle_files(args)))


def schedules_of(source: str, wanted: str) -> str:
    """Return whether the rules fire: of a replay never, its events come from the pump alone."""
    return DISABLED if source == "replay" else wanted


def recorded_span(args: argparse.Namespace) -> "Span":
    """Return the time that the candle files can be replayed for.

    Raises:
        LocalError: they cannot be read, or hold too little.
    """
    from haetae.base.errors import HaetaeError
    from haetae.research.data.tapes import histories, span

    try:
        found = histories(candle_files(args), markets_of(args).split(","), interval_s(args))
        return span(found, interval_s(args), from_t=None, to_t=None)
    except HaetaeError as error:
        raise LocalError(f"CANDLES cannot be replayed: {error}") from error


def candle_files(args: argparse.Namespace) -> "list[CandleFile]":
    """Read the candle files of a replay; raises LocalError where one cannot be read."""
    from haetae.base.errors import HaetaeError
    from haetae.research.data.candle_files import read_candles

    try:
        return [read_candles(path) for path in args.candles]
    except HaetaeError as error:
        raise LocalError(f"CANDLES cannot be replayed: {error}") from error


def interval_s(args: argparse.Namespace) -> int:
    """Return the decision candle's length; an hour unless told."""
    return int(args.interval or 60) * MINUTE_S
