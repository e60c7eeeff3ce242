"""The API's routes over real trades: what they answer, refuse and leave as it was."""

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from functions.conftest import Doors
from haetae.adapters.memory.books import MemoryBooks
from haetae.app.operator.resume import confirmation
from haetae.app.ports import PortSet
from haetae.base.errors import BooksUnavailable
from haetae.kernel.codes import HALT, KILLED, RUN, STOP
from haetae.kernel.rounding import MICRO, UNITS
from haetae.kernel.step import liquidation_value
from haetae.ledger.book import Book
from haetae.wiring.commands import LONGEST_REASON
from haetae.wiring.container import CONTAINER
from support.api import api_app, body_of, call, get, post
from support.desk import CHECK_T, CYCLE_T, HOUR, MARKET, MINUTE, Desk, busy_desk, event, plugged
from upbit_sandbox.access.faults import Fault, Faults, Kind
from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY

WORDS = {"stop": STOP, "halt": HALT, "kill": KILLED}
SURE = "RESUME main"


@pytest.fixture
def busy() -> Iterator[Desk]:
    """An account with some forty fills, plugged in."""
    with plugged(busy_desk) as made:
        yield made


def control(**body: Any) -> dict[str, Any]:
    """Return the answer to an operator's word."""
    return post("/bot/control", body)


def on_books(desk: Desk, books: MemoryBooks) -> None:
    """Let the account's books be others."""
    ports = desk.app.ports
    broken = PortSet(
        exchange=ports.exchange, books=books, messages=ports.messages, clock=ports.clock
    )
    CONTAINER.install(replace(desk.app, ports=broken))


def listed(**query: str) -> list[dict[str, Any]]:
    """Return all trades that a query finds, page by page."""
    found: list[dict[str, Any]] = []
    for _page in range(100):
        page = body_of(get("/trades", **query))
        found += page["trades"]
        if page["cursor"] is None:
            return found
        query["cursor"] = page["cursor"]
    raise AssertionError("a hundred pages and no end")


def shapes() -> ModuleType:
    """Return the module of the answers' shapes, as the app uses it."""
    api_app()
    return sys.modules["chalicelib.shapes"]


def samples(text: str) -> dict[str, Decimal]:
    """Return what Prometheus reads: series → value, each metric declared before it."""
    found: dict[str, Decimal] = {}
    declared: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            declared.add(line.split(" ")[2])
        elif not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            assert series.partition("{")[0] in declared
            assert series not in found
            found[series] = Decimal(value)
    return found


# Health


@pytest.mark.parametrize("path", ["/healthz", "/health"])
def test_health_is_answered_without_reading_anything(
    path: str, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    CONTAINER.install(None)
    monkeypatch.delenv("HAETAE_TABLE", raising=False)

    answer = get(path)

    assert answer["statusCode"] == 200
    assert body_of(answer)["ok"] is True


# Status


def test_the_status_tells_how_the_account_stands(desk: Desk, doors: Doors) -> None:
    desk.entered()
    state = desk.book().state
    assert state is not None
    market = state.markets[MARKET]

    told = body_of(get("/status"))

    account = told["account"]
    value = liquidation_value(desk.app.setup.params[0], market)
    assert (told["mode"], told["epoch"], told["at"], told["orders"]) == ("run", 0, None, [])
    assert account["as_of"] == "2025-09-08T10:01:00Z"
    assert Decimal(account["cash_krw"]) * MICRO == state.account.cash
    assert Decimal(account["equity_krw"]) * MICRO == state.account.cash + value
    (position,) = account["positions"]
    assert position["market"] == MARKET
    assert Decimal(position["volume"]) * UNITS == market.position.units
    assert float(position["price"]) == market.position.price
    assert float(position["stop"]) == market.position.stop < market.position.price
    assert position["target"] is None
    assert position["since"] == "2025-09-08T10:00:00Z"
    assert Decimal(position["value_krw"]) * MICRO == value
    assert account["day"] == {
        "start_krw": "10000000",
        "floor_krw": "9900000",
        "latched": False,
        "until": "2025-09-08T15:00:00Z",
    }
    assert account["week"]["floor_krw"] == "9750000"
    (decision,) = account["decisions"]
    assert (decision["market"], decision["rail"]) == (MARKET, "size_by_r")
    assert decision["at"] == "2025-09-08T10:00:00Z"
    (order,) = desk.books.orders(MARKET, from_t=CYCLE_T, to_t=CHECK_T)
    assert decision["krw"] == str(order.krw)


def test_the_status_tells_an_open_order(desk: Desk, doors: Doors) -> None:
    doors.knock("trading_cycle", event("trading_cycle"))
    (intent,) = desk.book().intents.values()

    (order,) = body_of(get("/status"))["orders"]

    assert order == {
        "market": MARKET,
        "side": "bid",
        "identifier": intent.identifier,
        "phase": intent.phase.value,
        "reason": "entry_signal",
        "at": "2025-09-08T10:00:00Z",
        "krw": str(intent.krw),
        "volume": None,
    }


def test_the_status_tells_who_stopped_and_why(desk: Desk, doors: Doors) -> None:
    control(action="halt", reason="a walk in the woods")

    told = body_of(get("/status"))

    assert (told["mode"], told["epoch"], told["at"]) == ("halt", 1, "2025-09-08T10:00:00Z")
    assert (told["reason"], told["by"]) == ("a walk in the woods", "http")


def test_an_account_that_has_not_begun_has_no_figures(desk: Desk, doors: Doors) -> None:
    on_books(desk, MemoryBooks())

    assert body_of(get("/status"))["account"] is None
    text = get("/metrics")["body"]
    assert "bot_equity" not in text
    assert samples(text)["bot_mode"] == RUN


# Texts of numbers


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (159_146_000.0, "159146000"),
        (99.5, "99.5"),
        (0.1, "0.1"),
        (0.00123, "0.00123"),
        (1e-08, "0.00000001"),
        (1.0, "1"),
    ],
)
def test_a_price_is_told_in_plain_digits_that_read_back_the_same(price: float, text: str) -> None:
    told = shapes().price_text(price)

    assert told == text
    assert float(told) == price


