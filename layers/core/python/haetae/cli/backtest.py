"""`haetae backtest`: the compiled kernel over recorded candles."""

import argparse

from haetae.cli.run import add_run_arguments, parse_cash, parse_run, print_result


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    add_run_arguments(verb)


def run(args: argparse.Namespace) -> int:
    """Run the backtest and print its result."""
    from haetae.research.engine.backtest import backtest

    wanted = parse_run(args)
    found = backtest(wanted.setup, wanted.histories, wanted.span, cash=parse_cash(args.cash))
    return print_result(args, found)
