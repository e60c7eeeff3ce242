"""The notifier: what the topic delivers becomes one line of the log each, or it raises."""

import json
from typing import Any

import pytest

from functions.conftest import Doors
from haetae.adapters.sns_messages import SnsMessages
from haetae.base.errors import DataError
from haetae.notify.codec import to_json
from haetae.notify.messages import Level
from haetae.notify.render import Channel, render
from haetae.notify.text import Language
from support.desk import Desk, event


def record_of(message: dict[str, Any]) -> dict[str, Any]:
    """Return the record that SNS makes of a publish call."""
    attributes = {
        name: {"Type": part["DataType"], "Value": part["StringValue"]}
        for name, part in message["MessageAttributes"].items()
    }
    sns = {"MessageId": "m-1", "Message": message["Message"], "MessageAttributes": attributes}
    return {"EventSource": "aws:sns", "Sns": sns}


class Topic:
    """An SNS client that keeps what it is to publish."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []

    def publish(self, **message: Any) -> None:
        """Keep one message."""
        self.published.append(message)


def lines(doors: Doors) -> list[dict[str, Any]]:
    """Return the log's lines of messages since the last time."""
    found = [json.loads(text) for text in doors.printed().splitlines() if text.startswith("{")]
    return [line for line in found if line.get("message") == "message"]


def test_a_message_is_written_out_as_one_line(desk: Desk, doors: Doors) -> None:
    doors.printed()

    assert doors.knock("notifier", event("notifier")) == {"messages": 1}

    (line,) = lines(doors)
    assert line["text"] == ("운영 모드: 신규 진입 중지. 명령 경로: 웹 요청, 사유: going on holiday")
    assert (line["kind"], line["level"], line["t"]) == ("halt", "CRITICAL", 1_757_325_600)
    assert line["identifier"] == "95df01b4-ee98-5cb9-9903-4c221d41eb5e"
    assert line["job"] == "notifier"


def test_all_that_the_bot_publishes_is_understood(desk: Desk, doors: Doors) -> None:
    desk.entered()
    topic = Topic()
    out = SnsMessages(topic, "arn:topic")  # type: ignore[arg-type]
    for message in desk.messages.sent:
        out.publish(message)
    doors.printed()

    records = [record_of(message) for message in topic.published]
    doors.knock("notifier", {"Records": records})

    sent, logged = desk.messages.sent, lines(doors)
    assert [line["kind"] for line in logged] == [m.kind for m in sent] != []
    assert [line["text"] for line in logged] == [render(m, Language.KO, Channel.LOG) for m in sent]
    assert [line["facts"] for line in logged] == [to_json(m) for m in sent]
    assert [line["t"] for line in logged] == [m.t for m in sent]


@pytest.mark.parametrize("level", Level)
def test_a_line_has_the_level_of_its_message(level: Level, desk: Desk, doors: Doors) -> None:
    asked = event("notifier")
    asked["Records"][0]["Sns"]["MessageAttributes"]["level"]["Value"] = level.value
    doors.printed()

    doors.knock("notifier", asked)

    (line,) = lines(doors)
    assert line["level"] == level.upper()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Alarm raised: risk check, it failed"),
        ("ko", "경보 발생: 위험 점검, 실행 실패"),
    ],
)
def test_an_alarm_is_put_into_words(
    language: str, words: str, desk: Desk, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAETAE_LANGUAGE", language)
    doors.printed()

    doors.knock("notifier", event("notifier_alarm"))

    (line,) = lines(doors)
    assert (line["text"], line["kind"], line["level"]) == (words, "alarm", "ERROR")
    assert line["t"] == 1_757_325_600


@pytest.mark.parametrize("asked", [{}, {"Records": []}, {"Records": "x"}, {"Records": [7]}])
def test_an_event_that_is_no_message_raises(asked: Any, desk: Desk, doors: Doors) -> None:
    with pytest.raises(DataError):
        doors.knock("notifier", asked)
    printed = doors.printed()
    assert "scheduler_job_failure_total" in printed
    assert '"error":"DataError"' in printed


def test_a_malformed_record_keeps_the_whole_event(desk: Desk, doors: Doors) -> None:
    asked = event("notifier")
    asked["Records"].append({"Sns": {}})
    doors.printed()

    with pytest.raises(DataError, match="Message is missing"):
        doors.knock("notifier", asked)
    assert lines(doors) == []
