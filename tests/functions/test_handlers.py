"""Each door with its own event, over the sandbox exchange: what it answers, changes and prints."""

import json
from typing import Any

import pytest

from functions.conftest import Doors
from haetae.base.errors import ConfigError, HaetaeError
from haetae.base.time import iso_text
from haetae.kernel.codes import KILLED
from haetae.notify.codec import encode
from haetae.wiring.container import CONTAINER
from haetae.wiring.environments.trading import RiskCheckEnvironment
from support.desk import CHECK_T, CYCLE_T, HOUR, MINUTE, Desk, event
from upbit_sandbox.access.faults import Fault, Faults, Kind
from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY

SCHEDULED = ("trading_cycle", "risk_check", "daily_report")
WALKS = ("trading_cycle", "risk_check")
PAIRS = (("bot_equity", "portfolio_value_krw"), ("bot_trades_total", "trades_total"))
VARIABLES = {
    "HAETAE_TABLE": "books",
    "HAETAE_TOPIC_ARN": "arn:aws:sns:ap-northeast-2:123456789012:messages",
    "UPBIT_BASE_URL": "http://127.0.0.1:9",
    "UPBIT_ACCESS_KEY": "an-access-key",
    "UPBIT_SECRET_KEY": "a-secret-key",
}
DESK_VARIABLES = ("HAETAE_TABLE", "HAETAE_TOPIC_ARN")


def at(door: str, t: int) -> dict[str, Any]:
    """Return the door's event moved to `t`."""
    return event(door) | {"time": iso_text(t)}


# What they answer


def test_the_cycle_decides_and_orders(desk: Desk, doors: Doors) -> None:
    answer = doors.knock("trading_cycle", event("trading_cycle"))

    assert (answer["status"], answer["t"], answer["orders"]) == ("done", CYCLE_T, 1)
    assert answer["equity_krw"] == 10_000_000
    assert answer["fired"] == ["size_by_r"]
    assert json.loads(json.dumps(answer)) == answer


def test_the_risk_check_books_the_fill(desk: Desk, doors: Doors) -> None:
    doors.knock("trading_cycle", event("trading_cycle"))
    desk.at(CHECK_T)

    answer = doors.knock("risk_check", event("risk_check"))

    assert (answer["status"], answer["t"], answer["trades"]) == ("done", CHECK_T, 1)
    assert desk.units() > 0


def test_a_minute_with_nothing_to_do_is_quiet(desk: Desk, doors: Doors) -> None:
    desk.entered().at(CHECK_T + MINUTE)
    before = desk.kept()

    assert doors.knock("risk_check", at("risk_check", CHECK_T + MINUTE))["status"] == "unchanged"
    assert desk.kept() == before


def test_the_risk_check_never_enters(desk: Desk, doors: Doors) -> None:
    answer = doors.knock("risk_check", at("risk_check", CYCLE_T))

    assert answer["orders"] == 0
    assert desk.book().intents == {}


def test_the_daily_report_tells_the_day(desk: Desk, doors: Doors) -> None:
    desk.entered()
    (entry,) = desk.trades()

    told = doors.knock("daily_report", at("daily_report", CYCLE_T + 14 * HOUR))

    assert (told["entries"], told["exits"], told["positions"]) == (1, 0, 1)
    assert told["fees_krw"] == str(entry.fee)
    assert told["mode"] == "run"
    assert desk.messages.sent[-1].kind == "daily_report"


def test_the_daily_report_tells_nothing_of_other_days(desk: Desk, doors: Doors) -> None:
    desk.entered()

    told = doors.knock("daily_report", event("daily_report"))

    assert (told["entries"], told["fees_krw"], told["r"]) == (0, "0", None)


# Twice, and at the wrong time


