"""Down: the account is kept, everything stops."""

import argparse
import time

from haetae_local.deploy import stack
from haetae_local.deploy.aws import client
from haetae_local.deploy.stack import Deployed
from haetae_local.errors import LocalError
from haetae_local.folders import Running, StackFolder, open_folder
from haetae_local.lifecycle import account
from haetae_local.servers.processes import answers
from haetae_local.servers.running import stop

SETTLE_S = 3.0  # a walk on this machine takes a tenth of it


def down(_args: argparse.Namespace) -> None:
    """Keep the account, stop everything, leave no process and no port behind."""
    folder = open_folder()
    running = folder.read()
    if running is None:
        print("nothing is running")
        return
    trouble = ""
    if running.source != "replay":
        try:
            keep_account(folder, running)
        except LocalError as error:
            trouble = str(error)
    stop(running.pid)
    folder.running.unlink(missing_ok=True)
    if trouble:
        raise LocalError(f"everything has stopped, but the account was not kept: {trouble}")
    print("everything has stopped")


def keep_account(folder: StackFolder, running: Running) -> None:
    """Write the account down while nothing trades."""
    if not answers(f"{running.localstack}/_localstack/health"):
        raise LocalError(f"LocalStack does not answer; see {folder.log('localstack')}")
    found = stack.read_deployment(running.localstack, running.stack)
    pause_schedules(found)
    file = folder.account(running.source)
    items = account.save(
        file, endpoint=running.localstack, table=found.table, exchange=running.exchange
    )
    print(f"the paper account is kept in {file}: {items} items")


def pause_schedules(found: Deployed) -> None:
    """Stop the schedules and let what they have begun come to its end."""
    events = client("events", found.endpoint)
    for rule in events.list_rules(NamePrefix=f"{found.name}-")["Rules"]:
        events.disable_rule(Name=rule["Name"])
    time.sleep(SETTLE_S)
