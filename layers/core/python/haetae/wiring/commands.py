"""Read an operator's command from whatever event carried it, and answer in the same shape.

A kill is never refused for its form: any event, body or bytes kill, and a reason is what can be
read of them, the empty text where there is nothing to read.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_REASON = 200  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class KillCommand:
    """Who kills and why; the reason may be empty."""

    t: int
    by: str
    reason: str

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer: an HTTP response to an HTTP call, the bare body to anything else."""
        if self.by != "http":
            return dict(body)
        return {
            "statusCode": 200,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(body),
        }


def read_reason(value: object) -> str:
    """Return an operator's reason without blanks around it; the empty text where there is none.

    Halves of a character, which no store and no topic takes, are replaced.
    """
    if not isinstance(value, str):
        return ""
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.strip()[:LONGEST_REASON].strip()


def read_kill(event: object, now_s: float) -> KillCommand:
    """Return the command in an API Gateway, SNS, alarm or plain event; whatever else kills too."""
    t = int(now_s)
    if not isinstance(event, Mapping):
        return KillCommand(t=t, by="invoke", reason=reason_of(event) if event else "")
    if "httpMethod" in event or "requestContext" in event:
        return KillCommand(t=t, by="http", reason=reason_in(body_text(event)))
    if event.get("Records"):
        message = read_reason(message_of(event["Records"]))
        return KillCommand(t=t, by="sns", reason=message or "message")
    if event.get("source") == "aws.cloudwatch" or "alarmData" in event:
        data = event.get("alarmData")
        name = read_reason(data.get("alarmName")) if isinstance(data, Mapping) else ""
        return KillCommand(t=t, by="alarm", reason=name or "alarm")
    return KillCommand(t=t, by="invoke", reason=reason_of(event.get("reason")))


def body_text(event: Mapping[str, Any]) -> str:
    """Return the body of an HTTP call as text; bytes that are no UTF-8 are replaced.

    API Gateway hands over in base64 what is of a binary type, LocalStack what is no UTF-8.
    """
    body = event.get("body")
    text = body if isinstance(body, str) else ""
    if not event.get("isBase64Encoded"):
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8-sig", "replace")
    except ValueError:
        return text


def reason_in(text: str) -> str:
    """Return the reason in a body: that of `{"reason": "…"}`, or else the whole text."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return read_reason(text)
    if isinstance(body, dict):
        body = body.get("reason", body or None)
    return reason_of(body)


def reason_of(value: object) -> str:
    """Return a value of JSON as a reason: a text as it is, anything else as it is written."""
    if value is None or isinstance(value, str):
        return read_reason(value)
    return read_reason(json.dumps(value, ensure_ascii=False, default=repr))


def message_of(records: object) -> str:
    """Return the first message that a topic delivers; the empty text where there is none."""
    match records:
        case [{"Sns": {"Message": str(message)}}, *_]:
            return message
    return ""
