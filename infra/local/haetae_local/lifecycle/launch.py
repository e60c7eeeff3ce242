"""Starting the servers: a supervisor that does not outlive an interrupted start."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from haetae_local.deploy.stack import STACK
from haetae_local.errors import LocalError
from haetae_local.folders import StackFolder
from haetae_local.lifecycle.options import exchange_options
from haetae_local.servers.processes import last_line
from haetae_local.servers.running import stop
from haetae_local.servers.services import EXCHANGE_PORT, LOCALSTACK_PORT

READY_S = 100.0
LOOK_EVERY_S = 0.2
FREE_BYTES = 1_500_000_000  # LocalStack unpacks the layers for every version of them


def check_disk(folder: StackFolder) -> None:
    """Refuse to start on a disk that will be full in a moment."""
    free = shutil.disk_usage(folder.path).free
    if free < FREE_BYTES:
        raise LocalError(
            f"{folder.path} has {free / 1e9:.1f} GB left and needs {FREE_BYTES / 1e9:.1f}; "
            f"free some, for instance with: make clean"
        )


def follow_parent() -> None:
    """Interrupt this process, as Ctrl+C would, once whoever started it has gone."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()


def launch(folder: StackFolder, args: argparse.Namespace) -> "subprocess.Popen[bytes]":
    """Start the supervisor on a pipe that is its lifeline until it is told to stay."""
    options = exchange_options(args)
    command = [
        *(sys.executable, "-m", "haetae_local.servers.supervisor", str(folder.path)),
        *(str(LOCALSTACK_PORT), str(EXCHANGE_PORT), STACK, args.source, *options),
    ]
    folder.running.unlink(missing_ok=True)
    with folder.log("supervisor").open("wb") as log:
        supervisor = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + READY_S
    while folder.read() is None:
        if supervisor.poll() is not None:
            raise LocalError(last_line(folder.log("supervisor")))
        if time.monotonic() > until:
            stop(supervisor.pid)
            raise LocalError(f"nothing answers after {READY_S:.0f} s; see {folder.path}/*.log")
        time.sleep(0.05)
    return supervisor
