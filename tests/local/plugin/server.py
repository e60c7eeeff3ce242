"""A LocalStack of the tests' own: started, asked and stopped as a subprocess."""

import http.client
import io
import os
import signal
import socket
import subprocess
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from haetae_localstack.environment import server_environment
from support.patience import patience
from support.tapes import REPOSITORY

PYTHON = REPOSITORY / ".localstack/venv/bin/python"
RUNTIME_PYTHON = REPOSITORY / ".localstack/runtime/bin/python"
ROLE = "arn:aws:iam::000000000000:role/tests"
GENEROUS_S = patience(60.0)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running LocalStack."""

    process: subprocess.Popen[bytes]
    port: int
    root: Path

    def client(self, service: str) -> Any:
        """Return a client of one service; retries would hide what the tests look for."""
        return boto3.client(
            service,  # type: ignore[call-overload] # the service is a variable here
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="ap-northeast-2",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                retries={"total_max_attempts": 1},
                read_timeout=patience(120),
                max_pool_connections=60,
            ),
        )

    def get(self, path: str, headers: Mapping[str, str]) -> tuple[int, str]:
        """Return status and body of a plain GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GENEROUS_S)
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    def log(self) -> str:
        """Return what LocalStack has written."""
        return (self.root / "localstack.log").read_text()

    def function(
        self,
        name: str,
        files: Mapping[str, str],
        *,
        layers: list[str] | None = None,
        timeout_s: int = 20,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Create a function whose handler is `handler.handler`, and wait until it is active."""
        functions = self.client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE,
            Handler="handler.handler",
            Code={"ZipFile": zipped(files)},
            Layers=layers or [],
            Timeout=timeout_s,
            Environment={"Variables": dict(variables or {})},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=name)

    def log_lines(self, function: str) -> list[str]:
        """Return the lines of a function's log group, oldest first."""
        logs = self.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"].rstrip("\n") for event in found["events"]]


def zipped(files: Mapping[str, str]) -> bytes:
    """Return a zip of text files by path."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return target.getvalue()


def until[T](look: Callable[[], T], *, seconds: float = GENEROUS_S) -> T:
    """Return what `look` returns once that is true; fail after a generous while."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"did not come within {seconds:.0f} s: last {seen!r}"
        time.sleep(0.1)
    return seen


@contextmanager
def running(root: Path) -> Iterator[Server]:
    """Start LocalStack in a folder, wait until it answers, and stop it at the end."""
    for python in (PYTHON, RUNTIME_PYTHON):
        assert python.exists(), f"{python} is missing; make it with: make setup-local"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root.mkdir(parents=True, exist_ok=True)
    with (root / "localstack.log").open("ab") as log:
        process = subprocess.Popen(
            [str(PYTHON), "-m", "haetae_localstack.serve"],
            env=server_environment(port, root, RUNTIME_PYTHON),
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(process=process, port=port, root=root)
    try:
        until(lambda: _answers(server))
        yield server
    finally:
        assert process.stdin is not None
        process.stdin.close()  # the lifeline
        process.wait(GENEROUS_S)


def _answers(server: Server) -> bool:
    assert server.process.poll() is None, f"LocalStack left: {server.log()[-2000:]}"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/_localstack/health") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def runs(pid: int) -> bool:
    """Return whether a process is there and is not waiting to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def kill(server: Server) -> None:
    """Kill LocalStack so that it cannot clean up."""
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(GENEROUS_S)
