"""Read an operator's command from whatever event carried it, and answer in the same shape."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_REASON = 200
NO_REASON = "reason is missing; allowed: any text"


@dataclass(frozen=True, slots=True, kw_only=True)
class KillCommand:
    """Who kills and why; `refusal` is a sentence when the command cannot be taken as it is."""

    t: int
    by: str
    reason: str = ""
    refusal: str = ""

    def answer(self, status: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer: an HTTP response to an HTTP call, the bare body to anything else."""
        if self.by != "http":
            return dict(body)
        return {
            "statusCode": status,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(body),
        }


def read_reason(value: object) -> str:
    """Return an operator's reason without blanks around it; the empty text where there is none."""
    return value.strip()[:LONGEST_REASON] if isinstance(value, str) else ""


def read_kill(event: Mapping[str, Any], now_s: float) -> KillCommand:
    """Return the command in an API Gateway, SNS, alarm or plain event."""
    t = int(now_s)
    if "httpMethod" in event:
        return read_body(str(event.get("body") or ""), t)
    records = event.get("Records")
    if records:
        message = str(records[0].get("Sns", {}).get("Message", ""))
        return KillCommand(t=t, by="sns", reason=message[:LONGEST_REASON] or "message")
    if event.get("source") == "aws.cloudwatch" or "alarmData" in event:
        name = event.get("alarmData", {}).get("alarmName", "alarm")
        return KillCommand(t=t, by="alarm", reason=str(name)[:LONGEST_REASON])
    reason = read_reason(str(event.get("reason", "")))
    if not reason:
        return KillCommand(t=t, by="invoke", refusal=NO_REASON)
    return KillCommand(t=t, by="invoke", reason=reason)


def read_body(text: str, t: int) -> KillCommand:
    """Return the command in an HTTP body: `{"reason": "…"}`."""
    try:
        body = json.loads(text)
    except json.JSONDecodeError:
        return KillCommand(t=t, by="http", refusal="body is not JSON")
    reason = read_reason(body.get("reason")) if isinstance(body, dict) else ""
    if not reason:
        return KillCommand(t=t, by="http", refusal=NO_REASON)
    return KillCommand(t=t, by="http", reason=reason)
