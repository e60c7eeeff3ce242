"""The message adapters: what is published arrives whole, and a lost message stops nothing."""

import json
import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from moto import mock_aws

from haetae.adapters.memory.messages import MemoryMessages
from haetae.adapters.sns_messages import SILENCE_S, SnsMessages
from haetae.ledger.book import Mode
from haetae.notify.codec import decode
from haetae.notify.messages import ExchangeTrouble, Message, ModeChanged
from support.messages import SAMPLES

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

MESSAGE = ModeChanged(t=1_757_325_600, mode=Mode.KILL, reason="told \ud800 so\0", by="http")
TROUBLE = ExchangeTrouble(t=1_757_325_600, market="KRW-BTC", error="no answer")
REGION = "ap-northeast-2"


@pytest.fixture
def sns() -> Iterator["SNSClient"]:
    """Return an SNS that exists in this process alone."""
    with mock_aws():
        yield boto3.client("sns", region_name=REGION)


def delivered(sns: "SNSClient", message: Message) -> dict[str, object]:
    """Publish a message on a topic with a queue and return what the queue got."""
    sqs = boto3.client("sqs", region_name=REGION)
    topic = sns.create_topic(Name="messages")["TopicArn"]
    queue = sqs.create_queue(QueueName="reader")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
    SnsMessages(sns, topic).publish(message)
    received = sqs.receive_message(QueueUrl=queue)
    body: dict[str, object] = json.loads(received["Messages"][0]["Body"])
    return body


@pytest.mark.parametrize("message", [MESSAGE, *SAMPLES], ids=lambda m: m.kind)
def test_a_message_arrives_as_it_was_published(sns: "SNSClient", message: Message) -> None:
    body = delivered(sns, message)

    assert decode(str(body["Message"])) == message
    assert body["Subject"] == f"haetae {message.kind}"
    attributes = body["MessageAttributes"]
    assert isinstance(attributes, dict)
    assert {name: a["Value"] for name, a in attributes.items()} == {
        "kind": message.kind,
        "level": message.level,
        "t": str(message.t),
    }


def test_a_lost_message_is_logged_and_raises_nothing(
    sns: "SNSClient", caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = SnsMessages(sns, f"arn:aws:sns:{REGION}:123456789012:gone")
    with caplog.at_level(logging.ERROR, logger="haetae"):
        nowhere.publish(MESSAGE)
    assert [record.message for record in caplog.records] == ["message_lost"]


class Silent:
    """A topic that does not answer, and counts who asked."""

    def __init__(self) -> None:
        self.asked = 0

    def publish(self, **request: object) -> None:
        self.asked += 1
        raise ConnectTimeoutError(endpoint_url="http://topic")


def test_topic_that_does_not_answer_is_asked_once_in_a_while(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = Silent()
    messages = SnsMessages(topic, "arn:topic")  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR, logger="haetae"):
        for _ in range(5):
            messages.publish(TROUBLE)
    assert (topic.asked, len(caplog.records)) == (1, 5)
    messages.publish(MESSAGE)
    assert topic.asked == 2, "what is critical is always tried"
    later_s = time.monotonic() + SILENCE_S + 1.0
    monkeypatch.setattr(time, "monotonic", lambda: later_s)
    messages.publish(TROUBLE)
    assert topic.asked == 3


def test_message_that_the_topic_refuses_silences_no_other(sns: "SNSClient") -> None:
    calls: list[object] = []
    sns.meta.events.register("before-call.sns.Publish", lambda **_: calls.append(1))
    nowhere = SnsMessages(sns, f"arn:aws:sns:{REGION}:123456789012:gone")
    nowhere.publish(MESSAGE)
    nowhere.publish(MESSAGE)
    assert len(calls) == 2


def test_memory_keeps_what_was_published() -> None:
    messages = MemoryMessages()
    messages.publish(MESSAGE)
    assert messages.sent == [MESSAGE]
