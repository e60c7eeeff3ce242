"""Fields of a JSON state or body, each read with its type checked and its place told."""

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from upbit_sandbox.base.clock import parse_time
from upbit_sandbox.base.wire import is_unicode

MAX_DIGITS = 40  # what a price, a volume and a fee multiply to, with room


class Malformed(ValueError):
    """A state that cannot be read; `field` says where, as in orders[3].price."""

    def __init__(self, field: str, reason: str) -> None:
        """Keep the place and the reason."""
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def read_object(value: object, where: str) -> dict[str, object]:
    """Read an object."""
    if not isinstance(value, dict):
        raise Malformed(where, "must be an object")
    return value


def read_list(value: object, where: str) -> list[object]:
    """Read a list."""
    if not isinstance(value, list):
        raise Malformed(where, "must be a list")
    return value


def read_text(value: object, where: str) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Malformed(where, "must be a text")
    return value


def read_choice(value: object, choices: type[StrEnum], where: str) -> str:
    """Read one of these words."""
    if not isinstance(value, str) or value not in choices:
        raise Malformed(where, f"must be one of {', '.join(choices)}")
    return value


def read_amount(value: object, where: str) -> Decimal:
    """Read an exact amount, 0 or more, written as a text."""
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise Malformed(where, "must be an amount as a text, 0 or more")
    if len(amount.as_tuple().digits) > MAX_DIGITS or not -MAX_DIGITS < amount.adjusted() < 20:
        raise Malformed(where, f"must have at most {MAX_DIGITS} digits")
    return amount


def read_integer(value: object, where: str) -> int:
    """Read a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(where, "must be a whole number")
    return value


def read_whole(value: object, where: str) -> int:
    """Read a whole number, 0 or more."""
    number = read_integer(value, where)
    if number < 0:
        raise Malformed(where, "must not be negative")
    return number


def read_epoch(value: object, where: str) -> float:
    """Read epoch seconds, or ISO 8601 text, of the years 2000 to 2199."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Malformed(where, "must be epoch seconds or ISO 8601")
    try:
        return float(parse_time(value))
    except ValueError:
        raise Malformed(
            where, "must be epoch seconds or ISO 8601 of the years 2000 to 2199"
        ) from None


def read_body(body: bytes, where: str = "the body") -> object:
    """Read a request's body, or a file, as JSON that can be written again."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed(where, "is not JSON") from None
    if not is_unicode(value):
        raise Malformed(where, "has half of a surrogate pair")
    return value


def read_number(value: object, where: str, most: float, *, least: float = 0.0) -> float:
    """Read a number between two others, both included."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Malformed(where, f"must be a number from {least:.0f} to {most:.0f}")
    return value


def read_flag(value: object, where: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Malformed(where, "must be true or false")
    return value


def refuse_unknown(fields: dict[str, object], known: Iterable[str], where: str) -> None:
    """Refuse an object with a field that means nothing here."""
    for name in fields:
        if name not in known:
            raise Malformed(where, f"has no field {name}")
