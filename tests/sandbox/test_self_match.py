"""Where an order would meet one of its own account: prevented as it says, or traded."""

from decimal import Decimal

import pytest

from sandbox.client import Client, at, client_of, flat_tape

FEE = Decimal("1.0005")


@pytest.fixture
def client() -> Client:
    """A book of 10,010, 10,020 … and 9,995, 9,990 …, one coin each, that nobody trades in."""
    tape = flat_tape("KRW-BTC", [10_000.0, *[None] * 9, 10_000.0])
    depth = {"fills": "book", "depth_krw": Decimal(10_010)}
    return client_of([tape], at(1), coins={"BTC": Decimal(20)}, **depth)


def rests(client: Client, side: str, price: str, volume: str) -> str:
    uuid: str = client.limit(side, price, volume)["uuid"]
    assert client.order(uuid)["state"] == "wait"
    return uuid


def seen(client: Client, uuid: str) -> tuple[str, str, str, str, str]:
    body = client.order(uuid)
    names = ("state", "executed_volume", "prevented_volume", "prevented_locked", "locked")
    state, executed, prevented, prevented_locked, locked = (str(body[name]) for name in names)
    return state, executed, prevented, prevented_locked, locked


def test_upbit_3_2_cancel_maker_cancels_what_rests(client: Client) -> None:
    """cancel_maker, the default: the resting order is cancelled and the new one goes on."""
    maker = rests(client, "ask", "10010", "3")
    taker = client.limit("bid", "10010", "2")
    assert taker["smp_type"] == "cancel_maker"
    assert seen(client, taker["uuid"])[:4] == ("wait", "1", "0", "0")
    assert seen(client, maker) == ("cancel", "0", "3", "3", "0")
    assert client.order(maker)["remaining_volume"] == "0"
    assert client.balances()["BTC"] == ("21", "0")


def test_upbit_3_2_cancel_taker_cancels_what_comes(client: Client) -> None:
    """cancel_taker: the resting order stays and the new one is cancelled."""
    maker = rests(client, "bid", "9990", "3")
    taker = client.limit("ask", "9990", "5", smp_type="cancel_taker")["uuid"]
    sold = str(client.order(taker)["executed_volume"])
    assert Decimal(sold) > 1  # the public bid of 9,995 was better than the own one
    left = str(5 - Decimal(sold))
    assert seen(client, taker) == ("cancel", sold, left, left, "0")
    assert seen(client, maker)[:3] == ("wait", "0", "0")
    assert client.balances()["BTC"] == (str(20 - Decimal(sold)), "0")


@pytest.mark.parametrize(("mine", "theirs"), [("3", "5"), ("5", "3"), ("3", "3")])
def test_upbit_3_2_reduce_takes_the_smaller_volume_off_both(
    client: Client, mine: str, theirs: str
) -> None:
    """reduce: both orders lose their common volume, and one with none left is cancelled."""
    maker = rests(client, "ask", "10000", mine)
    taker = client.limit("bid", "10000", theirs, smp_type="reduce")["uuid"]
    overlap = min(Decimal(mine), Decimal(theirs))
    for uuid, volume, worth in ((maker, mine, 1), (taker, theirs, Decimal(10_000) * FEE)):
        left = Decimal(volume) - overlap
        state, executed, prevented, prevented_locked, locked = seen(client, uuid)
        assert (state, executed) == ("wait" if left else "cancel", "0")
        assert Decimal(prevented) == overlap
        assert Decimal(prevented_locked) == overlap * worth
        assert Decimal(locked) == left * worth
        assert Decimal(client.order(uuid)["remaining_volume"]) == left
    assert sum(Decimal(client.order(uuid)["paid_fee"]) for uuid in (maker, taker)) == 0


def test_upbit_3_2_with_none_own_orders_trade_and_both_pay(client: Client) -> None:
    """none: orders of one account trade with each other, and both pay the fee."""
    maker = rests(client, "ask", "10000", "2")
    taker = client.limit("bid", "10010", "2", smp_type="none")["uuid"]
    for uuid in (maker, taker):
        assert seen(client, uuid)[:3] == ("done", "2", "0")
        [trade] = client.order(uuid)["trades"]
        assert (trade["price"], trade["volume"], trade["funds"]) == ("10000", "2", "20000")
        assert client.order(uuid)["paid_fee"] == "10"
    assert client.balances() == {"KRW": ("9999980", "0"), "BTC": ("20", "0")}
    orders = client.sandbox.venue.account.orders
    assert [orders[uuid].trades[0].is_maker for uuid in (maker, taker)] == [True, False]


