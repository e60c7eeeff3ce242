"""The sandbox as an ASGI application, on one thread.

It awaits receive, send, a switched-on delay, and the upstream of a mirror, which is asked in
threads of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from upbit_sandbox.clock import http_date
from upbit_sandbox.core import Sandbox
from upbit_sandbox.wire import Request, Response

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 1_000_000
MAX_STATE_BYTES = 1_000_000_000
FOLLOW_S = 1.0
STATE_PATH = "/sandbox/state"


def create_app(sandbox: Sandbox) -> App:
    """Wrap the sandbox; only HTTP is spoken, a WebSocket is refused by closing it."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            most = MAX_STATE_BYTES if scope["path"] == STATE_PATH else MAX_BODY_BYTES
            body = await _body(receive, most)
            if body is None:
                response = Response(413, b"")
            else:
                response = await _served(sandbox, _read(scope, body))
            if response.delay_s:
                await asyncio.sleep(response.delay_s)
            await _answer(send, response, http_date(sandbox.venue.clock.now()))

    return app


def call(app: App, request: Request) -> Response:
    """Drive the application by hand, without an event loop; a delayed answer cannot be driven.

    Raises RuntimeError when the application waits for something else than receive and send.
    """
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    scope = {
        "type": "http",
        "method": request.method,
        "path": request.path,
        "query_string": request.query.encode(),
        "headers": headers,
    }
    steps = app(scope, receive, send).__await__()
    try:
        next(steps)
    except StopIteration:
        start, body = sent
        pairs = tuple((name.decode(), value.decode()) for name, value in start["headers"])
        return Response(start["status"], body["body"], pairs)
    raise RuntimeError("the application waits for I/O and needs an event loop")


def _read(scope: Message, body: bytes) -> Request:
    return Request(
        scope["method"],
        scope["path"],
        scope["query_string"].decode("latin-1"),
        {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body,
    )


async def _served(sandbox: Sandbox, request: Request) -> Response:
    wanted = None if sandbox.mirror is None else sandbox.wants(request)
    if sandbox.mirror is None or wanted is None:
        return sandbox.handle(request)
    return sandbox.handle(request, await asyncio.to_thread(sandbox.mirror.look, *wanted))


async def follow(sandbox: Sandbox) -> None:
    """Look at the books of a mirror once a second while orders wait, until cancelled."""
    while sandbox.mirror is not None:
        await asyncio.sleep(FOLLOW_S)
        waiting = frozenset(sandbox.venue.account.waiting_in())
        if waiting:
            sandbox.settle(await asyncio.to_thread(sandbox.mirror.look, "", "", waiting))


async def _body(receive: Receive, most: int) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _answer(send: Send, response: Response, date: str) -> None:
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"date", date.encode()))
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