@pytest.mark.parametrize(
    ("units", "text"), [(1, "0.00000001"), (123_456_789, "1.23456789"), (UNITS, "1.00000000")]
)
def test_a_volume_is_told_in_coins(units: int, text: str) -> None:
    assert shapes().volume_text(units) == text


# Trades


def test_trades_come_newest_first_and_lose_nothing(busy: Desk, doors: Doors) -> None:
    told = body_of(get("/trades", limit="500"))

    assert told["cursor"] is None
    assert len(told["trades"]) == len(busy.trades())
    for shown, line in zip(told["trades"], reversed(busy.trades()), strict=True):
        assert shown["identifier"] == line.identifier
        assert float(shown["price"]) == line.price
        assert Decimal(shown["volume"]) * UNITS == line.units
        assert Decimal(shown["funds_krw"]) == line.funds
        assert Decimal(shown["fee_krw"]) == line.fee
        assert Decimal(shown["exchange_fee_krw"]) == line.exchange_fee
        assert (shown["pnl_krw"] is None) == (line.pnl is None)
        assert line.pnl is None or Decimal(shown["pnl_krw"]) == line.pnl
        assert shown["r"] == line.r
        assert (shown["side"], shown["reason"]) == (line.side.value, line.reason)


@pytest.mark.parametrize("limit", ["1", "3", "7", "500"])
def test_pages_hold_every_trade_once(limit: str, busy: Desk, doors: Doors) -> None:
    found = [shown["identifier"] for shown in listed(limit=limit)]

    assert found == [line.identifier for line in reversed(busy.trades())]
    assert len(body_of(get("/trades", limit=limit))["trades"]) == min(int(limit), len(found))


def test_a_page_is_fifty_long_unless_asked_otherwise(busy: Desk, doors: Doors) -> None:
    assert len(body_of(get("/trades"))["trades"]) == min(50, len(busy.trades()))


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_a_side_is_asked_for(side: str, busy: Desk, doors: Doors) -> None:
    found = listed(side=side, limit="4")

    assert [shown["identifier"] for shown in found] == [
        line.identifier for line in reversed(busy.trades()) if line.side.value == side
    ]
    assert 0 < len(found) < len(busy.trades())


