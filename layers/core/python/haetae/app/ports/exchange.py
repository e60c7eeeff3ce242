"""Quotes, the account and orders, as the exchange tells them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from haetae.kernel.records import Candle
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
