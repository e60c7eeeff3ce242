"""Read an operator's order from whatever event carried it, and answer in the same shape."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KillOrder:
    """Who kills and why; `refusal` is a sentence when the order cannot be taken as it is."""

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


def kill_order(event: Mapping[str, Any], now_s: float) -> KillOrder:
    """Return the order in an API Gateway, SNS, alarm or plain event."""
    t = int(now_s)
    if "httpMethod" in event:
        return from_body(str(event.get("body") or ""), t)
    records = event.get("Records")
    if records:
        message = str(records[0].get("Sns", {}).get("Message", ""))
        return KillOrder(t=t, by="sns", reason=message[:LONGEST_REASON] or "message")
    if event.get("source") == "aws.cloudwatch" or "alarmData" in event:
        name = event.get("alarmData", {}).get("alarmName", "alarm")
        return KillOrder(t=t, by="alarm", reason=str(name)[:LONGEST_REASON])
    reason = str(event.get("reason", "")).strip()
    if not reason:
        return KillOrder(t=t, by="invoke", refusal="reason is missing; allowed: any text")
    return KillOrder(t=t, by="invoke", reason=reason[:LONGEST_REASON])


def from_body(text: str, t: int) -> KillOrder:
    """Return the order in an HTTP body: `{"reason": "…"}`."""
    try:
        body = json.loads(text)
    except json.JSONDecodeError:
        return KillOrder(t=t, by="http", refusal="body is not JSON")
    reason = body.get("reason") if isinstance(body, dict) else None
    if not isinstance(reason, str) or not reason.strip():
        return KillOrder(t=t, by="http", refusal="reason is missing; allowed: any text")
    return KillOrder(t=t, by="http", reason=reason.strip()[:LONGEST_REASON])
