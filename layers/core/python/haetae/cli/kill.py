"""`haetae kill`: cancel everything, sell everything, then only halt."""

import argparse

from haetae.cli.operator import add_reason, print_message, read_command


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    add_reason(verb)


def run(args: argparse.Namespace) -> int:
    """Run the verb; safe to repeat."""
    from haetae.app.operator.kill import kill

    reason, app, t = read_command(args)
    return print_message(kill(app.ports, app.setup, t=t, reason=reason, by="cli"))
