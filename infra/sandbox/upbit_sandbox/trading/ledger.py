"""An account as it stands: what an exchange opens with and what survives it."""

from dataclasses import dataclass, field

from upbit_sandbox.trading.orders import Order
from upbit_sandbox.trading.wallet import Balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Balances by currency, orders oldest first, used identifiers, and how many uuids are issued.

    An identifier without a uuid was burnt by an attempt that was refused. Everything up to
    `settled_s` (epoch s) has been matched; 0 where candles are looked at again.
    """

    balances: dict[str, Balance]
    orders: tuple[Order, ...] = ()
    identifiers: dict[str, str | None] = field(default_factory=dict)
    issued: int = 0
    settled_s: float = 0.0
