"""One pass of the kernel over what is known, and the transaction that it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from haetae.base.money import MICRO, UNITS, float_of, krw_of
from haetae.base.time import MINUTE_S, minute_start
from haetae.config.setup import Setup
from haetae.kernel.advance import Log, Reached, Tape, advance
from haetae.kernel.codes import (
    ENTRY,
    KILL,
    KILLED,
    NO_ORDER,
    RAIL_NAMES,
    REASON_NAMES,
)
from haetae.kernel.fills import trade_of
from haetae.kernel.quanta import funds_ceil, funds_floor
from haetae.kernel.state import NO_FILL, Candle, Fill, Market, Order, Rails
from haetae.kernel.step import ask_exit
from haetae.ledger.book import Book, Commit, Decision, State, TradeLine
from haetae.ledger.intent import FINAL, Intent, Side, identifier
from haetae.ledger.journal import Fact, record

NO_LOG = Log([], [], [], [])
LEGS = {1: "entry", 2: "exit", 3: "partial"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass of the kernel came to: the minute it reached and the state there."""

    reached: Reached
    before: State
    state: State
    closed: tuple[Intent, ...]

    @property
    def ordered(self) -> tuple[str, ...]:
        """The markets whose kernel order is new."""
        return tuple(
            name
            for name, market in self.state.markets.items()
            if market.order.kind != NO_ORDER and market.order != self.before.markets[name].order
        )

    @property
    def to_write(self) -> bool:
        """Whether anything happened that the books must keep."""
        r = self.reached
        return bool(r.fired or r.decided or self.closed or self.ordered)


def fold(
    setup: Setup,
    book: Book,
    candles: Mapping[str, tuple[Candle, ...]],
    *,
    to_t: int,
    decide: bool,
) -> Pass:
    """Fold the book's state over `candles` up to `to_t`, or to the first minute worth writing."""
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
        tape_of([candles[name] for name in setup.markets]),
        fills,
        before.t,
        max(to_t, before.t),
        MINUTE_S,
        book.halt.mode,
        int(decide),
        0,
        NO_LOG,
    )
    named = dict(zip(setup.markets, markets, strict=True))
    closed = tuple(
        book.intents[name]
        for name, fill in zip(setup.markets, fills, strict=True)
        if fill.t and named[name].order != before.markets[name].order
    )
    state = State(t=reached.t, account=account, markets=named, chains=before.chains)
    return Pass(reached=reached, before=before, state=state, closed=closed)


def flatten(setup: Setup, done: Pass, *, caps: Mapping[str, int]) -> Pass:
    """Add to a finished pass the sell orders of a kill; `caps` bounds each by the book's depth.

    They are orders of the minute that the fold has reached: an older event's would take an
    identifier that may have been used, and a later one's would stop every fold before it.
    """
    account = done.state.account
    t = done.state.t
    markets = dict(done.state.markets)
    for name in setup.markets:
        m = markets[name]
        if m.position.units == 0 or m.order.kind != NO_ORDER or name not in caps:
            continue
        account, m = ask_exit(setup.rails, account, m, t, KILL, 0.0)
        if m.order.kind != NO_ORDER and caps[name] > 0:
            units = slice_of(setup.rails, m, caps[name])
            m = m._replace(order=m.order._replace(units=units))
        markets[name] = m
    state = State(t=done.state.t, account=account, markets=markets, chains=done.state.chains)
    return Pass(reached=done.reached, before=done.before, state=state, closed=done.closed)


def slice_of(rails: Rails, m: Market, cap: int) -> int:
    """Return how many units of a sell order to send now: what the book takes.

    Never a part that the exchange would refuse as too small, nor one that leaves such a rest;
    twice the minimum is room for the price to fall.
    """
    units = m.order.units
    least = int(2 * rails.min_order * UNITS / m.close) + 1
    take = max(cap, least)
    return take if units - take >= least else units


def needs_flattening(book: Book, state: State) -> tuple[str, ...]:
    """Return the markets that a kill still has to sell."""
    if book.halt.mode != KILLED:
        return ()
    return tuple(
        name
        for name, m in state.markets.items()
        if m.position.units > 0 and m.order.kind == NO_ORDER
    )


def known_fill(order: Order, intent: Intent | None) -> Fill:
    """Return what became of the kernel's open order, or NO_FILL while that is not known."""
    if intent is None or intent.phase not in FINAL or order.kind == NO_ORDER:
        return NO_FILL
    if not intent.executions:
        return Fill(order.t, 0.0, 0, 0)
    count = funds_ceil if order.kind == ENTRY else funds_floor
    units = sum(e.units for e in intent.executions)
    funds = sum(count(float_of(e.price), e.units) for e in intent.executions)
    last = max(e.t for e in intent.executions)
    price = float_of(intent.executions[0].price)
    if len(intent.executions) > 1:
        price = funds / MICRO * UNITS / units
    if order.kind != ENTRY and intent.units < order.units and units == intent.units:
        units = order.units  # the exchange held less than the books: the rest is gone
    return Fill(minute_start(last), price, units, funds)


