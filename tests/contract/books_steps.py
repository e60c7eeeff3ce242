"""What a store must do with the steps of one intent."""

from dataclasses import replace

import pytest

from contract.books_store import (
    BTC,
    ETH,
    Store,
    T,
    done,
    in_phase,
    intent_of,
    load,
    open_slot,
    stop,
)
from haetae.ledger.intent import Phase


class StepsContract:
    """Steps of an intent, only from where it stands."""

    def test_an_intent_is_marked_sending_once(self, store: Store) -> None:
        intent = open_slot(store)
        assert store.books.mark_sending(intent, epoch=0, deadline_s=T + 2.5)
        assert load(store).intents == {BTC: intent.to(Phase.SENDING, deadline_s=T + 2.5)}
        assert not store.books.mark_sending(intent, epoch=0, deadline_s=T + 9.5)
        assert load(store).intents[BTC].deadline_s == T + 2.5

    def test_nothing_is_sent_once_the_epoch_has_moved(self, store: Store) -> None:
        intent = open_slot(store)
        stop(store)
        assert not store.books.mark_sending(intent, epoch=0, deadline_s=5.0)
        assert load(store).intents == {BTC: intent}
        assert store.books.mark_sending(intent, epoch=1, deadline_s=5.0)

    def test_only_the_intent_in_the_slot_is_marked(self, store: Store) -> None:
        held = open_slot(store)
        other = intent_of(BTC, attempt=1)
        assert not store.books.mark_sending(other, epoch=0, deadline_s=5.0)
        assert not store.books.mark_sending(intent_of(ETH), epoch=0, deadline_s=5.0)
        assert load(store).intents == {BTC: held}

    def test_a_revoked_intent_is_not_sent(self, store: Store) -> None:
        revoked = open_slot(store, Phase.REVOKED)
        assert not store.books.mark_sending(intent_of(BTC), epoch=0, deadline_s=5.0)
        with pytest.raises(AssertionError):
            store.books.mark_sending(revoked, epoch=0, deadline_s=5.0)

    def test_a_step_is_recorded_whole(self, store: Store) -> None:
        sending = open_slot(store, Phase.SENDING)
        after = replace(done(sending), uuid="u-1", note="filled")
        assert store.books.record(sending, after)
        assert load(store).intents == {BTC: after}

    def test_a_step_is_recorded_only_from_the_phase_that_stands(self, store: Store) -> None:
        sending = open_slot(store, Phase.SENDING)
        assert not store.books.record(intent_of(BTC), intent_of(BTC).to(Phase.REVOKED))
        assert store.books.record(sending, sending.to(Phase.UNKNOWN))
        assert not store.books.record(sending, sending.to(Phase.OPEN))
        assert load(store).intents == {BTC: sending.to(Phase.UNKNOWN)}

    def test_an_older_sending_does_not_speak_for_a_newer_one(self, store: Store) -> None:
        old = open_slot(store, Phase.SENDING)
        assert store.books.record(old, old.to(Phase.PENDING, deadline_s=0.0))
        assert store.books.mark_sending(intent_of(BTC), epoch=0, deadline_s=9.0)
        assert not store.books.record(old, old.to(Phase.REJECTED))
        assert load(store).intents[BTC].phase is Phase.SENDING

    def test_a_step_of_another_intent_is_not_recorded(self, store: Store) -> None:
        held = open_slot(store)
        other, elsewhere = intent_of(BTC, attempt=1), intent_of(ETH)
        assert not store.books.record(other, other.to(Phase.REVOKED))
        assert not store.books.record(elsewhere, elsewhere.to(Phase.REVOKED))
        assert load(store).intents == {BTC: held}

    @pytest.mark.parametrize(
        ("stands", "phase"),
        [
            (Phase.PENDING, Phase.DONE),
            (Phase.PENDING, Phase.SENDING),
            (Phase.OPEN, Phase.OPEN),
            (Phase.DONE, Phase.PENDING),
            (Phase.SENDING, Phase.REVOKED),
        ],
    )
    def test_an_illegal_step_is_a_bug(self, store: Store, stands: Phase, phase: Phase) -> None:
        held = open_slot(store, stands)
        with pytest.raises(AssertionError):
            store.books.record(held, in_phase(held, phase))
        assert load(store).intents == {BTC: held}

    def test_a_step_keeps_its_identifier(self, store: Store) -> None:
        held = open_slot(store)
        with pytest.raises(AssertionError):
            store.books.record(held, in_phase(intent_of(BTC, attempt=1), Phase.REVOKED))
