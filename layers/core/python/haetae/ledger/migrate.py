"""How stored values grow: from schema to schema, and which release reads and writes which.

The code holds values in the shape of SCHEMA_READ. An older item is taken up to it, step by step,
and is then read as strictly as one that was written so; what is written is taken down to
SCHEMA_WRITTEN. A schema is read one release before it is written, so that one step back always
reads: no release writes more than the release before it reads (RELEASES).

An item of schema 1 carries no `schema` attribute, except BOOK. Every later one carries `schema`
and, beside it, `release`: the first release that reads it, for the sentence of an older one.

What conditions of a write look at keeps its name and meaning in every schema (FENCED). The steps
are in ledger.steps.
"""

from typing import NamedTuple

from haetae.base.errors import NewerSchema
from haetae.ledger.codec import Item, corrupt, decode, encode
from haetae.ledger.steps import DOWN, UP


class Release(NamedTuple):
    """A version of the product with the newest schema that it reads, and the one it writes."""

    version: str
    reads: int
    writes: int


RELEASES = (
    Release("0.1.0", reads=1, writes=1),
    Release("0.2.0", reads=2, writes=1),
    Release("0.3.0", reads=2, writes=2),
    Release("0.4.0", reads=3, writes=2),
    Release("0.5.0", reads=3, writes=3),
)
_, SCHEMA_READ, SCHEMA_WRITTEN = RELEASES[-1]
FENCED = {
    "HALT": ("mode", "epoch", "t", "reason", "by"),
    "BOOK": ("version",),
    "INTENT": ("identifier", "phase", "deadline_s"),
}


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
