"""Up, down and deploy as the user does them, on a copy of the repository."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from haetae_local.deploy.aws import client
from haetae_local.deploy.stack import Deployed, read_deployment
from haetae_local.folders import Running, StackFolder, alive
from support.patience import patience
from support.tapes import REPOSITORY

ENVIRONMENTS = (".venv", ".uv", ".localstack", ".sam")
SOURCES = ("functions", "layers", "infra", "events", "requirements", "template.yaml")
MINUTE_S = 60
UP_S = 240.0


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A copy of the repository and the verbs run in it."""

    root: Path

    @property
    def folder(self) -> StackFolder:
        """Return the copy's local stack."""
        return StackFolder(self.root / ".haetae/main")

    def command(self, *verb: str) -> list[str]:
        """Return the command line of a verb."""
        return [sys.executable, "-m", "haetae_local", *verb]

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables that make the copy's own code run."""
        return os.environ | {"PYTHONPATH": str(self.root / "infra/local")}

    def run(self, *verb: str) -> str:
        """Run a verb that must succeed; return what it printed."""
        done = self.attempt(*verb)
        assert done.returncode == 0, done.stderr + logs(self.folder)
        return done.stdout

    def attempt(self, *verb: str) -> "subprocess.CompletedProcess[str]":
        """Run a verb."""
        return subprocess.run(
            self.command(*verb),
            cwd=self.root,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=patience(UP_S),
            check=False,
        )

    @property
    def running(self) -> Running:
        """Return what runs."""
        found = self.folder.read()
        assert found is not None
        return found

    @property
    def stack(self) -> Deployed:
        """Return what is deployed."""
        return read_deployment(self.running.localstack, self.running.stack)


