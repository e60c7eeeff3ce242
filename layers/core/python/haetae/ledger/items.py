"""Keys and shapes of all that is stored: ledger values as DynamoDB attributes, and back again.

pk                                     sk                  holds
ACCOUNT#<account>                      HALT                OperatorMode
ACCOUNT#<account>                      BOOK                schema, version, State
ACCOUNT#<account>                      INTENT#<market>     the market's one open Intent
ORDER#<account>#<market>#<yyyy-mm>     <t>#<identifier>    a closed Intent
TRADE#<account>#<market>#<yyyy-mm>     <t>#<identifier>    TradeLine
DECISION#<account>#<market>#<yyyy-mm>  <t>#<hash>          Decision

Months are UTC and `<t>` is twelve digits of epoch seconds, so that text sorts by time. A value is
written by its annotation: int, IntEnum, Decimal and float as N (a float beyond what N can hold,
1e-130 to 1e126, as S), str and Enum as S, None as NULL, tuple as L; dict, NamedTuple and dataclass
as M. Reading is exact: whatever was not written by this table is CorruptState, never a default.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from haetae.base.errors import CorruptState
from haetae.ledger.book import Commit, Decision, OperatorMode, State, TradeLine
from haetae.ledger.intent import FINAL, TRANSITIONS, Intent, Phase

type Attribute = dict[str, Any]
type Item = dict[str, Any]  # attribute by name

SCHEMA = 1
HALT_SK = "HALT"
BOOK_SK = "BOOK"
END_T = 253_402_300_799  # every time is before it: 9999-12 is the last month there is
MONTHS_MAX = 240
TRANSACTION_MAX = 100
INTEGER = re.compile(r"0|-?[1-9][0-9]*")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
DIGITS_MAX = 38
# An intent may be closed from where it stands in its slot only along the lifecycle.
CLOSED_FROM: dict[Phase, frozenset[Phase]] = {
    last: frozenset({last} | {phase for phase in Phase if last in TRANSITIONS[phase]})
    for last in FINAL
}


# Keys


def account_key(account: str, sk: str) -> Item:
    """Return the key of one of the account's own items."""
    return {"pk": {"S": f"ACCOUNT#{account}"}, "sk": {"S": sk}}


def intent_sk(market: str) -> str:
    """Return the sort key of a market's slot."""
    return f"INTENT#{market}"


def month_pk(kind: str, account: str, market: str, month: str) -> str:
    """Return the partition of one kind of time-ordered item: ORDER, TRADE or DECISION."""
    return f"{kind}#{account}#{market}#{month}"


def time_sk(t: int, name: str) -> str:
    """Return a sort key that orders by time and is unique by `name`."""
    return f"{time_text(t)}#{name}"


def time_text(t: int) -> str:
    """Return `t` so that text sorts as time; also the bound of a range, before every `t#…`."""
    assert 0 <= t <= END_T, t
    return f"{t:012d}"


def months(from_t: int, to_t: int) -> tuple[str, ...]:
    """Return the UTC months that from_t <= t < to_t touches, oldest first; at most MONTHS_MAX."""
    assert from_t >= 0, from_t
    assert to_t <= END_T, to_t
    if from_t >= to_t:
        return ()
    first, last = (datetime.fromtimestamp(t, UTC) for t in (from_t, to_t - 1))
    start, end = (day.year * 12 + day.month - 1 for day in (first, last))
    assert end - start < MONTHS_MAX, (from_t, to_t)
    return tuple(f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, end + 1))


def _month_key(kind: str, account: str, market: str, t: int, name: str) -> Item:
    sk = time_sk(t, name)
    (month,) = months(t, t + 1)
    return {"pk": {"S": month_pk(kind, account, market, month)}, "sk": {"S": sk}}


def _slot_key(account: str, intent: Intent) -> Item:
    return account_key(account, intent_sk(intent.market))


def _order_key(account: str, intent: Intent) -> Item:
    return _month_key("ORDER", account, intent.market, intent.t, intent.identifier)


def _trade_key(account: str, line: TradeLine) -> Item:
    return _month_key("TRADE", account, line.market, line.t, line.identifier)


def _decision_key(account: str, decision: Decision) -> Item:
    return _month_key("DECISION", account, decision.market, decision.t, decision.hash)


# Items. Each read_… raises CorruptState, naming the item's key and the field.


def halt_item(account: str, halt: OperatorMode) -> Item:
    """Return the operator's word as an item."""
    return account_key(account, HALT_SK) | _body(OperatorMode, halt)


