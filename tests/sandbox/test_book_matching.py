"""Orders against a book with depth: levels taken, rests filled by trades, conditions kept."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.client import T0, Client, at, client_of, error_of, flat_tape
from upbit_sandbox import Tape
from upbit_sandbox.base.arithmetic import volume_for
from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.listing import Listing

BTC = Decimal(20)


def client_at(minute: float = 1, tape: Tape | None = None, **options: Any) -> Client:
    """A client of a book with about one coin on each level: 10,010, 10,020 … and 9,995, 9,990 …"""
    settings = {"fills": "book", "depth_krw": Decimal(10_010), "coins": {"BTC": BTC}}
    tapes = [tape or flat_tape("KRW-BTC", [10_000.0] * 10)]
    return client_of(tapes, at(minute), **(settings | options))


@pytest.fixture
def client() -> Client:
    return client_at()


def book_of(client: Client) -> list[dict[str, float]]:
    units: list[dict[str, float]] = client.quote("/v1/orderbook", "markets=KRW-BTC")[0][
        "orderbook_units"
    ]
    return units


def trades_of(client: Client, uuid: str) -> list[tuple[str, str]]:
    return [(trade["price"], trade["volume"]) for trade in client.order(uuid)["trades"]]


def outcome(client: Client, uuid: str) -> tuple[str, str, int]:
    body = client.order(uuid)
    return body["state"], body["executed_volume"], body["trades_count"]


def test_upbit_3_2_matching_is_asynchronous(client: Client) -> None:
    """POST /orders answers 201 with state wait and nothing executed, a market order's too."""
    body = client.buy("10010")
    assert (client.last.status, body["state"], body["executed_volume"]) == (201, "wait", "0")
    assert outcome(client, body["uuid"]) == ("done", "1", 1)


def test_market_buy_walks_the_levels_of_the_public_book(client: Client) -> None:
    first, second, *_ = book_of(client)
    uuid = client.buy("15000")["uuid"]
    left = Decimal(15_000) - Decimal(10_010)
    more = volume_for(left, Decimal(10_020))
    assert trades_of(client, uuid) == [("10010", "1"), ("10020", str(more))]
    body = client.order(uuid)
    residue = left - Decimal(10_020) * more
    assert (body["state"], Decimal(body["locked"])) == ("cancel", residue * Decimal("1.0005"))
    taken = book_of(client)
    assert (taken[0]["ask_price"], taken[0]["bid_price"]) == (10_020.0, first["bid_price"])
    assert taken[0]["ask_size"] == pytest.approx(second["ask_size"] - float(more), abs=1e-12)


def test_a_new_trade_brings_a_new_book(client: Client) -> None:
    before = book_of(client)
    uuid = client.buy("15000")["uuid"]
    client.order(uuid)
    assert book_of(client) != before
    client.set_clock(at(2))  # the minute's trades
    assert book_of(client) == before


def test_upbit_3_2_a_taker_trades_at_once_and_its_rest_rests(client: Client) -> None:
    """A limit order takes what is better than its price, and the rest waits at its price."""
    uuid = client.limit("bid", "10020", "5")["uuid"]
    taken = trades_of(client, uuid)
    assert [price for price, _ in taken] == ["10010", "10020"]
    body = client.order(uuid)
    remaining = Decimal(body["remaining_volume"])
    assert body["state"] == "wait"
    assert remaining == 5 - sum(Decimal(volume) for _, volume in taken)
    assert Decimal(body["locked"]) == remaining * Decimal(10_020) * Decimal("1.0005")
    assert client.balances()["KRW"][1] == body["locked"]