def test_a_time_is_asked_for(busy: Desk, doors: Doors) -> None:
    middle = busy.trades()[len(busy.trades()) // 2].t
    lines = [line.identifier for line in busy.trades()]
    before = [line.identifier for line in busy.trades() if line.t < middle]
    text = f"2025-09-08T{middle % 86_400 // HOUR:02d}:{middle % HOUR // MINUTE:02d}:00"

    early = [shown["identifier"] for shown in listed(to=text)]
    late = [shown["identifier"] for shown in listed(from_=f"{text}Z")]

    assert early == before[::-1]
    assert late == lines[len(before) :][::-1]
    assert 0 < len(before) < len(lines)


def test_a_market_is_asked_for(busy: Desk, doors: Doors) -> None:
    assert listed(market=MARKET) == listed()


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"market": "KRW-DOGE"}, "market"),
        ({"market": ""}, "market"),
        ({"side": "buy"}, "side"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "١"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"from_": "yesterday"}, "from"),
        ({"from_": "1969-12-31T23:59:59Z"}, "from"),
        ({"from_": "2025-09-08", "to": "2025-09-08"}, "from"),
        ({"from_": "2025-09-09", "to": "2025-09-08"}, "from"),
        ({"from_": "2024-01-01", "to": "2025-09-08"}, "from"),
        ({"to": "soon"}, "to"),
        ({"to": "9999-12-31T23:59:59-10:00"}, "to"),
        ({"to": "1969-01-01"}, "to"),
        ({"cursor": "top"}, "cursor"),
        ({"cursor": "1757325600"}, "cursor"),
        ({"cursor": "1757325600.a b"}, "cursor"),
        ({"symbol": "BTC"}, "symbol"),
        ({"side": ["bid", "ask"]}, "side"),
    ],
)
def test_a_bad_question_names_its_field(
    query: dict[str, Any], named: str, desk: Desk, doors: Doors
) -> None:
    answer = get("/trades", **query)

    assert answer["statusCode"] == 400
    body = body_of(answer)
    assert body["field"] == named
    assert body["error"].startswith(f"{named} ")
    assert "allowed: " in body["error"]


# Metrics


def test_metrics_tell_the_books_with_both_names_of_one_value(busy: Desk, doors: Doors) -> None:
    answer = get("/metrics")
    found = samples(answer["body"])
    account = body_of(get("/status"))["account"]

    assert answer["headers"]["Content-Type"].startswith("text/plain; version=0.0.4")
    assert found["bot_equity"] == found["portfolio_value_krw"] == Decimal(account["equity_krw"])
    assert found["bot_cash_krw"] == Decimal(account["cash_krw"])
    assert found["bot_positions"] == len(account["positions"])
    for side in ("bid", "ask"):
        fills = sum(1 for line in busy.trades() if line.side.value == side)
        labels = f'{{market="{MARKET}",side="{side}"}}'
        assert found[f"bot_trades_total{labels}"] == found[f"trades_total{labels}"] == fills > 0
    for name in ("day", "week"):
        book = account[name]
        lost = Decimal(book["start_krw"]) - Decimal(account["equity_krw"])
        limit = Decimal(book["start_krw"]) - Decimal(book["floor_krw"])
        assert lost > 0
        assert found[f'bot_loss_limit_used_ratio{{book="{name}"}}'] == lost / limit
    state = busy.book().state
    assert state is not None
    assert found["bot_state_timestamp_seconds"] == state.t


def test_the_last_seven_days_are_told_where_their_loss_is_limited(busy: Desk, doors: Doors) -> None:
    series = 'bot_loss_limit_used_ratio{book="rolling_week"}'
    assert body_of(get("/status"))["account"]["rolling_week"] is None
    assert series not in samples(get("/metrics")["body"])

    rails = busy.app.setup.rails._replace(rolling_week_bps=1_000)
    CONTAINER.install(replace(busy.app, setup=replace(busy.app.setup, rails=rails)))

    account = body_of(get("/status"))["account"]
    window = account["rolling_week"]
    start, equity = Decimal(window["start_krw"]), Decimal(account["equity_krw"])
    assert Decimal(window["floor_krw"]) == start * 9 / 10
    assert not window["latched"]
    assert window["until"] > account["day"]["until"]
    assert 0 < start - equity < start / 10
    used = samples(get("/metrics")["body"])[series]
    assert used == (start - equity) / (start / 10)


def test_the_mode_is_a_metric(desk: Desk, doors: Doors) -> None:
    control(action="stop", reason="a test")

    assert samples(get("/metrics")["body"])["bot_mode"] == STOP


def test_a_call_is_counted_and_timed_by_route_and_status(desk: Desk, doors: Doors) -> None:
    doors.printed()
    get("/status")
    get("/trades", limit="none")
    lines = [json.loads(text) for text in doors.printed().splitlines() if '"_aws"' in text]

    assert [(line["route"], line["status"]) for line in lines] == [
        ("GET /status", "200"),
        ("GET /trades", "400"),
    ]
    for line in lines:
        assert line["job"] == "api"
        assert line["http_requests_total"] == [1]
        assert line["http_request_duration_seconds"][0] > 0


