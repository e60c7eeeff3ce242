"""Everything a running sandbox holds, in one place that the routes share."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from upbit_sandbox.auth import Authority
from upbit_sandbox.clock import Clock, VirtualClock
from upbit_sandbox.exchange import Exchange
from upbit_sandbox.faults import Faults
from upbit_sandbox.fields import Malformed
from upbit_sandbox.keys import MAIN, Key
from upbit_sandbox.ledger import Ledger
from upbit_sandbox.limits import RateLimits
from upbit_sandbox.listing import Listings
from upbit_sandbox.live import LiveExchange
from upbit_sandbox.market import Market
from upbit_sandbox.orders import State
from upbit_sandbox.state import Snapshot, Source
from upbit_sandbox.synthetic import synthetic_markets
from upbit_sandbox.wallet import Balance

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
    """The markets, the clock, the accounts and the switches."""

    def __init__(
        self,
        markets: Sequence[Market],
        clock: Clock,
        options: Options,
        source: Source | None = None,
    ) -> None:
        """Open the account with the options' balances; the source is a replay unless told."""
        self.markets = {market.code: market for market in markets}
        self.clock = clock
        self.options = options
        self.source = source or Source(
            name="replay", markets=tuple(self.markets), seed=options.seed
        )
        enforced = options.rate_limits
        if enforced is None:
            enforced = not isinstance(clock, VirtualClock)
        self.limits = RateLimits(enforced)
        key = Key(access_key=options.access_key, secret_key=options.secret_key)
        self.authority = Authority([key])
        self.faults = Faults()
        self.listings = Listings()
        self.accounts = {MAIN: self._open(_opening({"KRW": options.cash, **options.coins}))}

    @property
    def account(self) -> Exchange:
        """The main account."""
        return self.accounts[MAIN]

    @account.setter
    def account(self, account: Exchange) -> None:
        self.accounts[MAIN] = account

    def reset(self, balances: dict[str, Decimal]) -> None:
        """Start the account over: no orders, no identifiers, no faults, these free balances."""
        self.account = self._open(_opening(balances))
        self.faults = Faults()

    def snapshot(self) -> Snapshot:
        """Give everything that survives, as it stands; nothing is settled first."""
        return Snapshot(source=self.source, ledger=self.account.ledger(), now_s=self.clock.now())

    def restore(self, snapshot: Snapshot) -> None:
        """Put an account back, with a virtual clock and the same synthetic prices.

        The markets stay this exchange's own. Malformed if it is another kind of exchange's
        account, or an order waits in a market that is not here.
        """
        theirs, ours = snapshot.source, self.source
        if theirs.name != ours.name:
            raise Malformed("source.name", f"this exchange's is {ours.name}")
        waiting = {order.market for order in snapshot.ledger.orders if order.state is State.WAIT}
        if ours.markets and not waiting <= set(ours.markets):
            listed = ", ".join(sorted(waiting - set(ours.markets)))
            raise Malformed("orders", f"one waits in {listed}, which is not a market here")
        theirs = replace(theirs, markets=ours.markets)
        now_s = snapshot.now_s if isinstance(self.clock, VirtualClock) else self.clock.now()
        if theirs.name == "synthetic" and theirs != ours:
            self.markets = {m.code: m for m in synthetic_markets(theirs, now_s)}
        if isinstance(self.clock, VirtualClock):
            self.clock.now_s = now_s
        self.source = theirs
        self.account = self._open(snapshot.ledger)

    def _open(self, ledger: Ledger) -> Exchange:
        seed = self.source.seed
        if self.source.name == "live":
            return LiveExchange(ledger, seed=seed)
        bps = self.options.slippage_bps
        return Exchange(self.markets, ledger, seed=seed, slippage_bps=bps)


def _opening(free: dict[str, Decimal]) -> Ledger:
    return Ledger(balances={currency: Balance(amount) for currency, amount in free.items()})
