"""Requests and responses as plain values, and the parameters read from them."""

import json
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus

type Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
type Pairs = list[tuple[str, str]]

JSON_HEADERS = (("content-type", "application/json;charset=UTF-8"),)
TEXT_HEADERS = (("content-type", "text/plain;charset=UTF-8"),)
HTML_HEADERS = (("content-type", "text/html"),)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: query without "?", header names in lower case, the caller's address."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer; `delay_s` asks the server to hold it back that many seconds.

    `cut` asks it to announce the whole body, send half of it and drop the connection.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = JSON_HEADERS
    delay_s: float = 0.0
    cut: bool = False

    def header(self, name: str) -> str | None:
        """Give the header's value by its lower-case name, None if absent."""
        return dict(self.headers).get(name)


def json_bytes(value: object) -> bytes:
    """Write compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_response(value: object, status: int = 200) -> Response:
    """Answer with a JSON body."""
    return Response(status, json_bytes(value))


def split_pairs(text: str) -> Pairs:
    """Decode a query string or form body into pairs, in the order received."""
    pairs = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_decode(name), _decode(value)))
    return pairs


def hash_input(text: str) -> str:
    """Give the string that a client hashed for this query: decoded, same order, "+" kept."""
    return unquote(text) if "%" in text else text


def _decode(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def parse_object(body: bytes) -> dict[str, Json] | None:
    """Read a JSON object with numbers kept as the text received; None if it is not one."""
    try:
        value = json.loads(body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and (b"\\u" not in body or is_unicode(value)) else None


def is_unicode(value: object) -> bool:
    """Tell whether a JSON value can be written again: half of a surrogate pair cannot."""
    try:
        json_bytes(value)
    except UnicodeEncodeError:
        return False
    return True


def object_pairs(values: dict[str, Json]) -> Pairs:
    """Flatten a JSON body into pairs as they enter the query hash; lists repeat their name."""
    pairs: Pairs = []
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            pairs.append((name, item if isinstance(item, str) else json.dumps(item)))
    return pairs


def first(pairs: Pairs, name: str) -> str | None:
    """Give the first non-empty value of this name."""
    return next((value for key, value in pairs if key == name and value), None)