def test_the_takers_type_decides(client: Client) -> None:
    maker = client.limit("ask", "10000", "2", smp_type="cancel_taker")["uuid"]
    client.get("/v1/accounts")
    taker = client.limit("bid", "10000", "2", smp_type="cancel_maker")["uuid"]
    assert seen(client, taker)[0] == "wait"
    assert seen(client, maker)[0] == "cancel"


def test_a_market_buy_is_reduced_by_the_makers_price(client: Client) -> None:
    rests(client, "ask", "10000", "1")
    taker = client.buy("20010", smp_type="reduce")["uuid"]
    state, executed, prevented, prevented_locked, _ = seen(client, taker)
    assert (state, executed, prevented) == ("cancel", "1", "1")
    assert Decimal(prevented_locked) == 10_000 * FEE
    free, locked = client.balances()["KRW"]
    assert (Decimal(free), locked) == (10_000_000 - 10_010 * FEE, "0")


def test_a_market_buy_is_cancelled_with_all_that_it_has_left(client: Client) -> None:
    maker = rests(client, "ask", "10020", "1")
    taker = client.buy("20000", smp_type="cancel_taker")["uuid"]
    state, executed, prevented, prevented_locked, locked = seen(client, taker)
    assert (state, executed, locked) == ("cancel", "1", "0")
    assert Decimal(prevented_locked) == (20_000 - 10_010) * FEE
    assert Decimal(prevented) > 0
    assert seen(client, maker)[0] == "wait"


@pytest.mark.parametrize(
    ("smp_type", "state"),
    [
        ("cancel_maker", "cancel"),
        ("cancel_taker", "cancel"),
        ("reduce", "cancel"),
        ("none", "done"),
    ],
)
def test_fok_counts_own_orders_only_where_they_would_trade(
    client: Client, smp_type: str, state: str
) -> None:
    maker = rests(client, "ask", "10010", "1")
    taker = client.limit("bid", "10010", "2", time_in_force="fok", smp_type=smp_type)["uuid"]
    assert seen(client, taker)[:2] == (state, "2" if state == "done" else "0")
    assert seen(client, maker)[0] == ("done" if state == "done" else "wait")


def test_fok_that_the_market_alone_fills_cancels_the_maker_on_its_way(client: Client) -> None:
    maker = rests(client, "ask", "10000", "1")
    taker = client.limit("bid", "10010", "1", time_in_force="fok")["uuid"]
    assert seen(client, taker)[:2] == ("done", "1")
    assert seen(client, maker)[0] == "cancel"


def test_post_only_that_would_meet_an_own_order_is_cancelled(client: Client) -> None:
    maker = rests(client, "ask", "10000", "1")
    taker = client.limit("bid", "10000", "1", time_in_force="post_only")["uuid"]
    assert seen(client, taker)[:3] == ("cancel", "0", "0")
    assert seen(client, maker)[0] == "wait"


def test_what_was_prevented_survives(client: Client) -> None:
    maker = rests(client, "ask", "10000", "1")
    taker = client.limit("bid", "10000", "3", smp_type="reduce")["uuid"]
    total = client.buy("20020", smp_type="none")["uuid"]
    before = [client.order(uuid) for uuid in (maker, taker, total)]
    client.control("PUT", "/sandbox/state", client.control("GET", "/sandbox/state"))
    assert [client.order(uuid) for uuid in (maker, taker, total)] == before
    assert before[1]["prevented_locked"] == "10005"


def test_on_candles_own_orders_never_meet() -> None:
    tape = flat_tape("KRW-BTC", [10_000.0] * 4)
    client = client_of([tape], at(1), coins={"BTC": Decimal(1)})
    ask, bid = client.limit("ask", "10000", "1")["uuid"], client.limit("bid", "10000", "1")["uuid"]
    client.set_clock(at(2))
    assert [seen(client, uuid)[:3] for uuid in (ask, bid)] == [("done", "1", "0")] * 2
