"""The messages' JSON: canonical, read back equal, refused by field where it is damaged."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.base.errors import DataError
from haetae.kernel import codes
from haetae.notify.codec import SCHEMA, STEPS, decode, encode, field_types, to_json
from haetae.notify.messages import KINDS, Kind, Message
from support.messages import DAY, SAMPLES, STOPPED
from support.tapes import REPOSITORY

RELEASED = REPOSITORY / "tests/data/messages"


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return every value that a field of an annotation can have."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return st.sampled_from([arguments[0](code) for code in arguments[1].names])
    if origin is UnionType:
        return st.none() | values_of(arguments[0])
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    scalars: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(-(2**63), 2**63),
        float: st.floats(allow_nan=False, allow_infinity=False),
        Decimal: st.decimals(
            allow_nan=False, allow_infinity=False, places=8, min_value=-(10**15), max_value=10**15
        ),
        str: st.text(),
    }
    return scalars[hint]


def messages_of(kind: type[Message]) -> st.SearchStrategy[Message]:
    """Return every message of a type."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{f.name: values_of(hints[f.name]) for f in fields(kind)})


MESSAGES = st.one_of(*(messages_of(kind) for kind in KINDS.values()))


def damaged(message: Message, **changes: Any) -> str:
    """Return why a message is refused after some of its JSON was replaced."""
    return refusal(json.dumps(json.loads(encode(message)) | changes))


def refusal(text: str) -> str:
    """Return why a text is not read as a message."""
    with pytest.raises(DataError) as caught:
        decode(text)
    return str(caught.value)


# There and back


@given(message=MESSAGES)
def test_every_message_comes_back_equal(message: Message) -> None:
    text = encode(message)

    found = decode(text)

    assert found == message
    assert type(found) is type(message)
    assert encode(found) == text


@given(message=MESSAGES)
def test_the_json_is_canonical_and_plain_ascii(message: Message) -> None:
    text = encode(message)

    body = json.loads(text)
    assert text == json.dumps(body, sort_keys=True, separators=(",", ":"))
    assert text.isascii()
    assert (body["schema"], body["kind"]) == (SCHEMA, message.kind)


def test_the_json_of_an_exit() -> None:
    assert encode(STOPPED) == (
        '{"fee_krw":"0.522375","funds_krw":"1044.75","kind":"exit","market":"KRW-XRP",'
        '"pnl_krw":"-12.4","price_krw":"99.5","r":-0.25,"reason":"first_stop","schema":1,'
        '"t":1757325600,"volume":"10.5"}'
    )


def test_what_a_log_or_an_answer_shows_is_the_json_without_its_envelope() -> None:
    shown = to_json(DAY)

    assert shown | {"schema": SCHEMA, "kind": "daily_report"} == json.loads(encode(DAY))


# Damaged, by field


@pytest.mark.parametrize("message", SAMPLES, ids=lambda m: m.kind)
def test_a_missing_field_is_named(message: Message) -> None:
    for name in json.loads(encode(message)):
        body = json.loads(encode(message))
        del body[name]
        assert name in refusal(json.dumps(body))


@pytest.mark.parametrize("message", SAMPLES, ids=lambda m: m.kind)
def test_a_superfluous_field_is_named(message: Message) -> None:
    assert "colour is not a field" in damaged(message, colour="red")


@pytest.mark.parametrize("kind", Kind)
def test_a_value_of_another_type_is_named(kind: Kind) -> None:
    (message, *_) = (message for message in SAMPLES if message.kind is kind)
    wrong: tuple[Any, ...] = ([1], {"a": 1}, 1.5, True, "no such word", None, 7)
    for name, hint in field_types(kind).items():
        for value in wrong:
            if not fits(hint, value):
                assert f" {name}" in damaged(message, **{name: value}), (name, value)


def fits(hint: Any, value: Any) -> bool:
    """Tell whether a value is one that a field of an annotation may have."""
    if get_origin(hint) is UnionType:
        return value is None or fits(get_args(hint)[0], value)
    if get_origin(hint) is tuple or get_origin(hint) is Annotated or issubclass(hint, Enum):
        return False
    taken: Mapping[Any, tuple[type, ...]] = {float: (float, int), Decimal: ()}
    return type(value) in taken.get(hint, (hint,))


