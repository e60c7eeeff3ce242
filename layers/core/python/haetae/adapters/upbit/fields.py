"""Fields of Upbit's JSON: each is there and of its kind, or the body counts as no answer.

Every function raises ExchangeUnavailable for a field that is missing or cannot be true.
"""

import json
from collections.abc import Callable, Iterable
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation
from typing import Any

from haetae.base.errors import ExchangeUnavailable
from haetae.base.money import UNITS

_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])


def units_of(row: dict[str, Any], name: str) -> int:
    """Return a volume field as units of 1e-8 coins, exactly."""
    try:
        units = _EXACT.multiply(amount_of(row, name), Decimal(UNITS))
    except DecimalException as exc:
        raise ExchangeUnavailable(f"{name} is too long") from exc
    if units != int(units):
        raise ExchangeUnavailable(f"{name} has more than 8 decimals")
    return int(units)


def amount_of(row: dict[str, Any], name: str) -> Decimal:
    """Return a field as an amount: text or number, finite and not negative."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ExchangeUnavailable(f"{name} is missing or not an amount")
    try:
        amount = Decimal(value)
    except InvalidOperation as exc:
        raise ExchangeUnavailable(f"{name} is not an amount") from exc
    if not amount.is_finite() or amount < 0:
        raise ExchangeUnavailable(f"{name} is negative or not finite")
    return amount


def text_of(row: dict[str, Any], name: str) -> str:
    """Return a field as text that is not empty."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise ExchangeUnavailable(f"{name} is missing or not text")
    return value


def list_of(body: bytes, parse_float: Callable[[str], Any] = Decimal) -> list[Any]:
    """Read a body that is a list; fractions become what `parse_float` makes of them."""
    value = _parse(body, parse_float)
    if not isinstance(value, list):
        raise ExchangeUnavailable("the answer is not a list")
    return value


def object_of(body: bytes) -> dict[str, Any]:
    """Read a body that is an object; fractions become Decimals."""
    value = _parse(body, Decimal)
    if not isinstance(value, dict):
        raise ExchangeUnavailable("the answer is not an object")
    return value


def _parse(body: bytes, parse_float: Callable[[str], Any]) -> object:
    try:
        # json's own float parsing is the faster one, and it is used when none is given
        return json.loads(body) if parse_float is float else json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError, InvalidOperation) as exc:
        raise ExchangeUnavailable("the answer is not JSON") from exc


def objects_of(rows: object, what: str) -> Iterable[dict[str, Any]]:
    """Return rows that are a list of objects; `what` names them in the error."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ExchangeUnavailable(f"{what} are not a list of objects")
    return rows