def test_a_rest_is_filled_by_the_trades_that_reach_it_at_its_own_price() -> None:
    falling = Tape.of_rows(
        "KRW-BTC",
        1,
        [
            (T0, 10_000.0, 10_000.0, 10_000.0, 10_000.0, 1.0),
            (T0 + 60, 10_000.0, 10_000.0, 9_950.0, 9_950.0, 3.0),
            (T0 + 120, 9_900.0, 9_900.0, 9_900.0, 9_900.0, 5.0),
        ],
    )
    client = client_at(1, falling)
    uuid = client.limit("bid", "9960", "5")["uuid"]
    assert outcome(client, uuid) == ("wait", "0", 0)
    client.set_clock(at(2))
    prints = client.sandbox.venue.markets["KRW-BTC"].market_trades(at(1), at(2))
    reaching = [one for one in prints if one.price <= 9_960]
    assert reaching, "the tape falls through the order"
    assert trades_of(client, uuid) == [("9960", str(Decimal(str(one.volume)))) for one in reaching]
    client.set_clock(at(3))
    assert client.order(uuid)["state"] == "done"
    assert {price for price, _ in trades_of(client, uuid)} == {"9960"}


def test_a_trade_fills_the_best_price_first_and_no_more_than_its_volume() -> None:
    tape = Tape.of_rows(
        "KRW-BTC",
        1,
        [(T0, 1e4, 1e4, 1e4, 1e4, 1.0), (T0 + 60, 9_900.0, 9_900.0, 9_900.0, 9_900.0, 1.0)],
    )
    client = client_at(1, tape)
    low, high, same = (
        client.limit("bid", price, "0.6")["uuid"] for price in ("9950", "9960", "9960")
    )
    client.set_clock(at(2))
    filled = {name: Decimal(client.order(name)["executed_volume"]) for name in (low, high, same)}
    assert filled == {high: Decimal("0.6"), same: Decimal("0.4"), low: Decimal(0)}


def test_a_rest_meets_no_trade_of_before_it_was_placed() -> None:
    tape = Tape.of_rows(
        "KRW-BTC",
        1,
        [(T0, 1e4, 1e4, 9_900.0, 1e4, 9.0), (T0 + 60, 1e4, 1e4, 1e4, 1e4, 9.0)],
    )
    client = client_at(1, tape)
    uuid = client.limit("bid", "9950", "1")["uuid"]
    client.set_clock(at(2))
    assert outcome(client, uuid) == ("wait", "0", 0)


def test_a_market_order_beyond_the_depth_takes_the_following_books(client: Client) -> None:
    client = client_at(coins={"BTC": Decimal(100)})
    depth = sum(Decimal(str(unit["bid_size"])) for unit in book_of(client))
    uuid = client.sell("50")["uuid"]
    body = client.order(uuid)
    assert (body["state"], body["trades_count"]) == ("wait", 30)
    assert Decimal(body["executed_volume"]) == depth
    assert Decimal(client.order(uuid)["executed_volume"]) == depth  # this book has no more
    client.set_clock(at(2))
    assert outcome(client, uuid)[:2] == ("done", "50")


def test_upbit_3_2_ioc_fills_what_it_can_and_cancels_the_rest(client: Client) -> None:
    """ioc: what can be traded at once is, and the rest is cancelled."""
    uuid = client.limit("bid", "10010", "5", time_in_force="ioc")["uuid"]
    assert outcome(client, uuid) == ("cancel", "1", 1)
    nothing = client.limit("bid", "10000", "5", time_in_force="ioc")["uuid"]
    assert outcome(client, nothing) == ("cancel", "0", 0)
    assert client.balances()["KRW"][1] == "0"


def test_upbit_3_2_fok_fills_whole_or_not_at_all(client: Client) -> None:
    """fok: the whole order is traded at once, or nothing of it."""
    before = book_of(client)
    killed = client.limit("bid", "10010", "1.00000001", time_in_force="fok")["uuid"]
    assert outcome(client, killed) == ("cancel", "0", 0)
    assert book_of(client) == before
    filled = client.limit("bid", "10020", "1.5", time_in_force="fok")["uuid"]
    assert outcome(client, filled) == ("done", "1.5", 2)


