"""Child processes that cannot outlive whoever started them.

Each child's standard input is its lifeline: a pipe that nobody writes to. When the starter leaves,
even by SIGKILL, the pipe ends and the child stops by itself.
"""

import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from haetae_local.errors import LocalError

HOST = "127.0.0.1"
STOP_WITHIN_S = 15.0
LOOK_EVERY_S = 0.05
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+ +([A-Z]+) --- \[.*?\] \S+ *: *")  # LocalStack's


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A server of ours: its process, its address and its log."""

    name: str
    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    @property
    def is_dead(self) -> bool:
        """Tell whether it has ended."""
        return self.process.poll() is not None

    def stop(self) -> None:
        """Let go of its lifeline, wait, and end it for good if that does not help."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(
    name: str,
    command: Sequence[str],
    *,
    url: str,
    log: Path,
    variables: Mapping[str, str],
    cwd: Path,
) -> Child:
    """Start a child on a lifeline; its output goes to `log`, from the beginning."""
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(variables),
            cwd=cwd,
            start_new_session=True,  # Ctrl+C is for the starter; the lifeline tells the child
        )
    return Child(name=name, process=process, url=url, log=log)


def wait_ready(child: Child, path: str, within_s: float) -> None:
    """Wait until the child answers `path` with a success.

    Raises:
        LocalError: it ended, or does not answer in time; the text ends with its log's last line.
    """
    until = time.monotonic() + within_s
    while child.is_dead or not answers(child.url + path):  # what answers may be somebody else
        if child.is_dead:
            raise LocalError(f"{child.name} did not start: {end_reason(child)}; see {child.log}")
        if time.monotonic() > until:
            raise LocalError(
                f"{child.name} does not answer after {within_s:.0f} s; see {child.log}"
            )
        time.sleep(LOOK_EVERY_S)


def answers(url: str, timeout_s: float = 5.0) -> bool:
    """Tell whether a GET of `url` succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:  # noqa: S310 - http, ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def end_reason(child: Child) -> str:
    """Return why a child has ended: its last words, unless they only report its work."""
    line = last_line(child.log)
    found = LOG_LINE.match(line)
    if found is None:
        return line
    if found[1] in {"ERROR", "CRITICAL"}:
        return line[found.end() :]
    return f"it ended with code {child.process.returncode}"


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing")


def usable_port(wanted: int) -> int:
    """Return `wanted` if it can be listened on, else one that can; 0 asks for any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise LocalError("no port is free on this machine; stop something that listens")
