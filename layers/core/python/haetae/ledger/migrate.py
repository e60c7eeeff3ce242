"""How stored values grow: pure steps from one schema to the next, only ever appended to.

The code holds values in the shape of SCHEMA_READ. An older item is taken up to it, step by step,
and is then read as strictly as one that was written so; what is written is taken down to
SCHEMA_WRITTEN. A schema is read one release before it is written, so that one step back always
reads: no release writes more than the release before it reads (RELEASES).

An item of schema 1 carries no `schema` attribute, except BOOK. Every later one carries `schema`
and, beside it, `release`: the first release that reads it, for the sentence of an older one.

Steps work on a kind's attributes without its key, and touch only what they name: a damaged item
stays damaged, for the strict reading to name. Never edit a step that was released. What
conditions of a write look at keeps its name and meaning in every schema (FENCED).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from haetae.base.errors import NewerSchema
from haetae.ledger.codec import Item, corrupt, decode, encode

type Step = Callable[[Item, str], Item]  # attributes, and where they lie, for an error


class Release(NamedTuple):
    """A version of the product with the newest schema that it reads, and the one it writes."""

    version: str
    reads: int
    writes: int


RELEASES = (
    Release("0.1.0", reads=1, writes=1),
    Release("0.2.0", reads=2, writes=1),
    Release("0.3.0", reads=2, writes=2),
)
_, SCHEMA_READ, SCHEMA_WRITTEN = RELEASES[-1]
FENCED = {
    "HALT": ("mode", "epoch", "t", "reason", "by"),
    "BOOK": ("version",),
    "INTENT": ("identifier", "phase", "deadline_s"),
}


def _in_markets(body: Item, change: Callable[[Item], Item]) -> Item:
    markets = _map_of(body.get("markets"))
    if markets is None:
        return body
    held = {name: (_map_of(market), market) for name, market in markets.items()}
    changed = {
        name: market if fields is None else {"M": change(fields)}
        for name, (fields, market) in held.items()
    }
    return body | {"markets": {"M": changed}}


def _map_of(attribute: Any) -> Item | None:
    fields = attribute.get("M") if isinstance(attribute, dict) else None
    return fields if isinstance(fields, dict) else None


# 2 (read from 0.2.0): a market's `trend` becomes nested `indicators`, with RSI and candle range.
# Both begin anew, with the first candle that closes after the step.
_NEW_RSI: Item = {"M": {"n": {"N": "0"}, "gain": {"N": "0.0"}, "loss": {"N": "0.0"}}}
_NEW_RANGE: Item = {"M": {name: {"N": "0.0"} for name in ("open", "high", "low", "before")}}
_AVERAGES = ("fast", "slow")


def _book_2(body: Item, _where: str) -> Item:
    def nest(market: Item) -> Item:
        trend = _map_of(market.get("trend"))
        if trend is None or "indicators" in market:
            return market
        averages = {"M": {name: trend[name] for name in _AVERAGES if name in trend}}
        kept = {name: part for name, part in trend.items() if name not in _AVERAGES}
        indicators = kept | {"averages": averages, "rsi": _NEW_RSI, "range": _NEW_RANGE}
        rest = {name: part for name, part in market.items() if name != "trend"}
        return rest | {"indicators": {"M": indicators}}

    return _in_markets(body, nest)


def _book_1(body: Item, _where: str) -> Item:
    def flatten(market: Item) -> Item:
        indicators = _map_of(market.get("indicators"))
        assert indicators is not None
        averages = _map_of(indicators.get("averages"))
        assert averages is not None
        dropped = {"averages", "rsi", "range"}
        kept = {name: part for name, part in indicators.items() if name not in dropped}
        rest = {name: part for name, part in market.items() if name != "indicators"}
        return rest | {"trend": {"M": kept | averages}}

    return _in_markets(body, flatten)


# By schema, and by the kinds whose attributes change from it to the next.
UP: dict[int, dict[str, Step]] = {1: {"BOOK": _book_2}}
# The way back for what is written while the schema is only read.
DOWN: dict[int, dict[str, Step]] = {2: {"BOOK": _book_1}}


def upgrade(kind: str, body: Item, where: str) -> Item:
    """Return an item's attributes in the shape of SCHEMA_READ, without `schema` and `release`.

    Raises:
        NewerSchema: it was written by a release that this code cannot read.
        CorruptState: its schema cannot be read.
    """
    body = dict(body)
    if "schema" not in body and (kind == "BOOK" or "release" in body):
        raise corrupt(f"{where}: schema", "is missing")
    schema = decode(int, body.pop("schema", {"N": "1"}), f"{where}: schema")
    if schema > SCHEMA_READ:
        raise _newer(body, schema, where)
    if schema < 1:
        raise corrupt(f"{where}: schema", f"cannot be {schema}")
    if schema > 1:
        if "release" not in body:
            raise corrupt(f"{where}: release", "is missing")
        decode(str, body.pop("release"), f"{where}: release")
    for step in range(schema, SCHEMA_READ):
        if kind in UP[step]:
            body = UP[step][kind](body, where)
    return body


def downgrade(kind: str, body: Item, schema: int) -> Item:
    """Return attributes in the shape of SCHEMA_READ as an item of `schema` has them, and says so.

    What the older schema has no place for is left out.
    """
    assert 1 <= schema <= SCHEMA_READ, schema
    for step in range(SCHEMA_READ, schema, -1):
        if kind in DOWN[step]:
            body = DOWN[step][kind](body, "")
    return body | schema_attributes(kind, schema)


def schema_attributes(kind: str, schema: int) -> Item:
    """Return what an item says of its schema."""
    if schema == 1:
        return {"schema": encode(int, 1)} if kind == "BOOK" else {}
    return {"schema": encode(int, schema), "release": encode(str, first_release(schema))}


def first_release(schema: int) -> str:
    """Return the first release that reads a schema which this code knows."""
    return next(release.version for release in RELEASES if release.reads >= schema)


def _newer(body: Item, schema: int, where: str) -> NewerSchema:
    named = body.get("release")
    version = named.get("S") if isinstance(named, dict) else None
    deploy = f"deploy version {version} or newer" if version else "deploy the version that wrote it"
    return NewerSchema(f"{where}: schema {schema} is newer than {SCHEMA_READ}; {deploy}")
