"""Deploying what changed to a LocalStack that runs."""

import argparse
import time

from haetae_local.deploy import artifacts, stack
from haetae_local.deploy.stack import STACK, Deployed
from haetae_local.errors import LocalError
from haetae_local.folders import Running, StackFolder, open_folder
from haetae_local.lifecycle.configure import configure
from haetae_local.lifecycle.options import check_markets, parameters, schedules_of
from haetae_local.servers.running import require_running


def deploy_again(args: argparse.Namespace) -> None:
    """Deploy changed code or a changed template to what is running; its data stays.

    Raises:
        LocalError: nothing is running, of two addresses only one is given, or what is told cannot
            be meant.
    """
    folder = open_folder()
    if bool(args.endpoint) != bool(args.exchange):
        raise LocalError("ENDPOINT and EXCHANGE belong together; give both or neither")
    if args.endpoint:
        running = Running(
            pid=0, localstack=args.endpoint, exchange=args.exchange, stack=STACK, source="elsewhere"
        )
    else:
        running = require_running(folder)
    began = time.monotonic()
    wanted = configure(args, stack.parameters(running.localstack, running.stack))
    if running.source != "elsewhere":
        check_markets(wanted.markets, running)
    schedules = schedules_of(running.source, wanted.schedules)
    values = parameters(wanted, running, schedules=schedules)
    found = deploy(folder, running, values)
    print(f"stack {found.name} is deployed after {time.monotonic() - began:.1f} s")


def deploy(folder: StackFolder, running: Running, values: dict[str, str]) -> Deployed:
    """Build what changed and deploy it."""
    template = artifacts.build(folder.log("build"))
    return stack.deploy(
        template,
        endpoint=running.localstack,
        name=running.stack,
        parameters=values,
        log=folder.log("deploy"),
    )
