"""What is read of a delivered message, and which field is named where it is malformed."""

import json
from copy import deepcopy
from typing import Any

import pytest

from haetae.base.errors import DataError
from haetae.ledger.book import Mode
from haetae.notify.codec import SCHEMA
from haetae.notify.inbox import deliveries, log_fields
from haetae.notify.messages import Alarm, AlarmState, Level, ModeChanged
from haetae.notify.text import Language
from support.desk import event


def record(name: str) -> dict[str, Any]:
    """Return the first record of an event."""
    found: dict[str, Any] = event(name)["Records"][0]
    return deepcopy(found)


def refused(made: dict[str, Any]) -> str:
    """Return why a record is refused."""
    with pytest.raises(DataError) as caught:
        deliveries({"Records": [made]})
    return str(caught.value)


@pytest.mark.parametrize("name", ["MessageId", "Message"])
def test_a_missing_field_is_named(name: str) -> None:
    made = record("notifier")
    del made["Sns"][name]

    assert name in refused(made)


@pytest.mark.parametrize("name", ["level", "t"])
@pytest.mark.parametrize("value", [None, 7, "", "loud", "1.5", "-1"])
def test_a_bad_attribute_is_named(name: str, value: Any) -> None:
    made = record("notifier")
    made["Sns"]["MessageAttributes"][name]["Value"] = value

    message = refused(made)
    assert name in message or "Value" in message


@pytest.mark.parametrize("name", ["level", "t"])
def test_a_missing_attribute_is_named(name: str) -> None:
    made = record("notifier")
    del made["Sns"]["MessageAttributes"][name]

    assert name in refused(made)


def test_words_from_elsewhere_are_no_message() -> None:
    made = record("notifier")
    made["Sns"]["MessageAttributes"] = {}

    assert "kind is missing" in refused(made)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AlarmName", None),
        ("AlarmName", 7),
        ("NewStateValue", None),
        ("NewStateValue", "FINE"),
        ("StateChangeTime", None),
        ("StateChangeTime", "soon"),
    ],
)
def test_a_malformed_alarm_is_named_by_its_field(name: str, value: Any) -> None:
    made = record("notifier_alarm")
    body = json.loads(made["Sns"]["Message"]) | {name: value}
    made["Sns"]["Message"] = json.dumps(body)

    assert name in refused(made)


@pytest.mark.parametrize(
    ("state", "level"), [("ALARM", "error"), ("INSUFFICIENT_DATA", "warning"), ("OK", "info")]
)
def test_an_alarms_state_is_its_level(state: str, level: str) -> None:
    made = record("notifier_alarm")
    body = json.loads(made["Sns"]["Message"]) | {"NewStateValue": state, "AlarmDescription": None}
    made["Sns"]["Message"] = json.dumps(body)

    (found,) = deliveries({"Records": [made]})

    assert (found.level, found.kind) == (level, "alarm")
    assert found.message == Alarm(
        t=1_757_325_600,
        name="haetae-RiskCheckErrorsAlarm",
        state=AlarmState(state),
        description="",
    )


@pytest.mark.parametrize("text", ["[]", "7", "null", '"x"', "{", "stop it all"])
def test_what_is_not_json_of_an_alarm_is_refused(text: str) -> None:
    made = record("notifier_alarm")
    made["Sns"]["Message"] = text

    assert "kind is missing, and it is not an alarm" in refused(made)


@pytest.mark.parametrize("name", ["AlarmName", "NewStateValue", "StateChangeTime"])
def test_an_alarm_without_a_field_is_named_by_it(name: str) -> None:
    made = record("notifier_alarm")
    body = json.loads(made["Sns"]["Message"])
    del body[name]
    made["Sns"]["Message"] = json.dumps(body)

    assert name in refused(made)


# The message and its attributes


def test_a_message_is_read_as_the_value_it_was() -> None:
    (found,) = deliveries(event("notifier"))

    assert found.message == ModeChanged(
        t=1_757_325_600, mode=Mode.STOP, reason="going on holiday", by="http"
    )
    assert (found.kind, found.level, found.t) == ("halt", Level.CRITICAL, 1_757_325_600)


@pytest.mark.parametrize(("name", "value"), [("kind", "kill"), ("t", "1757325601")])
def test_attributes_that_are_not_the_messages_are_named(name: str, value: str) -> None:
    made = record("notifier")
    made["Sns"]["MessageAttributes"][name]["Value"] = value

    assert f"{name} " in refused(made)
    assert "is not the message's" in refused(made)


@pytest.mark.parametrize("name", ["by", "mode", "reason", "schema", "kind", "t"])
def test_damaged_json_is_refused_by_its_field(name: str) -> None:
    made = record("notifier")
    body = json.loads(made["Sns"]["Message"])
    del body[name]
    made["Sns"]["Message"] = json.dumps(body)

    assert name in refused(made)


# Who published may be of another version


def test_a_message_of_a_newer_schema_is_passed_on_as_it_is_at_its_level() -> None:
    made = record("notifier")
    made["Sns"]["MessageAttributes"]["kind"]["Value"] = "liquidity_dried_up"
    made["Sns"]["Message"] = raw = json.dumps({"schema": SCHEMA + 1, "colour": ["red"]})

    (found,) = deliveries({"Records": [made]})

    assert found.message is None
    assert (found.kind, found.level, found.t) == (
        "liquidity_dried_up",
        Level.CRITICAL,
        1_757_325_600,
    )
    for language in Language:
        assert log_fields(found, language) == {
            "identifier": found.identifier,
            "kind": "liquidity_dried_up",
            "t": 1_757_325_600,
            "text": raw,
        }


@pytest.mark.parametrize("text", ["Mode is now kill, by http: x", "모드가 kill(으)로 바뀌었습니다"])
def test_a_sentence_from_before_messages_were_json_is_passed_on(text: str) -> None:
    made = record("notifier")
    made["Sns"]["Message"] = text

    (found,) = deliveries({"Records": [made]})

    assert found.message is None
    assert log_fields(found, Language.KO)["text"] == text
    assert found.level is Level.CRITICAL


def test_the_log_has_the_fields_and_the_sentence() -> None:
    (found,) = deliveries(event("notifier"))

    assert log_fields(found, Language.KO) == {
        "identifier": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "kind": "halt",
        "t": 1_757_325_600,
        "text": "운영 모드: 신규 진입 중지. 명령 경로: 웹 요청, 사유: going on holiday",
        "facts": {
            "t": 1_757_325_600,
            "mode": "stop",
            "reason": "going on holiday",
            "by": "http",
        },
    }
