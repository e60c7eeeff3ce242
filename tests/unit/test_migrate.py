"""Stored values of every schema that was released read today, and each release reads the next."""

import itertools
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from haetae.base.errors import CorruptState, NewerSchema
from haetae.config.strategies import STRATEGIES
from haetae.kernel.records import NO_DAY_STARTS, DayStarts
from haetae.ledger import items
from haetae.ledger.book import Mode, OperatorMode
from haetae.ledger.migrate import (
    FENCED,
    RELEASES,
    SCHEMA_READ,
    SCHEMA_WRITTEN,
    first_release,
)
from haetae.ledger.steps import DOWN, UP
from support.tapes import REPOSITORY

type Item = dict[str, Any]

ITEMS = REPOSITORY / "tests/data/items"
ACCOUNT = "main"
KINDS: dict[str, items.Kind[Any]] = {
    "HALT": items.HALT,
    "INTENT": items.INTENT,
    "ORDER": items.ORDER,
    "TRADE": items.TRADE,
    "DECISION": items.DECISION,
}


def released(schema: int) -> list[Item]:
    """Return real items of a schema, as the release that wrote it left them."""
    found: list[Item] = json.loads((ITEMS / f"schema_{schema}.json").read_text("utf-8"))
    return found


def kind_of(item: Item) -> str:
    pk, sk = item["pk"]["S"].partition("#")[0], item["sk"]["S"].partition("#")[0]
    return str(sk if pk == "ACCOUNT" else pk)


def read(item: Item) -> Any:
    kind = kind_of(item)
    return items.read_book(ACCOUNT, item) if kind == "BOOK" else KINDS[kind].read(ACCOUNT, item)


def write(kind: str, value: Any, schema: int) -> Item:
    if kind == "BOOK":
        return items.book_item(ACCOUNT, *value, schema=schema)
    return KINDS[kind].write(ACCOUNT, value, schema=schema)


# Releases


def test_no_release_writes_more_than_the_one_before_it_reads() -> None:
    for before, after in itertools.pairwise(RELEASES):
        assert after.writes <= before.reads, (before, after)
        assert after.reads >= before.reads
    assert all(release.writes <= release.reads for release in RELEASES)


def test_versions_rise_and_this_code_is_the_last() -> None:
    versions = [tuple(map(int, release.version.split("."))) for release in RELEASES]
    assert versions == sorted(set(versions))
    assert RELEASES[-1][1:] == (SCHEMA_READ, SCHEMA_WRITTEN)


def test_every_schema_has_its_step_up_and_what_is_only_read_its_step_down() -> None:
    assert list(UP) == list(range(1, SCHEMA_READ))
    assert list(DOWN) == list(range(2, SCHEMA_READ + 1))


@pytest.mark.parametrize("schema", range(1, SCHEMA_WRITTEN + 1))
def test_every_written_schema_has_real_items_of_every_kind(schema: int) -> None:
    assert {kind_of(item) for item in released(schema)} == {"BOOK", *KINDS}


# Items of every schema


@pytest.mark.parametrize("schema", range(1, SCHEMA_WRITTEN + 1))
def test_items_of_every_schema_read_and_are_written_again_as_they_were(schema: int) -> None:
    for item in released(schema):
        assert write(kind_of(item), read(item), schema) == item


@pytest.mark.parametrize("item", released(1), ids=kind_of)
@pytest.mark.parametrize("schema", range(1, SCHEMA_READ + 1))
def test_a_value_comes_back_from_every_schema(item: Item, schema: int) -> None:
    value = read(item)
    written = write(kind_of(item), value, schema)
    assert read(written) == value
    assert "schema" in written or schema == 1


@pytest.mark.parametrize("item", released(1), ids=kind_of)
def test_what_conditions_look_at_is_the_same_in_every_schema(item: Item) -> None:
    kind = kind_of(item)
    for schema in range(1, SCHEMA_READ + 1):
        written = write(kind, read(item), schema)
        for name in ("pk", "sk", *FENCED.get(kind, ())):
            assert written[name] == item[name], (kind, schema, name)


@pytest.mark.parametrize("item", released(1), ids=kind_of)
@pytest.mark.parametrize("schema", range(1, SCHEMA_READ + 1))
def test_an_older_item_is_read_as_strictly_as_a_new_one(item: Item, schema: int) -> None:
    written = write(kind_of(item), read(item), schema)
    for name in written:
        if name in ("pk", "sk", "schema"):
            continue
        damaged = {key: part for key, part in written.items() if key != name}
        with pytest.raises(CorruptState):
            read(damaged)
        with pytest.raises(CorruptState):
            read(written | {name: {"BOOL": True}})
    with pytest.raises(CorruptState, match="more is not a field"):
        read(written | {"more": {"N": "1"}})


