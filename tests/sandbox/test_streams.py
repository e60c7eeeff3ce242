"""What a WebSocket client may ask for, and by which name a wrong request is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upbit_sandbox.streams.subscriptions import (
    MESSAGES,
    PRIVATE,
    PUBLIC,
    Format,
    Stream,
    StreamError,
    Subscription,
    read_request,
)

TICKET = {"ticket": "t"}
TICKER = {"type": "ticker", "codes": ["KRW-BTC"]}


def read(*objects: Any, offered: frozenset[str] = PUBLIC) -> Subscription:
    return read_request(json.dumps(list(objects)), offered)


def refused(*objects: Any, offered: frozenset[str] = PUBLIC) -> str:
    with pytest.raises(StreamError) as caught:
        read(*objects, offered=offered)
    return caught.value.name


def test_upbit_8_several_types_and_markets_in_one_request() -> None:
    """One request may ask for several types, each with several market codes."""
    asked = read(TICKET, TICKER, {"type": "candle.3m", "codes": ["KRW-ETH", "KRW-XRP"]})
    streams = [stream for wish in asked.wishes for stream, _ in wish.streams()]
    assert streams == [
        Stream("ticker", "KRW-BTC"),
        Stream("candle.3m", "KRW-ETH"),
        Stream("candle.3m", "KRW-XRP"),
    ]


@pytest.mark.parametrize(
    ("code", "depth"),
    [("KRW-BTC.1", 1), ("KRW-BTC.5", 5), ("KRW-BTC.15", 15), ("KRW-BTC.30", 30), ("KRW-BTC", 30)],
)
def test_upbit_8_order_book_depth_is_written_behind_the_code(code: str, depth: int) -> None:
    """An order book's depth of 1, 5, 15 or 30 is written behind its market code with a dot."""
    [wish] = read(TICKET, {"type": "orderbook", "codes": [code]}).wishes
    assert list(wish.streams()) == [(Stream("orderbook", "KRW-BTC"), depth)]


def test_upbit_8_order_book_depth_that_is_not_offered_means_thirty() -> None:
    """A depth that is not offered gives the full order book."""
    [wish] = read(TICKET, {"type": "orderbook", "codes": ["KRW-BTC.20"]}).wishes
    assert list(wish.streams()) == [(Stream("orderbook", "KRW-BTC"), 30)]


@pytest.mark.parametrize("level", [10_000, 10_000.0, "10000"])
def test_upbit_8_order_book_level_groups_prices(level: object) -> None:
    """An order book may be asked for with a level, the unit by which prices are grouped."""
    asked = {"type": "orderbook", "codes": ["KRW-BTC.5"], "level": level}
    [wish] = read(TICKET, asked).wishes
    assert list(wish.streams()) == [(Stream("orderbook", "KRW-BTC", "10000"), 5)]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, (True, True)),
        ({"is_only_snapshot": True}, (True, False)),
        ({"is_only_realtime": True}, (False, True)),
        ({"is_only_realtime": "true"}, (False, True)),
        ({"isOnlySnapshot": True}, (True, False)),
        ({"isOnlyRealtime": True}, (False, True)),
        ({"isOnlyRealtime": False}, (True, True)),
    ],
)
def test_upbit_8_snapshot_or_realtime_only(
    more: dict[str, object], wanted: tuple[bool, bool]
) -> None:
    """A request may ask for the snapshot or the realtime stream only; old camel case works too."""
    [wish] = read(TICKET, TICKER | more).wishes
    assert (wish.is_snapshot, wish.is_realtime) == wanted


@pytest.mark.parametrize("form", list(Format))
def test_upbit_8_format_object(form: Format) -> None:
    """A last object names the format: DEFAULT, SIMPLE, JSON_LIST or SIMPLE_LIST."""
    assert read(TICKET, TICKER, {"format": form.value}).format is form


def test_upbit_8_format_is_default_unless_told() -> None:
    """Without a format object frames come in DEFAULT format."""
    assert read(TICKET, TICKER).format is Format.DEFAULT


