"""The command over real HTTP: it says when it is ready, answers, and stops when told."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from sandbox.client import token
from sandbox.recorded import REPOSITORY
from upbit_sandbox.cli import main

COMMAND = [
    *(sys.executable, "-m", "upbit_sandbox", "--source", "synthetic", "--clock", "virtual"),
    *("--port", "0", "--cash", "50000", "--markets", "KRW-BTC,KRW-ETH"),
]


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        COMMAND,
        cwd=REPOSITORY / "infra/sandbox",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("The sandbox exchange is ready at http://127.0.0.1:"), line
    yield process, line.split()[-1]
    process.kill()
    process.communicate(timeout=10)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serves_and_stops_cleanly(
    server: tuple[subprocess.Popen[str], str], stop: signal.Signals
) -> None:
    process, address = server
    with requests.Session() as session:
        body = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "6000"}
        hashed = "&".join(f"{name}={value}" for name, value in body.items())
        placed = session.post(
            f"{address}/v1/orders",
            data=json.dumps(body),
            headers={"Authorization": token(hashed), "Content-Type": "application/json"},
            timeout=5,
        )
        assert placed.status_code == 201
        assert placed.headers["Remaining-Req"] == "group=order; min=720; sec=11"
        late = session.put(f"{address}/sandbox/clock", json={"now": "2025-09-02"}, timeout=5)
        assert late.json()["now"] == "2025-09-02T00:00:00Z"
        query = f"uuid={placed.json()['uuid']}"
        read = session.get(
            f"{address}/v1/order?{query}", headers={"Authorization": token(query)}, timeout=5
        )
        assert read.json()["trades_count"] == 1
        quotes = session.get(f"{address}/v1/ticker?markets=KRW-BTC&markets=KRW-ETH", timeout=5)
        assert len(quotes.json()) == 2
        fault = {"method": "GET", "path": "/v1/market/all", "kind": "slow", "delay_s": 0.5}
        session.put(f"{address}/sandbox/faults", json=[fault], timeout=5)
        with pytest.raises(requests.ReadTimeout):
            session.get(f"{address}/v1/market/all", timeout=0.1)
        huge = session.post(f"{address}/v1/orders", data=b"x" * 1_000_001, timeout=5)
        assert huge.status_code == 413

    process.send_signal(stop)
    output, _ = process.communicate(timeout=10)
    assert (process.returncode, output) == (0, "")


def test_port_in_use_is_named_with_another_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--clock", "virtual", "--port", str(port)]) == 2
    assert capsys.readouterr().err.strip() == f"Port {port} is in use; try --port {port + 1}."


def test_port_beyond_the_last_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--port", "65536"])
