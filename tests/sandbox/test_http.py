"""The command over real HTTP: it says when it is ready, answers, and stops when told."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection
from typing import Any

import pytest
import requests

from sandbox.client import token
from sandbox.recorded import REPOSITORY
from sandbox.servers import FOLDER, HASTY_S, SLOW_S, TIMEOUT_S, command, running
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
    process.communicate(timeout=TIMEOUT_S)


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
            timeout=TIMEOUT_S,
        )
        assert placed.status_code == 201
        assert placed.headers["Remaining-Req"] == "group=order; min=720; sec=11"
        late = session.put(
            f"{address}/sandbox/clock", json={"now": "2025-09-02"}, timeout=TIMEOUT_S
        )
        assert late.json()["now"] == "2025-09-02T00:00:00Z"
        query = f"uuid={placed.json()['uuid']}"
        read = session.get(
            f"{address}/v1/order?{query}",
            headers={"Authorization": token(query)},
            timeout=TIMEOUT_S,
        )
        assert read.json()["trades_count"] == 1
        quotes = session.get(
            f"{address}/v1/ticker?markets=KRW-BTC&markets=KRW-ETH", timeout=TIMEOUT_S
        )
        assert len(quotes.json()) == 2
        fault: dict[str, Any] = {"method": "GET", "path": "/v1/market/all", "kind": "slow"}
        fault["delay_s"] = SLOW_S
        session.put(f"{address}/sandbox/faults", json=[fault], timeout=TIMEOUT_S)
        with pytest.raises(requests.ReadTimeout):
            session.get(f"{address}/v1/market/all", timeout=HASTY_S)
        time.sleep(SLOW_S)  # what is still being answered keeps a server from stopping in time
        huge = session.post(f"{address}/v1/orders", data=b"x" * 1_000_001, timeout=TIMEOUT_S)
        assert huge.status_code == 413

    process.send_signal(stop)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, output) == (0, "")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Content-Type", "application/json", "bad_request"),
        ("Authorization", "Bearer a.b.c", "jwt_verification"),
    ],
)
def test_header_that_is_sent_twice_is_refused(
    server: tuple[subprocess.Popen[str], str], name: str, value: str, said: str
) -> None:
    _, address = server
    body = json.dumps({"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "6000"})
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=TIMEOUT_S)
    connection.putrequest("POST", "/v1/orders")
    connection.putheader("Content-Length", str(len(body)))
    for header in (("Authorization", token("x=1")), (name, value), (name, value)):
        connection.putheader(*header)
    connection.endheaders(body.encode())
    with connection.getresponse() as answer:
        error = json.loads(answer.read())["error"]
    connection.close()
    assert error["name"] == said


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


@pytest.mark.parametrize("path", ["/v1/ticker?markets=KRW-BTC", "/v1/accounts", "/nowhere"])
def test_date_header_is_the_exchanges_clock(
    server: tuple[subprocess.Popen[str], str], path: str
) -> None:
    _, address = server
    body = {"now": "2025-09-03T04:05:06.9"}
    answer = requests.put(f"{address}/sandbox/clock", json=body, timeout=TIMEOUT_S)
    assert answer.headers["Date"] == "Wed, 03 Sep 2025 04:05:06 GMT"
    assert requests.get(address + path, timeout=TIMEOUT_S).headers["Date"] == answer.headers["Date"]


def test_date_header_is_there_once_and_real_on_a_real_clock() -> None:
    with running() as server:
        before_s = int(time.time())
        answer = server.call("GET", "/sandbox/clock")
        raw = answer.raw.headers.getlist("date")
        assert len(raw) == 1
        told_s = parsedate_to_datetime(raw[0]).timestamp()
        assert before_s <= told_s <= answer.json()["now_s"] + 1
        huge = requests.post(
            f"{server.address}/v1/orders", data=b"x" * 1_000_001, timeout=TIMEOUT_S
        )
        assert (huge.status_code, "Date" in huge.headers) == (413, True)


def test_server_stops_when_its_standard_input_ends() -> None:
    with running("--until-stdin-closes") as server:
        assert server.process.stdin is not None
        server.process.stdin.write("what is written there means nothing\n")
        server.process.stdin.flush()
        assert server.call("GET", "/sandbox/health").status_code == 200
        assert server.process.poll() is None
        server.process.stdin.close()
        assert server.process.wait(TIMEOUT_S) == 0


def test_server_without_the_flag_ignores_its_standard_input() -> None:
    with running() as server:
        assert server.process.stdin is not None
        server.process.stdin.close()
        for _ in range(20):
            assert server.call("GET", "/sandbox/health").status_code == 200
        assert server.process.poll() is None


STARTER = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline().split()[-1], flush=True)
child.wait()
"""


