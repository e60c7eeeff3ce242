"""`haetae replay`: the same candles through the real handlers, here or deployed."""

import argparse
from functools import partial

from haetae.cli.plugins import REPLAY_TARGETS, load
from haetae.cli.run import add_run_arguments, parse_cash, parse_run, print_result


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    add_run_arguments(verb)
    verb.add_argument(
        "--target",
        default="in-process",
        metavar="WHERE",
        help="where the handlers run: in-process, moto or deployed; default: in-process",
    )


def run(args: argparse.Namespace) -> int:
    """Run the replay, with a progress bar on a terminal's error stream, and print its result."""
    from tqdm import tqdm

    from haetae.research.replay.books import TARGETS
    from haetae.research.replay.replay import replay

    wanted = parse_run(args)
    if args.target in TARGETS:
        act = partial(replay, target=args.target)
    else:
        deployed = load(REPLAY_TARGETS, args.target, TARGETS)
        act = partial(deployed, settings=wanted.settings)
    total = (wanted.span.to_t - wanted.span.from_t) // 60 + 1
    with tqdm(total=total, unit="min", mininterval=0.5) as bar:

        def progress(_t: int) -> None:
            bar.update(1)

        result = act(
            wanted.setup,
            wanted.histories,
            wanted.span,
            cash=parse_cash(args.cash),
            progress=progress,
        )
    return print_result(args, result)
