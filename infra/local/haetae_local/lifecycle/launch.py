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
    try:
        wait_until_ready(folder, supervisor)
    except BaseException:
        stop_whole(supervisor)
        raise
    return supervisor


def wait_until_ready(folder: StackFolder, supervisor: "subprocess.Popen[bytes]") -> None:
    """Wait until the servers answer.

    Raises:
        LocalError: they have ended, or do not answer in time.
    """
    until = time.monotonic() + READY_S
    while folder.read() is None:
        if supervisor.poll() is not None:
            raise LocalError(last_line(folder.log("supervisor")))
        if time.monotonic() > until:
            raise LocalError(f"nothing answers after {READY_S:.0f} s; see {folder.path}/*.log")
        time.sleep(0.05)


def stop_whole(supervisor: "subprocess.Popen[bytes]") -> None:
    """Stop what was started and wait for its end, however often somebody presses Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with supervisor:  # its lifeline is let go of, and its end is waited for
        stop(supervisor.pid)
