"""What the operator's verbs have in common: a reason, the account it is for, and the answer.

The account is the one that the functions' variables name: the process's, then those of `.env`.
"""

import argparse
from typing import TYPE_CHECKING

from haetae.base.errors import ConfigError

if TYPE_CHECKING:
    from haetae.notify.messages import Message
    from haetae.wiring.container import App


def add_reason(verb: argparse.ArgumentParser) -> None:
    """Add the reason, which every operator's verb needs."""
    verb.add_argument("--reason", default="", metavar="TEXT", help="why; has to be given")


def read_command(args: argparse.Namespace) -> "tuple[str, App, int]":
    """Return an operator's reason, the account it is for, and now in epoch seconds.

    Raises:
        ConfigError: the reason is blank, or a function variable is missing or wrong.
    """
    from haetae.cli.variables import take_file_variables
    from haetae.wiring.commands import read_reason
    from haetae.wiring.container import CONTAINER
    from haetae.wiring.environments.trading import OperatorEnvironment

    reason = read_reason(args.reason)
    if not reason:
        raise ConfigError("--reason is missing; allowed: any text")
    take_file_variables()
    app = CONTAINER.trader(OperatorEnvironment)()
    return reason, app, int(app.ports.clock.now_s())


def print_message(message: "Message") -> int:
    """Print the outcome in the words of its message."""
    from haetae.notify.render import Channel, render
    from haetae.notify.text import Language

    print(render(message, Language.EN, Channel.LOG))
    return 0
