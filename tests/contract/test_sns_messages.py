"""The message adapters: what is published arrives in words, and a lost message stops nothing."""

import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from haetae.adapters.sns_messages import MemoryMessages, SnsMessages
from haetae.app.ports import Message

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

MESSAGE = Message(
    kind="halt",
    level="critical",
    t=1_757_325_600,
    facts={"mode": "kill", "reason": "told so", "by": "http"},
)
REGION = "ap-northeast-2"


@pytest.fixture
def sns() -> Iterator["SNSClient"]:
    """Return an SNS that exists in this process alone."""
    with mock_aws():
        yield boto3.client("sns", region_name=REGION)


def delivered(sns: "SNSClient", language: str) -> dict[str, object]:
    """Publish the message on a topic with a queue and return what the queue got."""
    sqs = boto3.client("sqs", region_name=REGION)
    topic = sns.create_topic(Name="messages")["TopicArn"]
    queue = sqs.create_queue(QueueName="reader")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
    SnsMessages(sns, topic, language).publish(MESSAGE)
    received = sqs.receive_message(QueueUrl=queue)
    body: dict[str, object] = json.loads(received["Messages"][0]["Body"])
    return body


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Mode is now kill, by http: told so"),
        ("ko", "모드가 kill(으)로 바뀌었습니다. 실행: http, 사유: told so"),
    ],
)
def test_a_message_arrives_in_words(sns: "SNSClient", language: str, words: str) -> None:
    body = delivered(sns, language)
    assert body["Message"] == words
    assert body["Subject"] == "haetae halt"
    attributes = body["MessageAttributes"]
    assert isinstance(attributes, dict)
    assert {name: a["Value"] for name, a in attributes.items()} == {
        "kind": "halt",
        "level": "critical",
        "t": "1757325600",
    }


def test_a_lost_message_is_logged_and_raises_nothing(
    sns: "SNSClient", caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = SnsMessages(sns, f"arn:aws:sns:{REGION}:123456789012:gone", "en")
    with caplog.at_level(logging.ERROR, logger="haetae"):
        nowhere.publish(MESSAGE)
    assert [record.message for record in caplog.records] == ["message_lost"]


def test_memory_keeps_what_was_published() -> None:
    messages = MemoryMessages()
    messages.publish(MESSAGE)
    assert messages.sent == [MESSAGE]
