"""Paper trading against a mirrored order book: depth, crossing prices, and nothing invented."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.client import T0, Client, error_of
from sandbox.test_money import check
from upbit_sandbox import Options, Request, Sandbox
from upbit_sandbox.base.clock import VirtualClock
from upbit_sandbox.prices.source import Source
from upbit_sandbox.quotation_api.mirror import Mirror
from upbit_sandbox.quotation_api.upstream import Answer, UpstreamDown
from upbit_sandbox.trading.book import Book
from upbit_sandbox.trading.live import MirroredBooks
from upbit_sandbox.venue.state import read_snapshot

type Levels = list[tuple[float, float]]
LIVE = Source(name="live", markets=())


class Books:
    """An upstream whose books the test writes, on a clock that it moves."""

    def __init__(self) -> None:
        self.now_s = T0 + 0.5
        self.asks: Levels = [(10_010.0, 1.0), (10_020.0, 2.0), (10_050.0, 5.0)]
        self.bids: Levels = [(10_000.0, 1.0), (9_990.0, 2.0), (9_900.0, 5.0)]
        self.is_down = False
        self.asked: list[str] = []

    def __call__(self, target: str) -> Answer:
        self.asked.append(target)
        if self.is_down:
            raise UpstreamDown(target)
        if target == "/v1/market/all":
            listed = [{"market": code} for code in ("KRW-BTC", "KRW-ETH", "BTC-ETH")]
            return Answer(200, json.dumps(listed).encode())
        units = [
            {"ask_price": ask, "ask_size": ask_size, "bid_price": bid, "bid_size": bid_size}
            for (ask, ask_size), (bid, bid_size) in zip(self.asks, self.bids, strict=True)
        ]
        book = [{"market": "KRW-BTC", "orderbook_units": units}]
        return Answer(200, json.dumps(book).encode())


class Paper(Client):
    """A client of a live sandbox over one such upstream."""

    def __init__(self, **options: Any) -> None:
        self.books = Books()
        self.clock = VirtualClock(self.books.now_s)
        mirror = Mirror(self.books, now_s=lambda: self.books.now_s, wait=self.pass_by)
        settings = Options(**({"rate_limits": False} | options))
        super().__init__(Sandbox([], self.clock, settings, source=LIVE, mirror=mirror))

    def pass_by(self, seconds: float) -> None:
        self.books.now_s += seconds
        self.clock.now_s = self.books.now_s

    def trades(self, uuid: str) -> list[tuple[str, str]]:
        return [(trade["price"], trade["volume"]) for trade in self.order(uuid)["trades"]]


@pytest.fixture
def paper() -> Paper:
    return Paper(coins={"BTC": Decimal(20)})


def test_market_buy_walks_up_the_asks(paper: Paper) -> None:
    uuid = paper.buy("20000")["uuid"]
    paper.pass_by(1.1)
    assert paper.trades(uuid) == [("10010", "1"), ("10020", "0.99700598")]
    body = paper.order(uuid)
    assert (body["state"], body["trades_count"]) == ("cancel", 2)
    left = Decimal(20_000) - Decimal(10_010) - Decimal(10_020) * Decimal("0.99700598")
    assert Decimal(body["locked"]) == left * Decimal("1.0005")
    assert paper.balances()["KRW"][1] == "0"


def test_order_meets_only_a_book_that_was_asked_for_after_it(paper: Paper) -> None:
    uuid = paper.buy("6000")["uuid"]
    assert paper.order(uuid)["state"] == "wait"  # the book that the order came with is older
    paper.books.asks[0] = (10_015.0, 1.0)
    paper.pass_by(1.1)
    assert paper.trades(uuid)[0][0] == "10015"


def test_market_sell_beyond_the_depth_waits_for_the_next_book(paper: Paper) -> None:
    uuid = paper.sell("10")["uuid"]
    paper.pass_by(1.1)
    body = paper.order(uuid)
    assert (body["state"], body["executed_volume"]) == ("wait", "8")
    assert (body["remaining_volume"], body["locked"]) == ("2", "2")
    assert paper.order(uuid)["executed_volume"] == "8"  # what it took is gone from this book
    paper.pass_by(1.1)
    body = paper.order(uuid)
    assert (body["state"], body["executed_volume"], body["locked"]) == ("done", "10", "0")
    assert paper.trades(uuid)[-2:] == [("10000", "1"), ("9990", "1")]
    check(paper, {"BTC": Decimal(20)})


def test_two_orders_do_not_take_the_same_coins(paper: Paper) -> None:
    one, other = (paper.buy("10010")["uuid"] for _ in range(2))
    paper.pass_by(1.1)
    assert paper.trades(one) == [("10010", "1")]
    assert paper.trades(other)[0][0] == "10020"


def test_limit_takes_at_the_levels_prices_then_rests_at_its_own(paper: Paper) -> None:
    uuid = paper.limit("bid", "10020", "5")["uuid"]
    paper.pass_by(1.1)
    assert paper.trades(uuid) == [("10010", "1"), ("10020", "2")]
    body = paper.order(uuid)
    assert (body["state"], body["remaining_volume"]) == ("wait", "2")
    assert Decimal(body["locked"]) == Decimal(2 * 10_020) * Decimal("1.0005")
    paper.books.asks = [(9_800.0, 9.0), (10_000.0, 1.0), (10_050.0, 1.0)]
    paper.pass_by(1.1)
    assert paper.trades(uuid)[-1] == ("10020", "2")
    assert paper.order(uuid)["state"] == "done"
    assert paper.balances()["KRW"][1] == "0"


def test_limit_that_the_price_does_not_cross_waits(paper: Paper) -> None:
    bid, ask = paper.limit("bid", "10000", "1")["uuid"], paper.limit("ask", "10010", "1")["uuid"]
    for _ in range(3):
        paper.pass_by(1.1)
        assert [paper.order(uuid)["state"] for uuid in (bid, ask)] == ["wait", "wait"]
    paper.books.bids[0] = (10_010.0, 0.4)
    paper.pass_by(1.1)
    assert paper.trades(ask) == [("10010", "0.4")]
    paper.delete(f"uuid={ask}")
    assert paper.order(ask)["state"] == "cancel"
    assert paper.balances()["BTC"] == ("19.6", "0")
    check(paper, {"BTC": Decimal(20)})


def test_order_that_rested_goes_on_resting_after_a_restart(paper: Paper) -> None:
    rests = paper.limit("bid", "9900", "1")["uuid"]
    paper.pass_by(1.1)
    paper.order(rests)
    comes = paper.limit("bid", "9900", "1")["uuid"]
    buys = paper.buy("99999")["uuid"]
    after = Paper()
    after.control("PUT", "/sandbox/state", paper.control("GET", "/sandbox/state"))
    after.books.asks = [(9_000.0, 3.0), (10_000.0, 9.0), (10_050.0, 1.0)]
    after.pass_by(2.2)
    assert after.trades(comes) == [("9000", "1")]
    assert [price for price, _ in after.trades(buys)] == ["9000", "10000"]
    assert after.trades(rests) == []  # the others had taken what came to it
    after.books.asks[0] = (9_100.0, 3.0)
    after.pass_by(1.1)
    assert after.trades(rests) == [("9900", "1")]


def test_only_listed_won_markets_can_be_traded(paper: Paper) -> None:
    assert error_of(paper.buy("6000", "KRW-NONE")) == "notfoundmarket"
    assert error_of(paper.buy("6000", "BTC-ETH")) == "notfoundmarket"
    assert paper.get("/v1/orders/chance", "market=KRW-ETH")["market"]["id"] == "KRW-ETH"
    assert paper.control("GET", "/sandbox/health")["markets"] == ["KRW-BTC", "KRW-ETH"]


def test_market_sell_is_judged_by_the_best_bid(paper: Paper) -> None:
    assert error_of(paper.sell("0.49")) == "under_min_total_ask"
    assert paper.sell("0.5")["state"] == "wait"


def test_no_order_is_taken_while_the_upstream_is_silent(paper: Paper) -> None:
    waiting = paper.buy("6000")["uuid"]
    paper.books.is_down = True
    paper.pass_by(10.0)
    body = paper.buy("6000", identifier="a")
    assert (paper.last.status, error_of(body)) == (500, "internal_server_error")
    assert paper.order(waiting)["state"] == "wait"
    paper.books.is_down = False
    paper.pass_by(1.1)
    assert paper.buy("6000", identifier="a")["state"] == "wait"  # nothing was burnt
    paper.pass_by(1.1)
    assert paper.order(waiting)["state"] == "cancel"


def test_a_test_order_looks_at_its_market_too(paper: Paper) -> None:
    body = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "6000"}
    assert paper.post(body, "/v1/orders/test")["state"] == "wait"
    assert paper.get("/v1/orders/open") == []


def test_nothing_is_known_before_the_upstream_has_answered() -> None:
    paper = Paper()
    paper.books.is_down = True
    assert error_of(paper.buy("6000")) == "internal_server_error"
    chance = paper.get("/v1/orders/chance", "market=KRW-BTC")
    assert error_of(chance) == "internal_server_error"
    assert paper.control("GET", "/sandbox/health")["markets"] == []
    answer = paper.sandbox.handle(Request("GET", "/v1/ticker", "markets=KRW-BTC"))
    assert (answer.status, answer.header("content-type")) == (502, "text/html")


steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(5_000, 200_000)),
        st.tuples(st.just("sell"), st.integers(1, 900)),
        st.tuples(st.just("limit"), st.sampled_from(["bid", "ask"]), st.integers(-40, 40)),
        st.tuples(st.just("cancel"), st.integers(0, 3)),
        st.tuples(st.just("move"), st.integers(-30, 30)),
    ),
    max_size=20,
)


@settings(max_examples=80, deadline=None)
@given(steps)
def test_money_is_conserved_with_partial_fills(walk: list[tuple[Any, ...]]) -> None:
    paper = Paper()
    for step in walk:
        match step:
            case "buy", total:
                paper.buy(f"{total}.123")
            case "sell", hundredths:
                paper.sell(f"{hundredths / 100}")
            case "limit", side, ticks:
                paper.limit(side, str(10_000 + 10 * ticks), "1.5")
            case "cancel", index:
                waiting = paper.get("/v1/orders/open")
                if waiting:
                    paper.delete(f"uuid={waiting[index % len(waiting)]['uuid']}")
            case "move", ticks:
                shift = 10.0 * ticks
                paper.books.asks = [(price + shift, size) for price, size in paper.books.asks]
                paper.books.bids = [(price + shift, size) for price, size in paper.books.bids]
                paper.pass_by(1.1)
                paper.get("/v1/accounts")
        check(paper)
    state = paper.control("GET", "/sandbox/state")
    ledger = read_snapshot(state).accounts["main"].ledger
    assert ledger.issued >= len(ledger.orders)


def test_an_old_book_does_not_replace_a_newer_one() -> None:
    books = MirroredBooks()
    new, old = (Book(seen_s=at_s, asks=(), bids=()) for at_s in (2.0, 1.0))
    books.see(frozenset({"KRW-BTC"}), {"KRW-BTC": new})
    books.see(frozenset({"KRW-BTC"}), {"KRW-BTC": old})
    assert books.at("KRW-BTC", 3.0) is new
