"""The sandbox as an ASGI application: awaits nothing but receive, send and a switched-on delay."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from upbit_sandbox.core import Sandbox
from upbit_sandbox.wire import Request, Response

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 1_000_000


def create_app(sandbox: Sandbox) -> App:
    """Wrap the sandbox; only HTTP is spoken, a WebSocket is refused by closing it."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            body = await _body(receive)
            response = Response(413, b"") if body is None else sandbox.handle(_read(scope, body))
            if response.delay_s:
                await asyncio.sleep(response.delay_s)
            await _answer(send, response)

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


async def _body(receive: Receive) -> bytes | None:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return body


async def _answer(send: Send, response: Response) -> None:
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