def tape_of(candles: list[tuple[Candle, ...]]) -> Tape:
    """Lay the candles of all markets out as the kernel reads them."""
    ends = list(accumulate(map(len, candles)))
    return Tape([c for rows in candles for c in rows], [0, *ends[:-1]], ends)


def commit_of(setup: Setup, book: Book, done: Pass, opened: tuple[Intent, ...]) -> Commit:
    """Return the transaction of a pass: state, intents, trades and the journal's records."""
    trades = tuple(trade_line(setup, done, intent) for intent in done.closed if intent.executions)
    decisions = journal(setup, book, done, opened)
    chains = dict(done.state.chains)
    for decision in decisions:
        chains[decision.market] = decision.hash
    return Commit(
        version=book.version,
        epoch=book.halt.epoch,
        state=State(
            t=done.state.t,
            account=done.state.account,
            markets=done.state.markets,
            chains=chains,
        ),
        opened=opened,
        closed=done.closed,
        trades=trades,
        decisions=decisions,
    )


def intent_of(setup: Setup, name: str, order: Order, *, units: int) -> Intent:
    """Return the intent of a kernel order; `units` is what an exit can really sell."""
    return Intent(
        identifier=identifier(
            account=setup.account,
            market=name,
            t=order.t,
            leg=LEGS[order.kind],
            part=0,
            attempt=0,
        ),
        market=name,
        side=Side.BID if order.kind == ENTRY else Side.ASK,
        t=order.t,
        kind=order.kind,
        reason=order.reason,
        krw=order.krw,
        units=units,
    )


def trade_line(setup: Setup, done: Pass, intent: Intent) -> TradeLine:
    """Return the books' line of a filled intent: the kernel's figures, the exchange's beside."""
    p = setup.params_of(intent.market)
    m = done.before.markets[intent.market]
    trade = trade_of(p, m, known_fill(m.order, intent))
    entry = trade.kind == ENTRY
    return TradeLine(
        t=trade.t,
        market=intent.market,
        identifier=intent.identifier,
        side=intent.side,
        reason=REASON_NAMES[trade.reason],
        price=trade.price,
        units=trade.units,
        funds=krw_of(trade.funds),
        fee=krw_of(trade.fee),
        pnl=None if entry else krw_of(trade.pnl),
        r=None if entry or trade.risk == 0 else trade.pnl / trade.risk,
        exchange_funds=sum((e.funds for e in intent.executions), Decimal(0)),
        exchange_fee=intent.fee,
    )


def rails_in(fired: int) -> tuple[int, ...]:
    """Return the rail codes in a mask."""
    return tuple(rail for rail in RAIL_NAMES if fired >> rail & 1)


def journal(
    setup: Setup, book: Book, done: Pass, opened: tuple[Intent, ...]
) -> tuple[Decision, ...]:
    """Return one record per market that decided, ordered or settled; the first has the rails."""
    by_market = {i.market: i for i in opened}
    settled = {i.market for i in done.closed}
    touched = [
        name
        for name in setup.markets
        if name in by_market
        or name in settled
        or done.state.markets[name].decided != done.before.markets[name].decided
    ] or [setup.markets[0]]
    records = []
    for n, name in enumerate(touched):
        facts = decision_facts(setup, book, done, name, by_market.get(name))
        facts["fired"] = [RAIL_NAMES[r] for r in rails_in(done.reached.fired)] if n == 0 else []
        records.append(record(done.state.t, name, facts, done.state.chains[name]))
    return tuple(records)


def decision_facts(
    setup: Setup, book: Book, done: Pass, name: str, intent: Intent | None
) -> dict[str, Fact]:
    """Return what the journal keeps of one market at one minute: inputs and verdicts."""
    m: Market = done.state.markets[name]
    p = setup.params_of(name)
    rails: Rails = setup.rails
    return {
        "t": done.state.t,
        "market": name,
        "profile": setup.profile,
        "mode": book.halt.mode,
        "epoch": book.halt.epoch,
        "equity": done.reached.equity,
        "decided": done.reached.decided,
        "seen": m.seen,
        "trend": list(m.trend),
        "position": list(m.position),
        "order": list(m.order),
        "verdict": [RAIL_NAMES.get(m.verdict.rail, ""), *m.verdict[1:]],
        "params": list(p),
        "rails": list(rails),
        "identifier": intent.identifier if intent else "",
    }
