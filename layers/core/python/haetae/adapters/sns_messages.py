"""Publish messages on an SNS topic: the sentence as text, kind and level as attributes."""

import logging
from typing import TYPE_CHECKING

from haetae.app.ports import Message
from haetae.notify.render import render

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SUBJECT_LENGTH = 100


class SnsMessages:
    """The port `Messages` on SNS; a message that cannot be sent is logged and given up."""

    def __init__(self, client: "SNSClient", topic_arn: str, language: str) -> None:
        """Publish to `topic_arn` in `language` (ko or en)."""
        self.client = client
        self.topic_arn = topic_arn
        self.language = language

    def publish(self, message: Message) -> None:
        """Send one message; trading never waits for it or fails by it."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client.publish(
                TopicArn=self.topic_arn,
                Subject=f"haetae {message.kind}"[:SUBJECT_LENGTH],
                Message=render(message.kind, message.facts, self.language),
                MessageAttributes={
                    "kind": {"DataType": "String", "StringValue": message.kind},
                    "level": {"DataType": "String", "StringValue": message.level},
                    "t": {"DataType": "Number", "StringValue": str(message.t)},
                },
            )
        except (BotoCoreError, ClientError) as error:
            logging.getLogger("haetae").error(
                "message_lost", extra={"kind": message.kind, "error": type(error).__name__}
            )


class MemoryMessages:
    """The port `Messages` in memory, for tests and replays."""

    def __init__(self) -> None:
        """Begin with no messages."""
        self.sent: list[Message] = []

    def publish(self, message: Message) -> None:
        """Keep one message."""
        self.sent.append(message)
