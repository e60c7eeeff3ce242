"""The trading cycle and the risk check: one walk, which only the cycle ends with decisions."""

from dataclasses import dataclass, replace

from haetae.app.orders.plan import depth_units_of
from haetae.app.orders.reconcile import reconcile
from haetae.app.ports import (
    Ports,
)
from haetae.app.walk.commit import commit_fold
from haetae.app.walk.flatten import flatten, needs_flattening
from haetae.app.walk.fold import FoldResult, fold_minutes
from haetae.app.walk.market_data import read_candles, unseen_candles
from haetae.app.walk.prepare import create_books, load_book, match_markets
from haetae.base.errors import (
    ExchangeError,
)
from haetae.base.money import MICRO
from haetae.base.time import minute_start
from haetae.config.setup import Setup
from haetae.kernel.codes import (
    KILLED,
)
from haetae.ledger.book import Book
from haetae.ledger.invariants import MARKETS_PER_COMMIT
from haetae.notify.messages import ExchangeTrouble

AHEAD_S = 120.0  # an event from further in the future is refused
ATTEMPTS = 3  # against other writers
# A fold stops at each thing worth writing and, where hundreds of markets act in one minute, at
# each two dozen of them.
MAX_FOLDS = 64


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


def trading_cycle(ports: Ports, setup: Setup, t: int) -> Outcome:
    """Run the trading cycle of minute `t` (epoch seconds of the event): decide and trade."""
    return run_minute(ports, setup, t, decide=True)


def risk_check(ports: Ports, setup: Setup, t: int) -> Outcome:
    """Run the risk check of minute `t`: fills, exits, latches; never an entry."""
    return run_minute(ports, setup, t, decide=False)


def run_minute(ports: Ports, setup: Setup, t: int, *, decide: bool) -> Outcome:
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
        book = load_book(ports, setup, t)
        if book.state is None:
            if book.halt.mode == KILLED:
                return Outcome(status="quiet", t=t, mode=KILLED)
            try:
                create_books(ports, setup, book, t)
            except ExchangeError as error:
                ports.messages.publish(
                    ExchangeTrouble(t=t, market=setup.markets[0], error=str(error))
                )
                return Outcome(status="blind", t=t, mode=book.halt.mode)
            book = load_book(ports, setup, t)
        try:
            fitting, book = match_markets(ports, setup, book, t)
        except ExchangeError:
            return Outcome(status="blind", t=t, mode=book.halt.mode)
        outcome = attempt(ports, fitting, book, t, decide=decide)
        if outcome is not None:
            return outcome
    return Outcome(status="busy", t=t)


def attempt(ports: Ports, setup: Setup, book: Book, t: int, *, decide: bool) -> Outcome | None:
    """Fold and commit until `t` is reached; None when another writer was first."""
    intents = {
        name: reconcile(ports, setup, book.halt, intent, t) for name, intent in book.intents.items()
    }
    book = replace(book, intents=intents)
    book, candles, blind = read_candles(ports, setup, book, t)
    assert book.state is not None
    to_t = book.state.t if blind == len(setup.markets) else t
    total = Outcome(status="quiet", t=t, mode=book.halt.mode)
    sold: set[str] = set()  # what a kill has ordered, or tried to
    for _fold in range(MAX_FOLDS):
        result = fold_minutes(setup, book, candles, to_t=to_t, decide=decide and not blind)
        final = result.reached.t >= max(to_t, book.state.t) and not result.reached.inside
        if final:
            waiting = [n for n in needs_flattening(book, result.state) if n not in sold]
            names = waiting[: MARKETS_PER_COMMIT - len(result.touched)]
            sold.update(names)
            result = flatten(setup, result, max_units=depth_units_of(ports, setup, tuple(names)))
            final = len(names) == len(waiting)
        total = replace(total, equity_krw=result.reached.equity // MICRO)
        if result.to_write:
            written = commit_fold(ports, setup, book, result)
            if written is None:
                return None
            book = written
            total = add_fold(total, result)
        assert book.state is not None
        if final:
            break
        candles = {name: unseen_candles(rows, book, name) for name, rows in candles.items()}
    return replace(total, status="blind") if blind == len(setup.markets) else total


def add_fold(total: Outcome, result: FoldResult) -> Outcome:
    """Add a written pass to the outcome."""
    return replace(
        total,
        status="done",
        fired=total.fired | result.reached.fired,
        orders=total.orders + len(result.ordered),
        trades=total.trades + sum(1 for i in result.closed if i.executions),
    )
