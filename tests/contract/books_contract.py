"""What every store of books must do, whatever it is made of."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import batched
from typing import Any

import pytest

from haetae.adapters.dynamodb.books import DynamoDbBooks
from haetae.adapters.memory.books import MemoryBooks
from haetae.base.errors import CorruptState
from haetae.config.profiles import PROFILES
from haetae.kernel.codes import ENTRY, ENTRY_SIGNAL, HALT, RUN, STOP
from haetae.kernel.records import NEW_MARKET, NO_ORDER_OPEN
from haetae.kernel.step import open_account
from haetae.ledger.book import GENESIS, Book, Commit, Decision, Mode, OperatorMode, State, TradeLine
from haetae.ledger.executions import EXECUTIONS_MAX, merge_executions
from haetae.ledger.intent import Execution, Intent, Phase, Side, identifier
from haetae.ledger.invariants import MARKETS_PER_COMMIT
from haetae.ledger.journal import record, verify

T = 1_759_276_740  # 2025-09-30 23:59 UTC: the next minute is in another month
MINUTE_S = 60
OCTOBER_T = T + MINUTE_S
BTC, ETH = "KRW-BTC", "KRW-ETH"
_, RAILS = PROFILES["plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Books under test, and a look at all that they keep."""

    books: MemoryBooks | DynamoDbBooks
    everything: Callable[[], Any]


def state_at(t: int, opened: tuple[Intent, ...] = ()) -> State:
    """Return a state at `t` in which the intents' orders are open."""
    account = open_account(RAILS, t, 10_000_000_000_000)
    market = NEW_MARKET._replace(seen=t, close=0.1 + 0.2)
    markets = {BTC: market, ETH: market._replace(close=1e-8)}
    for intent in opened:
        order = NO_ORDER_OPEN._replace(kind=intent.kind, t=intent.t, krw=intent.krw)
        markets[intent.market] = markets.get(intent.market, market)._replace(order=order)
    return State(t=t, account=account, markets=markets, chains={BTC: GENESIS, ETH: GENESIS})


def intent_of(market: str, t: int = T, *, attempt: int = 0) -> Intent:
    return Intent(
        identifier=identifier(
            account="main", market=market, t=t, leg="entry", part=0, attempt=attempt
        ),
        market=market,
        side=Side.BID,
        t=t,
        kind=ENTRY,
        reason=ENTRY_SIGNAL,
        krw=1_000_000,
        units=0,
    )


def done(intent: Intent) -> Intent:
    execution = Execution(t=intent.t, price=Decimal("100.5"), units=7, funds=Decimal("999500.25"))
    return replace(intent, phase=Phase.DONE, executions=(execution,), fee=Decimal("499.75"))


def in_phase(intent: Intent, phase: Phase) -> Intent:
    return replace(intent, phase=phase)


def trade_of(intent: Intent, t: int) -> TradeLine:
    return TradeLine(
        t=t,
        market=intent.market,
        identifier=intent.identifier,
        side=intent.side,
        reason="entry_signal",
        price=100.5,
        units=7,
        funds=Decimal("999500.25"),
        fee=Decimal("499.75"),
        pnl=None,
        r=None,
        exchange_funds=Decimal("999500.25"),
        exchange_fee=Decimal("499.7501"),
    )


def journal(market: str, *times: int) -> tuple[Decision, ...]:
    records: list[Decision] = []
    for n, t in enumerate(times):
        records.append(record(t, market, {"n": n}, records[-1].hash if records else GENESIS))
    return tuple(records)


def first(**parts: Any) -> Commit:
    return Commit(version=0, epoch=0, state=state_at(T, parts.get("opened", ())), **parts)


def then(version: int, **parts: Any) -> Commit:
    state = state_at(T + version, parts.get("opened", ()))
    return Commit(version=version, epoch=0, state=state, **parts)


def stop(store: Store, *, expected: int | None = None) -> OperatorMode:
    return store.books.move_halt(mode=STOP, t=T, reason="a test", by="me", expected=expected)


def load(store: Store) -> Book:
    return store.books.load((BTC, ETH))


