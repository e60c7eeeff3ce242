"""`haetae …`: every verb of the command line; each parses, calls and translates errors."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from haetae.base.errors import ConfigError, DataError, HaetaeError
from haetae.base.money import MICRO
from haetae.base.time import epoch_s
from haetae.config.build import setup_of
from haetae.config.files import assignments, flattened
from haetae.config.profiles import PROFILES

if TYPE_CHECKING:
    from haetae.app.ports import Message
    from haetae.config.setup import Setup
    from haetae.research.data.tapes import History, Span
    from haetae.research.engine.result import Result
    from haetae.wiring.container import App

USAGE = 2  # exit code for anything the user can mend


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; 0 when it did what was asked, 2 with one sentence when it could not."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["sandbox"]:
        from upbit_sandbox.cli import main as sandbox

        return sandbox(arguments[1:])
    args = parser().parse_args(arguments)
    try:
        code: int = args.run(args)
    except HaetaeError as error:
        print(f"haetae: {error}", file=sys.stderr)
        return USAGE
    return code


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    from haetae.research.data import collect

    top = argparse.ArgumentParser(prog="haetae", description="You trade what you tested.")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    verb = verbs.add_parser("backtest", help="run the compiled kernel over recorded candles")
    run_arguments(verb)
    verb.set_defaults(run=run_backtest)
    verb = verbs.add_parser("replay", help="push the same candles through the real handlers")
    run_arguments(verb)
    verb.add_argument("--target", default="in-process", help="in-process, moto or deployed")
    verb.set_defaults(run=run_replay)
    verb = verbs.add_parser("collect", help="fetch candle history into a file")
    collect.add_arguments(verb)
    verb.set_defaults(run=collect.run)
    operator_verbs(verbs)
    verbs.add_parser("sandbox", help="an Upbit on this machine (haetae sandbox --help)")
    return top


def run_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what a backtest and a replay have in common."""
    verb.add_argument("--market", action="append", help="KRW-BTC; may repeat")
    verb.add_argument("--candles", action="append", type=Path, required=True, metavar="FILE")
    verb.add_argument("--decision-interval", default=None, help="such as 60m")
    verb.add_argument("--from", dest="from_", metavar="TIME", help="2025-09-01 or with T09:00Z")
    verb.add_argument("--to", metavar="TIME")
    verb.add_argument("--profile", default="plan", help=", ".join(PROFILES))
    verb.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML")
    verb.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    verb.add_argument("--cash", default="10000000", help="won to start with")
    verb.add_argument("--json", type=Path, metavar="OUT")


def operator_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the operator's four words; the account is the one the functions' variables name."""
    words = {
        "kill": (run_kill, "cancel everything, sell everything, then only halt"),
        "stop": (run_stop, "no new entries; positions keep their stops"),
        "halt": (run_halt, "nothing but exits"),
        "start": (run_start, "trade again"),
    }
    for name, (run, text) in words.items():
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("--reason", required=True, metavar="TEXT")
        verb.set_defaults(run=run)
        if name == "start":
            verb.add_argument("--confirm", default="", metavar="WORDS", help="RESUME and account")


def run_kill(args: argparse.Namespace) -> int:
    """Run `haetae kill`; safe to repeat."""
    from haetae.app.halt import kill, kill_facts
    from haetae.app.messages import kill_report

    reason, app, t = ordered(args)
    report = kill(app.ports, app.setup, t=t, reason=reason, by="cli")
    return said(kill_report(t, kill_facts(report)))


def run_stop(args: argparse.Namespace) -> int:
    """Run `haetae stop`."""
    from haetae.app.halt import stop
    from haetae.app.messages import halted

    reason, app, t = ordered(args)
    return said(halted(stop(app.ports, t=t, reason=reason, by="cli")))


def run_halt(args: argparse.Namespace) -> int:
    """Run `haetae halt`."""
    from haetae.app.halt import halt
    from haetae.app.messages import halted

    reason, app, t = ordered(args)
    return said(halted(halt(app.ports, t=t, reason=reason, by="cli")))


def run_start(args: argparse.Namespace) -> int:
    """Run `haetae start`; 2 with every reason when it is refused."""
    from haetae.app.halt import StartRefused, start
    from haetae.app.messages import halted

    reason, app, t = ordered(args)
    answer = start(app.ports, app.setup, t=t, reason=reason, by="cli", confirm=args.confirm)
    if isinstance(answer, StartRefused):
        print(f"haetae: start is refused: {'; '.join(answer.reasons)}", file=sys.stderr)
        return USAGE
    return said(halted(answer))


def ordered(args: argparse.Namespace) -> "tuple[str, App, int]":
    """Return an operator's reason, the account it is for, and now in epoch seconds.

    Raises:
        ConfigError: the reason is blank, or a function variable is missing or wrong.
    """
    from haetae.wiring.commands import read_reason
    from haetae.wiring.container import CONTAINER

    reason = read_reason(args.reason)
    if not reason:
        raise ConfigError("--reason is missing; allowed: any text")
    app = CONTAINER.current()
    return reason, app, int(app.ports.clock.now_s())


def said(message: "Message") -> int:
    """Print the outcome in the words of its message."""
    from haetae.notify.render import render

    print(render(message.kind, message.facts, "en"))
    return 0


def run_backtest(args: argparse.Namespace) -> int:
    """Run `haetae backtest`."""
    from haetae.research.engine.backtest import backtest

    setup, found, span = task(args)
    return told(args, backtest(setup, found, span, cash=cash(args.cash)))


def run_replay(args: argparse.Namespace) -> int:
    """Run `haetae replay`, with a progress bar on a terminal's error stream."""
    from tqdm import tqdm

    from haetae.research.replay.replay import replay

    setup, found, span = task(args)
    total = (span.to_t - span.from_t) // 60 + 1
    with tqdm(total=total, unit="min", mininterval=0.5) as bar:

        def progress(_t: int) -> None:
            bar.update(1)

        if args.target == "deployed":
            from haetae_local.replay.replay import replay_deployed

            result = replay_deployed(
                setup,
                found,
                span,
                cash=cash(args.cash),
                settings=settings(args),
                progress=progress,
            )
        else:
            result = replay(
                setup, found, span, cash=cash(args.cash), target=args.target, progress=progress
            )
    return told(args, result)


