"""What runs on this machine, and what is wrong with the installation."""

import argparse
from typing import Any

from haetae.cli.main import main as haetae
from haetae_local.deploy.stack import read_deployment
from haetae_local.errors import LocalError
from haetae_local.folders import Running, open_folder
from haetae_local.servers.processes import answers
from haetae_local.talk.http import api_of, call


def doctor(args: argparse.Namespace) -> int:
    """Say what runs here, then what is wrong; 2 or 1 as `haetae doctor` ends."""
    print(stack_line(open_folder().read()))
    return haetae(["doctor", *([f"--config={args.config}"] if args.config else [])])


def stack_line(running: Running | None) -> str:
    """Return what runs here in one line: its prices, its mode and its ports."""
    if running is None:
        return "no stack runs here; to start one: make up"
    try:
        if not answers(f"{running.localstack}/_localstack/health"):
            raise LocalError("LocalStack does not answer; run: make down")
        where = read_deployment(running.localstack, running.stack)
        mode = mode_text(call(api_of(where), "GET", "/status"))
    except LocalError as error:
        mode = f"its mode is unknown: {error}"
    ports = ", ".join(
        f"{name} on port {url.rpartition(':')[2]}"
        for name, url in (("LocalStack", running.localstack), ("exchange", running.exchange))
    )
    return f"a stack runs here (prices: {running.source}; {ports}); {mode}"


def mode_text(status: Any) -> str:
    """Return the bot's mode in words; of one that is not running since when, why and what to do."""
    if status["mode"] == "run":
        return "the bot is in mode run"
    return (
        f"the bot is in mode {status['mode']} since {status['at']} "
        f"by {status['by']} (reason: {status['reason'] or 'none'}); "
        "to trade again: make resume REASON=\"…\" CONFIRM='RESUME main'"
    )