def test_upbit_3_2_post_only_is_cancelled_where_it_would_take(client: Client) -> None:
    """post_only: an order that would trade at once is cancelled, any other one rests."""
    takes = client.limit("bid", "10010", "1", time_in_force="post_only")["uuid"]
    assert outcome(client, takes) == ("cancel", "0", 0)
    rests = client.limit("bid", "10000", "1", time_in_force="post_only")["uuid"]
    assert outcome(client, rests) == ("wait", "0", 0)
    client.set_clock(at(2))
    assert outcome(client, rests)[0] == "done"


def best(client: Client, side: str, amount: str, condition: str) -> str:
    body = {"market": "KRW-BTC", "side": side, "ord_type": "best", "time_in_force": condition}
    uuid: str = client.post(body | {"price" if side == "bid" else "volume": amount})["uuid"]
    return uuid


def test_upbit_3_2_best_takes_the_best_opposite_price_only(client: Client) -> None:
    """best: the order's price is the best one of the other side at its time."""
    level = Decimal(str(book_of(client)[0]["bid_size"]))
    sold = best(client, "ask", "5", "ioc")
    assert trades_of(client, sold) == [("9995", str(level))]
    assert outcome(client, sold)[0] == "cancel"
    assert outcome(client, best(client, "ask", "5", "fok")) == ("cancel", "0", 0)
    bought = best(client, "bid", "20000", "ioc")
    assert trades_of(client, bought) == [("10010", "1")]
    assert outcome(client, bought)[0] == "cancel"
    assert outcome(client, best(client, "bid", "10020", "fok"))[0] == "cancel"
    assert outcome(client, best(client, "bid", "5010", "fok")) == ("done", "0.5", 1)
    assert client.balances()["KRW"][1] == client.balances()["BTC"][1] == "0"


def test_how_late_somebody_looks_changes_no_fill() -> None:
    tape = Tape.of_rows(
        "KRW-BTC", 1, [(T0 + n * 60, *[10_000.0 - 10 * n] * 4, 1.0) for n in range(10)]
    )
    seen = []
    for looks in ((1, 2, 3, 4, 5, 6), (6,)):
        client = client_at(1, tape)
        client.limit("bid", "9970", "1.7")
        client.buy("15000")
        for minute in looks:
            client.set_clock(at(minute))
            client.get("/v1/accounts")
        orders = client.control("GET", "/sandbox/state")["accounts"]["main"]["orders"]
        seen.append(
            [[t["price"], t["volume"], t["created_s"]] for o in orders for t in o["trades"]]
        )
    assert seen[0] == seen[1]
    assert len(seen[0]) > 3


def test_accounts_do_not_meet_each_other_but_share_the_book(client: Client) -> None:
    client.control("POST", "/sandbox/accounts", {"name": "other", "cash": "1000000"})
    venue = client.sandbox.venue
    mine, other = venue.accounts["main"], venue.accounts["other"]
    limit: dict[str, Json] = {"market": "KRW-BTC", "side": "ask", "ord_type": "limit"}
    mine.place({**limit, "volume": "1", "price": "10010"}, at(1))
    mine.settle(at(1))
    buy: dict[str, Json] = {"market": "KRW-BTC", "side": "bid"}
    buy |= {"ord_type": "price", "price": "20000"}
    taken = other.place(buy, at(1))
    other.settle(at(1))
    assert [t.price for t in other.orders[taken.uuid].trades] == [10_010, 10_020]
    assert not next(iter(mine.orders.values())).trades
    late = mine.place(buy, at(1))
    mine.settle(at(1))
    assert mine.orders[late.uuid].trades[0].price > 10_010


