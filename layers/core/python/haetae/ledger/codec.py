"""Values as DynamoDB attributes by their annotation, and back again bit for bit.

int, IntEnum, Decimal   N
float                   N, or S beyond what N can hold (1e-130 to 1e126)
str, Enum               S
None                    NULL
tuple                   L
dict, NamedTuple, dataclass   M

Reading is exact: whatever was not written by this table is CorruptState, never a default.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from haetae.base.errors import CorruptState
from haetae.base.money import decimal_of

type Attribute = dict[str, Any]
type Item = dict[str, Any]  # attribute by name

INTEGER = re.compile(r"0|-?[1-9][0-9]*")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
DIGITS_MAX = 38
MOST_TOLD = 500  # characters of what is wrong with an item


def encode(kind: Any, value: Any) -> Attribute:
    """Return `value`, annotated as `kind`, as an attribute."""
    if kind in SCALARS:
        assert type(value) is kind, (kind, value)
        return SCALARS[kind][0](value)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return {"NULL": True} if value is None else encode(arguments[0], value)
    if origin is tuple:
        return {"L": [encode(arguments[0], part) for part in value]}
    if origin is dict:
        return {"M": {name: encode(arguments[1], part) for name, part in value.items()}}
    if issubclass(kind, Enum):
        assert type(value) is kind, (kind, value)
        return _write_int(int(value)) if issubclass(kind, IntEnum) else {"S": value.value}
    return {"M": encode_fields(kind, value)}


def decode(kind: Any, attribute: Any, where: str) -> Any:
    """Return the value annotated as `kind` that the attribute holds.

    Raises:
        CorruptState: it holds anything else; `where` names the item and the field.
    """
    if kind in SCALARS:
        return SCALARS[kind][1](attribute, where)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return None if attribute == {"NULL": True} else decode(arguments[0], attribute, where)
    if origin is tuple:
        parts = enumerate(_value_of(attribute, "L", list, where))
        return tuple(decode(arguments[0], part, f"{where}.{n}") for n, part in parts)
    if origin is dict:
        entries = _value_of(attribute, "M", dict, where).items()
        return {name: decode(arguments[1], part, f"{where}.{name}") for name, part in entries}
    if issubclass(kind, Enum):
        return _read_enum(kind, attribute, where)
    return decode_fields(kind, _value_of(attribute, "M", dict, where), f"{where}.")


def encode_fields(kind: Any, value: Any) -> Item:
    """Return the fields of a record, a dataclass or NamedTuple, as attributes by name."""
    hints = _fields(kind)
    assert type(value) is kind, (kind, value)
    return {name: encode(hint, getattr(value, name)) for name, hint in hints.items()}


def decode_fields(kind: Any, body: Mapping[str, Any], where: str) -> Any:
    """Return the record whose fields, all of them and no others, the attributes hold.

    Raises:
        CorruptState: they are not; `where` names the item and what leads to its fields.
    """
    hints = _fields(kind)
    for name in hints:
        if name not in body:
            raise corrupt(where + name, "is missing")
    for name in body:
        if name not in hints:
            raise corrupt(where + name, "is not a field of this schema")
    values = {name: decode(hint, body[name], where + name) for name, hint in hints.items()}
    try:
        return kind(**values)
    except AssertionError as exc:
        raise corrupt(where + "*", f"is no valid {kind.__name__}: {exc}") from exc


@cache
def _fields(kind: Any) -> dict[str, Any]:
    names = [field.name for field in dataclass_fields(kind)] if is_dataclass(kind) else kind._fields
    hints = get_type_hints(kind)
    return {name: hints[name] for name in names}


def _write_int(value: int) -> Attribute:
    assert abs(value) < 10**DIGITS_MAX, value
    return {"N": str(value)}


def _read_int(attribute: Any, where: str) -> int:
    text = _value_of(attribute, "N", str, where)
    if not INTEGER.fullmatch(text) or len(text) > DIGITS_MAX + 1:
        raise corrupt(where, f"is not an integer: {text!r}")
    return int(text)


def _write_float(value: float) -> Attribute:
    assert math.isfinite(value), value
    assert value != 0.0 or math.copysign(1.0, value) > 0.0, value
    return {_float_tag(value): repr(value)}


def _read_float(attribute: Any, where: str) -> float:
    tag = "S" if isinstance(attribute, dict) and "S" in attribute else "N"
    text = _value_of(attribute, tag, str, where)
    if not NUMBER.fullmatch(text):
        raise corrupt(where, f"is not a number: {text!r}")
    value = float(text)
    if repr(value) == "-0.0" or decimal_of(value) != Decimal(text) or _float_tag(value) != tag:
        raise corrupt(where, f"is not a float as it was written: {attribute}")
    return value


def _float_tag(value: float) -> str:
    return "N" if value == 0.0 or 1e-130 <= abs(value) < 1e126 else "S"


def _write_decimal(value: Decimal) -> Attribute:
    assert value.is_finite(), value
    assert len(value.as_tuple().digits) <= DIGITS_MAX, value
    assert not value or -130 <= value.adjusted() <= 125, value
    return {"N": format(value, "f") if value else "0"}


def _read_decimal(attribute: Any, where: str) -> Decimal:
    text = _value_of(attribute, "N", str, where)
    if not NUMBER.fullmatch(text):
        raise corrupt(where, f"is not a number: {text!r}")
    return Decimal(text)


def _write_str(value: str) -> Attribute:
    return {"S": value}


def _read_str(attribute: Any, where: str) -> str:
    return _value_of(attribute, "S", str, where)


def _read_enum(kind: type[Enum], attribute: Any, where: str) -> Enum:
    number = issubclass(kind, IntEnum)
    value = _read_int(attribute, where) if number else _value_of(attribute, "S", str, where)
    try:
        return kind(value)
    except ValueError as exc:
        raise corrupt(where, f"is no {kind.__name__}: {value!r}") from exc


def _value_of[T](attribute: Any, tag: str, kind: type[T], where: str) -> T:
    if isinstance(attribute, dict) and list(attribute) == [tag]:
        held = attribute[tag]
        if isinstance(held, kind):
            return held
    raise corrupt(where, f"is not of type {tag}: {attribute!r}")


def corrupt(where: str, why: str) -> CorruptState:
    """Return the error that names item and field, and what is wrong there, in one short sentence.

    What was found there may be as large as the item; a message must hold the sentence.
    """
    sentence = f"{where} {why}"
    return CorruptState(sentence if len(sentence) <= MOST_TOLD else f"{sentence[:MOST_TOLD]}…")


SCALARS: dict[Any, tuple[Callable[[Any], Attribute], Callable[[Any, str], Any]]] = {
    int: (_write_int, _read_int),
    float: (_write_float, _read_float),
    Decimal: (_write_decimal, _read_decimal),
    str: (_write_str, _read_str),
}
