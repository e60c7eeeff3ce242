"""Functions run as processes as they do in Lambda: results, errors, logs, limits, layers."""

import json
import uuid
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from pathlib import Path
from typing import Any

from local.plugin.server import Server, kill, running, runs, until, zipped
from support.patience import patience

ECHO = "def handler(event, context):\n    return event\n"


def call(server: Server, name: str, event: object = None) -> tuple[Any, str, str]:
    """Invoke a function; return its result, the kind of its error and the end of its log."""
    answer = server.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps(event), LogType="Tail"
    )
    log = b64decode(answer.get("LogResult", "")).decode()
    return json.loads(answer["Payload"].read()), answer.get("FunctionError", ""), log


def name() -> str:
    """Return a new function's name."""
    return f"f-{uuid.uuid4().hex[:8]}"


def layer(server: Server, files: dict[str, str]) -> str:
    """Publish a layer; return its version's ARN."""
    published = server.client("lambda").publish_layer_version(
        LayerName=name(), Content={"ZipFile": zipped(files)}
    )
    return str(published["LayerVersionArn"])


def test_a_result_comes_back_as_it_was_sent(server: Server) -> None:
    function = name()
    server.function(function, {"handler.py": ECHO})
    event = {"won": "1000.5", "name": "해태", "list": [1, None, True]}
    assert call(server, function, event)[:2] == (event, "")


def test_logs_have_start_report_and_what_was_printed(server: Server) -> None:
    function = name()
    server.function(
        function, {"handler.py": "def handler(event, context):\n    print('해태', event)\n"}
    )
    first, second = call(server, function, 1)[2], call(server, function, 2)[2]
    assert [line.split()[0] for line in first.splitlines()] == ["START", "해태", "END", "REPORT"]
    assert "Init Duration" in first
    assert "Max Memory Used" in first
    assert "Init Duration" not in second
    lines = until(lambda: [x for x in server.log_lines(function) if x.startswith("해태")][1:])
    assert lines == ["해태 2"]


def test_an_exception_is_an_error_result_with_its_traceback_in_the_logs(server: Server) -> None:
    function = name()
    server.function(
        function, {"handler.py": "def handler(event, context):\n    raise ValueError('no won')\n"}
    )
    result, error, log = call(server, function)
    assert error == "Unhandled"
    assert (result["errorType"], result["errorMessage"]) == ("ValueError", "no won")
    lines = log.splitlines()
    assert "[ERROR] ValueError: no won" in lines
    assert any(line.strip() == "raise ValueError('no won')" for line in lines)


def test_a_crash_at_import_is_an_error_result_with_its_traceback_in_the_logs(
    server: Server,
) -> None:
    function = name()
    server.function(function, {"handler.py": "print('before')\nraise RuntimeError('no table')\n"})
    for _ in range(2):  # the second one starts the runtime again
        result, error, log = call(server, function)
        assert error == "Unhandled"
        assert (result["errorType"], result["errorMessage"]) == ("RuntimeError", "no table")
        assert "Traceback (most recent call last):" in log.splitlines()
        assert "    raise RuntimeError('no table')" in log.splitlines()
        assert log.count("before") == 1


def test_a_timeout_kills_and_the_next_call_starts_anew(server: Server) -> None:
    function = name()
    source = """
import subprocess, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event == "hang":
        print(subprocess.Popen(["sleep", "600"]).pid)
        time.sleep(600)
    return calls
"""
    limit_s = ceil(patience(2))  # a cold start takes part of it
    server.function(function, {"handler.py": source}, timeout_s=limit_s)
    assert call(server, function)[0] == 1
    assert call(server, function)[0] == 2
    result, error, log = call(server, function, "hang")
    assert error == "Unhandled"
    assert result["errorType"] == "Sandbox.Timedout"
    assert result["errorMessage"].endswith(f"Task timed out after {limit_s}.00 seconds")
    assert "Status: timeout" in log
    child = next(int(line) for line in log.splitlines() if line.isdecimal())
    until(lambda: not runs(child))
    result, error, log = call(server, function)
    assert (result, error) == (1, "")
    assert "Init Duration" in log