def test_server_stops_when_its_starter_is_killed() -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, *command("--until-stdin-closes")],
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    pid, address = starter.stdout.readline().split()
    try:
        assert requests.get(f"{address}/sandbox/health", timeout=TIMEOUT_S).status_code == 200
        starter.kill()
        starter.communicate(timeout=TIMEOUT_S)
        until_s = time.monotonic() + TIMEOUT_S
        while is_served(address) and time.monotonic() < until_s:
            time.sleep(0.05)
        assert not is_served(address)
    finally:
        if is_served(address):
            os.kill(int(pid), signal.SIGKILL)


def is_served(address: str) -> bool:
    """Tell whether somebody listens there."""
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_markets_may_repeat_or_be_listed() -> None:
    options = ("--source", "synthetic", "--market", "KRW-SOL", "--market", "KRW-XRP,KRW-BTC")
    with running(*options, "--clock", "virtual") as server:
        listed = server.get("/v1/market/all")
        assert [row["market"] for row in listed] == ["KRW-SOL", "KRW-XRP", "KRW-BTC"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--speed", "0"], "not a speed"),
        (["--speed", "fast"], "not a speed"),
        (["--speed", "nan"], "not a speed"),
    ],
)
def test_speed_is_a_number(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(options)
    assert said in capsys.readouterr().err


def test_speed_needs_a_clock_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--clock", "virtual", "--speed", "2"]) == 2
    assert capsys.readouterr().err == "--speed is for a clock that runs: add --clock real\n"


def test_cut_answer_announces_all_sends_half_and_breaks_off() -> None:
    with running("--source", "synthetic", "--clock", "virtual") as server:
        whole = server.call("GET", "/v1/market/all").content
        fault = {"method": "GET", "path": "/v1/market/all", "kind": "cut", "count": 1}
        assert server.call("PUT", "/sandbox/faults", [fault]).status_code == 200
        host, port = server.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), TIMEOUT_S) as raw:
            raw.sendall(b"GET /v1/market/all HTTP/1.1\r\nHost: x\r\n\r\n")
            received = b""
            while part := raw.recv(4_096):
                received += part
        head, _, body = received.partition(b"\r\n\r\n")
        assert f"content-length: {len(whole)}".encode() in head
        assert body == whole[: len(whole) // 2]
        assert server.call("GET", "/v1/market/all").content == whole
        server.stop()
        assert server.process.stdout is not None
        assert server.process.stdout.read() == ""  # it is no error of the server's


def test_caller_is_known_by_address() -> None:
    with running("--source", "synthetic", "--clock", "virtual") as server:
        key = {"account": "main", "allowed_ips": ["127.0.0.2"]}
        made = server.call("POST", "/sandbox/keys", key).json()
        host, port = server.address.removeprefix("http://").split(":")
        for address, status in (("127.0.0.2", 200), ("127.0.0.1", 401)):
            theirs = token(access_key=made["access_key"], secret=made["secret_key"])
            connection = HTTPConnection(host, int(port), TIMEOUT_S, source_address=(address, 0))
            headers = {"Authorization": theirs, "X-Forwarded-For": "127.0.0.2"}
            connection.request("GET", "/v1/accounts", headers=headers)
            assert connection.getresponse().status == status
            connection.close()