def open_slot(store: Store, phase: Phase = Phase.PENDING) -> Intent:
    """Leave the books at version 1 with BTC's slot in a phase; deadline 5.0 once it was sent."""
    intent = intent_of(BTC)
    assert store.books.commit(first(opened=(intent,)))
    if phase is Phase.PENDING:
        return intent
    if phase is Phase.REVOKED:
        revoked = intent.to(phase)
        assert store.books.record(intent, revoked)
        return revoked
    assert store.books.mark_sending(intent, epoch=0, deadline_s=5.0)
    sending = intent.to(Phase.SENDING, deadline_s=5.0)
    if phase is Phase.SENDING:
        return sending
    after = done(sending) if phase is Phase.DONE else sending.to(phase)
    assert store.books.record(sending, after)
    return after


class BooksContract:
    """The suite; a subclass gives the fixture `store`."""

    # Loading

    def test_books_that_never_were_load_as_version_zero(self, store: Store) -> None:
        assert load(store) == Book(halt=OperatorMode(), version=0, state=None, intents={})

    def test_what_was_committed_is_loaded(self, store: Store) -> None:
        intent = intent_of(BTC)
        assert store.books.commit(first(opened=(intent,)))
        expected = Book(
            halt=OperatorMode(), version=1, state=state_at(T, (intent,)), intents={BTC: intent}
        )
        assert load(store) == expected

    def test_only_the_slots_asked_for_are_loaded(self, store: Store) -> None:
        assert store.books.commit(first(opened=(intent_of(BTC), intent_of(ETH))))
        assert store.books.load((ETH,)).intents == {ETH: intent_of(ETH)}
        assert store.books.load(()).version == 1

    def test_a_slot_is_read_where_an_order_is_open(self, store: Store) -> None:
        held = open_slot(store, Phase.DONE)
        closed = replace(then(1, closed=(held,)), state=state_at(T + 1))
        assert store.books.commit(closed)
        assert load(store).intents == {}

    def test_an_open_order_without_its_intent_is_corrupt(self, store: Store) -> None:
        assert store.books.commit(replace(first(), state=state_at(T, (intent_of(BTC),))))
        with pytest.raises(CorruptState, match="no intent of the open order in KRW-BTC"):
            load(store)
        assert store.books.load((ETH,)).version == 1
        assert store.books.halt() == OperatorMode()

    @pytest.mark.parametrize("count", [120, 200])
    def test_two_hundred_markets_are_loaded(self, store: Store, count: int) -> None:
        names = tuple(f"KRW-T{n:03d}" for n in range(count))
        intents = {name: intent_of(name) for name in names}
        state = state_at(T, tuple(intents.values()))
        for version, chunk in enumerate(batched(names, MARKETS_PER_COMMIT, strict=False)):
            opened = tuple(intents[name] for name in chunk)
            commit = Commit(version=version, epoch=0, state=state, opened=opened)
            assert store.books.commit(commit)
        book = store.books.load(names)
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
        # when each chunk settles, books, says so and orders anew, all in one transaction
        for version, chunk in enumerate(chunks, start=len(chunks)):
            for name in chunk:
                assert store.books.mark_sending(intents[name], epoch=0, deadline_s=5.0)
                sending = intents[name].to(Phase.SENDING, deadline_s=5.0)
                assert store.books.record(sending, done(sending))
            closed = tuple(done(intents[name]) for name in chunk)
            assert store.books.commit(
                then(
                    version,
                    closed=closed,
                    opened=tuple(intent_of(name, T + MINUTE_S) for name in chunk),
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

    # Versions and epochs

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

    # Slots

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

    # Whole or not at all

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

    # The intent's steps

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

    # The operator's word

    def test_every_command_moves_the_epoch(self, store: Store) -> None:
        assert stop(store) == OperatorMode(mode=Mode.STOP, epoch=1, t=T, reason="a test", by="me")
        again = store.books.move_halt(mode=HALT, t=T + 1, reason="", by="", expected=None)
        assert again == OperatorMode(mode=Mode.HALT, epoch=2, t=T + 1)
        assert load(store).halt == again

    def test_with_an_expected_epoch_only_from_there(self, store: Store) -> None:
        assert stop(store, expected=1) == OperatorMode()
        assert stop(store, expected=0).epoch == 1
        stands = stop(store, expected=1)
        assert stands.epoch == 2
        late = store.books.move_halt(mode=RUN, t=T + 9, reason="late", by="x", expected=1)
        assert late == stands == load(store).halt
        assert stop(store, expected=0) == stands

    # History

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