def logs(folder: StackFolder) -> str:
    """Return the ends of all logs, for a failure's text."""
    return "".join(
        f"\n--- {path.name}\n{path.read_text('utf-8', 'replace')[-1_500:]}"
        for path in sorted(folder.path.glob("*.log"))
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    root = tmp_path_factory.mktemp("haetae")
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    for name in ENVIRONMENTS:
        (root / name).symlink_to(REPOSITORY / name)
    found = Copy(root=root)
    yield found
    found.attempt("down")


def eventually(true: Callable[[], bool], within_s: float, what: str) -> None:
    """Wait for something to become true."""
    until = time.monotonic() + patience(within_s)
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def items(stack: Deployed) -> dict[tuple[str, str], Any]:
    """Return everything in the table by key."""
    pages = client("dynamodb", stack.endpoint).get_paginator("scan")
    return {
        (item["pk"]["S"], item["sk"]["S"]): item
        for page in pages.paginate(TableName=stack.table)
        for item in page["Items"]
    }


def lasting(keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the keys of what stays in the table: an intent goes once its order has settled."""
    return {key for key in keys if not key[1].startswith("INTENT#")}


def decisions(stack: Deployed) -> list[dict[str, Any]]:
    """Return the journal's facts, oldest first."""
    facts = [json.loads(i["body"]["S"]) for i in items(stack).values() if "hash" in i]
    return sorted(facts, key=lambda f: f["t"])


def test_a_life_from_nothing_to_nothing(copy: Copy) -> None:
    began = int(time.time())
    said = copy.run("up", "--interval", "1")
    assert "haetae is up" in said
    assert "first cycle: " in said
    running = copy.running
    assert copy.stack.api_url in said
    assert copy.stack.api_key in said

    again = copy.run("up", "--interval", "1")
    assert "haetae is up" in again
    assert copy.running == running, "a second up starts nothing"

    decided_on_schedule(copy.stack, began)
    a_deployment_changes_code_and_settings_and_keeps_the_data(copy)

    a_function_that_breaks_at_import_says_so_and_harms_no_other(copy)

    assert "account is kept" in copy.run("down")
    kept = json.loads(copy.folder.account("synthetic").read_text("utf-8"))["items"]
    assert len(kept) > 1
    nothing_is_left(running)
    assert "nothing is running" in copy.run("down")

    said = copy.run("up", "--interval", "60")
    assert f"is back: {len(kept)} items" in said
    keys = lasting((item["pk"]["S"], item["sk"]["S"]) for item in kept)
    assert keys <= items(copy.stack).keys(), "every item is back"
    assert copy.run("status").count("KRW-BTC")
    last = copy.running
    copy.run("down")
    nothing_is_left(last)


def decided_on_schedule(stack: Deployed, began: int) -> None:
    """See two scheduled one-minute decisions, each on the candle that just closed."""
    first = began - began % MINUTE_S + 2 * MINUTE_S

    def scheduled() -> list[dict[str, Any]]:
        return [f for f in decisions(stack) if f["t"] >= first and f["decided"]]

    eventually(lambda: len(scheduled()) >= 2, 4 * MINUTE_S, "no schedule fired")
    for facts in scheduled():
        assert facts["t"] <= time.time(), "decided before its minute"
        assert facts["indicators"][1] == facts["t"], "the candle that closed at T is decided at T"
    times = [facts["t"] for facts in scheduled()]
    assert len(times) == len(set(times)), "no minute is decided twice"


def a_deployment_changes_code_and_settings_and_keeps_the_data(copy: Copy) -> None:
    """Change a handler's code and a parameter; see both live, and the table as it was."""
    before = lasting(items(copy.stack))
    handler = copy.root / "functions/daily_report/handler.py"
    code = handler.read_text()
    changed = code.replace("return to_json(", 'return {"changed": "yes"} | to_json(')
    assert changed != code, "the handler reads otherwise: change it elsewhere"
    handler.write_text(changed)
    copy.run("deploy", "--language", "en")
    answer = copy.run("invoke", "daily_report")
    assert json.loads(answer)["changed"] == "yes"
    found = client("lambda", copy.stack.endpoint).get_function_configuration(
        FunctionName=copy.stack.function("notifier")
    )
    assert found["Environment"]["Variables"]["HAETAE_LANGUAGE"] == "en"
    assert before <= items(copy.stack).keys()


def a_function_that_breaks_at_import_says_so_and_harms_no_other(copy: Copy) -> None:
    """Deploy a broken handler; see its traceback, its alarm's message, and the others at work."""
    handler = copy.root / "functions/daily_report/handler.py"
    code = handler.read_text()
    handler.write_text('raise RuntimeError("broken on import")\n')
    copy.run("deploy")
    done = copy.attempt("invoke", "daily_report")
    assert done.returncode == 2
    assert "RuntimeError: broken on import; see: make logs F=daily_report" in done.stderr
    said = copy.run("logs", "--function", "daily_report")
    assert "Traceback" in said
    assert 'raise RuntimeError("broken on import")' in said
    assert json.loads(copy.run("invoke", "risk_check"))["mode"] == "run"

    def alarmed() -> bool:
        return "DailyReportErrorsAlarm" in copy.run("logs", "--function", "notifier")

    eventually(alarmed, 3 * MINUTE_S, "no message of the alarm")
    handler.write_text(code)
    copy.run("deploy")
    assert json.loads(copy.run("invoke", "daily_report"))["mode"] == "run"


def nothing_is_left(running: Running) -> None:
    """See that no process and no port of what ran is left."""
    assert not alive(running.pid)
    for url in (running.localstack, running.exchange):
        port = int(url.rpartition(":")[2])
        assert port not in listening(), f"{url} is still there"


def listening() -> set[int]:
    """Return the TCP ports that are listened on, on this machine."""
    found = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(name).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                found.add(int(fields[1].rpartition(":")[2], 16))
    return found


MAKE = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"]


@pytest.mark.parametrize(
    ("starter", "number"),
    [([], signal.SIGKILL), ([], signal.SIGINT), (MAKE, signal.SIGKILL)],
    ids=["kill -9", "Ctrl+C", "kill -9 of make"],
)
def test_an_interrupted_start_leaves_nothing(
    copy: Copy, starter: list[str], number: signal.Signals
) -> None:
    starting = subprocess.Popen(
        [*starter, *copy.command("up")],
        cwd=copy.root,
        env=copy.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: copy.folder.read() is not None, UP_S, "the servers did not start")
    running = copy.running
    starting.send_signal(number)
    starting.wait()
    eventually(lambda: not alive(running.pid), 60, "the supervisor lives on")
    nothing_is_left(running)


def test_killed_supervisor_takes_everything_along(copy: Copy) -> None:
    copy.run("up")
    running = copy.running
    os.kill(running.pid, signal.SIGKILL)
    ports = {int(url.rpartition(":")[2]) for url in (running.localstack, running.exchange)}
    eventually(lambda: not ports & listening(), 60, "a server lives on")
    assert "nothing is running" in copy.run("down")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["up", "--source", "replay"], "add CANDLES="),
        (["up", "--source", "replay", "--candles", "none.parquet"], "CANDLES cannot be replayed"),
        (["status"], "nothing is running; run: make up"),
        (["invoke", "trading_cycle"], "nothing is running; run: make up"),
        (["kill", "--reason", "x"], "nothing is running; run: make up"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    copy: Copy, arguments: list[str], sentence: str
) -> None:
    done = copy.attempt(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
