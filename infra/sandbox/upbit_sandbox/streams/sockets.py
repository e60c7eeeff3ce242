"""WebSocket connections, and the one pump that feeds them all (docs: websocket-guide).

The pump beats: it settles the accounts, looks once at what anybody follows, writes each new frame
once per format, and hands it to everyone who follows it. On a real clock it beats ten times a
second while somebody is connected, on a virtual one when a request may have changed something; a
mirror is looked at once a second. A client that does not read what waits for it is dropped.

Above 250 lines: connections, followers and the pump share one lock and one index.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace

from upbit_sandbox.access.keys import Key, Permission
from upbit_sandbox.access.limits import ORIGIN
from upbit_sandbox.base.clock import VirtualClock
from upbit_sandbox.base.errors import ApiError
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.streams.connection import NORMAL, Connection, Message, Receive, Send
from upbit_sandbox.streams.feed import Feed
from upbit_sandbox.streams.fields import SUBSCRIPTIONS, names_of
from upbit_sandbox.streams.frames import (
    Frame,
    asset_frame,
    cut,
    order_frame,
    subscriptions_frame,
    write,
)
from upbit_sandbox.streams.quotes import MirrorQuotes, VenueQuotes
from upbit_sandbox.streams.subscriptions import (
    PUBLIC,
    Format,
    Stream,
    StreamError,
    Subscription,
    read_request,
)
from upbit_sandbox.trading.events import AssetEvent, Event, Journal

PATH = "/websocket/v1"
PRIVATE_PATH = "/websocket/v1/private"
BEAT_S = 0.1
MIRROR_BEAT_S = 1.0
MOST_WAITING_BYTES = 16_000_000  # of one client
# What a key must be permitted to follow; an announcement needs a key and no more.
PERMITTED = {"myOrder": Permission.VIEW_ORDERS, "myAsset": Permission.VIEW_ACCOUNT}


@dataclass(slots=True)
class _Cursor:
    """How far an account's journal has been told."""

    journal: Journal
    number: int


