"""Real WebSocket clients, unmodified but for the address: the official SDK and pyupbit."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import websockets

from sandbox.servers import TIMEOUT_S, Server, running
from sandbox.test_sockets import advance
from upbit_sandbox import ACCESS_KEY, SECRET_KEY

KINDS = ("ticker", "trade", "orderbook")
FORMATS = ("DEFAULT", "SIMPLE", "JSON_LIST", "SIMPLE_LIST")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--source", "synthetic", "--clock", "virtual", "--market", "KRW-BTC") as one:
        yield one


def options(server: Server) -> dict[str, Any]:
    return {
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "base_url": server.address,
        "websocket_base_url": server.address.replace("http", "ws", 1),
    }


@pytest.fixture
def upbit(server: Server) -> Iterator[Any]:
    import upbit

    with upbit.Upbit(**options(server)) as one:
        yield one


def first(event: Any) -> Any:
    """The event of a frame, also where the format puts it into a list."""
    return event[0] if isinstance(event, list) else event


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_official_sdk_reads_every_format(upbit: Any, kind: str, form: str) -> None:
    with getattr(upbit.ws_stream, kind)(["KRW-BTC"], format=form) as stream:
        event = first(stream.recv())
    is_short = form.startswith("SIMPLE")
    assert (event.ty if is_short else event.type) == kind
    assert (event.st if is_short else event.stream_type) == "SNAPSHOT"
    assert (event.cd if is_short else event.code) == "KRW-BTC"


@pytest.mark.parametrize("interval", ["1s", "1m", "240m"])
def test_official_sdk_reads_candles(upbit: Any, interval: str) -> None:
    with upbit.ws_stream.candle(["KRW-BTC"], interval=interval) as stream:
        event = stream.recv()
    assert (event.type, event.code) == (f"candle.{interval}", "KRW-BTC")
    assert float(event.high_price) >= float(event.low_price) > 0


def test_official_sdk_follows_its_orders_and_assets(server: Server, upbit: Any) -> None:
    with upbit.ws_stream.subscribe_private(my_order=["KRW-BTC"], my_asset=True) as stream:
        assert len(stream.list_subscriptions().result) == 2  # by now the server has read it
        placed = upbit.orders.create(
            market="KRW-BTC", side="bid", ord_type="price", price="6000", identifier="by-sdk"
        )
        advance(server, 180)
        orders: list[Any] = []
        assets: list[Any] = []
        while "cancel" not in [order.state for order in orders]:
            event = stream.recv()
            (orders if event.type == "myOrder" else assets).append(event)
    assert [order.state for order in orders] == ["wait", "trade", "cancel"]
    assert {order.uuid for order in orders} == {placed.uuid}
    assert {row.currency for event in assets for row in event.assets} == {"KRW", "BTC"}


def test_official_sdk_lists_its_subscriptions(upbit: Any) -> None:
    with upbit.ws_stream.subscribe(ticker=["KRW-BTC"], orderbook=["KRW-BTC.5"]) as stream:
        listed = stream.list_subscriptions()
        assert [row.type for row in listed.result] == ["ticker", "orderbook"]
        assert {first(stream.recv()).type, first(stream.recv()).type} == {"ticker", "orderbook"}


def test_official_async_sdk(server: Server) -> None:
    import upbit

    async def follow() -> tuple[Any, Any]:
        async with upbit.AsyncUpbit(**options(server)) as client:
            async with client.ws_stream.trade(["KRW-BTC"]) as stream:
                trade = await asyncio.wait_for(stream.recv(), TIMEOUT_S)
            async with client.ws_stream.my_asset() as stream:
                listed: Any = await stream.list_subscriptions()
                await client.orders.create(
                    market="KRW-BTC", side="bid", ord_type="limit", price="1000", volume="10"
                )
                asset = await asyncio.wait_for(stream.recv(), TIMEOUT_S)
            assert [row.type for row in listed.result] == ["myAsset"]
            return trade, asset

    trade, asset = asyncio.run(follow())
    assert (trade.type, trade.stream_type) == ("trade", "SNAPSHOT")
    assert float(asset.assets[0].locked) > 0


class Elsewhere:
    """Stands in for the module `websockets` in pyupbit: its own, but at another address."""

    ConnectionClosed = websockets.ConnectionClosed

    def __init__(self, server: Server) -> None:
        self._address = server.address.replace("http", "ws", 1)

    def connect(self, uri: str, **more: Any) -> Any:
        return websockets.connect(uri.replace("wss://api.upbit.com", self._address), **more)


class Enough(Exception):
    """As many frames as the test wants have come."""


class Few(queue.Queue[Any]):
    """A queue that ends the client that fills it."""

    def put(self, item: Any, *_: Any, **__: Any) -> None:
        super().put(item)
        if self.qsize() == 3:
            raise Enough


def until_enough(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        with pytest.raises(Enough):
            work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("kind", KINDS)
def test_pyupbit_websocket_client(
    server: Server, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyupbit

    monkeypatch.setattr(pyupbit.websocket_api, "websockets", Elsewhere(server))
    frames = Few()
    client = until_enough(lambda: pyupbit.WebSocketClient(kind, ["KRW-BTC"], frames))
    while client.is_alive():  # it asks for what is yet to come only
        advance(server, 60)
        client.join(0.1)
    told = [frames.get_nowait() for _ in range(3)]
    assert {(frame["type"], frame["code"]) for frame in told} == {(kind, "KRW-BTC")}
    assert {frame["stream_type"] for frame in told} == {"REALTIME"}


def test_pyupbit_websocket_manager(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyupbit

    monkeypatch.setattr(pyupbit.websocket_api, "websockets", Elsewhere(server))
    manager = pyupbit.WebSocketManager("trade", ["KRW-BTC"])
    try:
        is_over = threading.Event()

        def go_on() -> None:
            while not is_over.wait(0.1):
                advance(server, 60)

        mover = threading.Thread(target=go_on)
        manager.alive = True  # as its get() does first; started before there is a second thread
        manager.start()
        mover.start()
        try:
            frame = manager.get()
        finally:
            is_over.set()
            mover.join()
        assert (frame["type"], frame["code"]) == ("trade", "KRW-BTC")
    finally:
        manager.terminate()
        manager.join()
