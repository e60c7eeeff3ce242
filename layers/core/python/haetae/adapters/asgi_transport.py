"""Carries requests to an ASGI application in this process: the exchange of replays and tests."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from haetae.adapters.upbit.transport import Answer, MaybeSent

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

    def __call__(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> Answer:
        """Return the application's answer; `timeout_s` cannot run out here.

        Raises:
            MaybeSent: the application ended without an answer.
        """
        del timeout_s
        request: AsgiMessage = {"type": "http.request", "body": body or b"", "more_body": False}
        sent: list[AsgiMessage] = []

        async def receive() -> AsgiMessage:
            return request

        async def send(message: AsgiMessage) -> None:
            sent.append(message)

        steps = self._app(_scope(method, target, headers), receive, send).__await__()
        try:
            next(steps)
        except StopIteration:
            return _answer(sent)
        raise RuntimeError("the application waits for something: serve it over HTTP instead")


def _scope(method: str, target: str, headers: dict[str, str]) -> AsgiMessage:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
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
