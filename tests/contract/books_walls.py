"""How much a store must take: markets, settlements, executions."""

from dataclasses import replace
from decimal import Decimal
from itertools import batched

import pytest

from contract.books_store import (
    BTC,
    Store,
    T,
    done,
    first,
    intent_of,
    journal,
    load,
    open_slot,
    state_at,
    then,
    trade_of,
)
from haetae.ledger.book import Commit
from haetae.ledger.executions import EXECUTIONS_MAX, merge_executions
from haetae.ledger.intent import Execution, Phase
from haetae.ledger.invariants import MARKETS_PER_COMMIT


class WallsContract:
    """Sizes that were once assertions."""

    @pytest.mark.parametrize("count", [120, 200])
    def test_two_hundred_markets_are_loaded(self, store: Store, count: int) -> None:
        names = tuple(f"KRW-T{n:03d}" for n in range(count))
        intents = {name: intent_of(name) for name in names}
        state = state_at(T, tuple(intents.values()))
        for version, chunk in enumerate(batched(names, 98, strict=False)):
            opened = tuple(intents[name] for name in chunk)
            commit = Commit(version=version, epoch=0, state=state, opened=opened)
            assert store.books.commit(commit)
        book = store.books.load()
        assert book.intents == intents
        assert book.state == state

    def test_sixty_positions_sold_in_one_minute_are_booked_in_chunks(self, store: Store) -> None:
        # given sixty sales that the exchange has filled
        names = [f"KRW-T{n:02d}" for n in range(60)]
        chunks = list(batched(names, MARKETS_PER_COMMIT, strict=False))
        intents = {name: intent_of(name) for name in names}
        for version, chunk in enumerate(chunks):
            opened = tuple(intents[name] for name in chunk)
            assert store.books.commit(replace(first(opened=opened), version=version))
        # when each chunk settles, books and says so, all in one transaction
        for version, chunk in enumerate(chunks, start=len(chunks)):
            for name in chunk:
                assert store.books.mark_sending(intents[name], epoch=0, deadline_s=5.0)
            closed = tuple(done(intents[name]) for name in chunk)
            assert store.books.commit(
                then(
                    version,
                    closed=closed,
                    trades=tuple(trade_of(intent, T) for intent in closed),
                    decisions=tuple(journal(name, T)[0] for name in chunk),
                )
            )
        # then every sale is in the books
        assert all(len(store.books.trades(name, from_t=T, to_t=T + 1)) == 1 for name in names)

    def test_an_order_of_ten_thousand_executions_is_kept(self, store: Store) -> None:
        # given an order that took ten thousand executions, of numbers as wide as they come
        sending = open_slot(store, Phase.SENDING)
        parts = tuple(
            Execution(
                t=T + n // 5_000,
                price=Decimal(f"{100_000_000 + n % 7_000}.12345678"),
                units=9_000_000_000_000 + n,
                funds=Decimal(f"{123_456_789_012 + n}.123456789012"),
            )
            for n in range(10_000)
        )
        after = replace(sending, phase=Phase.DONE, executions=merge_executions(parts))
        # when it is recorded, and closed
        assert store.books.record(sending, after)
        assert load(store).intents == {BTC: after}
        assert store.books.commit(then(1, closed=(after,)))
        # then it is in the history with all its units and funds
        (kept,) = store.books.orders(BTC, from_t=T, to_t=T + 1)
        assert sum(e.units for e in kept.executions) == sum(e.units for e in parts)
        assert sum(e.funds for e in kept.executions) == sum(e.funds for e in parts)

    def test_more_executions_than_an_item_holds_are_a_bug(self, store: Store) -> None:
        sending = open_slot(store, Phase.SENDING)
        part = done(sending).executions[0]
        with pytest.raises(AssertionError):
            store.books.record(
                sending, replace(done(sending), executions=(part,) * (EXECUTIONS_MAX + 1))
            )
