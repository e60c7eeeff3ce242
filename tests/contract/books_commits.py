"""What a store must do when a transaction is committed."""

from dataclasses import replace
from typing import Any

import pytest

from contract.books_store import (
    BTC,
    ETH,
    MINUTE_S,
    Store,
    T,
    done,
    first,
    in_phase,
    intent_of,
    journal,
    load,
    open_slot,
    state_at,
    stop,
    then,
    trade_of,
)
from haetae.ledger.intent import Phase


class CommitContract:
    """Commits: versions, epochs and slots; whole or not at all."""

    @pytest.mark.parametrize("version", [1, 7])
    def test_first_commit_must_know_that_it_is_the_first(self, store: Store, version: int) -> None:
        assert not store.books.commit(then(version))
        assert load(store).version == 0

    @pytest.mark.parametrize("version", [0, 2])
    def test_commit_from_another_version_is_refused(self, store: Store, version: int) -> None:
        assert store.books.commit(first())
        assert not store.books.commit(replace(then(1), version=version))
        assert load(store).state == state_at(T)

    def test_each_commit_moves_the_version_by_one(self, store: Store) -> None:
        assert store.books.commit(first())
        assert store.books.commit(then(1))
        assert store.books.commit(then(2))
        assert load(store).version == 3

    def test_commit_under_an_older_epoch_is_refused(self, store: Store) -> None:
        assert stop(store).epoch == 1
        assert not store.books.commit(first())
        assert store.books.commit(replace(first(), epoch=1))

    def test_commit_under_an_epoch_that_never_was_is_refused(self, store: Store) -> None:
        assert not store.books.commit(replace(first(), epoch=1))

    def test_a_market_has_one_open_intent(self, store: Store) -> None:
        held = open_slot(store)
        assert not store.books.commit(then(1, opened=(intent_of(BTC, T + MINUTE_S),)))
        assert load(store).intents == {BTC: held}

    def test_closing_moves_to_history_and_frees_the_slot(self, store: Store) -> None:
        closed = open_slot(store, Phase.DONE)
        assert store.books.commit(then(1, closed=(closed,)))
        assert load(store).intents == {}
        assert store.books.orders(BTC, from_t=T, to_t=T + 1) == (closed,)
        assert store.books.commit(then(2, opened=(intent_of(BTC, T + MINUTE_S),)))

    @pytest.mark.parametrize(
        ("stands", "last"),
        [
            (Phase.SENDING, Phase.DONE),
            (Phase.UNKNOWN, Phase.DONE),
            (Phase.OPEN, Phase.DONE),
            (Phase.SENDING, Phase.REJECTED),
            (Phase.UNKNOWN, Phase.REJECTED),
            (Phase.REJECTED, Phase.REJECTED),
            (Phase.PENDING, Phase.REVOKED),
            (Phase.REVOKED, Phase.REVOKED),
        ],
    )
    def test_an_intent_is_closed_along_its_lifecycle(
        self, store: Store, stands: Phase, last: Phase
    ) -> None:
        held = open_slot(store, stands)
        assert store.books.commit(then(1, closed=(in_phase(held, last),)))
        assert load(store).intents == {}

    @pytest.mark.parametrize(
        ("stands", "last"),
        [
            (Phase.SENDING, Phase.REVOKED),
            (Phase.OPEN, Phase.REVOKED),
            (Phase.PENDING, Phase.DONE),
            (Phase.PENDING, Phase.REJECTED),
            (Phase.DONE, Phase.REVOKED),
            (Phase.REVOKED, Phase.DONE),
        ],
    )
    def test_an_order_on_its_way_cannot_be_closed_as_if_it_were_not(
        self, store: Store, stands: Phase, last: Phase
    ) -> None:
        held = open_slot(store, stands)
        assert not store.books.commit(then(1, closed=(in_phase(held, last),)))
        assert load(store).intents == {BTC: held}

    def test_only_the_intent_in_the_slot_is_closed(self, store: Store) -> None:
        held = open_slot(store, Phase.DONE)
        other = done(intent_of(BTC, attempt=1))
        assert not store.books.commit(then(1, closed=(other,)))
        assert load(store).intents == {BTC: held}

    def test_an_empty_slot_has_nothing_to_close(self, store: Store) -> None:
        assert not store.books.commit(first(closed=(done(intent_of(BTC)),)))
        new = intent_of(BTC, attempt=1)
        assert not store.books.commit(first(closed=(done(intent_of(BTC)),), opened=(new,)))

    def test_a_closed_slot_is_refilled_in_the_same_commit(self, store: Store) -> None:
        closed, new = open_slot(store, Phase.DONE), intent_of(BTC, T + MINUTE_S)
        assert store.books.commit(then(1, closed=(closed,), opened=(new,)))
        assert load(store).intents == {BTC: new}
        assert store.books.orders(BTC, from_t=T, to_t=T + 1) == (closed,)

    @pytest.mark.parametrize("stands", [Phase.SENDING, Phase.UNKNOWN, Phase.OPEN])
    def test_a_slot_is_refilled_only_after_its_last_word_is_recorded(
        self, store: Store, stands: Phase
    ) -> None:
        held, new = open_slot(store, stands), intent_of(BTC, T + MINUTE_S)
        assert not store.books.commit(then(1, closed=(done(held),), opened=(new,)))
        assert load(store).intents == {BTC: held}

    def test_a_slot_is_refilled_only_over_the_intent_it_holds(self, store: Store) -> None:
        held, new = open_slot(store, Phase.DONE), intent_of(BTC, T + MINUTE_S)
        other = done(intent_of(BTC, attempt=1))
        assert not store.books.commit(then(1, closed=(other,), opened=(new,)))
        assert load(store).intents == {BTC: held}

    @pytest.mark.parametrize("cause", ["version", "epoch", "slot", "trade", "decision", "order"])
    def test_a_failed_commit_leaves_nothing_behind(self, store: Store, cause: str) -> None:
        btc, eth = done(intent_of(BTC)), intent_of(ETH)
        again = intent_of(BTC, T + MINUTE_S)
        booked, said = trade_of(btc, T), journal(BTC, T, T + 1)
        held = open_slot(store, Phase.DONE)
        wins = then(1, closed=(held,), trades=(booked,), decisions=said[:1], opened=(again,))
        assert store.books.commit(wins)
        assert store.books.record(again, again.to(Phase.REVOKED))
        good = then(
            2,
            opened=(eth,),
            closed=(in_phase(again, Phase.REVOKED),),
            trades=(trade_of(eth, T + 1),),
            decisions=said[1:],
        )
        losers = {
            "version": replace(good, version=1),
            "epoch": replace(good, epoch=1),
            "slot": replace(good, closed=(), opened=(intent_of(BTC, T + 120), eth)),
            "trade": replace(good, trades=(booked,)),
            "decision": replace(good, decisions=said[:1]),
            "order": replace(good, closed=(held,)),
        }
        before = store.everything()
        assert not store.books.commit(losers[cause])
        assert store.everything() == before
        assert store.books.commit(good)

    def test_history_is_never_overwritten(self, store: Store) -> None:
        closed = open_slot(store, Phase.DONE)
        assert store.books.commit(then(1, closed=(closed,)))
        assert store.books.commit(then(2, opened=(intent_of(BTC),)))
        assert store.books.record(intent_of(BTC), intent_of(BTC).to(Phase.REVOKED))
        again = in_phase(intent_of(BTC), Phase.REVOKED)
        assert not store.books.commit(then(3, closed=(again,)))
        assert store.books.orders(BTC, from_t=T, to_t=T + 1) == (closed,)

    @pytest.mark.parametrize(
        "parts",
        [
            {"opened": (in_phase(intent_of(BTC), Phase.SENDING),)},
            {"closed": (in_phase(intent_of(BTC), Phase.OPEN),)},
            {"opened": (intent_of(BTC), intent_of(BTC, attempt=1))},
            {"closed": (done(intent_of(BTC)), done(intent_of(BTC, attempt=1)))},
            {"opened": (intent_of(BTC),), "closed": (done(intent_of(BTC)),)},
            {"trades": (trade_of(intent_of(BTC), T),) * 2},
            {"decisions": journal(BTC, T) * 2},
            {"decisions": journal(BTC, *range(T, T + 99))},
        ],
    )
    def test_a_commit_that_makes_no_sense_is_a_bug(
        self, store: Store, parts: dict[str, Any]
    ) -> None:
        with pytest.raises(AssertionError):
            store.books.commit(first(**parts))
        assert load(store).version == 0

    def test_a_transaction_holds_a_hundred_writes(self, store: Store) -> None:
        assert store.books.commit(first(decisions=journal(BTC, *range(T - 98, T))))
