"""A message as JSON and back: canonical on the way out, strict on the way in.

    {"fee_krw":"2.5","funds_krw":"5000","kind":"entry", … ,"schema":1,"t":1757325600, … }

Keys are sorted and nothing is spaced. A Decimal is text in plain digits, a float its shortest
repr, a code of the kernel its machine name, an enum its value, a tuple a list, None null. Reading
knows no default: an unknown kind, a missing or superfluous field or a value of another type is a
DataError that names the field.

SCHEMA grows with every kind, field or name that an older notifier could not read. A notifier meets
other schemas while a deployment goes on: `migrate` turns a message of an older one into the next
one's fields, step by step, and of a newer one only `schema_of` is read.
"""

import json
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, get_type_hints

from haetae.base.errors import DataError
from haetae.notify.messages import KINDS, Kind, Message
from haetae.notify.values import read, read_enum, write

SCHEMA = 1

type Body = dict[str, Any]

# From each older schema to the next one; a step is pure and is never edited afterwards.
STEPS: dict[int, Callable[[Body], Body]] = {}


def encode(message: Message) -> str:
    """Return a message as the topic carries it."""
    body = {"schema": SCHEMA, "kind": message.kind.value} | to_json(message)
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def to_json(message: Message) -> Body:
    """Return a message's fields in JSON's types, for the topic, a log or a function's answer."""
    hints = field_types(message.kind)
    return {name: write(hint, getattr(message, name)) for name, hint in hints.items()}


def parse(text: str) -> Body:
    """Return the JSON object of a message.

    Raises:
        DataError: it is not JSON, not an object, or names a field twice.
    """
    try:
        body = json.loads(text, object_pairs_hook=unique, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise DataError(f"message: is not JSON: {exc}") from exc
    if not isinstance(body, dict):
        raise DataError("message: is not a JSON object")
    return body


def schema_of(body: Body) -> int:
    """Return the schema that a message was written in.

    Raises:
        DataError: it has none.
    """
    schema = body.get("schema")
    if type(schema) is not int or schema < 1:
        raise DataError(f"message: schema {schema!r} is not a schema; allowed: 1 to {SCHEMA}")
    return schema


def decode(text: str) -> Message:
    """Return the message that was written as `text`, in this schema or an older one.

    Raises:
        DataError: it is not one; names the field.
    """
    body = parse(text)
    schema = schema_of(body)
    if schema > SCHEMA:
        raise DataError(f"message: schema {schema} is newer than {SCHEMA}; deploy a newer notifier")
    return from_json(migrate(body, schema))


def migrate(body: Body, schema: int) -> Body:
    """Return the body of an older schema as the present one has it, without its schema."""
    for step in range(schema, SCHEMA):
        body = STEPS[step](body)
    return {name: value for name, value in body.items() if name != "schema"}


def from_json(body: Body) -> Message:
    """Return the message of a body of the present schema.

    Raises:
        DataError: it is not one; names the field.
    """
    kind = read_enum(Kind, body.get("kind"), "kind")
    hints = field_types(kind)
    for name in hints:
        if name not in body:
            raise DataError(f"message: {name} is missing")
    for name in body:
        if name not in hints and name != "kind":
            raise DataError(f"message: {name} is not a field of kind {kind}")
    values = {name: read(hint, body[name], name) for name, hint in hints.items()}
    return KINDS[kind](**values)


@cache
def field_types(kind: Kind) -> dict[str, Any]:
    """Return the fields of a kind of message with their annotations."""
    hints = get_type_hints(KINDS[kind], include_extras=True)
    return {field.name: hints[field.name] for field in fields(KINDS[kind])}


def unique(pairs: list[tuple[str, Any]]) -> Body:
    """Return a JSON object whose names are all different."""
    body = dict(pairs)
    if len(body) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"message: {twice} is given twice")
    return body


def refuse_constant(text: str) -> Any:
    """Refuse NaN and infinity, which JSON has not."""
    raise DataError(f"message: {text} is not a number of JSON")