@pytest.mark.parametrize(
    ("objects", "name"),
    [
        ([TICKER], "NO_TICKET"),
        ([{"ticket": ""}, TICKER], "NO_TICKET"),
        ([{"ticket": 1}, TICKER], "NO_TICKET"),
        ([TICKET], "NO_TYPE"),
        ([TICKET, {"format": "SIMPLE"}], "NO_TYPE"),
        ([TICKET, {"codes": ["KRW-BTC"]}], "NO_TYPE"),
        ([TICKET, {"type": 1, "codes": ["KRW-BTC"]}], "WRONG_FORMAT"),
        ([TICKET, {"type": "ticker"}], "NO_CODES"),
        ([TICKET, {"type": "ticker", "codes": []}], "INVALID_PARAM"),
        ([TICKET, {"type": "ticker", "codes": "KRW-BTC"}], "WRONG_FORMAT"),
        ([TICKET, {"type": "ticker", "codes": [1]}], "WRONG_FORMAT"),
        ([TICKET, {"type": "nope", "codes": ["KRW-BTC"]}], "INVALID_PARAM"),
        ([TICKET, {"type": "candle.2m", "codes": ["KRW-BTC"]}], "INVALID_PARAM"),
        ([TICKET, TICKER, {"format": "NOPE"}], "INVALID_PARAM"),
        ([TICKET, TICKER, {"format": 1}], "INVALID_PARAM"),
        ([TICKET, TICKER | {"is_only_snapshot": True, "isOnlyRealtime": True}], "INVALID_PARAM"),
        ([TICKET, TICKER | {"type": "orderbook", "level": True}], "WRONG_FORMAT"),
        ([TICKET, TICKER | {"type": "orderbook", "level": "ten"}], "WRONG_FORMAT"),
        ([TICKET, TICKER | {"type": "orderbook", "level": 10**400}], "WRONG_FORMAT"),
        ([TICKET, {"method": "NOPE"}], "INVALID_PARAM"),
        ([TICKET, TICKER, {"method": "LIST_SUBSCRIPTIONS"}], "INVALID_PARAM"),
        ([TICKET, {"type": "myOrder"}], "INVALID_AUTH"),
        ([TICKET, "ticker"], "WRONG_FORMAT"),
        ([], "WRONG_FORMAT"),
    ],
)
def test_upbit_8_wrong_request_is_refused_by_name(objects: list[Any], name: str) -> None:
    """A wrong request is refused as WRONG_FORMAT, NO_TICKET, NO_TYPE, NO_CODES or INVALID_PARAM."""
    assert refused(*objects) == name


@pytest.mark.parametrize("text", ["hello", '{"ticket":"t"}', "", b"\xff", '[{"ticket":"\\ud800"}]'])
def test_upbit_8_what_is_no_json_array_is_wrong_format(text: str | bytes) -> None:
    """What is not a JSON array is refused as WRONG_FORMAT."""
    with pytest.raises(StreamError) as caught:
        read_request(text, PUBLIC)
    assert caught.value.name == "WRONG_FORMAT"


def test_upbit_8_my_order_goes_without_codes_and_my_asset_takes_none() -> None:
    """myOrder's codes may be missing or empty, meaning all markets; myAsset with codes is wrong."""
    for asked in ({"type": "myOrder"}, {"type": "myOrder", "codes": []}, {"type": "myAsset"}):
        [wish] = read(TICKET, asked, offered=PRIVATE).wishes
        assert wish.codes == ()
    assert refused(TICKET, {"type": "myAsset", "codes": []}, offered=PRIVATE) == "WRONG_FORMAT"


def test_upbit_8_announcement_categories() -> None:
    """An announcement's categories are checked; it has no snapshot and needs no permission."""
    [wish] = read(TICKET, {"type": "announcement", "categories": ["trade"]}, offered=PRIVATE).wishes
    assert wish.kind == "announcement"
    for categories, name in ((["nope"], "INVALID_PARAM"), ("trade", "WRONG_FORMAT")):
        asked = {"type": "announcement", "categories": categories}
        assert refused(TICKET, asked, offered=PRIVATE) == name
    nested = {"type": "announcement", "categories": [[]]}
    assert refused(TICKET, nested, offered=PRIVATE) == "INVALID_PARAM"


def test_public_type_has_no_place_on_the_private_address() -> None:
    assert refused(TICKET, TICKER, offered=PRIVATE) == "INVALID_PARAM"


def test_upbit_8_error_frame() -> None:
    """An error is a frame {"error": {"name", "message"}}."""
    frame = json.loads(StreamError("NO_TICKET").frame())
    assert frame == {"error": {"name": "NO_TICKET", "message": MESSAGES["NO_TICKET"]}}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(sorted(PUBLIC | PRIVATE)),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["ticket", "type", "codes", "level", "format", "method", "categories"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON), st.sampled_from([PUBLIC, PRIVATE, frozenset[str]()]))
def test_any_request_is_read_or_refused_by_name(
    objects: list[Any], offered: frozenset[str]
) -> None:
    try:
        asked = read_request(json.dumps([TICKET, *objects]), offered)
    except StreamError as error:
        json.loads(error.frame())
    else:
        assert asked.is_listing or {wish.kind for wish in asked.wishes} <= offered
