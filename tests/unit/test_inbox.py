"""What is read of a delivered message, and which field is named where it is malformed."""

import json
from copy import deepcopy
from typing import Any

import pytest

from haetae.base.errors import DataError
from haetae.notify.inbox import deliveries
from support.desk import event


def record(name: str) -> dict[str, Any]:
    """Return the first record of an event."""
    found: dict[str, Any] = event(name)["Records"][0]
    return deepcopy(found)


def refused(made: dict[str, Any]) -> str:
    """Return why a record is refused."""
    with pytest.raises(DataError) as caught:
        deliveries({"Records": [made]}, "en")
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
    told = json.loads(made["Sns"]["Message"])
    told[name] = value
    made["Sns"]["Message"] = json.dumps(told)

    assert name in refused(made)


@pytest.mark.parametrize(
    ("state", "level"), [("ALARM", "error"), ("INSUFFICIENT_DATA", "warning"), ("OK", "info")]
)
def test_an_alarms_state_is_its_level(state: str, level: str) -> None:
    made = record("notifier_alarm")
    told = json.loads(made["Sns"]["Message"]) | {"NewStateValue": state, "AlarmDescription": None}
    made["Sns"]["Message"] = json.dumps(told)

    (found,) = deliveries({"Records": [made]}, "en")

    assert (found.level, found.kind) == (level, "alarm")
    assert found.text == f"Alarm haetae-RiskCheckErrorsAlarm is {state}: –"


@pytest.mark.parametrize("text", ["[]", "7", "null", '"x"'])
def test_json_that_is_no_alarm_is_refused(text: str) -> None:
    made = record("notifier_alarm")
    made["Sns"]["Message"] = text

    assert "NewStateValue" in refused(made)