@pytest.mark.parametrize("door", SCHEDULED)
def test_a_second_delivery_changes_nothing(door: str, desk: Desk, doors: Doors) -> None:
    if door != "trading_cycle":
        doors.knock("trading_cycle", event("trading_cycle"))
        desk.at(CHECK_T)
    first = doors.knock(door, event(door))
    after = desk.kept()

    second = doors.knock(door, event(door))

    assert desk.kept() == after
    if door == "daily_report":
        assert second == first
    else:
        assert first["status"] == "done"
        assert (second["status"], second["orders"], second["trades"]) == ("unchanged", 0, 0)


@pytest.mark.parametrize("door", SCHEDULED)
@pytest.mark.parametrize("time", [None, "", "soon", 12])
def test_an_event_without_a_time_raises(door: str, time: Any, desk: Desk, doors: Doors) -> None:
    before = desk.kept()
    asked = event(door) | {"time": time}
    if time is None:
        del asked["time"]

    with pytest.raises(HaetaeError, match="no usable time"):
        doors.knock(door, asked)
    assert desk.kept() == before


@pytest.mark.parametrize("door", WALKS)
def test_an_event_three_minutes_ahead_is_refused(door: str, desk: Desk, doors: Doors) -> None:
    before = desk.kept()

    assert doors.knock(door, at(door, CYCLE_T + 3 * MINUTE))["status"] == "future"
    assert desk.kept() == before
    assert desk.messages.sent == []


@pytest.mark.parametrize("door", WALKS)
def test_an_event_two_minutes_ahead_is_taken(door: str, desk: Desk, doors: Doors) -> None:
    desk.sandbox.venue.clock.advance_to(CYCLE_T + 2 * MINUTE)  # type: ignore[attr-defined]

    assert doors.knock(door, at(door, CYCLE_T + 2 * MINUTE))["status"] != "future"


# The variables


