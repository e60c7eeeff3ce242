"""`haetae halt`: nothing but exits."""

import argparse

from haetae.cli.operator import add_reason, print_message, read_command


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    add_reason(verb)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    from haetae.app.operator.command import halt
    from haetae.notify.build import mode_changed

    reason, app, t = read_command(args)
    return print_message(mode_changed(halt(app.ports, t=t, reason=reason, by="cli")))
