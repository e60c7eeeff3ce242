"""The Runtime API as a runtime meets it: next, response, error, init error."""

import http.client
import json
import threading
from collections.abc import Iterator

import pytest

from haetae_localstack.runtime_api import Event, Report, RuntimeApi
from support.patience import patience

PREFIX = "/2018-06-01/runtime"
GENEROUS_S = patience(30.0)


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    made = RuntimeApi()
    yield made
    made.close()


def ask(api: RuntimeApi, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Send a request as a runtime does; return status and body."""
    connection = http.client.HTTPConnection(api.address, timeout=GENEROUS_S)
    connection.request(method, path, body)
    answer = connection.getresponse()
    content = answer.read()
    identity = answer.headers.get("Lambda-Runtime-Aws-Request-Id", "")
    connection.close()
    return answer.status, content or identity.encode()


def test_the_next_event_is_waited_for_and_given_with_its_headers(api: RuntimeApi) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=GENEROUS_S)
    connection.request("GET", f"{PREFIX}/invocation/next")
    assert api.wait_for("ready", seconds=GENEROUS_S).kind == "ready"
    api.send(Event("r-1", {"Lambda-Runtime-Deadline-Ms": "5"}, b'{"a":1}'))
    answer = connection.getresponse()
    assert answer.headers["Lambda-Runtime-Aws-Request-Id"] == "r-1"
    assert answer.headers["Lambda-Runtime-Deadline-Ms"] == "5"
    assert json.loads(answer.read()) == {"a": 1}
    connection.close()


@pytest.mark.parametrize("kind", ["response", "error"])
def test_an_outcome_is_reported_with_its_request(api: RuntimeApi, kind: str) -> None:
    assert ask(api, "POST", f"{PREFIX}/invocation/r-1/{kind}", b"42")[0] == 202
    found = api.wait_for("response", "error", request_id="r-1", seconds=GENEROUS_S)
    assert found == Report(kind, "r-1", b"42")  # type: ignore[arg-type]


def test_what_another_request_left_behind_is_passed_over(api: RuntimeApi) -> None:
    ask(api, "POST", f"{PREFIX}/invocation/old/response", b"1")
    ask(api, "POST", f"{PREFIX}/invocation/new/response", b"2")
    assert api.wait_for("response", request_id="new", seconds=GENEROUS_S).body == b"2"


def test_a_failed_start_is_reported(api: RuntimeApi) -> None:
    ask(api, "POST", f"{PREFIX}/init/error", b'{"errorType":"E"}')
    assert api.wait_for("ready", "init_error", seconds=GENEROUS_S).body == b'{"errorType":"E"}'


def test_a_body_in_chunks_is_put_together(api: RuntimeApi) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=GENEROUS_S)
    connection.request(
        "POST", f"{PREFIX}/invocation/r/response", iter([b"ab", b"c"]), encode_chunked=True
    )
    connection.getresponse().read()
    connection.close()
    assert api.wait_for("response", request_id="r", seconds=GENEROUS_S).body == b"abc"


def test_nothing_within_the_time_is_a_timeout(api: RuntimeApi) -> None:
    assert api.wait_for("response", seconds=0.01) == Report("timeout")


def test_an_unknown_path_is_not_found(api: RuntimeApi) -> None:
    assert ask(api, "GET", "/2018-06-01/runtime/restore/next")[0] == 404
    assert ask(api, "POST", "/2018-06-01/runtime/else", b"")[0] == 404


def test_closing_lets_a_waiting_runtime_go(api: RuntimeApi) -> None:
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(api, "GET", f"{PREFIX}/invocation/next")
        ended.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert api.wait_for("ready", seconds=GENEROUS_S).kind == "ready"
    api.close()
    assert ended.wait(GENEROUS_S)
    waiting.join()