def test_a_process_that_leaves_is_an_error_and_the_next_call_starts_anew(server: Server) -> None:
    function = name()
    source = (
        "import os\ndef handler(event, context):\n    return os._exit(3) if event else 'well'\n"
    )
    server.function(function, {"handler.py": source})
    result, error, _ = call(server, function, True)
    assert error == "Unhandled"
    assert result["errorType"] == "Runtime.ExitError"
    assert result["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert call(server, function)[:2] == ("well", "")


def test_a_response_above_six_megabytes_is_an_error(server: Server) -> None:
    function = name()
    server.function(
        function, {"handler.py": "def handler(event, context):\n    return 'x' * event\n"}
    )
    assert call(server, function, 6_000_000)[1] == ""
    result, error, _ = call(server, function, 6_300_000)
    assert (error, result["errorType"]) == ("Unhandled", "Function.ResponseSizeTooLarge")


def test_layers_are_on_the_path_the_last_one_first_and_the_code_before_all(server: Server) -> None:
    function = name()
    first = layer(
        server, {"python/a.py": "x = 'first'", "python/b.py": "x = 'first'", "python/c.py": "x = 1"}
    )
    second = layer(
        server,
        {
            "python/b.py": "x = 'second'",
            "python/lib/python3.13/site-packages/c.py": "x = 'packages'",
            "python/d.py": "x = 'second'",
        },
    )
    source = "import a, b, c, d\ndef handler(event, context):\n    return [a.x, b.x, c.x, d.x]\n"
    server.function(function, {"handler.py": source, "d.py": "x = 'code'"}, layers=[first, second])
    assert call(server, function)[:2] == (["first", "second", "packages", "code"], "")


def test_a_package_that_no_layer_has_is_missing(server: Server) -> None:
    function = name()
    server.function(function, {"handler.py": f"import boto3\n{ECHO}"})
    result, error, _ = call(server, function)
    assert error == "Unhandled"
    assert result["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'boto3'" in result["errorMessage"]


def test_a_function_sees_its_own_variables_and_none_of_localstacks(server: Server) -> None:
    function = name()
    source = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    server.function(function, {"handler.py": source}, variables={"TABLE": "books"})
    seen = call(server, function)[0]
    assert seen["TABLE"] == "books"
    assert seen["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{server.port}"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == function
    assert seen["TZ"] == ":UTC"
    assert not {"FILESYSTEM_ROOT", "GATEWAY_LISTEN", "LAMBDA_PROCESS_PYTHON"} & seen.keys()
    assert str(server.root) != seen["HOME"]
    assert not any("localstack/venv" in value for value in seen.values())


def test_two_calls_at_once_have_an_environment_each(server: Server) -> None:
    function = name()
    source = """
import os, pathlib, time
def handler(event, context):
    own = pathlib.Path(event) / str(os.getpid())
    own.touch()
    while len(list(own.parent.iterdir())) < 2:
        time.sleep(0.01)
    return os.getpid()
"""
    meeting = server.root / name()
    meeting.mkdir()
    server.function(function, {"handler.py": source})
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: call(server, function, str(meeting)), range(2)))
    assert len({result for result, error, _ in results if not error}) == 2


def test_new_code_is_what_runs(server: Server) -> None:
    function, functions = name(), server.client("lambda")
    server.function(function, {"handler.py": ECHO})
    assert call(server, function, "old")[0] == "old"
    functions.update_function_code(
        FunctionName=function, ZipFile=zipped({"handler.py": ECHO.replace("event\n", "'new'\n")})
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=function)
    assert call(server, function, "old")[0] == "new"


def test_no_child_outlives_a_localstack_that_is_killed(tmp_path: Path) -> None:
    source = """
import os, subprocess
def handler(event, context):
    return [os.getpid(), subprocess.Popen(["sleep", "600"]).pid]
"""
    with running(tmp_path) as server:
        server.function("f", {"handler.py": source})
        children = call(server, "f")[0]
        assert all(runs(child) for child in children)
        kill(server)
        until(lambda: not any(runs(child) for child in children))
