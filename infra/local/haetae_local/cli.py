"""What `make up`, `down`, `deploy-local`, `invoke`, `logs`, `status`, `kill` and `resume` do."""

import argparse
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Never

from haetae.cli.parser import Parser
from haetae_local.errors import LocalError
from haetae_local.lifecycle.deploy import deploy_again
from haetae_local.lifecycle.doctor import doctor
from haetae_local.lifecycle.down import down
from haetae_local.lifecycle.up import up
from haetae_local.talk import desk
from haetae_local.talk.logs import logs

CANNOT = 2
OPTION = re.compile(r"argument --([a-z]+): ")
INVALID = re.compile(r"invalid choice: ('[^']*') \(choose from (.*)\)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; 0 when it did what was asked, 2 with one sentence when it could not.

    `doctor` returns 1 or 2 where something is wrong.
    """
    try:
        args = parser().parse_args(argv)
        run: Callable[[argparse.Namespace], int | None] = args.run
        return run(args) or 0
    except LocalError as error:
        print(f"haetae: {error}", file=sys.stderr)
        return CANNOT
    except BrokenPipeError:  # whoever read us, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("haetae: interrupted; nothing is left half-started", file=sys.stderr)
        return 130
    return 0


class MakeParser(Parser):
    """A reader of the command line that names an option as make knows it: SOURCE for --source."""

    def error(self, message: str) -> Never:
        """End with one sentence and exit code 2."""
        option = OPTION.match(message)
        if option is None:
            super().error(message)
        said = message[option.end() :]
        choice = INVALID.fullmatch(said)
        if choice:
            said = f"{choice[1]} is unknown; allowed: {choice[2].replace("'", '')}"
        self.exit(CANNOT, f"haetae: {option[1].upper()} {said}\n")


def parser() -> MakeParser:
    """Return the command line's grammar."""
    top = MakeParser(prog="python -m haetae_local", description=__doc__)
    verbs = top.add_subparsers(required=True, metavar="VERB")

    verb = verbs.add_parser("up", help="start everything and leave it trading on paper")
    verb.add_argument("--source", choices=("synthetic", "live", "replay"), default="synthetic")
    verb.add_argument("--candles", nargs="*", default=[], type=Path, metavar="FILE")
    verb.add_argument("--upstream", default="", metavar="URL", help="live: whom to mirror")
    verb.add_argument("--speed", type=speed, help="replay: minutes a second; 0: all")
    stack_arguments(verb)
    verb.set_defaults(run=up)

    verb = verbs.add_parser("down", help="keep the paper account and stop everything")
    verb.set_defaults(run=down)

    verb = verbs.add_parser("deploy", help="build and deploy to the running LocalStack")
    verb.add_argument("--endpoint", default="", metavar="URL", help="one that somebody else runs")
    verb.add_argument("--exchange", default="", metavar="URL", help="its functions' exchange")
    stack_arguments(verb)
    verb.set_defaults(run=deploy_again)

    verb = verbs.add_parser("invoke", help="send an event to a function")
    verb.add_argument("function")
    verb.add_argument("--event", type=Path, metavar="FILE")
    verb.set_defaults(run=desk.invoke_function)

    verb = verbs.add_parser("logs", help="print what the functions logged")
    verb.add_argument("--function", default="")
    verb.add_argument("--follow", action="store_true")
    verb.set_defaults(run=logs)

    verb = verbs.add_parser("doctor", help="say what runs and what is wrong here")
    verb.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML")
    verb.set_defaults(run=doctor)

    verb = verbs.add_parser("status", help="print what the bot holds and does")
    verb.set_defaults(run=desk.status)

    verb = verbs.add_parser("kill", help="stop everything, sell everything")
    verb.add_argument("--reason", required=True)
    verb.set_defaults(run=desk.kill)

    verb = verbs.add_parser("resume", help="trade again")
    verb.add_argument("--reason", required=True)
    verb.add_argument("--confirm", default="", metavar="WORDS", help="RESUME and the account")
    verb.set_defaults(run=desk.resume)
    return top


def speed(text: str) -> float:
    """Read a replay's speed: minutes a second, 0 for as fast as it goes."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed; allowed: minutes a second from 0")
    return found


def stack_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what a deployment can be told, besides variables; what is not told stays as deployed."""
    verb.add_argument("--markets", default="", help="KRW-BTC,KRW-ETH")
    verb.add_argument("--profile", default="")
    verb.add_argument("--interval", default="", metavar="MINUTES", help="the decision candle's")
    verb.add_argument("--settings", default="", metavar="KEY=VALUE,…")
    verb.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML")
    verb.add_argument("--language", default="", choices=("ko", "en"))


if __name__ == "__main__":
    sys.exit(main())