@pytest.mark.parametrize("schema", range(1, SCHEMA_READ + 1))
def test_a_market_of_an_older_book_is_read_as_strictly(schema: int) -> None:
    book = next(item for item in released(1) if kind_of(item) == "BOOK")
    written = write("BOOK", read(book), schema)
    market, fields = next(iter(written["markets"]["M"].items()))
    for name in fields["M"]:
        less = {key: part for key, part in fields["M"].items() if key != name}
        for damaged in (less, fields["M"] | {name: {"BOOL": True}}):
            markets = written["markets"]["M"] | {market: {"M": damaged}}
            with pytest.raises(CorruptState, match=rf"^ACCOUNT#main BOOK: markets\.{market}"):
                read(written | {"markets": {"M": markets}})


# Items of a newer schema


@pytest.mark.parametrize("item", released(1), ids=kind_of)
def test_an_item_of_a_newer_schema_says_what_to_deploy(item: Item) -> None:
    newer = item | {"schema": {"N": str(SCHEMA_READ + 1)}, "release": {"S": "9.1.0"}}
    with pytest.raises(NewerSchema, match=r"deploy version 9\.1\.0 or newer$"):
        read(newer | {"unheard_of": {"S": "x"}})


@pytest.mark.parametrize("release", [None, {"N": "1"}, "9.1.0"])
def test_a_newer_schema_is_refused_though_its_release_is_unreadable(release: Any) -> None:
    item = released(1)[0] | {"schema": {"N": "99"}, "release": release}
    with pytest.raises(NewerSchema, match=r"deploy the version that wrote it$"):
        read(item)


def test_an_item_names_the_first_release_that_reads_it() -> None:
    assert first_release(1) == "0.1.0"
    assert first_release(2) == "0.2.0"
    assert first_release(3) == "0.4.0"
    halt = items.halt_item(ACCOUNT, OperatorMode(), schema=2)
    assert (halt["schema"], halt["release"]) == ({"N": "2"}, {"S": "0.2.0"})


@pytest.mark.parametrize(
    "change",
    [
        lambda halt: halt | {"schema": {"N": "4"}, "release": {"S": "9.0.0"}},
        lambda halt: halt | {"schema": {"S": "2"}},
        lambda halt: halt | {"schema": {"N": "0"}},
        lambda halt: halt | {"release": {"S": "0.2.0"}},
        lambda halt: halt | {"schema": {"N": "2"}},
        lambda halt: halt | {"mode": {"N": "4"}},
        lambda halt: halt | {"mode": {"S": "run"}},
        lambda halt: {name: part for name, part in halt.items() if name != "mode"},
    ],
)
def test_a_damaged_or_newer_halt_is_never_run(change: Callable[[Item], Item]) -> None:
    halt = items.halt_item(ACCOUNT, OperatorMode(mode=Mode.KILL, epoch=4), schema=1)
    with pytest.raises(CorruptState):
        items.read_halt(ACCOUNT, change(deepcopy(halt)))


def test_no_strategy_stands_on_what_is_not_written() -> None:
    """RSI and range are stored from schema 2 on; a release that writes 1 forgets them."""
    stored = {"averages"} if SCHEMA_WRITTEN < 2 else {"averages", "rsi", "range"}

    assert [one.name for one in STRATEGIES.values() if not set(one.reads) <= stored] == []


@pytest.mark.parametrize("schema", [1, 2])
def test_an_older_book_has_its_new_names_and_no_day_before_today(schema: int) -> None:
    (old,) = (item for item in released(schema) if kind_of(item) == "BOOK")
    book = read(old)[1]
    assert book.account.past == NO_DAY_STARTS
    stats, account = old["account"]["M"]["tally"], old["account"]["M"]
    assert "past" not in account
    newer = write("BOOK", read(old), 3)
    assert newer["account"]["M"]["trade_stats"] == stats
    for name, market in old["markets"]["M"].items():
        position = newer["markets"]["M"][name]["M"]["position"]["M"]
        assert position["exit_reason"] == market["M"]["position"]["M"]["leaving"]
        assert "leaving" not in position


def test_a_book_that_goes_down_a_schema_forgets_only_the_days_before_today() -> None:
    version, state = read(released(2)[0])
    seen = replace(state, account=state.account._replace(past=DayStarts(6, 5, 4, 3, 2, 1)))
    assert read(write("BOOK", (version, seen), 3)) == (version, seen)
    assert read(write("BOOK", (version, seen), 2)) == (version, state)


@pytest.mark.parametrize(
    "damage",
    [
        lambda book: book["account"]["M"].pop("tally"),
        lambda book: book["account"]["M"].update(trade_stats=book["account"]["M"]["tally"]),
        lambda book: book["account"]["M"].update(past={"M": {}}),
        lambda book: book.update(account={"S": "x"}),
        lambda book: [m["M"]["position"]["M"].pop("leaving") for m in markets_of(book)],
        lambda book: [m["M"].update(position={"S": "x"}) for m in markets_of(book)],
    ],
)
def test_a_damaged_book_of_schema_2_stays_damaged(damage: Callable[[Item], object]) -> None:
    book = deepcopy(next(item for item in released(2) if kind_of(item) == "BOOK"))
    damage(book)
    with pytest.raises(CorruptState):
        read(book)


def markets_of(book: Item) -> list[Item]:
    return list(book["markets"]["M"].values())
