"""The store of the account's books."""

from typing import Protocol

from haetae.ledger.book import Book, Commit, Decision, Mode, OperatorMode, TradeLine
from haetae.ledger.intent import Intent


class Books(Protocol):
    """The store. Every method raises BooksUnavailable when it does not answer."""

    def load(self) -> Book:
        """Read halt, state, and the intents of the orders that are open.

        State and intents fit each other, and nothing is older than the call. What is stored
        meanwhile is noticed by the next write, which is conditional on version and epoch.

        Raises:
            CorruptState: an item is there but cannot be read back, or an open order has none.
        """
        ...

    def halt(self) -> OperatorMode:
        """Read the operator's word alone, though the rest of the books may be unreadable.

        Raises:
            CorruptState: it cannot be read back.
        """
        ...

    def commit(self, commit: Commit) -> bool:
        """Carry out the transaction; False when somebody else was first."""
        ...

    def mark_sending(self, intent: Intent, *, epoch: int, deadline_s: float) -> bool:
        """Take a PENDING intent to SENDING unless the halt epoch has moved; False if so."""
        ...

    def record(self, before: Intent, after: Intent) -> bool:
        """Replace an open intent that still stands as `before`; False if it does not."""
        ...

    def move_halt(
        self, *, mode: Mode, t: int, reason: str, by: str, expected: int | None
    ) -> OperatorMode:
        """Set the operator's mode and move the epoch; with `expected`, only from that epoch.

        Returns the halt as it then stands, whether or not it was moved.
        """
        ...

    def trades(self, market: str, *, from_t: int, to_t: int) -> tuple[TradeLine, ...]:
        """Return the market's fills with from_t <= t < to_t, oldest first."""
        ...

    def decisions(self, market: str, *, from_t: int, to_t: int) -> tuple[Decision, ...]:
        """Return the market's journal with from_t <= t < to_t, oldest first."""
        ...
