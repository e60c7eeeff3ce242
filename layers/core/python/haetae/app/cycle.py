"""The trading cycle and the risk check: one walk, which only the cycle ends with decisions."""

from dataclasses import dataclass, replace

from haetae.app import messages
from haetae.app.fold import (
    Pass,
    commit_of,
    flatten,
    fold,
    intent_of,
    needs_flattening,
    rails_in,
)
from haetae.app.ports import Exchange, Ports
from haetae.app.send import reconcile, send
from haetae.app.start import fitted, open_books, rewarmed
from haetae.base.errors import CorruptState, DataError, ExchangeError
from haetae.base.money import MICRO, floor_units, krw_of
from haetae.base.time import minute_start
from haetae.config.setup import Setup
from haetae.kernel.codes import (
    DAY_LATCH,
    EXIT,
    FLASH_CRASH,
    HALT,
    KILLED,
    SLIPPAGE,
    WARMUP,
    WEEK_LATCH,
)
from haetae.kernel.state import Candle, Order
from haetae.ledger.book import Book, OperatorMode
from haetae.ledger.intent import Intent
from haetae.market.names import currency_of
from haetae.market.order_book import sellable_units

ATTEMPTS = 3  # against other writers
PASSES = 16  # a fold that catches up stops at each thing worth writing
AHEAD_S = 120.0  # an event from further in the future is refused
LOUD = frozenset({DAY_LATCH, WEEK_LATCH, FLASH_CRASH, SLIPPAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a cycle or risk check came to.

    `status` is one of `done`, `quiet` (nothing to write), `future` (refused), `busy` (another
    writer won every time), `blind` (the exchange gave no candles). Money in won.
    """

    status: str
    t: int
    equity_krw: int = 0
    fired: int = 0
    orders: int = 0
    trades: int = 0
    mode: int = 0


def cycle(ports: Ports, setup: Setup, t: int) -> Outcome:
    """Run the trading cycle of minute `t` (epoch seconds of the event): decide and trade."""
    return walk(ports, setup, t, decide=True)


def guard(ports: Ports, setup: Setup, t: int) -> Outcome:
    """Run the risk check of minute `t`: fills, exits, latches; never an entry."""
    return walk(ports, setup, t, decide=False)


def walk(ports: Ports, setup: Setup, t: int, *, decide: bool) -> Outcome:
    """Load, reconcile, fold, commit, send: all of it again when another writer was first.

    An event that is delivered minutes late finds the present minute: the fold catches up to it,
    so that stops are tested to the last candle and an entry wish is as old as it really is.

    Raises:
        CorruptState: what is stored cannot be read; the bot has been halted and has said so.
        BooksUnavailable: the store does not answer.
        ConfigError: a market was taken out of the configuration while something is held in it.
    """
    t = minute_start(t)
    now = int(ports.clock.now_s())
    if t > now + AHEAD_S:
        return Outcome(status="future", t=t)
    t = max(t, minute_start(now))
    for _attempt in range(ATTEMPTS):
        book = load(ports, setup, t)
        if book.state is None:
            if book.halt.mode == KILLED:
                return Outcome(status="quiet", t=t, mode=KILLED)
            try:
                open_books(ports, setup, book, t)
            except ExchangeError as error:
                ports.messages.publish(messages.exchange_trouble(t, setup.markets[0], error))
                return Outcome(status="blind", t=t, mode=book.halt.mode)
            book = load(ports, setup, t)
        try:
            fitting, book = fitted(ports, setup, book, t)
        except ExchangeError:
            return Outcome(status="blind", t=t, mode=book.halt.mode)
        outcome = once(ports, fitting, book, t, decide=decide)
        if outcome is not None:
            return outcome
    return Outcome(status="busy", t=t)


def load(ports: Ports, setup: Setup, t: int) -> Book:
    """Load the book; a state that cannot be read halts the bot, and is never reset."""
    try:
        return ports.books.load(setup.markets)
    except CorruptState as error:
        ports.messages.publish(messages.corrupt_state(t, error))
        halt_itself(ports, t, str(error))
        raise


def halt_itself(ports: Ports, t: int, reason: str) -> None:
    """Go to HALT without being told; where the operator has said as much or more, that stands."""
    if ports.books.halt().mode < HALT:
        moved = tighten(ports, HALT, t=t, reason=reason, by="haetae")
        ports.messages.publish(messages.halted(moved))


def tighten(ports: Ports, mode: int, *, t: int, reason: str, by: str) -> OperatorMode:
    """Move the halt to `mode`, unless a stricter one stands; return the halt as it then stands."""
    stands = ports.books.halt()
    for _attempt in range(ATTEMPTS):
        if stands.mode > mode:
            break
        stands = ports.books.move_halt(mode=mode, t=t, reason=reason, by=by, expected=stands.epoch)
        if stands.mode >= mode:
            break
    return stands


def once(ports: Ports, setup: Setup, book: Book, t: int, *, decide: bool) -> Outcome | None:
    """Make the passes of one attempt; None when another writer was first."""
    intents = {
        name: reconcile(ports, setup, book.halt, intent, t) for name, intent in book.intents.items()
    }
    book = replace(book, intents=intents)
    book, candles, blind = read_candles(ports, setup, book, t)
    assert book.state is not None
    to_t = book.state.t if blind == len(setup.markets) else t
    total = Outcome(status="quiet", t=t, mode=book.halt.mode)
    for _pass in range(PASSES):
        done = fold(setup, book, candles, to_t=to_t, decide=decide and not blind)
        final = done.reached.t >= max(to_t, book.state.t)
        if final:
            caps = depths(ports, setup, needs_flattening(book, done.state))
            done = flatten(setup, done, caps=caps)
        total = replace(total, equity_krw=done.reached.equity // MICRO)
        if done.to_write:
            written = write(ports, setup, book, done)
            if written is None:
                return None
            book = written
            total = add(total, done)
        assert book.state is not None
        if final:
            break
        candles = {name: unseen(rows, book, name) for name, rows in candles.items()}
    return replace(total, status="blind") if blind == len(setup.markets) else total


def add(total: Outcome, done: Pass) -> Outcome:
    """Add a written pass to the outcome."""
    return replace(
        total,
        status="done",
        fired=total.fired | done.reached.fired,
        orders=total.orders + len(done.ordered),
        trades=total.trades + sum(1 for i in done.closed if i.executions),
    )


def read_candles(
    ports: Ports, setup: Setup, book: Book, t: int
) -> tuple[Book, dict[str, tuple[Candle, ...]], int]:
    """Fetch each market's closed candles since the last one seen; count those without answer."""
    state = book.state
    assert state is not None
    candles: dict[str, tuple[Candle, ...]] = {}
    blind = 0
    for name, p in zip(setup.markets, setup.params, strict=True):
        try:
            if t - state.markets[name].seen > WARMUP * p.interval_s:
                market = rewarmed(ports.exchange, name, p, state.markets[name], t)
                state = replace(
                    state,
                    t=max(state.t, market.seen),
                    markets=state.markets | {name: market},
                )
            rows: tuple[Candle, ...] = ()
            if state.markets[name].seen < t:
                rows = ports.exchange.candles(name, from_t=state.markets[name].seen, to_t=t)
        except (ExchangeError, DataError) as error:
            ports.messages.publish(messages.exchange_trouble(t, name, error))
            rows, blind = (), blind + 1
        candles[name] = rows
    return replace(book, state=state), candles, blind


def unseen(rows: tuple[Candle, ...], book: Book, name: str) -> tuple[Candle, ...]:
    """Return the candles that the state has not folded yet."""
    assert book.state is not None
    seen = book.state.markets[name].seen
    return tuple(c for c in rows if c.t >= seen)


def write(ports: Ports, setup: Setup, book: Book, done: Pass) -> Book | None:
    """Commit a pass and send its orders; return the book as it then stands, None on conflict."""
    opened = tuple(open_intents(ports, setup, done))
    commit = commit_of(setup, book, done, opened)
    if not ports.books.commit(commit):
        return None
    for line in commit.trades:
        ports.messages.publish(messages.traded(line))
    loud = tuple(rail for rail in rails_in(done.reached.fired) if rail in LOUD)
    if loud:
        equity = f"{krw_of(done.reached.equity):,.0f}"
        ports.messages.publish(messages.rails_fired(done.state.t, loud, equity))
    closed = {intent.market for intent in done.closed}
    intents = {name: i for name, i in book.intents.items() if name not in closed}
    for intent in opened:
        intents[intent.market] = send(ports, book.halt, intent)
    return Book(halt=book.halt, version=book.version + 1, state=commit.state, intents=intents)


def open_intents(ports: Ports, setup: Setup, done: Pass) -> list[Intent]:
    """Return the intents of the pass's new orders; a sell-all asks the exchange's own balance."""
    intents = []
    for name in done.ordered:
        order = done.state.markets[name].order
        units = order.units
        if order.kind == EXIT and order.units == done.state.markets[name].position.units:
            units = min(units, held(ports, name, order))
        intents.append(intent_of(setup, name, order, units=units))
    return intents


def held(ports: Ports, name: str, order: Order) -> int:
    """Return the free units the exchange holds of a market's coin, or the booked ones if mute.

    Less than booked is said aloud; nothing at all halts the bot, for the books are wrong.
    """
    try:
        balances = ports.exchange.balances()
    except ExchangeError:
        return order.units
    currency = currency_of(name)
    units = sum(floor_units(b.free) for b in balances if b.currency == currency)
    if units >= order.units:
        return order.units
    ports.messages.publish(messages.mismatch(order.t, name, order.units, units))
    if units == 0:
        halt_itself(ports, order.t, f"no {currency} to sell")
        return order.units
    return units


def depths(ports: Ports, setup: Setup, markets: tuple[str, ...]) -> dict[str, int]:
    """Return how many units each order book takes within the slippage limit; 0 if unknown."""
    limit = setup.rails.slippage_limit_bps
    return {name: depth(ports.exchange, name, limit) for name in markets}


def depth(exchange: Exchange, market: str, limit_bps: int) -> int:
    """Return the units bid for within `limit_bps` of the best bid; 0 when that is not known."""
    try:
        book = exchange.order_book(market)
    except ExchangeError:
        return 0
    return sellable_units(book, limit_bps=limit_bps)
