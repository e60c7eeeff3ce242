"""`haetae doctor`: what is wrong with this installation, and what to do about it."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from haetae.cli.parser import USAGE
from haetae.wiring.doctor import REFUSALS, Level, Surroundings, examine


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    verb.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings as YAML; default: none",
    )
    verb.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the findings; 2 if a setting or variable is refused, 1 if another one is an error."""
    around = Surroundings(
        python=(sys.version_info.major, sys.version_info.minor),
        folder=Path(),
        process=os.environ,
        config=args.config,
    )
    findings = examine(around)
    if args.json:
        print(json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=2))
    elif not findings:
        print("nothing is wrong")
    else:
        for one in findings:
            print(f"{one.level:<8} {one.code}: {one.sentence}\n{'':<8} do: {one.remedy}")
    if any(one.code in REFUSALS for one in findings):
        return USAGE
    return int(any(one.level is Level.ERROR for one in findings))
