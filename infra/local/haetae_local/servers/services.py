"""The two servers under the stack: LocalStack in host mode and the sandbox exchange."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from haetae_local.errors import LocalError
from haetae_local.folders import LOCALSTACK_PYTHON, ROOT, RUNTIME_PYTHON, StackFolder
from haetae_local.servers.processes import HOST, Child, start, usable_port, wait_ready
from haetae_localstack.environment import server_environment

LOCALSTACK_PORT = 4566
EXCHANGE_PORT = 8700
LOCALSTACK_READY_S = 60.0  # the first start unpacks its catalogues
EXCHANGE_READY_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The running servers."""

    localstack: Child
    exchange: Child

    @property
    def children(self) -> tuple[Child, Child]:
        """Return both."""
        return self.localstack, self.exchange

    def stop(self) -> None:
        """Stop LocalStack first: while its functions run they may need the exchange."""
        for child in self.children:
            child.stop()


def launch(folder: StackFolder, exchange: Sequence[str], *, ports: tuple[int, int]) -> Services:
    """Start both servers and wait until they answer.

    `exchange` are the sandbox's own options; a port that is taken, or 0, becomes another one.

    Raises:
        LocalError: one cannot be started; neither is left running.
    """
    started: list[Child] = []
    try:
        started.append(start_localstack(folder, usable_port(ports[0])))
        started.append(start_exchange(folder, exchange, usable_port(ports[1])))
        wait_ready(started[1], "/v1/market/all", EXCHANGE_READY_S)
        wait_ready(started[0], "/_localstack/health", LOCALSTACK_READY_S)
    except BaseException:
        for child in started:
            child.stop()
        raise
    return Services(localstack=started[0], exchange=started[1])


@contextmanager
def services(folder: StackFolder, exchange: Sequence[str]) -> Iterator[Services]:
    """Run both servers on free ports for a while."""
    found = launch(folder, exchange, ports=(0, 0))
    try:
        yield found
    finally:
        found.stop()


def start_localstack(folder: StackFolder, port: int) -> Child:
    """Start LocalStack in host mode."""
    for python in (LOCALSTACK_PYTHON, RUNTIME_PYTHON):
        if not python.exists():
            raise LocalError(f"{python} is missing; run: make setup-local")
    folder.localstack.mkdir(exist_ok=True)
    return start(
        "LocalStack",
        [str(LOCALSTACK_PYTHON), "-m", "haetae_localstack.serve"],
        url=f"http://{HOST}:{port}",
        log=folder.log("localstack"),
        variables=server_environment(port, folder.localstack, RUNTIME_PYTHON),
        cwd=folder.path,
    )


def start_exchange(folder: StackFolder, options: Sequence[str], port: int) -> Child:
    """Start the sandbox exchange."""
    return start(
        "the sandbox exchange",
        [
            sys.executable,
            "-m",
            "upbit_sandbox",
            "--port",
            str(port),
            "--until-stdin-closes",
            "--fills",
            "candles",  # the fills that the bot was tested with
            *options,
        ],
        url=f"http://{HOST}:{port}",
        log=folder.log("exchange"),
        variables=os.environ,
        cwd=ROOT,
    )
