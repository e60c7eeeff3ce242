"""The in-process transport: what arrives, what comes back, and what it cannot serve."""

import json
from collections.abc import Generator
from typing import Any

import pytest

from haetae.adapters.asgi_transport import AsgiTransport
from haetae.adapters.upbit.transport import Answer, MaybeSent, Request

LOOK = Request(method="GET", target="/", headers={}, timeout_s=1.0)


async def silent(scope: Any, receive: Any, send: Any) -> None:
    await receive()


async def chunked(scope: Any, receive: Any, send: Any) -> None:
    asked = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
        "body": (await receive())["body"].decode(),
    }
    headers = [(b"x-one", b"1")]
    await send({"type": "http.response.start", "status": 203, "headers": headers})
    await send(
        {"type": "http.response.body", "body": json.dumps(asked).encode(), "more_body": True}
    )
    await send({"type": "http.response.body", "body": b" "})


class Waiting:
    """Something that is not there yet."""

    def __await__(self) -> Generator[None]:
        yield


async def patient(scope: Any, receive: Any, send: Any) -> None:
    await Waiting()


def test_in_process_request_arrives_whole_and_so_does_its_answer() -> None:
    answer = AsgiTransport(chunked).send(
        Request(
            method="POST",
            target="/a/b?c=d%20e",
            headers={"X-Two": "2"},
            body=b"body",
            timeout_s=1.0,
        )
    )
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers) == (203, {"x-one": "1"})
    assert json.loads(answer.body) == {
        "method": "POST",
        "path": "/a/b",
        "query": "c=d%20e",
        "headers": [["x-two", "2"]],
        "body": "body",
    }


def test_application_without_an_answer_may_have_acted() -> None:
    with pytest.raises(MaybeSent):
        AsgiTransport(silent).send(LOOK)


def test_application_that_waits_needs_a_real_server() -> None:
    with pytest.raises(RuntimeError, match="serve it over HTTP"):
        AsgiTransport(patient).send(LOOK)
