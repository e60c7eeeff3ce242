"""What the journal tells of an order's life: the source of the private streams."""

from decimal import Decimal

import pytest

from sandbox.client import Client, at, client_of, flat_tape
from upbit_sandbox.trading.events import AssetEvent, Event, OrderEvent

TEST = "/v1/orders/test"
TAPE = flat_tape("KRW-BTC", [10_000.0] * 5)


def client_with(fills: str) -> Client:
    depth = {"fills": fills, "depth_krw": Decimal(10_010)}
    return client_of([TAPE], at(1), coins={"BTC": Decimal(20)}, **depth)


def events_of(client: Client) -> list[Event]:
    client.get("/v1/accounts")
    return client.sandbox.venue.account.journal.since(0)


def changes_of(client: Client, uuid: str) -> list[str]:
    told = [event for event in events_of(client) if isinstance(event, OrderEvent)]
    return [str(event.change) for event in told if event.order.uuid == uuid]


@pytest.mark.parametrize("fills", ["candles", "book"])
def test_a_filled_order_waits_trades_and_ends(fills: str) -> None:
    client = client_with(fills)
    bought, sold = client.buy("5000")["uuid"], client.sell("1")["uuid"]
    client.set_clock(at(2))
    assert changes_of(client, bought) == ["wait", "trade", "cancel" if fills == "book" else "done"]
    assert changes_of(client, sold) == ["wait", "trade", "done"]
    [trade] = [e for e in events_of(client) if isinstance(e, OrderEvent) and e.trade][:1]
    assert trade.order.state == "wait"
    assert trade.order.trades == (trade.trade,)
    assert trade.at_s == at(1)


def test_each_partial_fill_is_told() -> None:
    client = client_with("book")
    uuid = client.sell("2.5")["uuid"]
    assert changes_of(client, uuid) == ["wait", "trade", "trade", "trade", "done"]


@pytest.mark.parametrize("fills", ["candles", "book"])
def test_a_cancel_is_told_and_a_refusal_is_not(fills: str) -> None:
    client = client_with(fills)
    uuid = client.limit("bid", "9000", "1")["uuid"]
    client.delete(f"uuid={uuid}")
    client.buy("1")
    client.post({"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "9000"}, TEST)
    assert changes_of(client, uuid) == ["wait", "cancel"]
    assert len([e for e in events_of(client) if isinstance(e, OrderEvent)]) == 2


def test_prevention_is_told_of_both_sides() -> None:
    client = client_with("book")
    maker = client.limit("ask", "10000", "1")["uuid"]
    client.get("/v1/accounts")
    taker = client.limit("bid", "10000", "3", smp_type="reduce")["uuid"]
    assert changes_of(client, maker) == ["wait", "prevented", "cancel"]
    assert changes_of(client, taker) == ["wait", "prevented"]


@pytest.mark.parametrize("fills", ["candles", "book"])
def test_balances_are_told_as_they_were_right_after_each_change(fills: str) -> None:
    client = client_with(fills)
    client.buy("5000")
    client.set_clock(at(2))
    assets = [event for event in events_of(client) if isinstance(event, AssetEvent)]
    wallet = client.sandbox.venue.account.wallet
    assert assets[0].balances["KRW"].locked == Decimal("5002.5")
    last: dict[str, object] = {}
    for event in assets:
        last |= event.balances
    assert last == {currency: wallet.balance(currency) for currency in ("KRW", "BTC")}
