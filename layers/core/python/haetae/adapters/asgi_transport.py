"""Carries requests to an ASGI application in this process: the exchange of replays and tests."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from haetae.adapters.upbit.transport import Answer, MaybeSent, Request

type AsgiMessage = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[AsgiMessage]]
type Send = Callable[[AsgiMessage], Awaitable[None]]
type AsgiApp = Callable[[AsgiMessage, Receive, Send], Awaitable[None]]


class AsgiTransport:
    """Steps the application by hand: no socket, no event loop.

    The application may await `receive` and `send` only; one that waits for anything else raises
    RuntimeError and belongs behind a real server.
    """

    def __init__(self, app: AsgiApp) -> None:
        """Take the application."""
        self._app = app

    def send(self, request: Request) -> Answer:
        """Return the application's answer; the request's time cannot run out here.

        Raises:
            MaybeSent: the application ended without an answer.
        """
        body = request.body or b""
        sent: list[AsgiMessage] = []

        async def receive() -> AsgiMessage:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: AsgiMessage) -> None:
            sent.append(message)

        steps = self._app(_scope(request), receive, send).__await__()
        try:
            next(steps)
        except StopIteration:
            return _answer(sent)
        raise RuntimeError("the application waits for something: serve it over HTTP instead")


def _scope(request: Request) -> AsgiMessage:
    path, _, query = request.target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": request.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode()) for name, value in request.headers.items()
        ],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
    }


def _answer(sent: list[AsgiMessage]) -> Answer:
    if not sent or sent[0]["type"] != "http.response.start":
        raise MaybeSent("no answer: the application ended without one")
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]
    }
    return Answer(
        status=sent[0]["status"],
        headers=headers,
        body=b"".join([message.get("body", b"") for message in sent[1:]]),
    )
