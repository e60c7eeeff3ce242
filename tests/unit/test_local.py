"""The local stack's own files and processes, without LocalStack."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from haetae_local.cli import main, parser
from haetae_local.deploy import stack
from haetae_local.deploy.artifacts import with_uris
from haetae_local.deploy.stack import Deployed, quote
from haetae_local.errors import LocalError
from haetae_local.folders import Running, StackFolder, alive
from haetae_local.lifecycle import account
from haetae_local.lifecycle.doctor import mode_text, stack_line
from haetae_local.lifecycle.launch import check_disk, stop_whole
from haetae_local.lifecycle.options import check_markets, check_source, markets_of, schedules_of
from haetae_local.replay.drive import doors
from haetae_local.servers import processes
from haetae_local.talk.desk import in_words
from haetae_local.talk.events import schedule_event
from support.patience import patience

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
    folder = StackFolder(tmp_path)
    folder.write(running(os.getpid()))
    assert folder.read() == running(os.getpid())


def test_a_supervisor_that_died_runs_nothing(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folder = StackFolder(tmp_path)
    folder.write(running(gone.pid))
    assert folder.read() is None


def test_a_process_that_waits_to_be_reaped_is_not_alive() -> None:
    zombie = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(zombie.pid)
    zombie.communicate()
    assert alive(os.getpid())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_note_of_what_runs_is_nothing_running(tmp_path: Path, text: str) -> None:
    folder = StackFolder(tmp_path)
    folder.running.write_text(text)
    assert folder.read() is None


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
    processes.wait_ready(server, "/ready", patience(30))
    assert not processes.answers(server.url + "/other")
    server.stop()
    assert server.is_dead


def test_a_child_that_ends_is_told_with_its_last_word(tmp_path: Path) -> None:
    server = child(tmp_path, "raise SystemExit('no such thing')")
    with pytest.raises(LocalError, match=r"the server did not start: no such thing; see .*log"):
        processes.wait_ready(server, "/ready", patience(30))
    server.stop()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "2026-11-28T11:21:10.5  INFO --- [et.reactor-5] localstack.x    : POST / => 400",
            "code 1",
        ),
        ("2026-11-28T11:21:10.5 ERROR --- [  MainThread] localstack.x    : no room", "no room"),
    ],
)
def test_a_line_of_work_is_no_reason(tmp_path: Path, line: str, why: str) -> None:
    server = child(tmp_path, f"raise SystemExit({line!r})")
    with pytest.raises(LocalError, match=f"the server did not start: (it ended with )?{why}; see"):
        processes.wait_ready(server, "/ready", patience(30))
    server.stop()


NEVER_READY = """
import sys
from haetae_local.servers import services
from haetae_local.servers.processes import start
from haetae_local.servers.supervisor import main
slow = "import sys; sys.stdin.read()"
def child(folder, *_):
    return start("slow", [sys.executable, "-c", slow], url="http://127.0.0.1:9",
                 log=folder.log("slow"), variables={}, cwd=folder.path)
def exchange(folder, options, port):
    made = child(folder)
    (folder.path / "started").touch()
    return made
services.start_localstack, services.start_exchange = child, exchange
sys.exit(main([sys.argv[1], "0", "0", "s", "synthetic"]))
"""


def test_a_start_that_is_stopped_takes_its_servers_along_at_once(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", NEVER_READY, str(tmp_path)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    until = time.monotonic() + patience(30)
    while not (tmp_path / "started").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    began = time.monotonic()
    stop_whole(supervisor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert time.monotonic() - began < patience(8)  # the servers would be waited for 30 s
    assert supervisor.returncode == 0
    assert StackFolder(tmp_path).read() is None


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
    assert schedule_event(1_757_000_040)["time"] == "2025-09-04T15:34:00Z"


def test_unknown_function_is_named() -> None:
    found = Deployed(endpoint="", name="haetae", table="", api_url="", api_key="")
    assert found.function("risk_check") == "haetae-risk-check"
    with pytest.raises(LocalError, match="'guard' is unknown; known are: trading_cycle"):
        found.function("guard")


BUILT = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Clock: {Type: String, Default: 'on'}
Resources:
  Walk:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt Role.Arn
      CodeUri: Walk
      Environment: {Variables: {TABLE: !Ref Table, ADDRESS: !Sub 'a-${Table}'}}
  Core:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: "Core"
  Table: {Type: AWS::DynamoDB::Table}
"""


