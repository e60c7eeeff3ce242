"""The sandbox as an ASGI application, on one thread.

It awaits receive, send, a switched-on delay, and the upstream of a mirror, which is asked in
threads of its own. WebSockets are the hub's.
"""

import asyncio
from collections.abc import Awaitable, Callable

from upbit_sandbox.base.clock import http_date
from upbit_sandbox.base.wire import Request, Response
from upbit_sandbox.page import page_at
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.streams.connection import Message, Receive, Send
from upbit_sandbox.streams.sockets import Hub

type App = Callable[[Message, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 1_000_000
MAX_STATE_BYTES = 1_000_000_000
STATE_PATH = "/sandbox/state"
LOCAL = "127.0.0.1"


def create_app(sandbox: Sandbox, hub: Hub | None = None) -> App:
    """Wrap the sandbox; without a hub only HTTP is spoken, and a WebSocket is closed."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            most = MAX_STATE_BYTES if scope["path"] == STATE_PATH else MAX_BODY_BYTES
            body = await _body(receive, most)
            if body is None:
                response = Response(413, b"")
            else:
                response = await _serve(sandbox, _read(scope, body))
            if hub is not None:
                hub.wake()
            if response.delay_s:
                await asyncio.sleep(response.delay_s)
            await _answer(send, response, http_date(sandbox.venue.clock.now()))
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        elif hub is None:
            await send({"type": "websocket.close", "code": 1000})
        else:
            await hub.serve(scope, receive, send)

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
        "client": (request.client, 0),
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
    """Read a request; a header that is sent more than once has all its values (RFC 9110, 5.3)."""
    headers: dict[str, str] = {}
    for name, raw in scope["headers"]:
        key, value = name.decode("latin-1"), raw.decode("latin-1")
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return Request(
        scope["method"],
        "/" + scope["path"].lstrip("/"),  # pyupbit asks for //v1/deposits
        scope["query_string"].decode("latin-1"),
        headers,
        body,
        client[0] if (client := scope.get("client")) else LOCAL,
    )


async def _serve(sandbox: Sandbox, request: Request) -> Response:
    page = await page_at(sandbox, request)
    if page is not None:
        return page
    wanted = None if sandbox.mirror is None else sandbox.wants(request)
    if sandbox.mirror is None or wanted is None:
        return sandbox.handle(request)
    return sandbox.handle(request, await asyncio.to_thread(sandbox.mirror.look, *wanted))


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
    if response.cut:
        # Half of what was announced, and no more: the server drops the connection then.
        half = response.body[: len(response.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        return
    await send({"type": "http.response.body", "body": response.body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
