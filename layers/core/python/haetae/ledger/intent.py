"""An order's intent: written before it is sent, and the one place its lifecycle is drawn.

PENDING ──► SENDING ──► OPEN ──► DONE
   │           │  │       ▲       ▲
   ▼           │  └► UNKNOWN ─────┤
REVOKED        │       │          │
               └───────┴► REJECTED
SENDING ──► PENDING when the request surely never left.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum


class Phase(Enum):
    """Where an intent stands; the exchange can only know those from SENDING on."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    OPEN = "open"
    DONE = "done"
    REJECTED = "rejected"
    REVOKED = "revoked"


FINAL = frozenset({Phase.DONE, Phase.REJECTED, Phase.REVOKED})
TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.PENDING: frozenset({Phase.SENDING, Phase.REVOKED}),
    Phase.SENDING: frozenset(
        {Phase.PENDING, Phase.UNKNOWN, Phase.OPEN, Phase.DONE, Phase.REJECTED}
    ),
    Phase.UNKNOWN: frozenset({Phase.OPEN, Phase.DONE, Phase.REJECTED}),
    Phase.OPEN: frozenset({Phase.DONE}),
    Phase.DONE: frozenset(),
    Phase.REJECTED: frozenset(),
    Phase.REVOKED: frozenset(),
}


class Side(Enum):
    """Upbit's words: a bid buys, an ask sells."""

    BID = "bid"
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One trade of an order: `t` epoch seconds; price and funds in won; `units` of 1e-8 coins."""

    t: int
    price: Decimal
    units: int
    funds: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An order that the kernel asked for.

    A bid spends `krw` whole won at the market; an ask sells `units` at the market. `deadline_s`
    is when its request can no longer be on the way (epoch seconds, 0.0 before it is sent).
    `fee` is what the exchange charged in all, kept beside the books' own figure.
    """

    identifier: str
    market: str
    side: Side
    t: int
    kind: int
    reason: int
    krw: int
    units: int
    phase: Phase = Phase.PENDING
    deadline_s: float = 0.0
    uuid: str = ""
    executions: tuple[Execution, ...] = ()
    fee: Decimal = Decimal(0)
    note: str = ""

    def __post_init__(self) -> None:
        assert self.identifier
        assert len(self.identifier) <= 64, self.identifier
        assert (self.krw > 0) if self.side is Side.BID else (self.units > 0), self

    def to(self, phase: Phase, **changes: object) -> "Intent":
        """Return the intent in another phase.

        Raises:
            AssertionError: the lifecycle has no such transition.
        """
        assert phase in TRANSITIONS[self.phase], (self.phase, phase)
        return replace(self, phase=phase, **changes)  # type: ignore[arg-type]


def identifier(*, account: str, market: str, t: int, leg: str, part: int, attempt: int) -> str:
    """Derive an order's identifier from its cause: same cause, same identifier, one order."""
    return f"{account}-{market}-{t}-{leg}-{part}-{attempt}"
