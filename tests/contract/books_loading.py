"""What a store must do when books are read."""

from dataclasses import replace

import pytest

from contract.books_store import (
    BTC,
    ETH,
    Store,
    T,
    first,
    intent_of,
    load,
    open_slot,
    state_at,
    stop,
    then,
)
from haetae.base.errors import CorruptState
from haetae.kernel.codes import EXIT
from haetae.ledger.book import Book, Mode, OperatorMode
from haetae.ledger.intent import Phase


class LoadingContract:
    """Loads: what was committed, whole, and only what is asked for."""

    def test_books_that_never_were_load_as_version_zero(self, store: Store) -> None:
        assert load(store) == Book(halt=OperatorMode(), version=0, state=None, intents={})

    def test_what_was_committed_is_loaded(self, store: Store) -> None:
        intent = intent_of(BTC)
        assert store.books.commit(first(opened=(intent,)))
        expected = Book(
            halt=OperatorMode(), version=1, state=state_at(T, (intent,)), intents={BTC: intent}
        )
        assert load(store) == expected

    def test_every_open_order_is_loaded(self, store: Store) -> None:
        assert store.books.commit(first(opened=(intent_of(BTC), intent_of(ETH))))
        assert store.books.load().intents == {BTC: intent_of(BTC), ETH: intent_of(ETH)}
        assert store.books.load().version == 1

    def test_a_slot_is_read_where_an_order_is_open(self, store: Store) -> None:
        held = open_slot(store, Phase.DONE)
        closed = replace(then(1, closed=(held,)), state=state_at(T + 1))
        assert store.books.commit(closed)
        assert load(store).intents == {}

    def test_an_open_order_without_its_intent_is_corrupt(self, store: Store) -> None:
        assert store.books.commit(replace(first(), state=state_at(T, (intent_of(BTC),))))
        with pytest.raises(CorruptState, match="no intent of the open order in KRW-BTC"):
            load(store)
        assert store.books.halt() == OperatorMode()

    def test_an_intent_of_another_kind_is_not_the_open_orders(self, store: Store) -> None:
        intent = intent_of(BTC)
        state = state_at(T, (replace(intent, kind=EXIT),))
        assert store.books.commit(replace(first(opened=(intent,)), state=state))
        with pytest.raises(CorruptState, match="no intent of the open order in KRW-BTC"):
            load(store)

    def test_every_command_moves_the_epoch(self, store: Store) -> None:
        assert stop(store) == OperatorMode(mode=Mode.STOP, epoch=1, t=T, reason="a test", by="me")
        again = store.books.move_halt(mode=Mode.HALT, t=T + 1, reason="", by="", expected=None)
        assert again == OperatorMode(mode=Mode.HALT, epoch=2, t=T + 1)
        assert load(store).halt == again

    def test_with_an_expected_epoch_only_from_there(self, store: Store) -> None:
        assert stop(store, expected=1) == OperatorMode()
        assert stop(store, expected=0).epoch == 1
        stands = stop(store, expected=1)
        assert stands.epoch == 2
        late = store.books.move_halt(mode=Mode.RUN, t=T + 9, reason="late", by="x", expected=1)
        assert late == stands == load(store).halt
        assert stop(store, expected=0) == stands
