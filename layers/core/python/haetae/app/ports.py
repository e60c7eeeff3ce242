"""What the use cases ask of the outside world, in their own words."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from haetae.kernel.state import Candle
from haetae.ledger.book import Book, Commit, Decision, OperatorMode, TradeLine
from haetae.ledger.intent import Execution, Intent
from haetae.market.order_book import OrderBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The exchange refused: the order surely does not exist."""

    name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """The request surely never left this machine."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The request may or may not have been carried out: ask by identifier, never guess."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The exchange knows no order by that identifier (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """An order as the exchange tells it. `ended` once it can trade no more; money in won.

    `executions` is empty in the answer to a new order; matching is asynchronous.
    """

    uuid: str
    ended: bool
    executions: tuple[Execution, ...]
    fee: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One currency of the exchange account; `free` excludes `locked`."""

    currency: str
    free: Decimal
    locked: Decimal

    @classmethod
    def none(cls, currency: str) -> "Balance":
        """Return the balance of a currency that the account does not hold."""
        return cls(currency=currency, free=Decimal(0), locked=Decimal(0))


class Exchange(Protocol):
    """Quotes and orders. Reads raise ExchangeError; orders answer with a value."""

    def candles(
        self, market: str, *, from_t: int, to_t: int, unit_min: int = 1
    ) -> tuple[Candle, ...]:
        """Return the closed candles with from_t <= start and end <= to_t, oldest first."""
        ...

    def balances(self) -> tuple[Balance, ...]:
        """Return every currency the account holds."""
        ...

    def order_book(self, market: str) -> OrderBook:
        """Return a market's order book."""
        ...

    def place(self, intent: Intent) -> OrderReport | Rejected | Unreachable | Unknown:
        """Send one market order with its identifier; never send it twice."""
        ...

    def order(self, identifier: str) -> OrderReport | Missing:
        """Return what became of an order."""
        ...

    def cancel(self, identifier: str) -> None:
        """Ask for an order's cancellation; one that has ended is no error."""
        ...


class Books(Protocol):
    """The store. Every method raises BooksUnavailable when it does not answer."""

    def load(self, markets: tuple[str, ...]) -> Book:
        """Read halt, state, and the open intents of those `markets` that have an order open.

        State and intents fit each other; the halt is no younger than what was stored when the
        read began. Whatever is stored meanwhile is found by the conditions of a write.

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
        self, *, mode: int, t: int, reason: str, by: str, expected: int | None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the bot, before it is put into words.

    `kind` names the class of message; `facts` are what its text is filled with.
    """

    kind: str
    level: str
    t: int
    facts: dict[str, str]


class Messages(Protocol):
    """Where messages go; a lost message must never stop a trade."""

    def publish(self, message: Message) -> None:
        """Hand the message on; failures are the adapter's to log."""
        ...


class Clock(Protocol):
    """Real time: for deadlines and for refusing events from the future, never for decisions."""

    def now_s(self) -> float:
        """Return epoch seconds."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait; at most a few seconds, always bounded by the caller."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one account."""

    exchange: Exchange
    books: Books
    messages: Messages
    clock: Clock
