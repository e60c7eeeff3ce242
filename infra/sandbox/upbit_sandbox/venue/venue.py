"""Everything a running sandbox holds, in one place that the routes share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import blake2b

from upbit_sandbox.access.auth import Authority
from upbit_sandbox.access.faults import Faults
from upbit_sandbox.access.keys import MAIN, Key
from upbit_sandbox.access.limits import RateLimits
from upbit_sandbox.base.clock import Clock, VirtualClock
from upbit_sandbox.base.fields import Malformed
from upbit_sandbox.base.wire import Request, Response
from upbit_sandbox.prices.listing import Listings
from upbit_sandbox.prices.market import Market
from upbit_sandbox.prices.source import Source
from upbit_sandbox.prices.synthetic import synthetic_markets
from upbit_sandbox.trading.book import Books
from upbit_sandbox.trading.book_matching import BookExchange
from upbit_sandbox.trading.candle_matching import CandleExchange
from upbit_sandbox.trading.exchange import Exchange
from upbit_sandbox.trading.ledger import Ledger
from upbit_sandbox.trading.live import MirroredBooks
from upbit_sandbox.trading.orders import SmpType, State
from upbit_sandbox.trading.wallet import KRW, Balance
from upbit_sandbox.venue.state import AccountState, Amounts, Snapshot

ACCESS_KEY = "sandbox-access-key"
SECRET_KEY = "sandbox-only-secret-key-that-opens-nothing-but-this-sandbox-00000"  # noqa: S105 - public
FILLS = ("candles", "book")
SMP_DEFAULTS = ("cancel_maker", "none")
SCOPE_STATUSES = (401, 403)
LIMIT_BODIES = ("text", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox is set up; `rate_limits` None means only when the clock is real.

    `cash` is KRW, `coins` further free balances by currency. `fills` says what orders trade
    against: "candles", or the order "book" with `depth_krw` KRW on each of its levels.
    `smp_default` is what an absent smp_type means: "cancel_maker", or "none" as before 2026-11-09.
    `scope_status` is that of out_of_scope, 401 or 403 (Upbit: either, by the route), and
    `limit_body` the form of a refusal by rate, "text" or "json" (Upbit: not documented).
    """

    cash: Decimal = Decimal(10_000_000)
    coins: dict[str, Decimal] = field(default_factory=dict)
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    slippage_bps: int = 10
    seed: int = 0
    fills: str = "candles"
    depth_krw: Decimal = Decimal(100_000_000)
    smp_default: str = "cancel_maker"
    rate_limits: bool | None = None
    scope_status: int = 403
    limit_body: str = "text"

    def __post_init__(self) -> None:
        """Refuse what no exchange could open with."""
        if self.cash < 0 or any(amount < 0 for amount in self.coins.values()):
            raise ValueError("balances cannot be negative")
        if not 0 <= self.slippage_bps < 10_000:
            raise ValueError("slippage_bps must be from 0 to 9999")
        if self.fills not in FILLS:
            raise ValueError(f"fills must be one of {', '.join(FILLS)}")
        if self.depth_krw <= 0:
            raise ValueError("depth_krw must be more than 0")
        if self.smp_default not in SMP_DEFAULTS:
            raise ValueError(f"smp_default must be one of {', '.join(SMP_DEFAULTS)}")
        if self.scope_status not in SCOPE_STATUSES:
            raise ValueError("scope_status must be 401 or 403")
        if self.limit_body not in LIMIT_BODIES:
            raise ValueError(f"limit_body must be one of {', '.join(LIMIT_BODIES)}")


type Control = Callable[["Venue", Request], Response]  # one of the sandbox's own routes


