"""An account that an earlier release stored, with a position and an open order, trades on."""

import pytest
from safety.stored import END_T, STORED_T, fills, left_with_an_open_order, stored_items
from safety.world import (
    BTC,
    ENTRY_T,
    ETH,
    MINUTE,
    START,
    TABLE,
    DynamoStore,
    agreed,
    store_of,
    world_on,
)

from haetae.app.walk.cycle import risk_check
from haetae.base.errors import NewerSchema
from haetae.ledger.book import GENESIS, Mode
from haetae.ledger.intent import Phase
from haetae.ledger.journal import verify
from haetae.ledger.keys import BOOK_SK, HALT_SK, account_key
from haetae.ledger.migrate import SCHEMA_WRITTEN
from haetae.notify.messages import StateCorrupt


def put_stored_account(store: DynamoStore, schema: int) -> None:
    """Put a released account's items in the place of all that is stored."""
    for item in store.client.scan(TableName=TABLE)["Items"]:
        store.client.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})
    for item in stored_items(schema):
        store.client.put_item(TableName=TABLE, Item=item)


@pytest.mark.parametrize("schema", range(1, SCHEMA_WRITTEN + 1))
def test_a_stored_account_trades_on_as_if_nothing_had_happened(schema: int) -> None:
    with store_of("dynamodb") as store:
        # given the account that an earlier release left
        assert isinstance(store, DynamoStore)
        world = world_on(store)
        left_with_an_open_order(world)
        put_stored_account(store, schema)
        book = world.book()
        assert book.state is not None
        assert book.state.markets[ETH].position.units > 0
        assert book.intents[BTC].phase is Phase.OPEN
        # when it goes on to its exits
        world.run(STORED_T + MINUTE, END_T)
        # then it sold both, its books agree with the exchange, and its journal is one chain
        assert len(fills(world)) == 4
        assert len(world.bids()) == len(world.asks()) == 2
        assert world.book().intents == {}
        agreed(world)
        for name in (BTC, ETH):
            records = world.ports.books.decisions(name, from_t=START, to_t=END_T)
            assert verify(records, GENESIS) is None
        found = fills(world)
    with store_of("memory") as other:
        always = world_on(other)
        left_with_an_open_order(always)
        always.run(STORED_T + MINUTE, END_T)
        assert found == fills(always)


def test_a_command_goes_over_the_word_that_an_earlier_release_stored() -> None:
    with store_of("dynamodb") as store:
        assert isinstance(store, DynamoStore)
        put_stored_account(store, 1)
        moved = store.books.move_halt(mode=Mode.STOP, t=START, reason="a", by="b", expected=2)
        assert (moved.mode, moved.epoch) == (Mode.STOP, 3)
        assert store.books.halt() == moved
        item = store.client.get_item(TableName=TABLE, Key=account_key("main", HALT_SK))["Item"]
        assert item["schema"] == {"N": str(SCHEMA_WRITTEN)}


def newer(store: DynamoStore, sk: str) -> None:
    """Make a stored item one of a release to come."""
    key = account_key("main", sk)
    item = store.client.get_item(TableName=TABLE, Key=key)["Item"]
    item |= {"schema": {"N": "9"}, "release": {"S": "9.0.0"}, "unheard_of": {"S": "x"}}
    store.client.put_item(TableName=TABLE, Item=item)


@pytest.mark.parametrize("sk", [BOOK_SK, HALT_SK])
def test_an_account_of_a_newer_release_halts_and_says_what_to_deploy(sk: str) -> None:
    with store_of("dynamodb") as store:
        assert isinstance(store, DynamoStore)
        world = world_on(store)
        world.run(START, ENTRY_T - MINUTE)
        store.books.move_halt(mode=Mode.RUN, t=START, reason="-", by="me", expected=None)
        newer(store, sk)
        world.clock.to(float(ENTRY_T))
        with pytest.raises(NewerSchema, match=r"deploy version 9\.0\.0 or newer"):
            risk_check(world.ports, world.setup, ENTRY_T)
        assert not world.orders()
        assert world.sent(StateCorrupt)
        if sk == BOOK_SK:
            assert store.books.halt().mode is Mode.HALT


def test_a_kill_fences_though_a_newer_release_wrote_the_operators_word() -> None:
    with store_of("dynamodb") as store:
        assert isinstance(store, DynamoStore)
        world = world_on(store)
        world.run(START, START + MINUTE)
        store.books.move_halt(mode=Mode.RUN, t=START, reason="-", by="me", expected=None)
        newer(store, HALT_SK)
        with pytest.raises(NewerSchema):
            store.books.move_halt(mode=Mode.KILL, t=START, reason="a", by="b", expected=None)
        item = store.client.get_item(TableName=TABLE, Key=account_key("main", HALT_SK))["Item"]
        assert (item["mode"], item["epoch"], item["schema"]) == ({"N": "3"}, {"N": "2"}, {"N": "9"})
