"""Publish messages on an SNS topic: their JSON, with kind, level and time as attributes."""

import logging
import time
from typing import TYPE_CHECKING

from haetae.notify.codec import encode
from haetae.notify.messages import Level, Message

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


TIMEOUT_S = 2.0
CONNECT_S = 1.0
SILENCE_S = 10.0  # after a topic that did not answer
CALLS = 2  # a message must not hold a walk up: two short tries, then it is given up and logged


def create_client(endpoint_url: str | None, region: str) -> "SNSClient":
    """Return a client that answers or fails within a bounded time; None is AWS itself."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_S, read_timeout=TIMEOUT_S, retries={"total_max_attempts": CALLS}
    )
    return boto3.client("sns", endpoint_url=endpoint_url, region_name=region, config=config)


class SnsMessages:
    """The port `Messages` on SNS; a message that cannot be sent is logged and given up."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        """Publish to `topic_arn`."""
        self.client = client
        self.topic_arn = topic_arn
        self._silent_until_s = 0.0

    def publish(self, message: Message) -> None:
        """Send one message; trading never fails by it.

        After a topic that did not answer the next ones are given up for SILENCE_S: a walk that has
        much to say does not spend its time on that. What is critical is tried all the same.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        silent = time.monotonic() < self._silent_until_s
        if silent and message.level is not Level.CRITICAL:
            _log_loss(message, "the topic did not answer")
            return
        try:
            self.client.publish(
                TopicArn=self.topic_arn,
                Subject=f"haetae {message.kind}",
                Message=encode(message),
                MessageAttributes={
                    "kind": {"DataType": "String", "StringValue": message.kind.value},
                    "level": {"DataType": "String", "StringValue": message.level.value},
                    "t": {"DataType": "Number", "StringValue": str(message.t)},
                },
            )
        except ClientError as error:
            _log_loss(message, type(error).__name__)
        except BotoCoreError as error:
            self._silent_until_s = time.monotonic() + SILENCE_S
            _log_loss(message, type(error).__name__)


def _log_loss(message: Message, error: str) -> None:
    logging.getLogger("haetae").error("message_lost", extra={"kind": message.kind, "error": error})