class Venue:
    """The markets, the clock, the accounts and the switches."""

    def __init__(
        self,
        markets: Sequence[Market],
        clock: Clock,
        options: Options,
        source: Source | None = None,
    ) -> None:
        """Open the accounts with the options' balances; the source is a replay unless told."""
        self.markets = {market.code: market for market in markets}
        self.clock = clock
        self.options = options
        self.source = source or Source(
            name="replay", markets=tuple(self.markets), seed=options.seed
        )
        self.own_key = Key(access_key=options.access_key, secret_key=options.secret_key)
        self.authority = Authority([self.own_key])
        self.limits = self._fresh_limits()
        self.faults = Faults()
        self.listings = Listings()
        self.books = self._open_books()
        self.openings: dict[str, Amounts] = {}
        self.accounts: dict[str, Exchange] = {}
        self.open_account(MAIN, {KRW: options.cash, **options.coins})

    @property
    def account(self) -> Exchange:
        """The main account."""
        return self.accounts[MAIN]

    @account.setter
    def account(self, account: Exchange) -> None:
        self.accounts[MAIN] = account

    def open_account(self, name: str, opening: Amounts, keys: Sequence[Key] = ()) -> None:
        """Open an account with these free balances and these keys."""
        self.openings[name] = opening
        self.accounts[name] = self._exchange(name, _ledger(opening))
        for key in keys:
            self.authority.keys[key.access_key] = key

    def close_account(self, name: str) -> None:
        """Forget an account and its keys."""
        del self.accounts[name], self.openings[name]
        keys = self.authority.keys
        self.authority.keys = {access: key for access, key in keys.items() if key.account != name}

    def reset(self, name: str, balances: Amounts | None = None) -> None:
        """Start one account over: no orders, no identifiers, these free balances or its first."""
        opening = self.openings[name] if balances is None else balances
        self.accounts[name] = self._exchange(name, _ledger(opening))

    def clear(self) -> None:
        """Take away all faults, what the rate limits remember, and what orders took from books."""
        self.faults = Faults()
        self.limits = self._fresh_limits()
        if isinstance(self.books, Books):
            self.books = self._open_books()

    def announce(self, listings: Listings) -> None:
        """Put these announcements in force, in place of those that were."""
        self.listings = listings
        for code, market in self.markets.items():
            self.markets[code] = market.with_closures(listings.of(code).maintenance)
        for account in self.accounts.values():
            account.look_again()

    def waiting_in(self) -> set[str]:
        """Give the markets in which an order waits, whosever it is."""
        return {code for account in self.accounts.values() for code in account.waiting_in()}

    def placement_s(self, uuid: str) -> float:
        """Give when the order of this uuid was placed (epoch s); KeyError where there is none."""
        for account in self.accounts.values():
            if uuid in account.orders:
                return account.orders[uuid].placed_s
        raise KeyError(uuid)

    def snapshot(self) -> Snapshot:
        """Give everything that survives, as it stands; nothing is settled first."""
        return Snapshot(
            source=self.source,
            accounts={
                name: AccountState(ledger=account.ledger(), opening=self.openings[name])
                for name, account in self.accounts.items()
            },
            keys=self.added_keys(),
            listings=self.listings,
            now_s=self.clock.now(),
        )

    def added_keys(self) -> tuple[Key, ...]:
        """Give the keys besides the options' own, or that one where it was changed."""
        return tuple(key for key in self.authority.keys.values() if key != self.own_key)

    def restore(self, snapshot: Snapshot) -> None:
        """Put all accounts and keys back, with a virtual clock and the same synthetic prices.

        The markets stay this exchange's own, and the key of its options stays. Malformed if it
        is another kind of exchange's state, or an order waits in a market that is not here.
        """
        theirs, ours = snapshot.source, self.source
        if theirs.name != ours.name:
            raise Malformed("source.name", f"this exchange's is {ours.name}")
        for name, state in snapshot.accounts.items():
            waiting = {o.market for o in state.ledger.orders if o.state is State.WAIT}
            if ours.markets and not waiting <= set(ours.markets):
                listed = ", ".join(sorted(waiting - set(ours.markets)))
                where = f"accounts.{name}.orders"
                raise Malformed(where, f"one waits in {listed}, which is not a market here")
        theirs = replace(theirs, markets=ours.markets)
        now_s = snapshot.now_s if isinstance(self.clock, VirtualClock) else self.clock.now()
        if theirs.name == "synthetic" and theirs != ours:
            self.markets = {m.code: m for m in synthetic_markets(theirs, now_s)}
        if isinstance(self.clock, VirtualClock):
            self.clock.now_s = now_s
        self.source = theirs
        self.announce(snapshot.listings)
        if isinstance(self.books, Books):
            self.books = self._open_books()
        kept = (self.own_key, *snapshot.keys)
        self.authority.keys = {key.access_key: key for key in kept}
        accounts = snapshot.accounts.items()
        self.openings = {name: state.opening for name, state in accounts}
        self.accounts = {name: self._exchange(name, state.ledger) for name, state in accounts}

    def _exchange(self, name: str, ledger: Ledger) -> Exchange:
        options = self.options
        seed = self.source.seed if name == MAIN else _seed_of(name, self.source.seed)
        smp_default = SmpType(options.smp_default)
        if self.source.name == "live" or options.fills == "book":
            return BookExchange(
                self.books,
                ledger,
                seed=seed,
                smp_default=smp_default,
                listings=lambda: self.listings,
            )
        return CandleExchange(
            self.markets,
            ledger,
            seed=seed,
            slippage_bps=options.slippage_bps,
            smp_default=smp_default,
            listings=lambda: self.listings,
        )

    def _open_books(self) -> Books | MirroredBooks:
        if self.source.name == "live":
            return MirroredBooks()
        return Books(self.markets, lambda: self.listings, self.options.depth_krw)

    def _fresh_limits(self) -> RateLimits:
        enforced = self.options.rate_limits
        if enforced is None:
            enforced = not isinstance(self.clock, VirtualClock)
        return RateLimits(enforced)


def _ledger(free: Amounts) -> Ledger:
    return Ledger(balances={currency: Balance(amount) for currency, amount in free.items()})


def _seed_of(name: str, seed: int) -> int:
    """Give an account a seed of its own, so that no two name their orders alike."""
    return int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest())
