"""What becomes of a new order, a cancellation and an order's report, in our values."""

import json

import pytest

from haetae.adapters.upbit.bodies import read_order
from haetae.adapters.upbit.transport import (
    MaybeSent,
    SurelyNotSent,
)
from haetae.app.ports import Rejected, Unknown, Unreachable
from haetae.base.errors import ExchangeError, ExchangeRefused, ExchangeUnavailable
from haetae.ledger.intent import Intent, Side
from support.upbit_script import (
    BUY,
    HTML,
    ORDER,
    PLACED,
    REPORT,
    T0,
    Script,
    Scripted,
    client_of,
    raw,
    refused,
    said,
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
