"""The local stack's own files and processes, without LocalStack."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from haetae_local import account, lifecycle, processes, services, stack
from haetae_local.errors import LocalError
from haetae_local.places import Place, Running, alive
from haetae_local.pump import doors, scheduled
from haetae_local.stack import Deployed, quoted

ECHO = (
    "import http.server, sys, threading, os\n"
    "class H(http.server.BaseHTTPRequestHandler):\n"
    "    def do_GET(self):\n"
    "        self.send_response(200 if self.path == '/ready' else 404)\n"
    "        self.end_headers()\n"
    "    def log_message(self, *a): pass\n"
    "s = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H)\n"
    "threading.Thread(target=s.serve_forever, daemon=True).start()\n"
    "sys.stdin.read()\n"
)


def running(pid: int) -> Running:
    return Running(
        pid=pid, localstack="http://a", exchange="http://b", stack="s", source="synthetic"
    )


def test_what_runs_is_read_back(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(running(os.getpid()))
    assert place.read() == running(os.getpid())


def test_a_supervisor_that_died_runs_nothing(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    place = Place(tmp_path)
    place.write(running(gone.pid))
    assert place.read() is None


def test_a_process_that_waits_to_be_reaped_is_not_alive() -> None:
    zombie = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(zombie.pid)
    zombie.communicate()
    assert alive(os.getpid())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_note_of_what_runs_is_nothing_running(tmp_path: Path, text: str) -> None:
    place = Place(tmp_path)
    place.running.write_text(text)
    assert place.read() is None


def child(tmp_path: Path, code: str = ECHO) -> processes.Child:
    port = processes.usable_port(0)
    return processes.start(
        "the server",
        [sys.executable, "-c", code, str(port)],
        url=f"http://127.0.0.1:{port}",
        log=tmp_path / "server.log",
        variables=os.environ,
        cwd=tmp_path,
    )


def test_a_child_is_waited_for_and_stopped(tmp_path: Path) -> None:
    server = child(tmp_path)
    processes.wait_ready(server, "/ready", 30)
    assert not processes.answers(server.url + "/other")
    server.stop()
    assert server.died


def test_a_child_that_ends_is_told_with_its_last_word(tmp_path: Path) -> None:
    server = child(tmp_path, "raise SystemExit('no such thing')")
    with pytest.raises(LocalError, match=r"the server did not start: no such thing; see .*log"):
        processes.wait_ready(server, "/ready", 30)
    server.stop()


def test_the_bot_trades_on_the_fills_it_was_tested_with(tmp_path: Path) -> None:
    port = processes.usable_port(0)
    exchange = services.start_exchange(Place(tmp_path), ["--source", "synthetic"], port)
    try:
        processes.wait_ready(exchange, "/sandbox/health", 30)
        assert account.call(exchange.url, "GET", "/sandbox/health")["fills"] == "candles"
        assert account.call(exchange.url, "GET", "/sandbox/clock")["clock"] == "real"
    finally:
        exchange.stop()


def test_a_taken_port_becomes_another() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert processes.usable_port(port) not in {0, port}
    assert processes.usable_port(port) == port


def test_schedules_fire_as_the_template_says() -> None:
    assert doors(7_200, 3_600) == ["trading_cycle", "risk_check"]
    assert doors(7_260, 3_600) == ["risk_check"]
    assert scheduled(1_757_000_040)["time"] == "2025-09-04T15:34:00Z"


def test_unknown_function_is_named() -> None:
    found = Deployed(endpoint="", name="haetae", table="", api_url="", api_key="")
    assert found.function("risk_check") == "haetae-risk-check"
    with pytest.raises(LocalError, match="'guard' is unknown; known are: trading_cycle"):
        found.function("guard")


def test_parameters_are_quoted() -> None:
    assert quoted('a="b",c') == '"a=\\"b\\",c"'


@pytest.mark.parametrize("text", ["", "[1]", '{"form": 0}', "{"])
def test_a_damaged_account_is_never_taken_for_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "account.json"
    assert account.read(path) is None
    path.write_text(text)
    with pytest.raises(LocalError, match="move it away to start anew"):
        account.read(path)
    path.write_text(json.dumps({"form": account.FORM, "items": [], "exchange": {}}))
    assert account.read(path) is not None


def test_a_disk_that_is_almost_full_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=10**8))
    with pytest.raises(LocalError, match=r"has 0\.1 GB left and needs 1\.5; free some"):
        lifecycle.check_disk(Place(tmp_path))
    monkeypatch.undo()
    lifecycle.check_disk(Place(tmp_path))


@pytest.mark.parametrize(
    ("words", "deleted"),
    [
        (["UPDATE_COMPLETE"], False),
        ([""], False),
        (["ROLLBACK_COMPLETE"], True),
        (["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_FAILED"], True),
        (["CREATE_IN_PROGRESS", "CREATE_COMPLETE"], False),
    ],
)
def test_a_half_made_stack_is_waited_for_and_removed(
    words: list[str], deleted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = iter(words)
    last = [""]

    def status(_endpoint: str, _name: str) -> str:
        last[0] = next(told, last[0])
        return last[0]

    removed: list[str] = []
    monkeypatch.setattr(stack, "status", status)
    monkeypatch.setattr(stack, "remove", lambda _endpoint, name: removed.append(name))
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    stack.remove_broken("http://nowhere", "haetae")
    assert removed == (["haetae"] if deleted else [])


@pytest.mark.parametrize(
    ("source", "word"),
    [("replay", "DISABLED"), ("synthetic", "ENABLED"), ("live", "ENABLED")],
)
def test_only_a_replays_schedules_stand_still(source: str, word: str) -> None:
    assert lifecycle.schedules_of(source) == word


def test_a_replay_trades_the_markets_of_its_files_unless_told(tmp_path: Path) -> None:
    files = [tmp_path / f"KRW-{coin}_1m.csv" for coin in ("ETH", "DOGE")]
    for file in files:
        file.write_text("timestamp,open,high,low,close,volume\n1756684800,1,1,1,1,1\n")
    args = argparse.Namespace(source="replay", candles=files, markets="")
    assert lifecycle.traded(args) == "KRW-ETH,KRW-DOGE"
    args.markets = "KRW-DOGE"
    assert lifecycle.traded(args) == "KRW-DOGE"
    assert lifecycle.traded(argparse.Namespace(source="synthetic", markets="")) == ""