@pytest.mark.parametrize(
    ("door", "missing"),
    [
        *((door, name) for door in (*WALKS, "killswitch") for name in sorted(VARIABLES)),
        *(("daily_report", name) for name in DESK_VARIABLES),
    ],
)
def test_a_missing_variable_fails_the_first_call_by_name(
    door: str, missing: str, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    CONTAINER.install(None)

    with pytest.raises(ConfigError) as caught:
        doors.knock(door, event(door))
    assert str(caught.value).startswith(missing)
    assert f"(read by {door})" in str(caught.value)
    printed = doors.printed()
    assert missing in printed
    assert "a-secret-key" not in printed + str(caught.value)
    assert "an-access-key" not in printed + str(caught.value)


def test_with_all_variables_the_account_is_built_once(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    CONTAINER.install(None)
    try:
        current = CONTAINER.trader(RiskCheckEnvironment)
        built = current()
        monkeypatch.delenv("HAETAE_TABLE")
        assert current() is built
    finally:
        CONTAINER.install(None)


# What they print


def test_metrics_carry_the_names_and_their_aliases(desk: Desk, doors: Doors) -> None:
    doors.knock("trading_cycle", event("trading_cycle"))
    cycle = doors.metrics()
    desk.at(CHECK_T)
    doors.knock("risk_check", event("risk_check"))
    check = doors.metrics()

    assert (cycle["job"], check["job"]) == ("trading_cycle", "risk_check")
    for metrics in (cycle, check):
        assert metrics["scheduler_job_success_total"] == 1
        assert metrics["scheduler_job_duration_seconds"] > 0
        assert "scheduler_job_failure_total" not in metrics
        for name, alias in PAIRS:
            assert metrics.get(name) == metrics.get(alias)
    assert cycle["bot_equity"] == 10_000_000
    assert check["bot_trades_total"] == 1
    assert 9_900_000 < check["bot_equity"] < 10_100_000


@pytest.mark.parametrize("door", SCHEDULED)
def test_a_failure_is_counted_and_named(door: str, desk: Desk, doors: Doors) -> None:
    with pytest.raises(HaetaeError):
        doors.knock(door, {})
    printed = doors.printed()
    (line,) = [json.loads(text) for text in printed.splitlines() if '"_aws"' in text]

    assert line["scheduler_job_failure_total"] in (1, [1])
    assert line["job"] == door
    assert "scheduler_job_success_total" not in line
    assert '"error":"HaetaeError"' in printed


def test_metrics_of_one_invocation_do_not_leak_into_the_next(desk: Desk, doors: Doors) -> None:
    with pytest.raises(HaetaeError):
        doors.knock("trading_cycle", {})
    doors.printed()
    doors.knock("daily_report", event("daily_report"))

    metrics = doors.metrics()
    assert "scheduler_job_failure_total" not in metrics
    assert metrics["job"] == "daily_report"


def test_nothing_secret_is_printed(desk: Desk, doors: Doors) -> None:
    doors.knock("trading_cycle", event("trading_cycle"))
    desk.at(CHECK_T)
    doors.knock("risk_check", event("risk_check"))
    doors.knock("killswitch", event("killswitch"))
    doors.knock("daily_report", event("daily_report"))
    with pytest.raises(HaetaeError):
        doors.knock("trading_cycle", {})

    printed = doors.printed()
    assert "scheduler_job_success_total" in printed
    for secret in (ACCESS_KEY, SECRET_KEY, "Bearer", "x-api-key"):
        assert secret not in printed


def test_an_exchange_that_is_down_is_said_aloud_and_nothing_is_lost(
    desk: Desk, doors: Doors
) -> None:
    desk.entered().at(CHECK_T + MINUTE)
    before = desk.book()
    down = Fault(method="GET", path="/v1/candles/minutes/1", kind=Kind.HTML_502, count=3)
    desk.sandbox.venue.faults = Faults((down,))

    answer = doors.knock("risk_check", at("risk_check", CHECK_T + MINUTE))

    assert answer["status"] == "blind"
    assert desk.messages.sent[-1].kind == "exchange"
    assert desk.book() == before
    assert doors.knock("risk_check", at("risk_check", CHECK_T + MINUTE))["status"] == "unchanged"


# The kill switch


def test_a_kill_by_http_fences_sells_and_answers(desk: Desk, doors: Doors) -> None:
    desk.entered().at(CHECK_T + MINUTE)

    answer = doors.knock("killswitch", event("killswitch"))

    body = json.loads(answer["body"])
    halt = desk.book().halt
    assert answer["statusCode"] == 200
    assert answer["headers"] == {"Content-Type": "application/json"}
    assert (body["epoch"], body["acknowledged"]) == (1, True)
    assert (halt.mode, halt.reason, halt.by) == (KILLED, "operator is not sure", "http")
    for t in (CHECK_T + 2 * MINUTE, CHECK_T + 3 * MINUTE):
        desk.at(t)
        doors.knock("risk_check", at("risk_check", t))
    assert desk.units() == 0
    assert [b.currency for b in desk.app.ports.exchange.balances()] == ["KRW"]


def test_a_killed_account_enters_no_more(desk: Desk, doors: Doors) -> None:
    doors.knock("killswitch", event("killswitch"))

    answer = doors.knock("trading_cycle", event("trading_cycle"))

    assert (answer["orders"], answer["mode"]) == (0, KILLED)


def test_a_second_kill_sells_nothing_twice(desk: Desk, doors: Doors) -> None:
    desk.entered().at(CHECK_T + MINUTE)
    doors.knock("killswitch", event("killswitch"))
    first = desk.kept()

    doors.knock("killswitch", event("killswitch"))

    second = desk.kept()
    assert second[0].intents.keys() == first[0].intents.keys()
    assert second[0].halt.epoch == first[0].halt.epoch + 1
    desk.at(CHECK_T + 3 * MINUTE)
    doors.knock("risk_check", at("risk_check", CHECK_T + 3 * MINUTE))
    assert [line.side.value for line in desk.trades()] == ["bid", "ask"]


@pytest.mark.parametrize(
    ("asked", "by", "reason"),
    [
        (
            {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "stop it all"}}]},
            "sns",
            "stop it all",
        ),
        ({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}, "sns", "message"),
        (
            {"source": "aws.cloudwatch", "alarmData": {"alarmName": "errors"}},
            "alarm",
            "errors",
        ),
        ({"Records": [{}]}, "sns", "message"),
        ({"Records": ["x"]}, "sns", "message"),
        ({"Records": 7}, "sns", "message"),
        ({"Records": [{"Sns": {"Message": "\ud83d now"}}]}, "sns", "\ufffd now"),
        ({"source": "aws.cloudwatch"}, "alarm", "alarm"),
        ({"alarmData": 7}, "alarm", "alarm"),
        ({"reason": " by hand "}, "invoke", "by hand"),
        ({"reason": "x" * 500}, "invoke", "x" * 200),
        ({"reason": "half \ud83d"}, "invoke", "half \ufffd"),
        ({"reason": 7}, "invoke", "7"),
        ({"reason": None}, "invoke", ""),
        ({}, "invoke", ""),
        (None, "invoke", ""),
        ([], "invoke", ""),
        (["now"], "invoke", '["now"]'),
        ("now", "invoke", "now"),
    ],
)
def test_a_kill_comes_by_any_road(
    asked: Any, by: str, reason: str, desk: Desk, doors: Doors
) -> None:
    answer = doors.knock("killswitch", asked)

    halt = desk.book().halt
    assert (halt.mode, halt.by, halt.reason) == (KILLED, by, reason)
    assert (answer["acknowledged"], answer["flat"]) == (True, True)
    assert "statusCode" not in answer


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, ""),
        ("", ""),
        ("{", "{"),
        ("now", "now"),
        ("reason=now", "reason=now"),
        ("[" * 100_000, "[" * 200),
        ("{}", ""),
        ("null", ""),
        ('"now"', "now"),
        ("7", "7"),
        ('{"reason": ""}', ""),
        ('{"reason": "  "}', ""),
        ('{"reason": 7}', "7"),
        ('{"reason": null}', ""),
        ('{"why": "now"}', '{"why": "now"}'),
        ('{"reason": "I\'m done; $HOME `x`"}', "I'm done; $HOME `x`"),
        ('{"reason": "half \\ud83d"}', "half \ufffd"),
        ('{"reason": "whole \\ud83d\\ude00"}', "whole \U0001f600"),
        ("half \ud83d", "half \ufffd"),
        ('{"reason": "' + "\U0001f600" * 500 + '"}', "\U0001f600" * 200),
        ('{"reason": "nothing\\u0000 at all"}', "nothing\0 at all"),
        (7, ""),
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", None])
def test_any_body_kills(body: Any, reason: str, kind: str | None, desk: Desk, doors: Doors) -> None:
    desk.entered().at(CHECK_T + MINUTE)
    headers = {"Content-Type": kind} if kind else None

    answer = doors.knock("killswitch", event("killswitch") | {"body": body, "headers": headers})

    halt = desk.book().halt
    assert answer["statusCode"] == 200
    assert (halt.mode, halt.by, halt.reason) == (KILLED, "http", reason)
    assert desk.messages.sent[-1].kind == "kill"
    assert encode(desk.messages.sent[-2]).isascii()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("eyJyZWFzb24iOiAibm93In0=", "now"),
        ("//4=", "\ufffd\ufffd"),
        ("eyJyZWFzb24iOiAi/yJ9", "\ufffd"),
        ("=", "="),
        ("no base64", "no base64"),
    ],
)
def test_a_body_in_base64_kills(body: str, reason: str, desk: Desk, doors: Doors) -> None:
    asked = event("killswitch") | {"body": body, "isBase64Encoded": True}

    assert doors.knock("killswitch", asked)["statusCode"] == 200
    assert (desk.book().halt.mode, desk.book().halt.reason) == (KILLED, reason)
