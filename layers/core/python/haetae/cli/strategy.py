"""`haetae strategy check FILE`: whether a strategy's file may be put beside the shipped ones."""

import argparse
from pathlib import Path


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    verb.add_argument("act", choices=("check",), help="what to do with the file")
    verb.add_argument("file", type=Path, metavar="FILE", help="a strategy, as docs/strategies.md")


def run(args: argparse.Namespace) -> int:
    """Print what refuses the file; 1 if anything does."""
    from haetae.research.strategy.check import check_strategy

    findings = check_strategy(args.file)
    for one in findings:
        print(f"{args.file}:{one.line}: {one.check}: {one.sentence}")
    if not findings:
        print(f"{args.file}: accepted")
    return int(bool(findings))