@pytest.mark.parametrize(
    "text", ["", " 1", "1.", ".5", "1e3", "NaN", "Infinity", "1,0", "１", "+1"]
)
def test_a_decimal_is_plain_digits(text: str) -> None:
    assert "price_krw" in damaged(STOPPED, price_krw=text)


@pytest.mark.parametrize("t", [True, 1.0, "1757325600", None])
def test_a_time_is_an_integer(t: Any) -> None:
    assert "t is not of type int" in damaged(STOPPED, t=t)


@pytest.mark.parametrize("r", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_a_number_that_is_none_is_refused(r: str) -> None:
    text = encode(STOPPED).replace("-0.25", r)

    assert r in refusal(text) or " r " in refusal(text)


def test_a_part_of_a_list_is_named_by_its_place() -> None:
    fired = next(message for message in SAMPLES if message.kind is Kind.RAILS_FIRED)

    assert "rails.1 'gossip' is not a rail" in damaged(fired, rails=["day_latch", "gossip"])


def test_a_reason_that_is_no_rail_is_refused_among_rails() -> None:
    fired = next(message for message in SAMPLES if message.kind is Kind.RAILS_FIRED)

    assert "rails.0" in damaged(fired, rails=[codes.REASON_NAMES[codes.KILL]])


def test_an_unknown_kind_is_named() -> None:
    assert "kind 'gossip' is unknown" in damaged(STOPPED, kind="gossip")


def test_another_kinds_body_is_refused() -> None:
    assert "is missing" in damaged(STOPPED, kind="halt")


@pytest.mark.parametrize("schema", [0, -1, "1", 1.0, True, None])
def test_a_schema_that_is_none_is_named(schema: Any) -> None:
    assert "schema" in damaged(STOPPED, schema=schema)


def test_a_newer_schema_is_refused_with_what_to_do() -> None:
    assert "deploy a newer notifier" in damaged(STOPPED, schema=SCHEMA + 1)


def test_a_field_given_twice_is_named() -> None:
    text = encode(STOPPED).replace('"r":-0.25', '"r":-0.25,"r":1.0')

    assert "r is given twice" in refusal(text)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '"x"', "Bought", "[" * 100_000])
def test_what_is_not_an_object_is_refused(text: str) -> None:
    assert "JSON" in refusal(text)


@given(text=st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    with suppress(DataError):
        assert decode(text).kind in KINDS


@given(message=MESSAGES, data=st.data())
def test_a_torn_message_is_refused(message: Message, data: st.DataObject) -> None:
    text = encode(message)

    assert refusal(text[: data.draw(st.integers(0, len(text) - 1))])


# What was released stays readable


def released(schema: int) -> dict[str, str]:
    """Return the messages of a schema as they were published, by kind and number."""
    found: dict[str, str] = json.loads((RELEASED / f"schema_{schema}.json").read_text("utf-8"))
    return found


def test_every_older_schema_has_its_step() -> None:
    assert set(STEPS) == set(range(1, SCHEMA))


@pytest.mark.parametrize("schema", range(1, SCHEMA + 1))
def test_every_released_message_is_still_read(schema: int) -> None:
    for name, text in released(schema).items():
        assert decode(text).kind == name.partition(" ")[0]


def test_the_messages_of_this_schema_are_the_released_ones() -> None:
    """A message that changes its JSON needs a new SCHEMA, a step from the old one, and new data.

    The data of a schema that no release has carried yet may be written anew.
    """
    written = {f"{m.kind} {n}": encode(m) for n, m in enumerate(SAMPLES)}

    assert written == released(SCHEMA)


def test_the_names_of_this_schema_are_the_released_ones() -> None:
    """A notifier of this schema knows these names; a new one needs a new SCHEMA.

    The data of a schema that no release has carried yet may be written anew.
    """
    path = RELEASED / f"names_{SCHEMA}.json"
    names = {
        "modes": sorted(codes.MODE_NAMES.values()),
        "reasons": sorted(codes.REASON_NAMES.values()),
    }

    assert json.loads(path.read_text("utf-8")) == names
