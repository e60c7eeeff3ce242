"""The exchange's own Python SDK, unmodified but for its address and transport."""

from typing import Any

import httpx
import pytest

from sandbox.client import Client, at, client_of, flat_tape
from upbit_sandbox import ACCESS_KEY, SECRET_KEY
from upbit_sandbox.asgi import call, create_app
from upbit_sandbox.wire import Request


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [10_000.0] * 10)], at(2))


@pytest.fixture
def upbit(client: Client) -> Any:
    import upbit

    app = create_app(client.sandbox)

    def answer(request: httpx.Request) -> httpx.Response:
        sent = Request(
            request.method,
            request.url.path,
            request.url.query.decode(),
            dict(request.headers),
            request.read(),
        )
        got = call(app, sent)
        return httpx.Response(got.status, headers=list(got.headers), content=got.body)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return upbit.Upbit(
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        base_url="http://sandbox",
        http_client=http,
        max_retries=0,
    )


def test_order_is_placed_read_and_cancelled(client: Client, upbit: Any) -> None:
    placed = upbit.orders.create(
        market="KRW-BTC", side="bid", ord_type="price", price="10000", identifier="a b:c"
    )
    assert placed.state == "wait"
    client.set_clock(at(3))
    found = upbit.orders.retrieve(identifier="a b:c")
    assert (found.uuid, found.state, found.trades[0].price) == (placed.uuid, "done", "10000")
    limit = upbit.orders.create(
        market="KRW-BTC", side="bid", ord_type="limit", price="9000", volume="1"
    )
    [waiting] = upbit.orders.list_open(market="KRW-BTC", states=["wait"])
    assert waiting.uuid == limit.uuid
    assert upbit.orders.cancel(uuid=limit.uuid).state == "wait"
    assert upbit.orders.retrieve(uuid=limit.uuid).state == "cancel"


def test_refusals_carry_their_status_and_name(upbit: Any) -> None:
    import upbit as sdk

    with pytest.raises(sdk.APIStatusError) as caught:
        upbit.orders.create(market="KRW-BTC", side="bid", ord_type="price", price="1")
    assert (caught.value.status_code, caught.value.name) == (400, "under_min_total_bid")


def test_quotes_and_accounts(upbit: Any) -> None:
    assert [account.currency for account in upbit.accounts.list()] == ["KRW"]
    assert upbit.orders.retrieve_chance(market="KRW-BTC").bid_fee == "0.0005"
    rows = upbit.candles.list_minutes(unit=1, market="KRW-BTC", count=2)
    assert [row.candle_date_time_utc for row in rows] == [
        "2025-09-01T00:01:00",
        "2025-09-01T00:00:00",
    ]
