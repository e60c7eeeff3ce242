"""Everything a running sandbox holds, in one place that the routes share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from uuid import UUID

from upbit_sandbox.auth import Authority
from upbit_sandbox.clock import Clock, VirtualClock
from upbit_sandbox.exchange import Exchange
from upbit_sandbox.faults import Faults
from upbit_sandbox.limits import RateLimits
from upbit_sandbox.market import Market

ACCESS_KEY = "sandbox-access-key"
SECRET_KEY = "sandbox-only-secret-key-that-opens-nothing-but-this-sandbox-00000"  # noqa: S105 - public


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox is set up; `rate_limits` None means only when the clock is real.

    `cash` is KRW, `coins` further free balances by currency.
    """

    cash: Decimal = Decimal(10_000_000)
    coins: dict[str, Decimal] = field(default_factory=dict)
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    slippage_bps: int = 10
    seed: int = 0
    rate_limits: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what no exchange could open with."""
        if self.cash < 0 or any(amount < 0 for amount in self.coins.values()):
            raise ValueError("balances cannot be negative")
        if not 0 <= self.slippage_bps < 10_000:
            raise ValueError("slippage_bps must be from 0 to 9999")


class Venue:
    """The markets, the clock, the one account and the switches."""

    def __init__(self, markets: Sequence[Market], clock: Clock, options: Options) -> None:
        """Open the account with the options' balances."""
        self.markets = {market.code: market for market in markets}
        self.clock = clock
        self.options = options
        enforced = options.rate_limits
        if enforced is None:
            enforced = not isinstance(clock, VirtualClock)
        self.limits = RateLimits(enforced)
        self.authority = Authority(options.access_key, options.secret_key)
        self.faults = Faults()
        self.account = self._open({"KRW": options.cash, **options.coins})

    def reset(self, balances: dict[str, Decimal]) -> None:
        """Start the account over: no orders, no identifiers, no faults, these free balances."""
        self.account = self._open(balances)
        self.faults = Faults()

    def _open(self, balances: dict[str, Decimal]) -> Exchange:
        draw = Random(self.options.seed)  # noqa: S311 - ids must be the same on every run

        def new_uuid() -> str:
            return str(UUID(int=draw.getrandbits(128), version=4))

        return Exchange(self.markets, balances, new_uuid, self.options.slippage_bps)
