"""The hub without a network: clients are queues, and one of them may be slow or gone."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from sandbox.client import Client, at, client_of, token
from sandbox.servers import TIMEOUT_S
from sandbox.test_stream_feed import wavy
from upbit_sandbox.streams.connection import Message
from upbit_sandbox.streams.sockets import MOST_WAITING_BYTES, Hub

KINDS = ("trade", "ticker", "orderbook", "candle.1m")
TICKET = {"ticket": "t"}


class Fake:
    """One client of a hub; `reads` is cleared while it does not read what is sent."""

    def __init__(self, hub: Hub, path: str = "/websocket/v1", **headers: str) -> None:
        self.sent: list[Message] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._said.put_nowait({"type": "websocket.connect"})
        scope = {
            "path": path,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
        }
        self.served = asyncio.create_task(hub.serve(scope, self._said.get, self._send))

    async def _send(self, message: Message) -> None:
        await self.reads.wait()
        self.sent.append(message)

    def ask(self, *objects: object) -> None:
        text = json.dumps([TICKET, *objects])
        self._said.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1006})

    @property
    def frames(self) -> list[Any]:
        return [json.loads(message["bytes"]) for message in self.sent if "bytes" in message]


class House:
    """A sandbox with a hub, its pump running."""

    def __init__(self, most_waiting_bytes: int = MOST_WAITING_BYTES) -> None:
        self.client: Client = client_of([wavy("KRW-BTC", 3_000)], at(2_000))
        self.hub = Hub(self.client.sandbox, most_waiting_bytes)

    def move(self, minutes: float) -> None:
        self.client.control("PUT", "/sandbox/clock", {"advance_s": minutes * 60})
        self.hub.wake()


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not is_so():
            await asyncio.sleep(0)


def more_than(fake: Fake, count: int) -> bool:
    return len(fake.frames) > count


def run(house: House, scene: Coroutine[Any, Any, None]) -> None:
    """Play a scene beside the pump, and end the pump with it."""

    async def play() -> None:
        pump = asyncio.create_task(house.hub.run())
        try:
            await scene
        finally:
            pump.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pump

    asyncio.run(play())


def everything() -> list[object]:
    return [{"type": kind, "codes": ["KRW-BTC"]} for kind in KINDS]


async def follower(house: House) -> Fake:
    """A client that follows the main account's orders; its first frame says that it does."""
    fake = Fake(house.hub, "/websocket/v1/private", Authorization=token())
    fake.ask({"type": "myOrder"})
    fake.ask({"method": "LIST_SUBSCRIPTIONS"})
    await until(lambda: fake.frames)
    return fake


def test_slow_client_is_dropped_and_holds_nobody_up() -> None:
    house = House(most_waiting_bytes=100_000)

    async def scene() -> None:
        slow, quick = Fake(house.hub), Fake(house.hub)
        for fake in (slow, quick):
            fake.ask(*everything())
        await until(lambda: len(slow.frames) == len(quick.frames) == 4)
        slow.reads.clear()
        moves = 0
        while not slow.served.done():
            before = len(quick.frames)
            house.move(5)
            await until(partial(more_than, quick, before + 5))
            moves += 1
        assert moves > 2
        assert len(slow.frames) == 4
        before = len(quick.frames)
        house.move(5)
        await until(lambda: len(quick.frames) > before)
        assert not quick.served.done()
        quick.leave()
        await quick.served

    run(house, scene())


def test_frame_is_written_once_for_all_who_read_the_same_format() -> None:
    house = House()

    async def scene() -> None:
        fakes = [Fake(house.hub) for _ in range(3)]
        for fake in fakes:
            fake.ask(*everything())
        await until(lambda: all(len(fake.frames) == 4 for fake in fakes))
        house.move(1)
        await until(lambda: all(len(fake.frames) > 8 for fake in fakes))
        told = [[message["bytes"] for message in fake.sent[5:]] for fake in fakes]
        assert told[0] == told[1] == told[2]
        assert all(one is other for one, other in zip(told[0], told[1], strict=True))
        for fake in fakes:
            fake.leave()
            await fake.served

    run(house, scene())


def test_client_that_leaves_is_forgotten() -> None:
    house = House()

    async def scene() -> None:
        fake = await follower(house)
        assert house.hub.connected == 1
        fake.leave()
        await fake.served
        assert house.hub.connected == 0

    run(house, scene())


def test_client_that_was_not_there_is_told_only_what_comes_after() -> None:
    house = House()

    async def scene() -> None:
        house.client.buy("10000")
        first = await follower(house)
        house.client.buy("20000")
        second = await follower(house)
        house.client.buy("30000")
        house.hub.wake()
        await until(lambda: len(first.frames) == 3)
        await until(lambda: len(second.frames) == 2)
        assert [frame.get("price") for frame in first.frames] == [None, 20_000, 30_000]
        assert [frame.get("price") for frame in second.frames] == [None, 30_000]
        for fake in (first, second):
            fake.leave()
            await fake.served

    run(house, scene())


def test_account_that_was_started_over_is_followed_on() -> None:
    house = House()

    async def scene() -> None:
        fake = await follower(house)
        for number, total in enumerate((10_000, 20_000, 30_000), 2):
            house.client.buy(str(total))
            house.hub.wake()
            await until(partial(more_than, fake, number - 1))
            assert fake.frames[-1]["price"] == total
            house.client.control("POST", "/sandbox/reset")
        fake.leave()
        await fake.served

    run(house, scene())


def test_server_without_http_answers_closes_at_the_handshake() -> None:
    house = House()

    async def scene() -> None:
        fake = Fake(house.hub, "/nowhere")
        await fake.served
        assert fake.sent == [{"type": "websocket.close", "code": 1000}]

    run(house, scene())
