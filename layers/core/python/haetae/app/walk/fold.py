"""One fold of the kernel over what is known, in the words of the books."""

from dataclasses import dataclass
from itertools import accumulate

from haetae.app.orders.settle import known_fill
from haetae.app.walk.market_data import MarketData
from haetae.base.time import MINUTE_S
from haetae.config.setup import Setup
from haetae.kernel.advance import FOREVER, Log, Reached, Span, Tape, advance
from haetae.kernel.codes import (
    NO_ORDER,
)
from haetae.ledger.book import Book, State
from haetae.ledger.intent import Intent
from haetae.ledger.invariants import MARKETS_PER_COMMIT

NO_LOG = Log([], [], [], [])


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldResult:
    """What one fold up to `to_t` came to: the minute it reached and the state there."""

    to_t: int
    reached: Reached
    before: State
    state: State
    closed: tuple[Intent, ...]
    blind: frozenset[str]

    @property
    def minute(self) -> int:
        """The minute that it speaks of, in epoch seconds: one more than reached, if inside it."""
        inside = self.reached.inside and self.reached.t < self.to_t
        return self.reached.t + (MINUTE_S if inside else 0)

    @property
    def new_orders(self) -> tuple[str, ...]:
        """The markets whose kernel order is new."""
        return tuple(
            name
            for name, market in self.state.markets.items()
            if market.order.kind != NO_ORDER and market.order != self.before.markets[name].order
        )

    @property
    def changed_markets(self) -> tuple[str, ...]:
        """The markets that settled, ordered or decided, in configured order."""
        changed = {intent.market for intent in self.closed}.union(self.new_orders)
        return tuple(
            name
            for name, market in self.state.markets.items()
            if name in changed or market.decided != self.before.markets[name].decided
        )

    @property
    def to_write(self) -> bool:
        """Whether anything happened that the books must keep."""
        r = self.reached
        return bool(r.fired or r.decided or self.closed or self.new_orders)


def fold_minutes(
    setup: Setup,
    book: Book,
    data: MarketData,
    *,
    to_t: int,
    decide: bool,
) -> FoldResult:
    """Fold the book's state over the candles up to `to_t`, or to the first minute worth writing.

    It stops, if need be inside a minute, before it touches more markets than one commit can hold.
    """
    before = book.state
    assert before is not None
    fills = tuple(
        known_fill(before.markets[name].order, book.intents.get(name)) for name in setup.markets
    )
    account, markets, reached = advance(
        setup.rails,
        setup.params,
        before.account,
        tuple(before.markets[name] for name in setup.markets),
        tape_of(setup, data),
        fills,
        Span(
            t=before.t,
            to_t=max(to_t, before.t),
            step_s=MINUTE_S,
            mode=book.halt.mode,
            decide=int(decide),
            simulate=0,
            most=MARKETS_PER_COMMIT,
        ),
        NO_LOG,
    )
    named = dict(zip(setup.markets, markets, strict=True))
    closed = tuple(
        book.intents[name]
        for name, fill in zip(setup.markets, fills, strict=True)
        if fill.t and named[name].order != before.markets[name].order
    )
    state = State(t=reached.t, account=account, markets=named, chains=before.chains)
    return FoldResult(
        to_t=max(to_t, before.t),
        reached=reached,
        before=before,
        state=state,
        closed=closed,
        blind=data.blind,
    )


def tape_of(setup: Setup, data: MarketData) -> Tape:
    """Lay the candles of all markets out as the kernel reads them."""
    rows = [data.candles[name] for name in setup.markets]
    ends = list(accumulate(map(len, rows)))
    known = [0 if name in data.blind else FOREVER for name in setup.markets]
    return Tape([c for candles in rows for c in candles], [0, *ends[:-1]], ends, known)
