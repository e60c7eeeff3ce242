"""`haetae doctor`: what is wrong with this installation, and what to do about it."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from haetae.wiring.doctor import Level, Surroundings, examine


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    verb.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML")
    verb.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 if one of them is an error."""
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
    return int(any(one.level is Level.ERROR for one in findings))
