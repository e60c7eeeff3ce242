"""A message's values in JSON's types and back, each by the annotation of its field."""

import math
import re
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, get_args, get_origin

from haetae.base.errors import DataError
from haetae.notify.names import Names

DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")


def write(hint: Any, value: Any) -> Any:
    """Return a value in JSON's types."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return arguments[1].names[value]
    if origin is UnionType:
        return None if value is None else write(arguments[0], value)
    if origin is tuple:
        return [write(arguments[0], part) for part in value]
    if isinstance(value, Enum):
        return value.value
    if hint is Decimal:
        assert value.is_finite(), value
        return format(value, "f")
    return value


def read(hint: Any, value: Any, where: str) -> Any:
    """Return the value annotated as `hint` that was written as `value`.

    Raises:
        DataError: it is of another type; `where` is the field.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return arguments[0](read_code(arguments[1], value, where))
    if origin is UnionType:
        return None if value is None else read(arguments[0], value, where)
    if origin is tuple:
        parts = enumerate(hold(list, value, where))
        return tuple(read(arguments[0], part, f"{where}.{n}") for n, part in parts)
    if issubclass(hint, Enum):
        return read_enum(hint, value, where)
    if hint is Decimal:
        return read_decimal(value, where)
    if hint is float and type(value) is int:
        return read_float(value, where)  # JSON has one kind of number
    return hold(hint, value, where)


def read_code(names: Names, value: Any, where: str) -> int:
    """Return the code of a machine name."""
    code = names.codes.get(hold(str, value, where))
    if code is None:
        raise DataError(f"message: {where} {value!r} is not a {names.what}")
    return code


def read_enum[E: Enum](kind: type[E], value: Any, where: str) -> E:
    """Return the member of an enum by its value."""
    try:
        return kind(hold(str, value, where))
    except ValueError:
        allowed = ", ".join(str(member.value) for member in kind)
        raise DataError(f"message: {where} {value!r} is unknown; allowed: {allowed}") from None


def read_decimal(value: Any, where: str) -> Decimal:
    """Return a number in plain digits, as `write` writes it."""
    text = hold(str, value, where)
    if not DECIMAL.fullmatch(text):
        raise DataError(f"message: {where} {text!r} is not a decimal number")
    return Decimal(text)


def read_float(value: int, where: str) -> float:
    """Return a whole number as the float that it was."""
    try:
        return float(value)
    except OverflowError:
        raise DataError(f"message: {where} is out of range") from None


def hold[T](kind: type[T], value: Any, where: str) -> T:
    """Return a value that is exactly of the type it must have."""
    if type(value) is not kind:
        raise DataError(f"message: {where} is not of type {kind.__name__}: {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise DataError(f"message: {where} is not a finite number")
    return value
