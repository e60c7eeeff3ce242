"""`haetae resume`: trade again, once the account and the exchange agree."""

import argparse
import sys

from haetae.cli.operator import add_reason, print_message, read_command


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    add_reason(verb)
    verb.add_argument("--confirm", default="", metavar="WORDS", help="RESUME and account")


def run(args: argparse.Namespace) -> int:
    """Run the verb; 2 with every reason when it is refused."""
    from haetae.app.operator.resume import ResumeRefused, resume
    from haetae.notify.build import mode_changed

    reason, app, t = read_command(args)
    answer = resume(app.ports, app.setup, t=t, reason=reason, by="cli", confirm=args.confirm)
    if isinstance(answer, ResumeRefused):
        print(f"haetae: resume is refused: {'; '.join(answer.reasons)}", file=sys.stderr)
        return 2
    return print_message(mode_changed(answer))