# The operator's words


@pytest.mark.parametrize(("word", "mode"), WORDS.items())
def test_a_word_is_done(word: str, mode: int, desk: Desk, doors: Doors) -> None:
    answer = control(action=word, reason="  because  ")

    halt = desk.book().halt
    assert answer["statusCode"] == 200
    assert (halt.mode, halt.reason, halt.by, halt.t) == (mode, "because", "http", CYCLE_T)
    assert (body_of(answer)["mode"], body_of(answer)["epoch"]) == (word, 1)


def test_a_kill_sells_and_tells_how_far_it_is(desk: Desk, doors: Doors) -> None:
    desk.entered().at(CHECK_T + MINUTE)

    told = body_of(control(action="kill", reason="a test"))

    assert told == {
        "mode": "kill",
        "epoch": 1,
        "acknowledged": True,
        "flat": False,
        "revoked": 0,
        "open_orders": 1,
        "positions": [MARKET],
    }
    for t in (CHECK_T + 2 * MINUTE, CHECK_T + 3 * MINUTE):
        desk.at(t)
        doors.knock(
            "risk_check", event("risk_check") | {"time": f"2025-09-08T10:0{t % 600 // 60}Z"}
        )
    assert desk.units() == 0


def test_a_milder_word_tells_what_stands(desk: Desk, doors: Doors) -> None:
    control(action="kill", reason="a test")

    told = body_of(control(action="stop", reason="too late"))

    assert (told["mode"], told["reason"]) == ("kill", "a test")
    assert desk.book().halt.mode == KILLED


def test_a_long_reason_is_cut(desk: Desk, doors: Doors) -> None:
    control(action="stop", reason="x" * 500)

    assert desk.book().halt.reason == "x" * LONGEST_REASON


@pytest.mark.parametrize("word", ["resume", "start"])
def test_a_resume_is_confirmed_in_words(word: str, desk: Desk, doors: Doors) -> None:
    assert confirmation(desk.app.setup) == SURE
    control(action="stop", reason="a test")

    answer = control(action=word, reason="all is well", confirm=SURE)

    assert answer["statusCode"] == 200
    assert (body_of(answer)["mode"], desk.book().halt.mode) == ("run", RUN)


def test_a_resume_of_a_bot_that_trades_changes_nothing(desk: Desk, doors: Doors) -> None:
    control(action="stop", reason="a test")
    control(action="resume", reason="all is well", confirm=SURE)
    before, sent = desk.kept(), len(desk.messages.sent)

    answer = control(action="resume", reason="twice", confirm=SURE)

    assert (answer["statusCode"], body_of(answer)["mode"]) == (200, "run")
    assert body_of(answer)["reason"] == "all is well"
    assert (desk.kept(), len(desk.messages.sent)) == (before, sent)


def test_a_refused_resume_tells_every_reason_and_changes_nothing(desk: Desk, doors: Doors) -> None:
    desk.entered().at(CHECK_T + MINUTE)
    control(action="kill", reason="a test")
    before = desk.kept()

    answer = control(action="resume", reason="all is well", confirm="yes")

    assert answer["statusCode"] == 409
    reasons = body_of(answer)["reasons"]
    assert len(reasons) == 3
    for part in (SURE, "not settled", "not flat"):
        assert any(part in reason for reason in reasons)
    assert desk.kept() == before


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (None, "body"),
        ("", "body"),
        ("{", "body"),
        ("action=stop", "body"),
        ("[" * 100_000, "body"),
        ("[]", "body"),
        ("null", "body"),
        ('"stop"', "body"),
        ({}, "action"),
        ({"action": "pause", "reason": "x"}, "action"),
        ({"action": "STOP", "reason": "x"}, "action"),
        ({"action": ["stop"], "reason": "x"}, "action"),
        ({"action": None, "reason": "x"}, "action"),
        *(({"action": word}, "reason") for word in ("stop", "halt", "resume", "start")),
        ({"action": "stop", "reason": ""}, "reason"),
        ({"action": "stop", "reason": "  "}, "reason"),
        ({"action": "stop", "reason": 7}, "reason"),
        ({"action": "resume", "reason": "x", "confirm": True}, "confirm"),
    ],
)
def test_a_malformed_word_is_refused_and_changes_nothing(
    body: Any, named: str, desk: Desk, doors: Doors
) -> None:
    before = desk.entered().kept()
    sent = len(desk.messages.sent)

    answer = post("/bot/control", body)

    assert answer["statusCode"] == 400
    assert body_of(answer)["field"] == named
    assert body_of(answer)["error"].startswith(f"{named} ")
    assert desk.kept() == before
    assert len(desk.messages.sent) == sent


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"action": "kill"}, ""),
        ({"action": "kill", "reason": " "}, ""),
        ({"action": "kill", "reason": 7}, "7"),
        ({"action": "kill", "reason": "now", "confirm": True}, "now"),
        ('{"action": "kill", "reason": "half \\ud83d"}', "half \ufffd"),
        ('\ufeff{"action": "kill", "reason": "now"}', "now"),
    ],
)
def test_a_kill_needs_no_reason(body: Any, reason: str, desk: Desk, doors: Doors) -> None:
    answer = post("/bot/control", body)

    assert (answer["statusCode"], desk.book().halt.mode) == (200, KILLED)
    assert desk.book().halt.reason == reason


