"""What runs on this machine: found, asked whether it answers, and stopped."""

import os
import signal
import sys
import time

from haetae_local.errors import LocalError
from haetae_local.folders import Running, StackFolder, alive
from haetae_local.servers.processes import answers

STOP_S = 40.0


def require_running(folder: StackFolder) -> Running:
    """Return what runs.

    Raises:
        LocalError: nothing does.
    """
    running = healthy(folder)
    if running is None:
        raise LocalError("nothing is running; run: make up")
    return running


def healthy(folder: StackFolder) -> Running | None:
    """Return what runs and answers; what runs and does not answer is stopped."""
    running = folder.read()
    if running is None:
        return None
    if answers(f"{running.localstack}/_localstack/health") and answers(
        f"{running.exchange}/v1/market/all"
    ):
        return running
    print("what was running does not answer any more: it is stopped", file=sys.stderr)
    stop(running.pid)
    return None


def stop(pid: int) -> None:
    """Ask the supervisor to end everything, and see to it."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    until = time.monotonic() + STOP_S
    while alive(pid):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)  # its servers lose their lifelines
            return
        time.sleep(0.05)
