"""Read what a topic delivers: our own messages as JSON, and CloudWatch's alarms.

SNS hands a function `{"Sns": {"MessageId", "Message", "MessageAttributes": {"kind", "level",
"t"}}}`; an alarm has no attributes, and its message is JSON with AlarmName, AlarmDescription,
NewStateValue and StateChangeTime.

While a deployment goes on the notifier may be older or newer than who published. A message of a
newer schema, or a sentence from before messages were JSON, is passed on as it is at its level: it
may be the one that matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from haetae.base.errors import DataError
from haetae.notify.codec import SCHEMA, decode, parse, schema_of, to_json
from haetae.notify.messages import Alarm, AlarmState, Level, Message
from haetae.notify.render import Channel, render
from haetae.notify.text import Language
from haetae.notify.values import read_enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivered message; `t` in epoch seconds, `identifier` is the topic's own.

    `message` is None where this version cannot read the `raw` text.
    """

    identifier: str
    kind: str
    level: Level
    t: int
    raw: str
    message: Message | None


def deliveries(event: Mapping[str, Any]) -> tuple[Delivery, ...]:
    """Return the messages of a function's event.

    Raises:
        DataError: the event has no records, or one is not a message; names the field.
    """
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        raise DataError("event: Records is missing; allowed: what a topic delivers")
    return tuple(delivery(record) for record in records)


def delivery(record: Any) -> Delivery:
    """Return the message of one record.

    Raises:
        DataError: it is not one; names the field.
    """
    sns = field(record, "Sns", dict)
    raw = field(sns, "Message", str)
    identifier = field(sns, "MessageId", str)
    attributes = sns.get("MessageAttributes") or {}
    if "kind" not in attributes:
        message = alarm(raw)
        return Delivery(
            identifier=identifier,
            kind=message.kind,
            level=message.level,
            t=message.t,
            raw=raw,
            message=message,
        )
    found = Delivery(
        identifier=identifier,
        kind=attribute(attributes, "kind"),
        level=read_enum(Level, attribute(attributes, "level"), "level"),
        t=epoch(attribute(attributes, "t")),
        raw=raw,
        message=readable(raw),
    )
    check_attributes(found)
    return found


def log_fields(found: Delivery, language: Language) -> dict[str, Any]:
    """Return what a log says of a delivery: its fields and its sentence, or else the raw text."""
    head = {"identifier": found.identifier, "kind": found.kind, "t": found.t}
    if found.message is None:
        return head | {"text": found.raw}
    text = render(found.message, language, Channel.LOG)
    return head | {"text": text, "facts": to_json(found.message)}


def readable(raw: str) -> Message | None:
    """Return the message in a text, or None where it is not of a schema that this version knows.

    Raises:
        DataError: it is of one, and damaged.
    """
    if not raw.startswith("{"):
        return None
    return decode(raw) if schema_of(parse(raw)) <= SCHEMA else None


def check_attributes(found: Delivery) -> None:
    """Hold the attributes that subscribers filter by against the message itself.

    Raises:
        DataError: they differ; names the attribute.
    """
    if found.message is None:
        return
    if found.kind != found.message.kind:
        raise DataError(f"message: kind {found.kind!r} is not the message's {found.message.kind}")
    if found.t != found.message.t:
        raise DataError(f"message: t {found.t} is not the message's {found.message.t}")


def alarm(raw: str) -> Alarm:
    """Return an alarm's change of state.

    Raises:
        DataError: it is not one; names the field.
    """
    try:
        body = parse(raw)
    except DataError:
        body = {}
    if "AlarmName" not in body:
        raise DataError("message: kind is missing, and it is not an alarm: no AlarmName")
    changed = field(body, "StateChangeTime", str)
    try:
        t = int(datetime.fromisoformat(changed).timestamp())
    except ValueError:
        raise DataError(f"message: StateChangeTime {changed!r} is not a time") from None
    return Alarm(
        t=t,
        name=field(body, "AlarmName", str),
        state=read_enum(AlarmState, body.get("NewStateValue"), "NewStateValue"),
        description=body.get("AlarmDescription") or "",
    )


def epoch(text: str) -> int:
    """Return the epoch seconds of an attribute."""
    if not (text.isascii() and text.isdecimal()):
        raise DataError(f"message: t {text!r} is not a time; allowed: epoch seconds")
    return int(text)


def attribute(attributes: Mapping[str, Any], name: str) -> str:
    """Return a message attribute's text."""
    return field(field(attributes, name, dict), "Value", str)


def field[T](holder: Any, name: str, kind: type[T]) -> T:
    """Return a field of the type that it must have."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    if not isinstance(value, kind):
        raise DataError(f"message: {name} is missing or of another type")
    return value