def task(args: argparse.Namespace) -> "tuple[Setup, dict[str, History], Span]":
    """Return what a run is made of; nothing is written before all of it is valid."""
    from haetae.research.data.candle_files import read_candles
    from haetae.research.data.tapes import histories, span

    overrides = settings(args)
    given = tuple(args.market) if args.market else ()
    if given:
        setup_of(profile=args.profile, markets=given, overrides=overrides)
    only = given[0] if len(given) == 1 else None
    files = [read_candles(path, market_of(path, only)) for path in args.candles]
    markets = given or tuple(dict.fromkeys(file.market for file in files))
    setup = setup_of(profile=args.profile, markets=markets, overrides=overrides)
    found = histories(files, markets, setup.interval_s)
    chosen = span(
        found, setup.interval_s, from_t=moment("--from", args.from_), to_t=moment("--to", args.to)
    )
    return setup, found, chosen


def market_of(path: Path, only: str | None) -> str | None:
    """Return the market of a file whose name does not tell, where only one was given."""
    return None if path.name.startswith("KRW-") else only


def settings(args: argparse.Namespace) -> dict[str, str]:
    """Return the overrides of the file and the flags; a flag wins."""
    found: dict[str, str] = {}
    if args.config:
        found |= config_file(args.config)
    for text in args.set:
        found |= assignments(text)
    if args.decision_interval:
        minutes = args.decision_interval.removesuffix("m")
        if not minutes.isdigit() or not args.decision_interval.endswith("m"):
            raise ConfigError(
                f"--decision-interval {args.decision_interval!r} is not an interval; "
                "allowed: 1m, 3m, 5m, 10m, 15m, 30m, 60m, 240m"
            )
        found["schedule.decision_interval_minutes"] = minutes
    return found


def config_file(path: Path) -> dict[str, str]:
    """Read a YAML file of nested settings.

    Raises:
        ConfigError: it cannot be read or is not a mapping.
    """
    import yaml

    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise ConfigError(f"--config {path} cannot be read: {first}; allowed: YAML") from error
    if not isinstance(tree, dict):
        raise ConfigError(f"--config {path} holds no settings; allowed: a YAML mapping")
    return flattened(tree)


def moment(flag: str, text: str | None) -> int | None:
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


def cash(text: str) -> int:
    """Return won as micro-won.

    Raises:
        ConfigError: not a whole number of won the exchange could hold.
    """
    whole = text.isdecimal() and len(text) <= len("1000000000000")
    if not whole or not 5_000 <= int(text) <= 1_000_000_000_000:
        raise ConfigError(f"--cash {text!r} is out of range; allowed: 5000 to 1000000000000")
    return int(text) * MICRO


def told(args: argparse.Namespace, result: "Result") -> int:
    """Print the result and write its JSON."""
    from haetae.research.engine.result import printed

    if args.json:
        try:
            result.save(args.json)
        except OSError as error:
            raise DataError(f"--json {args.json} cannot be written: {error.strerror}") from error
    print(printed(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
