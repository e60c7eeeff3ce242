"""Every way the wire can fail, and the one value or error of ours that it becomes."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import urllib3

from haetae.adapters.upbit.bodies import read_candles, read_order
from haetae.adapters.upbit.client import UpbitClient
from haetae.adapters.upbit.transport import (
    Answer,
    MaybeSent,
    RateBudget,
    Request,
    SurelyNotSent,
    UrllibTransport,
    WireFailure,
    remaining,
)
from haetae.app.ports import Missing, OrderReport, Rejected, Unknown, Unreachable
from haetae.base.errors import ExchangeError, ExchangeRefused, ExchangeUnavailable
from haetae.kernel.state import Candle
from haetae.ledger.intent import Execution, Intent, Side
from haetae.market.order_book import Level, OrderBook

T0 = 1_756_684_800  # 2025-09-01 00:00 UTC
SECRET = "the-secret-key-that-must-never-be-seen"
ACCESS = "the-access-key-that-must-never-be-seen"
HTML = b"<html><title>502 Bad Gateway</title></html>"
BUY = Intent(
    identifier="acc-KRW-BTC-1-e-0-0",
    market="KRW-BTC",
    side=Side.BID,
    t=T0,
    kind=1,
    reason=1,
    krw=100_000,
    units=0,
)
ORDER: dict[str, Any] = {
    "uuid": "u-1",
    "market": "KRW-BTC",
    "side": "bid",
    "state": "cancel",
    "identifier": BUY.identifier,
    "executed_volume": "15.87301587",
    "paid_fee": "2.499999999525",
    "trades_count": 1,
    "trades": [
        {
            "price": "315",
            "volume": "15.87301587",
            "funds": "4999.99999905",
            "created_at": "2025-09-01T09:00:01+09:00",
            "side": "bid",
        }
    ],
}
REPORT = OrderReport(
    uuid="u-1",
    ended=True,
    executions=(
        Execution(
            t=T0 + 1,
            price=Decimal(315),
            units=1_587_301_587,
            funds=Decimal("4999.99999905"),
        ),
    ),
    fee=Decimal("2.499999999525"),
)
PLACED = OrderReport(uuid="u-1", ended=False, executions=(), fee=Decimal(0))

type Scripted = Answer | WireFailure


def raw(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=body)


def said(status: int, value: object) -> Answer:
    return raw(status, json.dumps(value).encode())


def refused(status: int, name: str | int) -> Answer:
    return said(status, {"error": {"name": name, "message": "words"}})


class Script:
    """A transport that plays answers in order and keeps what it was asked."""

    def __init__(self, *answers: Scripted) -> None:
        self.answers = list(answers)
        self.sent: list[Request] = []

    def send(self, request: Request) -> Answer:
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, WireFailure):
            raise answer
        return answer


def client_of(script: Script, waits: list[float] | None = None, **more: Any) -> UpbitClient:
    return UpbitClient(
        base_url="https://api.upbit.com",
        access_key=ACCESS,
        secret_key=SECRET,
        transport=script,
        wait=([] if waits is None else waits).append,
        **more,
    )


LOOKED_UP = (refused(400, "duplicated_identifier"), said(200, ORDER))
FATES: list[tuple[str, tuple[Scripted, ...], object]] = [
    ("201 with a body", (said(201, ORDER | {"state": "wait"}),), PLACED),
    ("201 already ended tells no fills", (said(201, ORDER),), PLACED),
    ("201 without a body", (raw(201, b""),), Unknown),
    ("201 that is HTML", (raw(201, HTML),), Unknown),
    ("201 that is a list", (said(201, [ORDER]),), Unknown),
    ("201 without uuid", (said(201, {"state": "wait"}),), Unknown),
    ("201 about another order", (said(201, ORDER | {"identifier": "other"}),), Unknown),
    ("201 in an unknown state", (said(201, ORDER | {"state": "?"}),), Unknown),
    ("302", (raw(302, b""),), Unknown),
    ("400 by name", (refused(400, "under_min_total_bid"),), Rejected),
    ("400 insufficient", (refused(400, "insufficient_funds_bid"),), Rejected),
    ("401 by name", (refused(401, "no_authorization_ip"),), Rejected),
    ("403 by name", (refused(403, "market_offline"),), Rejected),
    ("404 by number", (refused(404, 404),), Rejected),
    ("400 without a name", (said(400, {"error": {}}),), Unknown),
    ("400 that is text", (raw(400, b"no"),), Unknown),
    ("403 that is HTML", (raw(403, HTML),), Unknown),
    ("408 even with a name", (refused(408, "request_timeout"),), Unknown),
    ("418", (raw(418, b""),), Unreachable),
    ("429 text", (raw(429, b"Too many API requests."),), Unreachable),
    ("429 JSON", (refused(429, "too_many_requests"),), Unreachable),
    ("500 by name", (refused(500, "internal_server_error"),), Unknown),
    ("502 HTML", (raw(502, HTML),), Unknown),
    ("503", (raw(503, b""),), Unknown),
    ("no connection", (SurelyNotSent("x"),), Unreachable),
    ("read timeout", (MaybeSent("x"),), Unknown),
    ("duplicate, found", LOOKED_UP, REPORT),
    ("duplicate, missing", (LOOKED_UP[0], refused(404, "order_not_found")), Unknown),
    ("duplicate, no word", (LOOKED_UP[0], *[MaybeSent("x")] * 3), Unknown),
    ("nonce used, found", (refused(401, "nonce_used"), said(200, ORDER)), REPORT),
    ("nonce used, missing", (refused(401, "nonce_used"), refused(404, "order_not_found")), Unknown),
]


@pytest.mark.parametrize(("answers", "fate"), [row[1:] for row in FATES], ids=[r[0] for r in FATES])
def test_fate_of_a_new_order(answers: tuple[Scripted, ...], fate: object) -> None:
    script = Script(*answers)
    outcome = client_of(script).place(BUY)
    if isinstance(fate, type):
        assert type(outcome) is fate
    else:
        assert outcome == fate
    assert script.answers == []
    assert [sent.method for sent in script.sent].count("POST") == 1  # never sent twice


def test_rejection_keeps_the_exchange_s_words() -> None:
    outcome = client_of(Script(refused(400, "under_min_total_bid"))).place(BUY)
    assert outcome == Rejected(name="under_min_total_bid", message="words")


NO_WORD = [
    ("timeouts", [MaybeSent("x")] * 3, 3),
    ("no connection", [SurelyNotSent("x")] * 3, 3),
    ("500s", [refused(500, "internal_server_error")] * 3, 3),
    ("502 HTML", [raw(502, HTML)] * 3, 3),
    ("429s", [raw(429, b"Too many API requests.")] * 3, 3),
    ("418 is not tried again", [refused(418, "blocked")], 1),
    ("HTML 403", [raw(403, HTML)], 1),
    ("a redirect", [raw(302, b"")], 1),
    ("200 without a body", [raw(200, b"")], 1),
    ("200 HTML", [raw(200, HTML)], 1),
    ("200 not UTF-8", [raw(200, b"\xff\xfe\xff")], 1),
    ("200 of another shape", [said(200, "text")], 1),
    ("200 nested too deep", [raw(200, b"[" * 100_000)], 1),
]
READS: list[tuple[str, Callable[[UpbitClient], object]]] = [
    ("candles", lambda c: c.candles("KRW-BTC", from_t=T0, to_t=T0 + 60)),
    ("balances", lambda c: c.balances()),
    ("order book", lambda c: c.order_book("KRW-BTC")),
    ("order", lambda c: c.order("x")),
    ("fee", lambda c: c.fee_bps("KRW-BTC")),
]


@pytest.mark.parametrize("read", [row[1] for row in READS], ids=[row[0] for row in READS])
@pytest.mark.parametrize(
    ("answers", "tries"), [r[1:] for r in NO_WORD], ids=[r[0] for r in NO_WORD]
)
def test_read_without_a_usable_answer(
    answers: list[Scripted], tries: int, read: Callable[[UpbitClient], object]
) -> None:
    script, waits = Script(*answers), list[float]()
    with pytest.raises(ExchangeUnavailable) as caught:
        read(client_of(script, waits))
    assert len(script.sent) == tries
    assert all(0 < seconds <= 1 for seconds in waits)
    assert len(waits) == tries - 1
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize("read", [row[1] for row in READS], ids=[row[0] for row in READS])
def test_read_that_is_refused_names_the_refusal(read: Callable[[UpbitClient], object]) -> None:
    script = Script(refused(401, "no_authorization_ip"))
    with pytest.raises(ExchangeRefused) as caught:
        read(client_of(script))
    assert (caught.value.status, caught.value.name) == (401, "no_authorization_ip")


def test_read_succeeds_after_two_failures() -> None:
    account = [{"currency": "KRW", "balance": "10.5", "locked": "0.000000950475"}]
    script = Script(MaybeSent("x"), raw(502, HTML), said(200, account))
    (balance,) = client_of(script).balances()
    assert (balance.currency, balance.free) == ("KRW", Decimal("10.5"))
    assert balance.locked == Decimal("0.000000950475")
    tokens = [sent.headers["authorization"] for sent in script.sent]
    assert len(set(tokens)) == 3  # a nonce is never used again


def test_missing_order_is_a_value_and_other_404s_are_not() -> None:
    assert client_of(Script(refused(404, "order_not_found"))).order("x") == Missing()
    with pytest.raises(ExchangeRefused):
        client_of(Script(refused(404, "pocket_not_found"))).order("x")


CANCELS: list[tuple[str, list[Scripted], type[ExchangeError] | None]] = [
    ("accepted", [said(200, ORDER)], None),
    ("unknown", [refused(404, "order_not_found")], None),
    ("refused, has ended", [refused(400, "already_done"), said(200, ORDER)], None),
    (
        "refused, still waits",
        [refused(400, "no"), said(200, ORDER | {"state": "wait"})],
        ExchangeRefused,
    ),
    ("refused, then gone", [refused(400, "no"), refused(404, "order_not_found")], None),
    ("retried", [MaybeSent("x"), said(200, ORDER)], None),
    ("no word", [MaybeSent("x")] * 3, ExchangeUnavailable),
]


@pytest.mark.parametrize(
    ("answers", "error"), [r[1:] for r in CANCELS], ids=[r[0] for r in CANCELS]
)
def test_cancelling(answers: list[Scripted], error: type[ExchangeError] | None) -> None:
    script = Script(*answers)
    if error is None:
        client_of(script).cancel(BUY.identifier)
    else:
        with pytest.raises(error):
            client_of(script).cancel(BUY.identifier)
    assert script.answers == []


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (1, "0.00000001"),
        (100_000_000, "1.00000000"),
        (8_190_686_236, "81.90686236"),
        (123_456_789_012_345_678, "1234567890.12345678"),
    ],
)
def test_sell_writes_its_volume_without_an_exponent(units: int, text: str) -> None:
    script = Script(said(201, ORDER | {"state": "wait"}))
    sell = Intent(
        identifier=BUY.identifier,
        market="KRW-BTC",
        side=Side.ASK,
        t=T0,
        kind=2,
        reason=1,
        krw=0,
        units=units,
    )
    client_of(script).place(sell)
    sent = script.sent[0]
    assert (sent.method, sent.target, sent.timeout_s) == ("POST", "/v1/orders", 2.0)
    assert sent.headers["content-type"] == "application/json"
    assert json.loads(sent.body or b"") == {
        "market": "KRW-BTC",
        "side": "ask",
        "ord_type": "market",
        "volume": text,
        "identifier": BUY.identifier,
    }


def test_buy_writes_whole_won_without_a_point() -> None:
    script = Script(said(201, ORDER))
    client_of(script).place(BUY)
    assert json.loads(script.sent[0].body or b"") == {
        "market": "KRW-BTC",
        "side": "bid",
        "ord_type": "price",
        "price": "100000",
        "identifier": BUY.identifier,
    }


def test_public_calls_carry_no_token_and_nothing_carries_an_origin() -> None:
    script = Script(said(200, []), said(200, []))
    client = client_of(script)
    client.candles("KRW-BTC", from_t=T0, to_t=T0 + 60)
    client.balances()
    public, private = (sent.headers for sent in script.sent)
    assert "authorization" not in public
    assert private["authorization"].startswith("Bearer ")
    assert not {"origin", "Origin"} & (public.keys() | private.keys())
    assert SECRET not in repr(vars(client))
    assert ACCESS not in repr(vars(client))


# ---- order bodies that cannot be true


TRADE = ORDER["trades"][0]
LYING_ORDERS: list[tuple[str, object]] = [
    ("no state", {key: value for key, value in ORDER.items() if key != "state"}),
    ("unknown state", ORDER | {"state": "trade"}),
    ("another order", ORDER | {"identifier": "other"}),
    ("no uuid", ORDER | {"uuid": None}),
    ("no executed volume", {k: v for k, v in ORDER.items() if k != "executed_volume"}),
    ("volume executed, no trades", ORDER | {"trades": []}),
    ("volume executed, no key trades", {k: v for k, v in ORDER.items() if k != "trades"}),
    ("trades doubled", ORDER | {"trades": [TRADE, TRADE]}),
    ("trades no list", ORDER | {"trades": "x"}),
    ("a trade no object", ORDER | {"trades": ["x"]}),
    (
        "nine decimals",
        ORDER | {"executed_volume": "1.000000001", "trades": [TRADE | {"volume": "1.000000001"}]},
    ),
    ("endless decimals", ORDER | {"trades": [TRADE | {"volume": "0." + "1" * 90}]}),
    ("no price", ORDER | {"trades": [TRADE | {"price": None}]}),
    ("price zero", ORDER | {"trades": [TRADE | {"price": "0"}]}),
    ("price not a number", ORDER | {"trades": [TRADE | {"price": "many"}]}),
    ("price NaN", ORDER | {"trades": [TRADE | {"price": "NaN"}]}),
    ("funds negative", ORDER | {"trades": [TRADE | {"funds": "-1"}]}),
    ("no time", ORDER | {"trades": [TRADE | {"created_at": ""}]}),
    ("not a time", ORDER | {"trades": [TRADE | {"created_at": "noon"}]}),
    ("time without zone", ORDER | {"trades": [TRADE | {"created_at": "2025-09-01T09:00:01"}]}),
    ("fee true", ORDER | {"paid_fee": True}),
]


@pytest.mark.parametrize("body", [r[1] for r in LYING_ORDERS], ids=[r[0] for r in LYING_ORDERS])
def test_order_that_cannot_be_true_is_no_answer(body: object) -> None:
    with pytest.raises(ExchangeUnavailable):
        client_of(Script(said(200, body))).order(BUY.identifier)


def test_order_reads_back_exactly() -> None:
    assert client_of(Script(said(200, ORDER))).order(BUY.identifier) == REPORT


@pytest.mark.parametrize(
    ("state", "ended"), [("wait", False), ("watch", False), ("done", True), ("cancel", True)]
)
def test_state_says_whether_an_order_has_ended(state: str, ended: bool) -> None:
    body = ORDER | {"state": state, "executed_volume": "0", "trades": []}
    report = read_order(json.dumps(body).encode(), identifier=BUY.identifier)
    assert (report.ended, report.executions) == (ended, ())


def test_executions_are_oldest_first_with_the_second_rounded_down() -> None:
    late = TRADE | {"volume": "1", "created_at": "2025-09-01T09:00:02.999+09:00"}
    early = TRADE | {"volume": "2", "created_at": "2025-09-01T00:00:01Z"}
    body = ORDER | {"executed_volume": "3", "trades": [late, early]}
    report = read_order(json.dumps(body).encode(), identifier=BUY.identifier)
    assert [each.t for each in report.executions] == [T0 + 1, T0 + 2]


# ---- candles that cannot be true


ROW: dict[str, Any] = {
    "market": "KRW-BTC",
    "candle_date_time_utc": "2025-09-01T00:01:00",
    "opening_price": 100,
    "high_price": 102.0,
    "low_price": 99.0,
    "trade_price": 101.0,
    "candle_acc_trade_volume": 0.5,
    "candle_acc_trade_price": -1e300,
}
LYING_ROWS: list[tuple[str, list[Any], str]] = [
    *[
        (f"no {name}", [{k: v for k, v in ROW.items() if k != name}], "is missing")
        for name in ROW
        if name != "candle_acc_trade_price"
    ],
    ("price null", [ROW | {"low_price": None}], "cannot be read"),
    ("price text", [ROW | {"low_price": "many"}], "cannot be read"),
    ("price huge", [ROW | {"high_price": 10**400}], "cannot be read"),
    ("price NaN", [ROW | {"trade_price": float("nan")}], "the close is not a finite number"),
    ("price infinite", [ROW | {"high_price": float("inf")}], "the high is not a finite number"),
    ("price zero", [ROW | {"low_price": 0}], "the low is not positive"),
    ("price negative", [ROW | {"opening_price": -1}], "the open is not positive"),
    ("high below close", [ROW | {"high_price": 100.5}], "the high is below"),
    ("high below open", [ROW | {"opening_price": 102.5}], "the high is below"),
    ("low above open", [ROW | {"low_price": 100.5}], "the low is above"),
    ("low above close", [ROW | {"trade_price": 98.0}], "the low is above"),
    ("volume negative", [ROW | {"candle_acc_trade_volume": -1}], "the volume is negative"),
    ("volume infinite", [ROW | {"candle_acc_trade_volume": float("inf")}], "the volume is"),
    ("off the grid", [ROW | {"candle_date_time_utc": "2025-09-01T00:01:01"}], "on the grid"),
    ("not a time", [ROW | {"candle_date_time_utc": "2025-09-01 noon"}], "cannot be read"),
    ("no such day", [ROW | {"candle_date_time_utc": "2025-02-30T00:00:00"}], "cannot be read"),
    ("time a number", [ROW | {"candle_date_time_utc": 5}], "cannot be read"),
    ("repeated", [ROW, ROW], "out of order"),
    ("oldest first", [ROW, ROW | {"candle_date_time_utc": "2025-09-01T00:02:00"}], "out of order"),
    ("another market", [ROW | {"market": "KRW-ETH"}], "another market"),
    ("a row no object", [[1, 2]], "cannot be read"),
]


@pytest.mark.parametrize(
    ("rows", "words"), [row[1:] for row in LYING_ROWS], ids=[row[0] for row in LYING_ROWS]
)
def test_candle_that_cannot_be_true_is_no_answer(rows: list[Any], words: str) -> None:
    with pytest.raises(ExchangeUnavailable, match=words):
        client_of(Script(said(200, rows))).candles("KRW-BTC", from_t=T0, to_t=T0 + 300)


def test_candle_is_read_as_floats_without_its_turnover() -> None:
    (candle,) = read_candles(json.dumps([ROW]).encode(), market="KRW-BTC", unit_s=60)
    assert candle == Candle(T0 + 60, 100.0, 102.0, 99.0, 101.0, 0.5)
    assert [type(value) for value in candle] == [int, *[float] * 5]


def rows_at(*minutes: int) -> Answer:
    times = [f"2025-09-01T{minute // 60:02d}:{minute % 60:02d}:00" for minute in minutes]
    return said(200, [ROW | {"candle_date_time_utc": time} for time in times])


def test_forming_candle_is_dropped() -> None:
    script = Script(rows_at(3, 2, 1))
    candles = client_of(script).candles("KRW-BTC", from_t=T0 + 60, to_t=T0 + 3 * 60 + 59)
    assert [(candle.t - T0) // 60 for candle in candles] == [1, 2]
    assert "to=2025-09-01T00%3A03%3A00Z&count=2" in script.sent[0].target


def test_rows_before_the_period_are_dropped() -> None:
    script = Script(rows_at(5, 2, 1))
    candles = client_of(script).candles("KRW-BTC", from_t=T0 + 90, to_t=T0 + 360)
    assert [(candle.t - T0) // 60 for candle in candles] == [2, 5]


def test_exchange_that_ignores_to_is_caught() -> None:
    with pytest.raises(ExchangeUnavailable, match="none before"):
        client_of(Script(rows_at(9, 8, 7))).candles("KRW-BTC", from_t=T0, to_t=T0 + 180)


def test_exchange_that_repeats_a_page_is_caught() -> None:
    script = Script(rows_at(9, 8, 7), rows_at(9, 8, 7))
    with pytest.raises(ExchangeUnavailable, match="none before"):
        client_of(script).candles("KRW-BTC", from_t=T0, to_t=T0 + 600)


def test_endless_history_is_cut_off() -> None:
    newest = 20 * 60
    script = Script(*[rows_at(minute) for minute in range(newest, newest - 600, -1)])
    with pytest.raises(ExchangeUnavailable, match="pages"):
        client_of(script).candles("KRW-BTC", from_t=T0, to_t=T0 + (newest + 1) * 60)
    assert len(script.sent) == 500


def test_empty_period_asks_nothing() -> None:
    assert client_of(Script()).candles("KRW-BTC", from_t=T0 + 30, to_t=T0 + 60) == ()


# ---- order book and fees


STEP = {"bid_price": 99, "bid_size": 1, "ask_price": 100, "ask_size": 1}
NEXT = {"bid_price": 98, "bid_size": 1, "ask_price": 101, "ask_size": 1}


def book(*steps: dict[str, object], market: str = "KRW-BTC") -> Answer:
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


# ---- rate budget


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
    assert remaining(header) == known


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


# ---- urllib3


LOOK = Request(method="GET", target="/", headers={}, timeout_s=1.0)
ORDERED = Request(method="POST", target="/v1/orders", headers={}, body=b"{}", timeout_s=1.0)


def foreign_errors() -> list[type[urllib3.exceptions.HTTPError]]:
    found, queue = [], [urllib3.exceptions.HTTPError]
    while queue:
        error = queue.pop()
        found.append(error)
        queue += error.__subclasses__()
    return sorted(set(found), key=lambda error: error.__name__)


@pytest.mark.parametrize("error", foreign_errors())
def test_every_urllib3_error_becomes_ours(
    error: type[urllib3.exceptions.HTTPError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error.__new__(error)

    monkeypatch.setattr(urllib3.HTTPSConnectionPool, "urlopen", fail)
    exceptions = urllib3.exceptions
    unsent = (exceptions.NewConnectionError, exceptions.ConnectTimeoutError)
    expected = SurelyNotSent if issubclass(error, unsent) else MaybeSent
    with pytest.raises(expected) as caught:
        UrllibTransport("https://api.upbit.com").send(LOOK)
    assert isinstance(caught.value.__cause__, error)


@contextmanager
def server_that(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serves one connection by hand."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                answer(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=5)


def read_request(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)


def test_refused_connection_is_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SurelyNotSent):
        UrllibTransport(f"http://127.0.0.1:{port}").send(ORDERED)


def test_unknown_host_is_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SurelyNotSent):
        UrllibTransport("http://exchange.invalid").send(ORDERED)


def test_connect_timeout_is_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*args: object, **kwargs: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(urllib3.util.connection, "create_connection", slow)
    with pytest.raises(SurelyNotSent):
        UrllibTransport("http://127.0.0.1:9").send(ORDERED)


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def say_nothing(connection: socket.socket) -> None:
    read_request(connection)
    connection.recv(1)  # until the client gives up


def stop_half_way(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")


def talk_nonsense(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"no HTTP at all\r\n\r\n")


def send_broken_gzip(connection: socket.socket) -> None:
    read_request(connection)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"
    connection.sendall(head + b"oops")


def hang_up_on_the_second(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    read_request(connection)


@pytest.mark.parametrize(
    "answer", [hang_up, say_nothing, stop_half_way, talk_nonsense, send_broken_gzip]
)
def test_request_that_was_read_may_have_been_carried_out(
    answer: Callable[[socket.socket], None],
) -> None:
    with server_that(answer) as address:
        client = UpbitClient(base_url=address, access_key=ACCESS, secret_key=SECRET, timeout_s=0.2)
        assert isinstance(client.place(BUY), Unknown)


def test_kept_alive_connection_that_dies_may_have_carried_the_order() -> None:
    with server_that(hang_up_on_the_second) as address:
        client = UpbitClient(base_url=address, access_key=ACCESS, secret_key=SECRET)
        assert client.balances() == ()
        assert isinstance(client.place(BUY), Unknown)


def redirect(connection: socket.socket) -> None:
    read_request(connection)
    head = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n"
    connection.sendall(head + b"Content-Length: 0\r\nConnection: close\r\n\r\n")


def test_order_does_not_follow_a_redirect() -> None:
    with server_that(redirect) as address:
        client = UpbitClient(base_url=address, access_key=ACCESS, secret_key=SECRET)
        assert client.place(BUY) == Unknown(message="307: no word about the order")
