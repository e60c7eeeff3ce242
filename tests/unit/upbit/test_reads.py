"""Reads from the exchange: without a usable answer, refused, and candles that cannot be true."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from haetae.adapters.upbit.bodies import read_candles
from haetae.adapters.upbit.client import UpbitClient
from haetae.adapters.upbit.transport import (
    Answer,
    MaybeSent,
    SurelyNotSent,
)
from haetae.app.ports import Missing
from haetae.base.errors import ExchangeRefused, ExchangeUnavailable
from haetae.kernel.records import Candle
from support.upbit_script import (
    ACCESS,
    HTML,
    SECRET,
    T0,
    Script,
    Scripted,
    client_of,
    raw,
    refused,
    said,
)

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


def test_public_calls_carry_no_token_and_nothing_carries_an_origin() -> None:
    script = Script(said(200, []), said(200, []))
    client = client_of(script)
    client.candles("KRW-BTC", from_t=T0, to_t=T0 + 60)
    client.balances()
    public, private = (sent.headers for sent in script.sent)
    assert "authorization" not in public
    assert private["authorization"].startswith("Bearer ")
    assert not {"origin", "Origin"} & (public.keys() | private.keys())
    for part in (client, client._session):
        assert SECRET not in repr(vars(part))
        assert ACCESS not in repr(vars(part))


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