@pytest.mark.parametrize("fills", ["candles", "book"])
@pytest.mark.parametrize(
    ("listing", "minute", "state"),
    [
        (Listing(maintenance=((at(1), at(2)), (at(2), at(3)))), 3, "wait"),
        (Listing(maintenance=((at(1), at(2)), (at(2), at(3)))), 4, "done"),
        (Listing(maintenance=((at(1), at(2)),)), 3, "done"),
        (Listing(delisted_s=at(1)), 9, "wait"),
    ],
)
def test_nothing_is_matched_in_maintenance_or_after_a_delisting(
    fills: str, listing: Listing, minute: int, state: str
) -> None:
    rows = [(T0, *[10_000.0] * 4, 9.0), *[(T0 + n * 60, *[9_900.0] * 4, 9.0) for n in range(1, 9)]]
    client = client_at(1, Tape.of_rows("KRW-BTC", 1, rows), fills=fills)
    uuid = client.limit("bid", "9950", "1")["uuid"]
    client.order(uuid)
    client.sandbox.venue.listings.by_code["KRW-BTC"] = listing
    client.set_clock(at(minute))
    assert client.order(uuid)["state"] == state


@pytest.mark.parametrize("is_met", [True, False], ids=["rests", "not yet met"])
def test_an_order_survives_as_what_it_is(*, is_met: bool) -> None:
    client = client_at(1)
    uuid = client.limit("bid", "10010", "2")["uuid"]
    venue = client.sandbox.venue
    if is_met:
        venue.account.settle(at(1))
    venue.restore(venue.snapshot())
    client.set_clock(at(2))
    assert [price for price, _ in trades_of(client, uuid)][:2] == ["10010", "10010"]
    taker = client.order(uuid)["trades"][0]["volume"]
    assert taker == "1"
    assert not venue.account.orders[uuid].trades[0].is_maker
    assert venue.account.orders[uuid].trades[1].is_maker


def test_a_market_sell_is_judged_by_the_best_bid(client: Client) -> None:
    assert error_of(client.sell("0.50012506")) == "under_min_total_ask"  # of 9,995: 4,998.75
    assert client.sell("0.50025013")["state"] == "wait"


def test_a_market_order_takes_each_book_once(client: Client) -> None:
    client = client_at(coins={"BTC": Decimal(100)})
    taker = client.sell("50")["uuid"]
    client.order(taker)
    book = client.sandbox.venue.books.at("KRW-BTC", at(1))
    assert book is not None
    book.bids[0].size = Decimal(5)  # whatever comes back into a book it has met
    assert client.order(taker)["trades_count"] == 30


def test_a_look_back_leaves_the_present_book_alone(client: Client) -> None:
    client.set_clock(at(2))
    books = client.sandbox.venue.books
    client.order(client.buy("10010")["uuid"])
    taken = books.at("KRW-BTC", at(2))
    before = books.at("KRW-BTC", at(1.5))
    assert taken is not None
    assert before is not None
    assert (taken.asks[0].size, before.asks[0].size) == (Decimal(0), Decimal(1))
    assert books.at("KRW-BTC", at(2)) is taken


def test_what_was_matched_is_not_matched_again_after_a_restart() -> None:
    rows = [(T0, *[10_000.0] * 4, 9.0), *[(T0 + n * 60, *[9_900.0] * 4, 1.0) for n in range(1, 9)]]
    client = client_at(1, Tape.of_rows("KRW-BTC", 1, rows))
    first, second = (client.limit("bid", "9950", "2")["uuid"] for _ in range(2))
    client.set_clock(at(2))
    assert outcome(client, first)[:2] == ("wait", "1")
    state = client.control("GET", "/sandbox/state")
    client.control("PUT", "/sandbox/state", state)
    assert outcome(client, first)[:2] == ("wait", "1")
    assert outcome(client, second)[:2] == ("wait", "0")
    trade = client.sandbox.venue.account.orders[first].trades[0]
    assert trade.is_maker
    client.set_clock(at(3))
    assert outcome(client, first)[:2] == ("done", "2")
    assert outcome(client, second)[:2] == ("wait", "0")
