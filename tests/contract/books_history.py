"""How a store reads its history back."""

import pytest

from contract.books_store import (
    BTC,
    ETH,
    OCTOBER_T,
    Store,
    T,
    first,
    in_phase,
    intent_of,
    journal,
    then,
    trade_of,
)
from haetae.ledger.book import GENESIS
from haetae.ledger.intent import Phase
from haetae.ledger.journal import verify


class HistoryContract:
    """Trades, orders and the journal, in order across months."""

    def test_trades_are_read_across_a_month_edge_in_order(self, store: Store) -> None:
        times = (OCTOBER_T + 1, T, OCTOBER_T, T - 1)
        lines = {t: trade_of(intent_of(BTC, t), t) for t in times}
        elsewhere = trade_of(intent_of(ETH), T)
        assert store.books.commit(first(trades=(*lines.values(), elsewhere)))
        found = store.books.trades(BTC, from_t=T - 1, to_t=OCTOBER_T + 2)
        assert found == tuple(lines[t] for t in sorted(times))
        assert store.books.trades(BTC, from_t=T, to_t=OCTOBER_T + 1) == (lines[T], lines[OCTOBER_T])
        assert store.books.trades(BTC, from_t=T, to_t=OCTOBER_T) == (lines[T],)
        assert store.books.trades(BTC, from_t=T, to_t=T) == ()

    def test_two_fills_of_one_second_are_both_kept(self, store: Store) -> None:
        lines = tuple(trade_of(intent_of(BTC, attempt=n), T) for n in (1, 0))
        assert store.books.commit(first(trades=lines))
        assert store.books.trades(BTC, from_t=T, to_t=T + 1) == lines[::-1]

    def test_orders_are_read_across_a_month_edge(self, store: Store) -> None:
        old, new = intent_of(BTC, T), intent_of(BTC, OCTOBER_T)
        ends = [in_phase(intent, Phase.REVOKED) for intent in (old, new)]
        assert store.books.commit(first(opened=(old,)))
        assert store.books.record(old, ends[0])
        assert store.books.commit(then(1, closed=(ends[0],), opened=(new,)))
        assert store.books.commit(then(2, closed=(ends[1],)))
        assert store.books.orders(BTC, from_t=T, to_t=OCTOBER_T + 1) == tuple(ends)

    def test_the_journal_reads_back_as_a_sound_chain(self, store: Store) -> None:
        said = journal(BTC, T - 60, T, OCTOBER_T, OCTOBER_T + 60)
        assert store.books.commit(first(decisions=said[2:]))
        assert store.books.commit(then(1, decisions=said[:2]))
        found = store.books.decisions(BTC, from_t=T - 60, to_t=OCTOBER_T + 61)
        assert found == said
        assert verify(found, GENESIS) is None
        assert store.books.decisions(BTC, from_t=T, to_t=OCTOBER_T + 60) == said[1:3]
        assert store.books.decisions(ETH, from_t=T - 60, to_t=OCTOBER_T + 61) == ()

    def test_records_of_one_second_stand_in_the_order_of_the_chain(self, store: Store) -> None:
        said = journal(BTC, T - 1, *([T] * 8), T + 1)
        assert store.books.commit(first(decisions=said))
        assert store.books.decisions(BTC, from_t=T - 1, to_t=T + 2) == said

    @pytest.mark.parametrize(("from_t", "to_t"), [(-1, T), (0, T), (T, 10**12)])
    def test_a_range_without_bounds_is_a_bug(self, store: Store, from_t: int, to_t: int) -> None:
        with pytest.raises(AssertionError):
            store.books.trades(BTC, from_t=from_t, to_t=to_t)
