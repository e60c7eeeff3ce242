"""Order books and fees, read exactly or not at all."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from haetae.adapters.upbit.transport import (
    Answer,
)
from haetae.base.errors import ExchangeUnavailable
from haetae.market.order_book import Level, OrderBook
from support.upbit_script import (
    Script,
    client_of,
    said,
)

STEP = {"bid_price": 99, "bid_size": 1, "ask_price": 100, "ask_size": 1}
NEXT = {"bid_price": 98, "bid_size": 1, "ask_price": 101, "ask_size": 1}


def book(*steps: Mapping[str, object], market: str = "KRW-BTC") -> Answer:
    return said(200, [{"market": market, "orderbook_units": list(steps)}])


def test_order_book_is_exact_and_a_side_that_has_run_out_ends() -> None:
    first = {"bid_price": 148490000, "bid_size": 0.04296774, "ask_price": 148500000}
    last = {"bid_price": 0, "bid_size": 0, "ask_price": 148510000, "ask_size": 2}
    answer = book(first | {"ask_size": 1e-08}, last)
    assert client_of(Script(answer)).order_book("KRW-BTC") == OrderBook(
        market="KRW-BTC",
        bids=(Level(price=Decimal(148490000), volume=Decimal("0.04296774")),),
        asks=(
            Level(price=Decimal(148500000), volume=Decimal("0.00000001")),
            Level(price=Decimal(148510000), volume=Decimal(2)),
        ),
    )


@pytest.mark.parametrize(
    "answer",
    [
        book(NEXT, STEP),
        book(STEP, STEP | {"ask_price": 101}),
        book(STEP, NEXT | {"ask_price": 100}),
        book(STEP, market="KRW-ETH"),
        book(STEP | {"bid_price": -1}),
        book(STEP | {"bid_size": None}),
        book(STEP | {"ask_size": None}),
        said(200, []),
        said(200, [{"market": "KRW-BTC"}]),
    ],
)
def test_order_book_that_cannot_be_true_is_no_answer(answer: Answer) -> None:
    with pytest.raises(ExchangeUnavailable):
        client_of(Script(answer)).order_book("KRW-BTC")


def test_fee_is_whole_basis_points_and_the_same_on_both_sides() -> None:
    assert (
        client_of(Script(said(200, {"bid_fee": "0.0005", "ask_fee": "0.0005"}))).fee_bps("M") == 5
    )
    assert client_of(Script(said(200, {"bid_fee": "0", "ask_fee": "0.0"}))).fee_bps("M") == 0


@pytest.mark.parametrize(("bid", "ask"), [("0.0005", "0.001"), ("0.00055", "0.00055"), ("x", "x")])
def test_fee_that_is_no_single_whole_basis_point_is_refused(bid: str, ask: str) -> None:
    with pytest.raises(ExchangeUnavailable):
        client_of(Script(said(200, {"bid_fee": bid, "ask_fee": ask}))).fee_bps("KRW-BTC")
