"""Where an exchange's prices come from, as a state names it."""

from dataclasses import dataclass

from upbit_sandbox.base.fields import (
    Malformed,
    read_integer,
    read_list,
    read_object,
    read_text,
    read_whole,
)
from upbit_sandbox.base.wire import Json

SOURCES = ("replay", "synthetic", "live")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which market it is: for a synthetic one, seed and origin (epoch s) make it the same again.

    A live source without markets mirrors all that its upstream has.
    """

    name: str
    markets: tuple[str, ...]
    seed: int = 0
    origin_s: int = 0


def source_body(source: Source) -> dict[str, Json]:
    """Write a source."""
    return {
        "name": source.name,
        "markets": list(source.markets),
        "seed": source.seed,
        "origin_s": source.origin_s,
    }


def read_source(value: object, where: str) -> Source:
    """Read what `source_body` wrote, or raise Malformed."""
    fields = read_object(value, where)
    name = read_text(fields.get("name"), f"{where}.name")
    if name not in SOURCES:
        raise Malformed(f"{where}.name", f"must be one of {', '.join(SOURCES)}")
    markets = read_list(fields.get("markets"), f"{where}.markets")
    return Source(
        name=name,
        markets=tuple(read_text(code, f"{where}.markets[{n}]") for n, code in enumerate(markets)),
        seed=read_integer(fields.get("seed"), f"{where}.seed"),
        origin_s=read_whole(fields.get("origin_s"), f"{where}.origin_s"),
    )