class Hub:
    """All connections of one sandbox, and the pump."""

    def __init__(self, sandbox: Sandbox, most_waiting_bytes: int = MOST_WAITING_BYTES) -> None:
        """Begin with nobody connected; a client may leave so many bytes unread."""
        self._sandbox = sandbox
        self._most_waiting_bytes = most_waiting_bytes
        self._venue = sandbox.venue
        self._own = VenueQuotes(sandbox.venue)
        quotes = self._own if sandbox.mirror is None else MirrorQuotes(sandbox.mirror)
        self._feed = Feed(quotes, sandbox.venue)
        self._connections: set[Connection] = set()
        self._listeners: dict[Stream, list[tuple[Connection, int]]] = {}
        self._cursors: dict[str, _Cursor] = {}
        self._wake = asyncio.Event()
        self._beat_lock = asyncio.Lock()  # a mirror is looked at in a thread: one look at a time

    @property
    def connected(self) -> int:
        """How many clients there are."""
        return len(self._connections)

    def wake(self) -> None:
        """Note that a request was answered: something may have changed."""
        if self._connections:
            self._wake.set()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            if self._sandbox.mirror is not None:
                await asyncio.sleep(MIRROR_BEAT_S)
            elif self._connections and not isinstance(self._venue.clock, VirtualClock):
                await asyncio.sleep(BEAT_S)
            else:
                self._wake.clear()
                await self._wake.wait()
            async with self._beat_lock:
                await self._beat()

    async def serve(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one WebSocket from its handshake to its end."""
        await receive()  # the handshake
        if scope["path"] not in (PATH, PRIVATE_PATH):
            await _turn_away(scope, send, 404)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        client = (scope.get("client") or ("127.0.0.1",))[0]
        connection, is_allowed = self._admit(scope["path"], headers, client)
        if not is_allowed:
            await _turn_away(scope, send, 429)
            return
        await send({"type": "websocket.accept"})
        self._connections.add(connection)
        self.wake()
        tasks = [
            asyncio.create_task(self._listen(connection, receive)),
            asyncio.create_task(connection.write(send)),
            asyncio.create_task(connection.is_dropped.wait()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                with suppress(OSError):  # the client is gone
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            connection.stop_pings()
            self._connections.discard(connection)
            self._index()

    def _admit(self, path: str, headers: dict[str, str], client: str) -> tuple[Connection, bool]:
        """Open a connection, and tell whether the limits allow one more.

        A bad token is not turned away at the handshake: the first request is refused for it.
        """
        now_s, limits = self._venue.clock.now(), self._venue.limits
        caller, offered, account = ("ip", client), PUBLIC, None
        if path == PRIVATE_PATH:
            key = self._key(headers.get("authorization"), client, now_s)
            offered = _private_types(key)
            if key is not None:
                account = key.account
                caller = ("account", account)
        is_allowed = limits.connect(caller, now_s)
        if "origin" in headers:
            is_allowed = limits.take(ORIGIN, ("ip", client), now_s).allowed and is_allowed
        return Connection(offered, account, self._most_waiting_bytes), is_allowed

    def _key(self, authorization: str | None, client: str, now_s: float) -> Key | None:
        try:
            return self._venue.authority.verify(authorization, (), client=client, now_s=now_s)
        except ApiError:
            return None

    async def _listen(self, connection: Connection, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text") or message.get("bytes") or b""
            if text in ("PING", b"PING"):
                connection.send_pong_status()
                continue
            try:
                await self._request(connection, text)
            except StreamError as error:
                if error.name == "TOO_MANY_REQUEST":
                    connection.put(error.frame())
                else:
                    connection.refuse(error)

    async def _request(self, connection: Connection, text: str | bytes) -> None:
        now_s = self._venue.clock.now()
        if not self._venue.limits.message(connection.name, now_s):
            raise StreamError("TOO_MANY_REQUEST")
        if not connection.offered:
            raise StreamError("INVALID_AUTH")
        asked = read_request(text, connection.offered)
        if asked.is_listing:
            held = connection.held
            if held is not None:
                connection.held = replace(held, format=asked.format)
            frame = subscriptions_frame(asked.ticket, held)
            connection.put(write(frame, SUBSCRIPTIONS, asked.format))
            return
        async with self._beat_lock:
            await self._beat()  # those who follow already are told first
            connection.held = asked
            self._index()
            self._tell_private(now_s)  # nothing yet: from here on events are this client's too
            await self._snapshots(connection, asked)

    async def _snapshots(self, connection: Connection, asked: Subscription) -> None:
        """Send the newest of every stream, one snapshot each, in the order they were asked for."""
        wanted = {stream for wish in asked.wishes for stream, _ in wish.streams()}
        now_s = self._venue.clock.now()
        newest: dict[Stream, Frame] = {}
        if self._sandbox.mirror is not None:
            newest = await asyncio.to_thread(self._feed.snapshot, wanted, now_s)
        else:
            for stream in wanted:
                newest |= self._feed.snapshot({stream}, now_s)
                await asyncio.sleep(0)  # the first ticker of a day sums its trades: others go first
        for wish in asked.wishes:
            for stream, depth in wish.streams():
                if wish.is_snapshot and stream in newest:
                    frame = newest[stream] | {"stream_type": "SNAPSHOT"}
                    connection.put(_encode(stream, frame, depth, asked.format))

    async def _beat(self) -> None:
        """Settle, look, tell; the caller has the turn."""
        wanted = self._listeners.keys()
        now_s = self._venue.clock.now()
        mirror = self._sandbox.mirror
        if mirror is None:
            self._sandbox.settle()
            self._own.begin(now_s)
            news = self._feed.look(wanted, now_s)
        else:
            waiting = frozenset(self._venue.waiting_in())
            if waiting:
                self._sandbox.settle(await asyncio.to_thread(mirror.look, "", "", waiting))
            news = await asyncio.to_thread(self._feed.look, wanted, now_s) if wanted else {}
        self._tell_public(news)
        self._tell_private(now_s)

    def _tell_public(self, news: dict[Stream, list[Frame]]) -> None:
        for stream, frames in news.items():
            for frame in frames:
                frame["stream_type"] = "REALTIME"
                written: dict[tuple[int, Format], bytes] = {}
                for connection, depth in self._listeners.get(stream, []):
                    assert connection.held is not None, "who listens is subscribed"
                    form = connection.held.format
                    if (depth, form) not in written:
                        written[depth, form] = _encode(stream, frame, depth, form)
                    connection.put(written[depth, form])

    def _tell_private(self, now_s: float) -> None:
        """Tell every account's events to those who follow them."""
        followers = defaultdict(list)
        for connection in self._connections:
            if connection.account is not None and connection.held is not None:
                followers[connection.account].append(connection)
        self._cursors = {name: self._cursors[name] for name in followers if name in self._cursors}
        for name, connections in followers.items():
            account = self._venue.accounts.get(name)
            if account is None:
                continue
            journal = account.journal
            cursor = self._cursors.get(name)
            if cursor is None:
                cursor = _Cursor(journal, journal.count)
            elif cursor.journal is not journal:
                cursor = _Cursor(journal, 0)  # the account was started over
            for event in journal.since(cursor.number):
                _tell(name, event, connections, now_s)
            self._cursors[name] = _Cursor(journal, journal.count)

    def _index(self) -> None:
        """Note who follows which public stream."""
        listeners = defaultdict(list)
        for connection in self._connections:
            if connection.held is not None:
                for wish in connection.held.wishes:
                    if wish.is_realtime and wish.kind in PUBLIC:
                        for stream, depth in wish.streams():
                            listeners[stream].append((connection, depth))
        self._listeners = dict(listeners)


def _tell(name: str, event: Event, connections: list[Connection], now_s: float) -> None:
    """Tell one event of an account to those who follow its kind, and its market."""
    if isinstance(event, AssetEvent):
        kind, frame, market = "myAsset", asset_frame(name, event, now_s), None
    else:
        kind, frame, market = "myOrder", order_frame(event, now_s), event.order.market
    for connection in connections:
        assert connection.held is not None, "who follows is subscribed"
        for wish in connection.held.wishes:
            if wish.kind == kind and (market is None or not wish.codes or market in wish.codes):
                connection.put(write(frame, names_of(kind), connection.held.format))


def _encode(stream: Stream, frame: Frame, depth: int, form: Format) -> bytes:
    if stream.kind == "orderbook":
        frame = cut(frame, depth)
    return write(frame, names_of(stream.kind), form)


def _private_types(key: Key | None) -> frozenset[str]:
    """Give the private types that a key opens: none without a key."""
    if key is None:
        return frozenset()
    allowed = {kind for kind, needed in PERMITTED.items() if needed in key.permissions}
    return frozenset({"announcement", *allowed})


async def _turn_away(scope: Message, send: Send, status: int) -> None:
    """Answer the handshake with a status, where the server can."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": NORMAL})
        return
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})