def read_halt(account: str, item: Item) -> OperatorMode:
    """Read the operator's word."""
    return _read(OperatorMode, item, lambda _: account_key(account, HALT_SK))


def book_item(account: str, version: int, state: State) -> Item:
    """Return the state as an item of the current schema."""
    head = {"schema": encode(int, SCHEMA), "version": encode(int, version)}
    return account_key(account, BOOK_SK) | head | _body(State, state)


def read_book(account: str, item: Item) -> tuple[int, State]:
    """Read version and state."""
    rest = dict(item)
    head = {}
    for name in ("schema", "version"):
        if name not in rest:
            raise _corrupt(f"{_name(item)}: {name}", "is missing")
        head[name] = decode(int, rest.pop(name), f"{_name(item)}: {name}")
    if head["schema"] != SCHEMA:
        raise _corrupt(f"{_name(item)}: schema", f"unknown: {head['schema']}")
    if head["version"] < 1:
        raise _corrupt(f"{_name(item)}: version", f"cannot be {head['version']}")
    return head["version"], _read(State, rest, lambda _: account_key(account, BOOK_SK))


def intent_item(account: str, intent: Intent) -> Item:
    """Return an open intent as the item of its market's slot."""
    return _slot_key(account, intent) | _body(Intent, intent)


def read_intent(account: str, item: Item) -> Intent:
    """Read an open intent from its slot."""
    return _read(Intent, item, lambda intent: _slot_key(account, intent))


def order_item(account: str, intent: Intent) -> Item:
    """Return a closed intent as an item of the history."""
    return _order_key(account, intent) | _body(Intent, intent)


def read_order(account: str, item: Item) -> Intent:
    """Read a closed intent."""
    return _read(Intent, item, lambda intent: _order_key(account, intent))


def trade_item(account: str, line: TradeLine) -> Item:
    """Return a fill as an item."""
    return _trade_key(account, line) | _body(TradeLine, line)


def read_trade(account: str, item: Item) -> TradeLine:
    """Read a fill."""
    return _read(TradeLine, item, lambda line: _trade_key(account, line))


def decision_item(account: str, decision: Decision) -> Item:
    """Return a record of the journal as an item."""
    return _decision_key(account, decision) | _body(Decision, decision)


def read_decision(account: str, item: Item) -> Decision:
    """Read a record of the journal; `journal.verify` says whether it is sound."""
    return _read(Decision, item, lambda decision: _decision_key(account, decision))


# What may be written; the same for every store


def check_commit(commit: Commit) -> None:
    """Assert that a commit can be one transaction and keeps to the lifecycle."""
    opened = {intent.market: intent.identifier for intent in commit.opened}
    closed = {intent.market: intent.identifier for intent in commit.closed}
    assert len(opened) == len(commit.opened), "one slot a market"
    assert len(closed) == len(commit.closed), "one slot a market"
    assert not set(opened.values()) & set(closed.values()), "an identifier is used once"
    assert all(intent.phase is Phase.PENDING for intent in commit.opened), commit.opened
    assert all(intent.phase in FINAL for intent in commit.closed), commit.closed
    trades = {(line.market, line.t, line.identifier) for line in commit.trades}
    decisions = {(decision.market, decision.t, decision.hash) for decision in commit.decisions}
    assert len(trades) == len(commit.trades), "a fill is booked once"
    assert len(decisions) == len(commit.decisions), "a record is written once"
    # BOOK and HALT, the slots, and the histories
    writes = 2 + len(opened | closed) + len(closed) + len(trades) + len(decisions)
    assert writes <= TRANSACTION_MAX, writes


def check_record(before: Intent, after: Intent) -> None:
    """Assert a legal step of one intent; to SENDING leads only the way that checks the epoch."""
    assert (before.identifier, before.market) == (after.identifier, after.market), after
    assert after.phase in TRANSITIONS[before.phase], (before.phase, after.phase)
    assert after.phase is not Phase.SENDING, "mark_sending checks the halt epoch"


# Values by annotation


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
    return {"M": _body(kind, value)}


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
        parts = enumerate(_held(attribute, "L", list, where))
        return tuple(decode(arguments[0], part, f"{where}.{n}") for n, part in parts)
    if origin is dict:
        entries = _held(attribute, "M", dict, where).items()
        return {name: decode(arguments[1], part, f"{where}.{name}") for name, part in entries}
    if issubclass(kind, Enum):
        return _read_enum(kind, attribute, where)
    return _build(kind, _held(attribute, "M", dict, where), f"{where}.")


def _body(kind: Any, value: Any) -> Item:
    hints = _fields(kind)
    assert type(value) is kind, (kind, value)
    return {name: encode(hint, getattr(value, name)) for name, hint in hints.items()}


