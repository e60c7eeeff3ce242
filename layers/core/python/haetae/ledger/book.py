"""The account's book as it is read and written: one consistent read, one transaction."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum

from haetae.kernel.codes import HALT, KILLED, NO_ORDER, RUN, STOP
from haetae.kernel.records import Account, Market
from haetae.ledger.intent import Intent, Side

GENESIS = "0" * 64


class Mode(IntEnum):
    """What the operator allows, least to most restrictive; to the kernel it is an int.

    RUN trades, STOP refuses new entries, HALT does nothing but exits, KILL sells everything.
    """

    RUN = RUN
    STOP = STOP
    HALT = HALT
    KILL = KILLED


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorMode:
    """The operator's word, as it was given at `t` (epoch seconds).

    `epoch` is a fencing token: it moves with every command, and nothing that was written under an
    older one can still be sent.
    """

    mode: Mode = Mode.RUN
    epoch: int = 0
    t: int = 0
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The kernel's state as of the minute `t`; `chains` are each market's last journal hash."""

    t: int
    account: Account
    markets: dict[str, Market]
    chains: dict[str, str]

    @property
    def in_use(self) -> tuple[str, ...]:
        """The markets in which something is held or on order."""
        return tuple(
            name
            for name, market in self.markets.items()
            if market.position.units > 0 or market.order.kind != NO_ORDER
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All that a cycle reads: the operator's word, the state (None before the first start, with
    version 0), and by market the one open intent."""

    halt: OperatorMode
    version: int
    state: State | None
    intents: dict[str, Intent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLine:
    """One fill in the books. Money in won; `pnl` and `r` are None for an entry.

    `fee` is the kernel's; `exchange_fee` and `exchange_funds` are what the exchange said.
    """

    t: int
    market: str
    identifier: str
    side: Side
    reason: str
    price: float
    units: int
    funds: Decimal
    fee: Decimal
    pnl: Decimal | None
    r: float | None
    exchange_funds: Decimal
    exchange_fee: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One record of the journal: what was seen and said at `t`, chained to the one before.

    `body` is canonical JSON; `hash` is SHA-256 over `previous` and `body`, in hex.
    """

    t: int
    market: str
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One transaction: it happens whole, or not at all.

    It fails when the stored version or the halt epoch differs from what was read. `opened` are
    new PENDING intents; `closed` are intents whose last word is applied in `state`.
    """

    version: int
    epoch: int
    state: State
    opened: tuple[Intent, ...] = ()
    closed: tuple[Intent, ...] = ()
    trades: tuple[TradeLine, ...] = ()
    decisions: tuple[Decision, ...] = ()
