"""Sandbox servers in processes of their own, on free ports of this machine, and calls to them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sandbox.client import token
from sandbox.recorded import REPOSITORY
from support.patience import patience

TIMEOUT_S = round(patience(30))
# A client in a hurry, and an answer that comes too late for it however busy this machine is.
HASTY_S, SLOW_S = 0.1, patience(0.5)
FOLDER = REPOSITORY / "infra/sandbox"


def command(*options: str | Path) -> list[str]:
    """The command that starts a server on a free port."""
    return [sys.executable, "-m", "upbit_sandbox", "--port", "0", *map(str, options)]


@dataclass
class Server:
    """One running server; amounts and bodies as they come."""

    process: subprocess.Popen[str]
    address: str

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, self.address + path, json=body, timeout=TIMEOUT_S)

    def get(self, path: str) -> Any:
        return self.call("GET", path).json()

    def private(self, method: str, path: str, query: str = "") -> requests.Response:
        target = f"{self.address}{path}" + (f"?{query}" if query else "")
        headers = {"Authorization": token(query or None)}
        return requests.request(method, target, headers=headers, timeout=TIMEOUT_S)

    def place(self, body: dict[str, str]) -> requests.Response:
        hashed = "&".join(f"{name}={value}" for name, value in body.items())
        headers = {"Authorization": token(hashed), "Content-Type": "application/json"}
        raw = json.dumps(body).encode()
        url = f"{self.address}/v1/orders"
        return requests.post(url, data=raw, headers=headers, timeout=TIMEOUT_S)

    def buy(self, total: str, **more: str) -> requests.Response:
        body = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": total}
        return self.place(body | more)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(TIMEOUT_S)


@contextmanager
def running(*options: str | Path) -> Iterator[Server]:
    """Serve until the block ends, whatever has become of the process by then."""
    with subprocess.Popen(
        command(*options),
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("The sandbox exchange is ready at http://127.0.0.1:"), line
            yield Server(process, line.split()[-1])
        finally:
            process.kill()


def refused(*options: str | Path) -> str:
    """Start a server that must not start: status 2, and give the one line it says."""
    done = subprocess.run(
        command(*options), cwd=FOLDER, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    [line] = done.stderr.splitlines()
    return line
