"""Candle history through pyupbit, against the sandbox exchange and against scripted answers."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
import requests
from pyupbit import request_api

from haetae.adapters.asgi_transport import AsgiTransport
from haetae.adapters.pyupbit_history import INTERVALS, PyupbitHistory
from haetae.adapters.upbit.transport import (
    Answer,
    MaybeSent,
    Request,
    SurelyNotSent,
    Transport,
    WireFailure,
)
from haetae.base.errors import ExchangeUnavailable
from haetae.kernel.records import Candle
from haetae.research.data.candle_files import read_candles
from haetae.research.data.collect import add_arguments, run
from support.served import served
from upbit_sandbox import Options, Sandbox, Tape
from upbit_sandbox.access.faults import Fault, Faults, Kind
from upbit_sandbox.asgi import create_app

T0 = 1_756_684_800  # 2025-09-01 00:00 UTC
HOLE = range(300, 750)  # minutes without a trade, more than a page
TAPE = [
    Candle(T0 + m * 60, 100.0 + m, 103.0 + m, 99.0 + m, 101.0 + m, 1.5)
    for m in range(1000)
    if m not in HOLE
]
NOW = T0 + 1000 * 60


class Script:
    """A transport that plays answers in order and keeps what it was asked."""

    def __init__(self, *answers: Answer | WireFailure) -> None:
        self.answers = list(answers)
        self.sent: list[Request] = []

    def send(self, request: Request) -> Answer:
        assert (request.method, request.body) == ("GET", None)
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, WireFailure):
            raise answer
        return answer


def said(value: object, status: int = 200) -> Answer:
    return Answer(status=status, headers={}, body=json.dumps(value).encode())


def row(minute: int, **changes: object) -> dict[str, object]:
    clock = f"{minute // 60:02d}:{minute % 60:02d}:00"
    fields: dict[str, object] = {
        "market": "KRW-BTC",
        "candle_date_time_utc": f"2025-09-01T{clock}",
        "candle_date_time_kst": f"2025-09-01T{9 + minute // 60:02d}:{minute % 60:02d}:00",
        "opening_price": 100,
        "high_price": 102.5,
        "low_price": 99.5,
        "trade_price": 101,
        "candle_acc_trade_price": 5.0,
        "candle_acc_trade_volume": 0.5,
    }
    return fields | changes


def history_of(transport: Transport, now_s: float = NOW + 60, **more: Any) -> PyupbitHistory:
    settings: dict[str, Any] = {"wait": [].append, "now_s": lambda: now_s} | more
    return PyupbitHistory(base_url="http://unused", transport=transport, **settings)


def sandbox() -> Sandbox:
    return Sandbox.of_tapes([Tape.of_rows("KRW-BTC", 1, TAPE)], NOW, Options())


def all_of(history: PyupbitHistory, unit_min: int, from_t: int, to_t: int) -> list[Candle]:
    pages = history.history("KRW-BTC", unit_min, from_t=from_t, to_t=to_t)
    return [candle for page in pages for candle in page]


@pytest.mark.parametrize(
    ("first", "last"), [(0, 1000), (0, 1), (250, 760), (299, 751), (300, 750), (999, 1000), (7, 7)]
)
def test_history_is_the_tape_oldest_first(first: int, last: int) -> None:
    history = history_of(AsgiTransport(create_app(sandbox())))
    candles = all_of(history, 1, T0 + first * 60, T0 + last * 60)
    assert candles == [c for c in TAPE if T0 + first * 60 <= c.t < T0 + last * 60]


def test_history_before_the_first_trade_is_empty_not_a_failure() -> None:
    history = history_of(AsgiTransport(create_app(sandbox())))
    assert all_of(history, 1, T0 - 86_400, T0) == []
    assert all_of(history, 60, T0 - 7 * 86_400, T0 + 3600)[0].t == T0


def test_hours_add_up_to_their_minutes() -> None:
    history = history_of(AsgiTransport(create_app(sandbox())))
    hours = all_of(history, 60, T0, NOW)
    for hour in hours:
        inside = [c for c in TAPE if hour.t <= c.t < hour.t + 3600]
        assert (hour.open, hour.close) == (inside[0].open, inside[-1].close)
        assert hour.volume == sum(c.volume for c in inside)
    assert {hour.t for hour in hours} == {c.t // 3600 * 3600 for c in TAPE if c.t < T0 + 16 * 3600}


def test_forming_candle_never_comes_along() -> None:
    now_s = T0 + 59 * 60 + 30.0
    exchange = Sandbox.of_tapes([Tape.of_rows("KRW-BTC", 1, TAPE)], now_s, Options())
    history = history_of(AsgiTransport(create_app(exchange)), now_s)
    assert all_of(history, 1, T0, T0 + 86_400)[-1] == TAPE[58]
    assert all_of(history, 60, T0, T0 + 86_400) == []
    assert all_of(history, 1440, T0, T0 + 86_400) == []


def test_candle_that_closed_this_instant_is_left_for_later() -> None:
    exchange = sandbox()
    history = history_of(AsgiTransport(create_app(exchange)), now_s=NOW + 1.0)
    assert all_of(history, 1, NOW - 180, NOW)[-1].t == NOW - 120


def test_days_begin_at_midnight_utc() -> None:
    script = Script(said([row(0) | {"candle_date_time_kst": "2025-09-01T09:00:00"}]))
    candles = all_of(history_of(script, T0 + 10 * 86_400), 1440, T0, T0 + 86_400)
    assert candles == [Candle(T0, 100.0, 102.5, 99.5, 101.0, 0.5)]
    assert script.sent[0].target.startswith("/v1/candles/days?")


def test_request_names_utc_the_needed_count_and_a_timeout() -> None:
    script = Script(said([row(2), row(1)]))
    all_of(history_of(script, timeout_s=3.5), 1, T0 + 60, T0 + 180)
    target = "/v1/candles/minutes/1?market=KRW-BTC&count=2&to=2025-09-01+00%3A03%3A00"
    assert [(sent.target, sent.timeout_s) for sent in script.sent] == [(target, 3.5)]


@pytest.mark.parametrize("interval_min", [0, 2, 59, 120, 10_080])
def test_interval_upbit_does_not_have_is_refused_not_read_as_days(interval_min: int) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        history_of(Script()).history("KRW-BTC", interval_min, from_t=T0, to_t=NOW)


def test_every_interval_reaches_its_own_path() -> None:
    for interval_min in INTERVALS:
        script = Script(said([]))
        all_of(history_of(script, T0 + 2 * 86_400), interval_min, T0, T0 + interval_min * 60)
        path = "days" if interval_min == 1440 else f"minutes/{interval_min}"
        assert script.sent[0].target.startswith(f"/v1/candles/{path}?")


FAILURES: list[tuple[str, list[Answer | WireFailure], int]] = [
    ("timeouts", [MaybeSent("x")] * 4, 4),
    ("no connection", [SurelyNotSent("x")] * 4, 4),
    ("500s", [said({}, 500)] * 4, 4),
    ("500s with an empty list", [said([], 500)] * 4, 4),
    ("429 text", [Answer(status=429, headers={}, body=b"Too many API requests.")] * 4, 4),
    ("429 JSON", [said({"error": {"name": "too_many_requests"}}, 429)] * 4, 4),
    ("404", [said({"error": {"name": 404, "message": "Code not found"}}, 404)], 1),
    ("400 unknown by name", [said({"error": {"name": 400, "message": "x"}}, 400)], 1),
    ("418", [Answer(status=418, headers={}, body=b"")], 1),
    ("HTML", [Answer(status=200, headers={}, body=b"<html>")], 1),
    ("an object", [said({"error": "none"})], 1),
    ("a key missing", [said([{"market": "KRW-BTC"}])], 1),
]


@pytest.mark.parametrize(
    ("answers", "tries"), [r[1:] for r in FAILURES], ids=[r[0] for r in FAILURES]
)
def test_none_is_an_error_not_an_empty_history(
    answers: list[Answer | WireFailure], tries: int
) -> None:
    script = Script(*answers)
    with pytest.raises(ExchangeUnavailable):
        all_of(history_of(script), 1, T0, T0 + 60)
    assert len(script.sent) == tries


LIES: list[tuple[str, list[dict[str, object]]]] = [
    ("repeated", [row(1), row(1)]),
    ("price missing", [{k: v for k, v in row(1).items() if k != "low_price"}]),
    ("price null", [row(1, low_price=None)]),
    ("price text", [row(1, low_price="many")]),
    ("price zero", [row(1, low_price=0)]),
    ("high below close", [row(1, high_price=100.5)]),
    ("off the grid", [row(1, candle_date_time_kst="2025-09-01T09:01:30")]),
    ("not closed when asked for", [row(2)]),
]


@pytest.mark.parametrize("rows", [r[1] for r in LIES], ids=[r[0] for r in LIES])
def test_candle_that_cannot_be_true_is_no_answer(rows: list[dict[str, object]]) -> None:
    with pytest.raises(ExchangeUnavailable, match="candle history of KRW-BTC"):
        all_of(history_of(Script(said(rows))), 1, T0, T0 + 120)


def test_empty_page_does_not_excuse_a_failure_of_the_next() -> None:
    script = Script(said([]), *[MaybeSent("x")] * 4)
    with pytest.raises(ExchangeUnavailable, match="no answer"):
        all_of(history_of(script), 1, T0, T0 + 201 * 60)


def test_page_survives_bad_gateways_and_the_next_failure_is_told() -> None:
    exchange = sandbox()
    history = history_of(AsgiTransport(create_app(exchange)))
    path = "/v1/candles/minutes/1"
    exchange.venue.faults = Faults((Fault(method="GET", path=path, kind=Kind.HTML_502, count=3),))
    assert all_of(history, 1, T0, T0 + 300) == TAPE[:5]
    exchange.venue.faults = Faults((Fault(method="GET", path=path, kind=Kind.EMPTY),))
    with pytest.raises(ExchangeUnavailable):
        all_of(history, 1, T0, T0 + 300)


def test_history_waits_for_the_rate_budget() -> None:
    waits: list[float] = []
    spent = Answer(status=200, headers={"remaining-req": "group=candles; sec=0"}, body=b"[]")
    all_of(history_of(Script(*[spent] * 3), wait=waits.append), 1, T0, T0 + 600 * 60)
    assert len(waits) == 2
    assert all(0 < seconds <= 1 for seconds in waits)


class Broken:
    """A transport that fails while pyupbit sends through it."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def send(self, request: Request) -> Answer:
        assert request_api.requests is not requests
        raise self.error


@pytest.mark.parametrize("error", [MaybeSent("x"), RuntimeError("a bug")])
def test_pyupbit_gets_its_own_transport_back(error: Exception) -> None:
    with pytest.raises(ExchangeUnavailable):
        all_of(history_of(Broken(error)), 1, T0, T0 + 60)
    assert request_api.requests is requests


def test_collect_command_over_http(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with served(create_app(sandbox())) as address:
        words = "KRW-BTC --interval 1m --from 2025-09-01 --to 2025-09-01T12:00"
        args = parser.parse_args([*words.split(), "--out", str(tmp_path), "--base-url", address])
        assert run(args) == 0
    path = tmp_path / "KRW-BTC_1m.parquet"
    assert capsys.readouterr().out == f"{path}: 300\n"
    file = read_candles(path)
    assert (file.market, file.unit_min) == ("KRW-BTC", 1)
    rows = zip(file.times.tolist(), file.prices.tolist(), strict=True)
    assert [Candle(t, *row) for t, row in rows] == TAPE[:300]