def test_a_kill_of_bytes_that_are_no_text_kills(desk: Desk, doors: Doors) -> None:
    wrapped = base64.b64encode(b'{"action": "kill", "reason": "\xff"}').decode()

    assert post("/bot/control", wrapped, isBase64Encoded=True)["statusCode"] == 200
    assert (desk.book().halt.mode, desk.book().halt.reason) == (KILLED, "\ufffd")


def test_a_body_is_read_whatever_its_type_and_wrapping(desk: Desk, doors: Doors) -> None:
    plain = {"Content-Type": "application/x-www-form-urlencoded"}
    wrapped = "eyJhY3Rpb24iOiAic3RvcCIsICJyZWFzb24iOiAiYSB0ZXN0In0="

    said = {"action": "stop", "reason": "a test"}
    assert post("/bot/control", said, headers=plain)["statusCode"] == 200
    assert post("/bot/control", wrapped, isBase64Encoded=True)["statusCode"] == 200
    assert post("/bot/control", "no base64!", isBase64Encoded=True)["statusCode"] == 400


# What fails


class Failing(MemoryBooks):
    """Books that cannot be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def load(self) -> Book:
        """Fail."""
        raise self.error


def test_an_error_known_by_name_is_logged_and_no_success(desk: Desk, doors: Doors) -> None:
    on_books(desk, Failing(BooksUnavailable("batch_get_item: no answer")))
    doors.printed()

    answer = get("/status")

    assert answer["statusCode"] == 503
    assert body_of(answer) == {"error": "batch_get_item: no answer"}
    printed = doors.printed()
    assert '"error":"BooksUnavailable"' in printed
    assert '"status":"503"' in printed


def test_a_bug_is_a_server_error_with_its_traceback_in_the_log(desk: Desk, doors: Doors) -> None:
    on_books(desk, Failing(ZeroDivisionError()))

    answer = get("/status")

    assert answer["statusCode"] == 500
    assert "ZeroDivisionError" not in answer["body"]
    assert "ZeroDivisionError" in doors.printed()


def test_a_missing_variable_is_told_by_name(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    CONTAINER.install(None)
    monkeypatch.delenv("HAETAE_TABLE", raising=False)

    answer = get("/status")

    assert answer["statusCode"] == 503
    assert "HAETAE_TABLE" in body_of(answer)["error"]


def test_an_exchange_that_is_down_refuses_a_resume(desk: Desk, doors: Doors) -> None:
    control(action="stop", reason="a test")
    down = Fault(method="GET", path="/v1/accounts", kind=Kind.HTML_502, count=9)
    desk.sandbox.venue.faults = Faults((down,))

    answer = control(action="resume", reason="all is well", confirm=SURE)

    assert answer["statusCode"] == 409
    assert desk.book().halt.mode == STOP


def test_another_method_is_not_allowed(desk: Desk, doors: Doors) -> None:
    assert call("GET", "/bot/control")["statusCode"] == 405
    assert call("POST", "/status")["statusCode"] == 405


def test_nothing_secret_is_answered_or_printed(desk: Desk, doors: Doors) -> None:
    doors.printed()
    answers = [get(path) for path, methods in api_app().routes.items() if "GET" in methods]
    answers += [control(action="kill", reason="a test"), post("/bot/control", "{")]

    said = doors.printed() + json.dumps(answers)
    assert "http_requests_total" in said
    for secret in (ACCESS_KEY, SECRET_KEY, "Bearer", event("api")["headers"]["x-api-key"]):
        assert secret not in said