def _build(kind: Any, body: Mapping[str, Any], where: str) -> Any:
    hints = _fields(kind)
    for name in hints:
        if name not in body:
            raise _corrupt(where + name, "is missing")
    for name in body:
        if name not in hints:
            raise _corrupt(where + name, "is not a field of this schema")
    values = {name: decode(hint, body[name], where + name) for name, hint in hints.items()}
    try:
        return kind(**values)
    except AssertionError as exc:
        raise _corrupt(where + "*", f"is no valid {kind.__name__}: {exc}") from exc


@cache
def _fields(kind: Any) -> dict[str, Any]:
    names = [field.name for field in dataclass_fields(kind)] if is_dataclass(kind) else kind._fields
    hints = get_type_hints(kind)
    return {name: hints[name] for name in names}


def _read[T](kind: type[T], item: Item, key_of: Callable[[T], Item]) -> T:
    body = {name: part for name, part in item.items() if name not in ("pk", "sk")}
    value: T = _build(kind, body, f"{_name(item)}: ")
    try:
        key = key_of(value)
    except AssertionError as exc:
        raise _corrupt(f"{_name(item)}: t", "has no month") from exc
    for name in ("pk", "sk"):
        if item.get(name) != key[name]:
            raise _corrupt(f"{_name(item)}: {name}", f"does not fit, expected {key[name]}")
    return value


def _write_int(value: int) -> Attribute:
    assert abs(value) < 10**DIGITS_MAX, value
    return {"N": str(value)}


def _read_int(attribute: Any, where: str) -> int:
    text = _held(attribute, "N", str, where)
    if not INTEGER.fullmatch(text) or len(text) > DIGITS_MAX + 1:
        raise _corrupt(where, f"is not an integer: {text!r}")
    return int(text)


def _write_float(value: float) -> Attribute:
    assert math.isfinite(value), value
    assert value != 0.0 or math.copysign(1.0, value) > 0.0, value
    return {_float_tag(value): repr(value)}


def _read_float(attribute: Any, where: str) -> float:
    tag = "S" if isinstance(attribute, dict) and "S" in attribute else "N"
    text = _held(attribute, tag, str, where)
    if not NUMBER.fullmatch(text):
        raise _corrupt(where, f"is not a number: {text!r}")
    value = float(text)
    if repr(value) == "-0.0" or Decimal(repr(value)) != Decimal(text) or _float_tag(value) != tag:
        raise _corrupt(where, f"is not a float as it was written: {attribute}")
    return value


def _float_tag(value: float) -> str:
    return "N" if value == 0.0 or 1e-130 <= abs(value) < 1e126 else "S"


def _write_decimal(value: Decimal) -> Attribute:
    assert value.is_finite(), value
    assert len(value.as_tuple().digits) <= DIGITS_MAX, value
    assert not value or -130 <= value.adjusted() <= 125, value
    return {"N": format(value, "f") if value else "0"}


def _read_decimal(attribute: Any, where: str) -> Decimal:
    text = _held(attribute, "N", str, where)
    if not NUMBER.fullmatch(text):
        raise _corrupt(where, f"is not a number: {text!r}")
    return Decimal(text)


def _write_str(value: str) -> Attribute:
    return {"S": value}


def _read_str(attribute: Any, where: str) -> str:
    return _held(attribute, "S", str, where)


def _read_enum(kind: type[Enum], attribute: Any, where: str) -> Enum:
    number = issubclass(kind, IntEnum)
    value = _read_int(attribute, where) if number else _held(attribute, "S", str, where)
    try:
        return kind(value)
    except ValueError as exc:
        raise _corrupt(where, f"is no {kind.__name__}: {value!r}") from exc


def _held[T](attribute: Any, tag: str, kind: type[T], where: str) -> T:
    if isinstance(attribute, dict) and list(attribute) == [tag]:
        held = attribute[tag]
        if isinstance(held, kind):
            return held
    raise _corrupt(where, f"is not of type {tag}: {attribute!r}")


def _name(item: Item) -> str:
    return " ".join(str(item.get(name, {}).get("S", "?")) for name in ("pk", "sk"))


def _corrupt(where: str, why: str) -> CorruptState:
    return CorruptState(f"{where} {why}")


SCALARS: dict[Any, tuple[Callable[[Any], Attribute], Callable[[Any, str], Any]]] = {
    int: (_write_int, _read_int),
    float: (_write_float, _read_float),
    Decimal: (_write_decimal, _read_decimal),
    str: (_write_str, _read_str),
}