def test_functions_and_layers_point_at_their_zips_and_nothing_else_changes() -> None:
    plain = yaml.safe_load(with_uris(BUILT, lambda name: Path(f"/zips/{name}.zip")))
    properties = plain["Resources"]["Walk"]["Properties"]
    assert properties["CodeUri"] == "/zips/Walk.zip"
    assert plain["Resources"]["Core"]["Properties"]["ContentUri"] == "/zips/Core.zip"
    assert properties["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}
    assert properties["Environment"]["Variables"] == {
        "TABLE": {"Ref": "Table"},
        "ADDRESS": {"Fn::Sub": "a-${Table}"},
    }
    assert plain["AWSTemplateFormatVersion"] == "2010-09-09"
    assert plain["Parameters"]["Clock"]["Default"] == "on"


def test_parameters_are_quoted() -> None:
    assert quote('a="b",c') == '"a=\\"b\\",c"'


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
        check_disk(StackFolder(tmp_path))
    monkeypatch.undo()
    check_disk(StackFolder(tmp_path))


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
    monkeypatch.setattr(stack, "holds_account", lambda _endpoint, _name: False)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    stack.remove_broken_stack("http://nowhere", "haetae")
    assert removed == (["haetae"] if deleted else [])


def test_a_broken_stack_that_holds_an_account_is_never_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    removed: list[str] = []
    monkeypatch.setattr(stack, "status", lambda _endpoint, _name: "ROLLBACK_COMPLETE")
    monkeypatch.setattr(stack, "remove", lambda _endpoint, name: removed.append(name))
    monkeypatch.setattr(stack, "holds_account", lambda _endpoint, _name: True)
    with pytest.raises(LocalError, match="run: make down, which keeps the account"):
        stack.remove_broken_stack("http://nowhere", "haetae")
    assert removed == []


@pytest.mark.parametrize(
    ("source", "wanted", "word"),
    [
        ("replay", "ENABLED", "DISABLED"),
        ("synthetic", "ENABLED", "ENABLED"),
        ("live", "ENABLED", "ENABLED"),
        ("synthetic", "DISABLED", "DISABLED"),
        ("elsewhere", "DISABLED", "DISABLED"),
    ],
)
def test_a_replays_schedules_and_a_developers_stand_still(
    source: str, wanted: str, word: str
) -> None:
    assert schedules_of(source, wanted) == word


def test_a_replay_trades_the_markets_of_its_files_unless_told(tmp_path: Path) -> None:
    files = [tmp_path / f"KRW-{coin}_1m.csv" for coin in ("ETH", "DOGE")]
    for file in files:
        file.write_text("timestamp,open,high,low,close,volume\n1756684800,1,1,1,1,1\n")
    args = argparse.Namespace(source="replay", candles=files, markets="")
    assert markets_of(args) == "KRW-ETH,KRW-DOGE"
    args.markets = "KRW-DOGE"
    assert markets_of(args) == "KRW-DOGE"
    assert markets_of(argparse.Namespace(source="synthetic", markets="")) == ""


@pytest.mark.parametrize(
    ("options", "runs", "sentence"),
    [
        (["--speed=3"], False, "SPEED= has no effect on SOURCE=synthetic; add SOURCE=replay"),
        (["--speed=0"], False, "SPEED= has no effect on SOURCE=synthetic; add SOURCE=replay"),
        (["--candles", "a.csv"], False, "CANDLES= has no effect on SOURCE=synthetic"),
        (["--upstream=http://a"], False, "UPSTREAM= has no effect on SOURCE=synthetic; add SOURCE"),
        (["--source=live", "--speed=3"], False, "SPEED= has no effect on SOURCE=live"),
        (["--source=replay", "--upstream=http://a"], False, "UPSTREAM= has no effect on SOURCE="),
        (["--source=live"], True, "SOURCE=synthetic is running; to change it run: make down"),
        (["--source=synthetic"], True, ""),
        (["--source=live", "--upstream=http://a"], False, ""),
        (["--source=replay", "--speed=3", "--candles", "a.csv"], False, ""),
    ],
)
def test_what_has_no_effect_on_the_source_is_refused(
    options: list[str], runs: bool, sentence: str
) -> None:
    args = parser().parse_args(["up", *options])
    found = running(1) if runs else None
    if not sentence:
        check_source(args, found)
        return
    with pytest.raises(LocalError) as caught:
        check_source(args, found)
    assert str(caught.value).startswith(sentence)


def test_what_runs_is_not_told_again(tmp_path: Path) -> None:
    args = parser().parse_args(["up", "--source=replay", "--candles", "a.csv"])
    with pytest.raises(LocalError, match="CANDLES= has no effect on what runs; to change it run"):
        check_source(args, replace(running(1), source="replay"))


LISTING = """
import http.server, json, sys, threading
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        rows = ["KRW-BTC", "KRW-XRP", "BTC-ETH"]
        self.wfile.write(json.dumps([{"market": row} for row in rows]).encode())
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), H)
threading.Thread(target=s.serve_forever, daemon=True).start()
sys.stdin.read()
"""


def test_markets_that_the_exchange_does_not_list_are_refused(tmp_path: Path) -> None:
    server = child(tmp_path, LISTING)
    processes.wait_ready(server, "/", patience(30))
    found = replace(running(1), exchange=server.url)
    check_markets("", found)
    check_markets("KRW-BTC, KRW-XRP", found)
    with pytest.raises(LocalError) as caught:
        check_markets("KRW-BTC,KRW-ETH,KRW-NOPE", found)
    server.stop()
    assert str(caught.value) == (
        "MARKETS: KRW-ETH, KRW-NOPE is not on the exchange that runs, which lists "
        "KRW-BTC, KRW-XRP; to change it run: make down"
    )


@pytest.mark.parametrize("option", ["--interval=7", "--profile=bogus", "--markets=BTC"])
def test_a_bad_setting_is_refused_before_anything_starts(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAETAE_LOCAL", str(tmp_path))
    monkeypatch.setattr(subprocess, "Popen", None)
    monkeypatch.setattr(subprocess, "run", None)
    assert main(["up", option]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"mode": "run"}, "the bot is in mode run"),
        (
            {"mode": "kill", "at": "2026-11-28T11:27:36Z", "by": "http", "reason": "I'm done"},
            "the bot is in mode kill since 2026-11-28T11:27:36Z by http (reason: I'm done); ",
        ),
    ],
)
def test_a_mode_is_told_with_what_to_do(status: dict[str, str], text: str) -> None:
    again = "to trade again: make resume REASON=\"…\" CONFIRM='RESUME main'"
    assert mode_text(status) == text + again * (status["mode"] != "run")


def test_nothing_runs_is_told_with_what_to_do() -> None:
    assert stack_line(None) == "no stack runs here; to start one: make up"
    silent = replace(running(1), localstack="http://127.0.0.1:9", exchange="http://127.0.0.1:8700")
    assert stack_line(silent) == (
        "a stack runs here (prices: synthetic; LocalStack on port 9, exchange on port 8700); "
        "its mode is unknown: LocalStack does not answer; run: make down"
    )


def test_a_functions_answer_is_told_in_words() -> None:
    walk = {"status": "done", "t": 1_757_000_040, "mode": 3, "orders": 1, "epoch": 0}
    assert in_words(walk) == walk | {"t": "2025-09-04T15:34:00Z", "mode": "kill"}
    day = {"from_t": 1_757_000_040, "mode": "run", "r": None}
    assert in_words(day) == day | {"from_t": "2025-09-04T15:34:00Z"}
    assert in_words({"statusCode": 200})["statusCode"] == 200
    assert in_words(None) is None
