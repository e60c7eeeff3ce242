"""`haetae settings`: the table of settings with a profile's values, and .env.example."""

import argparse
import json
from dataclasses import asdict

from haetae.config.page import example_file, page, rows
from haetae.config.profiles import PROFILES


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what the verb can be told."""
    verb.add_argument(
        "--profile",
        default="plan",
        choices=tuple(PROFILES),
        metavar="NAME",
        help=f"whose values: {', '.join(PROFILES)}; default: plan",
    )
    form = verb.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--page", action="store_true", help="print docs/settings.md")
    form.add_argument("--dotenv", action="store_true", help="print .env.example")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    found = rows(args.profile)
    if args.json:
        print(json.dumps([asdict(row) for row in found], ensure_ascii=False, indent=2))
    elif args.page:
        print(page(), end="")
    elif args.dotenv:
        print(example_file(), end="")
    else:
        for row in found:
            print(f"{row.name:<36} {row.value:<12} {row.unit:<14} {row.meaning} ({row.allowed})")
    return 0
