"""`haetae kill`: cancel everything, sell everything, then only halt."""

import argparse

from haetae.cli.operator import add_reason, print_message, read_command


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    add_reason(verb)


def run(args: argparse.Namespace) -> int:
    """Run the verb; safe to repeat."""
    from haetae.app.messages import kill_report
    from haetae.app.operator.kill import kill, kill_facts

    reason, app, t = read_command(args)
    report = kill(app.ports, app.setup, t=t, reason=reason, by="cli")
    return print_message(kill_report(t, kill_facts(report)))
