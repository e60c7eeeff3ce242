"""A function's process and its log: AWS's runtime client against a Runtime API of its own."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from haetae_localstack.runtime_api import Event, Report, RuntimeApi

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
LOG_KEPT_BYTES = 1024 * 1024


class FunctionLog:
    """What an environment has written, taken an invocation at a time; a file, so nothing blocks."""

    def __init__(self, path: Path) -> None:
        """Make an empty file."""
        self._file = path.open("a+b", buffering=0)
        self._taken = 0

    def fileno(self) -> int:
        """Return the descriptor a process writes to."""
        return self._file.fileno()

    def add(self, line: str) -> None:
        """Write a line of our own."""
        self._file.write(f"{line}\n".encode())

    def take(self) -> str:
        """Return what was written since last taken.

        awslambdaric separates a traceback's lines by carriage returns and indents them by no-break
        spaces. A file that has grown large begins again: between invocations nobody writes.
        """
        self._file.seek(self._taken)
        content = self._file.read()
        self._taken += len(content)
        if self._taken > LOG_KEPT_BYTES:
            self._file.truncate(0)
            self._taken = 0
        return content.decode(errors="replace").replace("\r", "\n").replace("\u00a0", " ")

    def all(self) -> str:
        """Return what the file still holds."""
        self._file.seek(0)
        return self._file.read().decode(errors="replace")


class FunctionProcess:
    """One child: started on construction, killed with all it has started by `kill`."""

    def __init__(self, python: str, environment: Mapping[str, str], log: FunctionLog) -> None:
        """Start the child. `environment` names the handler and the folder of the code."""
        self._started_s = time.monotonic()
        self._api = RuntimeApi()
        self._child = subprocess.Popen(  # noqa: S603 (our interpreter, our file)
            [python, "-s", "-P", str(BOOTSTRAP), environment["_HANDLER"]],
            cwd=environment["LAMBDA_TASK_ROOT"],
            env={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
            stdin=subprocess.PIPE,  # the lifeline: never written, ends with this process
            stdout=log.fileno(),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._tell_exit, daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._child.poll() is None

    def wait_until_ready(self, seconds: float) -> tuple[Report, float]:
        """Return how the start ended ("ready", "init_error", "exit", "timeout") and its ms."""
        report = self._api.wait_for("ready", "init_error", "exit", seconds=seconds)
        return report, (time.monotonic() - self._started_s) * 1000

    def run(self, event: Event, seconds: float) -> Report:
        """Return how an event ended: "response", "error", "exit" or "timeout"."""
        self._api.send(event)
        return self._api.wait_for(
            "response", "error", "exit", request_id=event.request_id, seconds=seconds
        )

    def peak_memory_mb(self) -> int | None:
        """Return the most memory the child has had, MiB rounded up, where the kernel tells."""
        try:
            status = Path(f"/proc/{self._child.pid}/status").read_text()
        except OSError:
            return None
        peak = re.search(r"VmHWM:\s+(\d+) kB", status)
        return None if peak is None else -(-int(peak[1]) // 1024)

    def kill(self) -> None:
        """Kill the child's whole process group and wait for the child."""
        self._kill_group()
        self._child.wait()
        self._api.close()
        assert self._child.stdin is not None
        self._child.stdin.close()

    def _tell_exit(self) -> None:
        status = self._child.wait()
        self._kill_group()
        why = f"exit status {status}" if status >= 0 else f"signal: {signal.Signals(-status).name}"
        self._api.tell(Report("exit", body=why.encode()))

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
