"""What happened to an account, in order: the source of the private streams (docs: myOrder)."""

from collections import deque
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from upbit_sandbox.trading.orders import Order, Trade
from upbit_sandbox.trading.wallet import Balance

KEPT = 10_000


class Change(StrEnum):
    """What an order went through; `TRADE` leaves it waiting or is followed by its end."""

    WAIT = "wait"
    TRADE = "trade"
    DONE = "done"
    CANCEL = "cancel"
    PREVENTED = "prevented"


class OrderEvent(NamedTuple):
    """An order as it was right after a change, at `at_s` epoch s, with the trade if it was one."""

    at_s: float
    change: Change
    order: Order
    trade: Trade | None


class AssetEvent(NamedTuple):
    """Balances by currency that a change has moved, as they were right after it."""

    at_s: float
    balances: dict[str, Balance]


type Event = OrderEvent | AssetEvent


class Journal:
    """The newest events of one account, numbered from 0; who reads too late misses the oldest."""

    def __init__(self) -> None:
        """Begin empty."""
        self._events: deque[Event] = deque(maxlen=KEPT)
        self.count = 0

    def __repr__(self) -> str:
        """Show what happened, so that two accounts can be compared by what they say."""
        return f"Journal({self.count}, {list(self._events)!r})"

    def add(self, event: Event) -> None:
        """Note one event."""
        self._events.append(event)
        self.count += 1

    def since(self, number: int) -> list[Event]:
        """Give the events from this number on that are still kept."""
        first = self.count - len(self._events)
        return list(islice(self._events, max(number - first, 0), None))
