"""What a WebSocket client asks for: the request array, read and judged (docs: websocket-guide).

StreamError         any refusal; its name and message go out as an error frame
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from upbit_sandbox.base.wire import Json, is_unicode

CANDLES = {
    "candle.1s": "/v1/candles/seconds",
    **{f"candle.{m}m": f"/v1/candles/minutes/{m}" for m in (1, 3, 5, 10, 15, 30, 60, 240)},
}
PUBLIC = frozenset({"ticker", "trade", "orderbook", *CANDLES})
PRIVATE = frozenset({"myOrder", "myAsset", "announcement"})
CATEGORIES = frozenset(
    {"notice", "trade", "wallet", "maintenance", "digital_asset", "nft", "service", "event"}
)
DEPTHS = (1, 5, 15, 30)
LISTING = "LIST_SUBSCRIPTIONS"
UP = b'{"status":"UP"}'

MESSAGES = {
    "INVALID_AUTH": "인증 정보가 올바르지 않습니다.",
    "WRONG_FORMAT": "Format 이 맞지 않습니다.",
    "NO_TICKET": "티켓이 존재하지 않거나, 유효하지 않습니다.",
    "NO_TYPE": "type 필드가 존재하지 않습니다.",
    "NO_CODES": "codes 필드가 존재하지 않습니다.",
    "TOO_MANY_REQUEST": "요청 수 제한을 초과했습니다.",
}


class StreamError(Exception):
    """A refused request, by its documented name."""

    def __init__(self, name: str, message: str | None = None) -> None:
        """Take the documented name; the message is the usual one unless given."""
        super().__init__(name)
        self.name = name
        self.message = MESSAGES[name] if message is None else message

    def frame(self) -> bytes:
        """Write the error as the client gets it."""
        body = {"error": {"name": self.name, "message": self.message}}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class Format(StrEnum):
    """How frames are written: long or short names, bare or as a list of one."""

    DEFAULT = "DEFAULT"
    SIMPLE = "SIMPLE"
    JSON_LIST = "JSON_LIST"
    SIMPLE_LIST = "SIMPLE_LIST"


class Stream(NamedTuple):
    """One kind of data of one market; `level` is the grouping of an order book, 0 for none."""

    kind: str
    code: str
    level: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One object of a request; `codes` as the client wrote them, `depths` by plain code."""

    kind: str
    codes: tuple[str, ...] = ()
    level: str = "0"
    is_snapshot: bool = True
    is_realtime: bool = True

    def streams(self) -> Iterable[tuple[Stream, int]]:
        """Give each public stream that is wished for, with the depth of its order book."""
        for written in self.codes:
            code, depth = written, DEPTHS[-1]
            if self.kind == "orderbook":
                code, depth = _split_depth(written)
            yield Stream(self.kind, code, self.level), depth


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one request asks for; a listing asks only what is subscribed and in which format."""

    ticket: str
    wishes: tuple[Wish, ...] = ()
    format: Format = Format.DEFAULT
    is_listing: bool = False


def read_request(text: str | bytes, offered: frozenset[str]) -> Subscription:
    """Read a request of one of the two addresses, `offered` being its types; raises StreamError.

    A type of the other address is refused: as INVALID_AUTH where it needs a key that is not there.
    """
    objects = _objects(text)
    ticket = objects[0].get("ticket")
    if not isinstance(ticket, str) or not ticket:
        raise StreamError("NO_TICKET")
    named = [item for item in objects[1:] if "format" in item and len(item) == 1]
    asked = [item for item in objects[1:] if item not in named]
    form = _format(named[-1]["format"]) if named else Format.DEFAULT
    if any("method" in item for item in asked):
        if len(asked) > 1 or asked[0]["method"] != LISTING:
            raise StreamError("INVALID_PARAM", "지원하지 않는 method 입니다.")
        return Subscription(ticket=ticket, format=form, is_listing=True)
    if not asked:
        raise StreamError("NO_TYPE")
    wishes = tuple(_wish(item, offered) for item in asked)
    return Subscription(ticket=ticket, wishes=wishes, format=form)


def _objects(text: str | bytes) -> list[dict[str, Json]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise StreamError("WRONG_FORMAT") from None
    if not isinstance(value, list) or not value or not is_unicode(value):
        raise StreamError("WRONG_FORMAT")
    if not all(isinstance(item, dict) for item in value):
        raise StreamError("WRONG_FORMAT")
    return value


def _format(name: Json) -> Format:
    if not isinstance(name, str) or name not in Format:
        raise StreamError("INVALID_PARAM", f"{name} 은 지원하지 않는 포맷입니다.")
    return Format(name)


def _wish(item: dict[str, Json], offered: frozenset[str]) -> Wish:
    kind = item.get("type")
    if kind is None:
        raise StreamError("NO_TYPE")
    if not isinstance(kind, str):
        raise StreamError("WRONG_FORMAT")
    if kind not in offered:
        if kind in PRIVATE:
            raise StreamError("INVALID_AUTH")
        raise StreamError("INVALID_PARAM", f"{kind} 은 지원하지 않는 타입입니다.")
    if kind == "announcement":
        _check_categories(item.get("categories", []))
        return Wish(kind=kind)
    if kind == "myAsset" and "codes" in item:
        raise StreamError("WRONG_FORMAT")
    is_snapshot, is_realtime = _read_wishes(item)
    return Wish(
        kind=kind,
        codes=_codes(kind, item.get("codes")),
        level=_level(item.get("level", 0)) if kind == "orderbook" else "0",
        is_snapshot=is_snapshot,
        is_realtime=is_realtime,
    )


def _codes(kind: str, codes: Json) -> tuple[str, ...]:
    """Read the market codes; only the private types do without."""
    if codes is None:
        if kind in PUBLIC:
            raise StreamError("NO_CODES")
        return ()
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise StreamError("WRONG_FORMAT")
    if not codes and kind in PUBLIC:
        raise StreamError("INVALID_PARAM", "codes 필드가 비어 있습니다.")
    return tuple(dict.fromkeys(str(code) for code in codes))


def _level(level: Json) -> str:
    """Give the grouping as text; a number such as 10000.0 is a whole one."""
    if isinstance(level, bool) or not isinstance(level, int | float | str):
        raise StreamError("WRONG_FORMAT")
    try:
        return f"{float(level):.12g}"
    except (ValueError, OverflowError):
        raise StreamError("WRONG_FORMAT") from None


def _read_wishes(item: dict[str, Json]) -> tuple[bool, bool]:
    """Tell whether snapshot and realtime are wished for, by the new names or the old ones."""
    only = [
        any(item.get(name) in (True, "true") for name in names)
        for names in (
            ("is_only_snapshot", "isOnlySnapshot"),
            ("is_only_realtime", "isOnlyRealtime"),
        )
    ]
    if all(only):
        raise StreamError(
            "INVALID_PARAM", "is_only_snapshot, is_only_realtime 중 하나만 가능합니다."
        )
    return not only[1], not only[0]


def _check_categories(categories: Json) -> None:
    if not isinstance(categories, list):
        raise StreamError("WRONG_FORMAT")
    for category in categories:
        if not isinstance(category, str) or category not in CATEGORIES:
            raise StreamError("INVALID_PARAM", f"{category} 은 지원하지 않는 카테고리입니다.")


def _split_depth(written: str) -> tuple[str, int]:
    """Split KRW-BTC.5 into code and depth; a depth that is not offered means all 30."""
    code, _, depth = written.partition(".")
    return code, int(depth) if depth in map(str, DEPTHS) else DEPTHS[-1]
