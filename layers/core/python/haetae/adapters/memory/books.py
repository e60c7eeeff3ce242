"""The books in memory: the store's twin for tests, replays and rehearsals."""

from dataclasses import replace
from threading import Lock

from haetae.base.errors import CorruptState
from haetae.ledger.book import Book, Commit, Decision, Mode, OperatorMode, State, TradeLine
from haetae.ledger.intent import Intent, Phase
from haetae.ledger.invariants import (
    CLOSED_FROM,
    check_commit,
    check_record,
    fit_intents,
    missing_intents,
    open_orders,
)
from haetae.ledger.journal import oldest_first
from haetae.ledger.keys import months, time_sk

type Key = tuple[str, str]  # market and sort key


class MemoryBooks:
    """One account's books, safe among threads; the same conditions as the stored books."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._halt = OperatorMode()
        self._version = 0
        self._state: State | None = None
        self._slots: dict[str, Intent] = {}
        self._orders: dict[Key, Intent] = {}
        self._trades: dict[Key, TradeLine] = {}
        self._decisions: dict[Key, Decision] = {}

    def load(self) -> Book:
        """Return halt, state and the intents of open orders as of one moment.

        Raises:
            CorruptState: an open order has no intent.
        """
        with self._lock:
            intents = {name: self._slots.get(name) for name in open_orders(self._state)}
            fitting = fit_intents(self._state, intents)
            if len(fitting) < len(intents):
                raise CorruptState(missing_intents(intents, fitting))
            return Book(halt=self._halt, version=self._version, state=self._state, intents=fitting)

    def halt(self) -> OperatorMode:
        """Return the operator's word."""
        with self._lock:
            return self._halt

    def commit(self, commit: Commit) -> bool:
        """Carry out the transaction; False when somebody else was first."""
        check_commit(commit)
        orders = {(i.market, time_sk(i.t, i.identifier)): i for i in commit.closed}
        trades = {(line.market, time_sk(line.t, line.identifier)): line for line in commit.trades}
        decisions = {(d.market, time_sk(d.t, d.hash)): d for d in commit.decisions}
        with self._lock:
            if not (
                commit.version == self._version
                and commit.epoch == self._halt.epoch
                and self._slots_fit(commit)
                and self._orders.keys().isdisjoint(orders)
                and self._trades.keys().isdisjoint(trades)
                and self._decisions.keys().isdisjoint(decisions)
            ):
                return False
            self._version += 1
            self._state = commit.state
            for intent in commit.closed:
                del self._slots[intent.market]
            self._slots.update((intent.market, intent) for intent in commit.opened)
            self._orders.update(orders)
            self._trades.update(trades)
            self._decisions.update(decisions)
            return True

    def mark_sending(self, intent: Intent, *, epoch: int, deadline_s: float) -> bool:
        """Take a PENDING intent to SENDING; False if the halt epoch or the intent has moved."""
        sending = intent.to(Phase.SENDING, deadline_s=deadline_s)
        with self._lock:
            stands = self._slots.get(intent.market)
            if (
                epoch != self._halt.epoch
                or stands is None
                or stands.identifier != intent.identifier
                or stands.phase is not Phase.PENDING
            ):
                return False
            self._slots[intent.market] = replace(
                stands, phase=sending.phase, deadline_s=sending.deadline_s
            )
            return True

    def record(self, before: Intent, after: Intent) -> bool:
        """Replace an open intent that still stands as `before`; False if it does not."""
        check_record(before, after)
        with self._lock:
            stands = self._slots.get(before.market)
            if (
                stands is None
                or stands.identifier != before.identifier
                or stands.phase is not before.phase
                or stands.deadline_s != before.deadline_s
            ):
                return False
            self._slots[before.market] = after
            return True

    def move_halt(
        self, *, mode: Mode, t: int, reason: str, by: str, expected: int | None
    ) -> OperatorMode:
        """Set the mode and move the epoch, with `expected` only from there; return what stands."""
        with self._lock:
            if expected is None or expected == self._halt.epoch:
                epoch = self._halt.epoch + 1
                self._halt = OperatorMode(mode=mode, epoch=epoch, t=t, reason=reason, by=by)
            return self._halt

    def orders(self, market: str, *, from_t: int, to_t: int) -> tuple[Intent, ...]:
        """Return the market's closed intents with from_t <= t < to_t, oldest first."""
        return tuple(self._between(self._orders, market, from_t, to_t))

    def trades(self, market: str, *, from_t: int, to_t: int) -> tuple[TradeLine, ...]:
        """Return the market's fills with from_t <= t < to_t, oldest first."""
        return tuple(self._between(self._trades, market, from_t, to_t))

    def decisions(self, market: str, *, from_t: int, to_t: int) -> tuple[Decision, ...]:
        """Return the market's journal with from_t <= t < to_t, oldest first."""
        return oldest_first(self._between(self._decisions, market, from_t, to_t))

    def _slots_fit(self, commit: Commit) -> bool:
        opened = {intent.market for intent in commit.opened}
        closed = {intent.market for intent in commit.closed}
        free = all(market not in self._slots for market in opened - closed)
        return free and all(
            self._closes(intent, replaced=intent.market in opened) for intent in commit.closed
        )

    def _closes(self, intent: Intent, *, replaced: bool) -> bool:
        stands = self._slots.get(intent.market)
        if stands is None or stands.identifier != intent.identifier:
            return False
        return stands.phase in ({intent.phase} if replaced else CLOSED_FROM[intent.phase])

    def _between[T: (Intent, TradeLine, Decision)](
        self, kept: dict[Key, T], market: str, from_t: int, to_t: int
    ) -> list[T]:
        months(from_t, to_t)
        with self._lock:
            found = [
                (key, value)
                for key, value in kept.items()
                if key[0] == market and from_t <= value.t < to_t
            ]
        return [value for _, value in sorted(found, key=lambda pair: pair[0])]
