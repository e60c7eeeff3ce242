"""The rate budget: what the exchange says is left of a second, and who waits for it."""

import json

import pytest

from haetae.adapters.upbit.transport import (
    Answer,
    RateBudget,
    remaining_requests,
)
from support.upbit_script import (
    BUY,
    ORDER,
    Script,
    client_of,
    said,
)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("group=default; min=1800; sec=29", ("default", 29)),
        ("group=candles; sec=0", ("candles", 0)),
        ("sec=3;group=order", ("order", 3)),
        ("Group=Market ;SEC= 7 ", ("Market", 7)),
        ("", None),
        ("group=default", None),
        ("group=default; sec=many", None),
        ("group=default; sec=-1", None),
        ("group=; sec=1", None),
        (";;;===", None),
    ],
)
def test_remaining_req_is_read_and_oddities_are_ignored(header: str, known: object) -> None:
    assert remaining_requests(header) == known


def test_spent_group_is_waited_for_once_and_others_are_not() -> None:
    now, waits = [100.0], list[float]()
    budget = RateBudget(waits.append, lambda: now[0])
    budget.note("/v1/order", "group=default; sec=0")
    budget.note("/v1/accounts", "group=default; sec=5")
    budget.note("/v1/orderbook", "group=orderbook; sec=9")
    now[0] = 100.25
    assert budget.hold("/v1/orderbook", 2.0) == 0.0
    assert budget.hold("/v1/accounts", 2.0) == 0.75
    assert budget.hold("/v1/order", 2.0) == 0.0
    assert waits == [0.75]


def test_wait_that_lasted_longer_is_counted_as_it_was() -> None:
    now = [100.0]

    def oversleep(hold_s: float) -> None:
        now[0] += hold_s + 0.5

    budget = RateBudget(oversleep, lambda: now[0])
    budget.note("/v1/order", "group=default; sec=0")
    budget.note("/v1/order", "group=default; sec=0")
    assert budget.hold("/v1/order", 2.0) == 1.5


def test_spent_group_that_has_recovered_is_not_waited_for() -> None:
    now, waits = [100.0], list[float]()
    budget = RateBudget(waits.append, lambda: now[0])
    budget.note("/v1/order", "group=default; sec=0")
    now[0] = 101.0
    assert budget.hold("/v1/order", 2.0) == 0.0
    assert waits == []


def test_waiting_for_the_budget_leaves_the_order_less_time() -> None:
    waits: list[float] = []
    spent = {"remaining-req": "group=order; min=1; sec=0"}
    first = Answer(status=201, headers=spent, body=json.dumps(ORDER).encode())
    script = Script(first, said(201, ORDER))
    client = client_of(script, waits)
    client.place(BUY)
    client.place(BUY)
    assert len(waits) == 1
    assert 0.5 < waits[0] <= 1.0
    assert script.sent[1].timeout_s == pytest.approx(2.0 - waits[0])
