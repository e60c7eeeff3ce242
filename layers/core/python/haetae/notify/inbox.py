"""Read what a topic delivers: our own messages, which are words already, and CloudWatch's alarms.

SNS hands a function `{"Sns": {"MessageId", "Message", "MessageAttributes": {"kind", "level",
"t"}}}`; an alarm has no attributes, and its message is JSON with AlarmName, AlarmDescription,
NewStateValue and StateChangeTime.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from haetae.base.errors import DataError
from haetae.notify.render import render

LEVELS = ("info", "warning", "error", "critical")
ALARM = "alarm"
ALARM_LEVELS = {"ALARM": "error", "INSUFFICIENT_DATA": "warning", "OK": "info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivered message in words; `t` in epoch seconds, `identifier` is the topic's own."""

    identifier: str
    kind: str
    level: str
    t: int
    text: str


def deliveries(event: Mapping[str, Any], language: str) -> tuple[Delivery, ...]:
    """Return the messages of a function's event.

    Raises:
        DataError: the event has no records, or one is no message; names the field.
    """
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        raise DataError("event: Records is missing; allowed: what a topic delivers")
    return tuple(delivery(record, language) for record in records)


def delivery(record: Any, language: str) -> Delivery:
    """Return the message of one record.

    Raises:
        DataError: it is none; names the field.
    """
    sns = field(record, "Sns", dict)
    text = field(sns, "Message", str)
    attributes = sns.get("MessageAttributes") or {}
    if "kind" not in attributes:
        return alarm(sns, text, language)
    level = attribute(attributes, "level")
    if level not in LEVELS:
        raise DataError(f"message: level {level!r} is unknown; allowed: {', '.join(LEVELS)}")
    t = attribute(attributes, "t")
    if not t.isdecimal():
        raise DataError(f"message: t {t!r} is no time; allowed: epoch seconds")
    return Delivery(
        identifier=field(sns, "MessageId", str),
        kind=attribute(attributes, "kind"),
        level=level,
        t=int(t),
        text=text,
    )


def alarm(sns: Mapping[str, Any], text: str, language: str) -> Delivery:
    """Return an alarm's change of state in words."""
    try:
        told = json.loads(text)
    except ValueError:
        raise DataError("message: kind is missing, and it is no alarm") from None
    state = field(told, "NewStateValue", str)
    if state not in ALARM_LEVELS:
        raise DataError(f"message: NewStateValue {state!r} is no state of an alarm")
    facts = {
        "name": field(told, "AlarmName", str),
        "state": state,
        "description": told.get("AlarmDescription") or "–",
    }
    changed = field(told, "StateChangeTime", str)
    try:
        t = int(datetime.fromisoformat(changed).timestamp())
    except ValueError:
        raise DataError(f"message: StateChangeTime {changed!r} is no time") from None
    return Delivery(
        identifier=field(sns, "MessageId", str),
        kind=ALARM,
        level=ALARM_LEVELS[state],
        t=t,
        text=render(ALARM, facts, language),
    )


def attribute(attributes: Mapping[str, Any], name: str) -> str:
    """Return a message attribute's text."""
    return field(field(attributes, name, dict), "Value", str)


def field[T](holder: Any, name: str, kind: type[T]) -> T:
    """Return a field of the type that it must have."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    if not isinstance(value, kind):
        raise DataError(f"message: {name} is missing or of another type")
    return value
