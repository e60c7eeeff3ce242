"""The trading cycle and the risk check: one walk, which only the cycle ends with decisions."""

from dataclasses import replace

from haetae.app.orders.plan import depth_units_of
from haetae.app.orders.reconcile import reconcile
from haetae.app.outbox import HeldPorts, messages_last
from haetae.app.ports import Ports
from haetae.app.walk.commit import commit_fold
from haetae.app.walk.flatten import flatten, needs_flattening
from haetae.app.walk.fold import FoldResult, fold_minutes
from haetae.app.walk.market_data import read_candles, unseen_candles
from haetae.app.walk.outcome import Conflict, Outcome, Status
from haetae.app.walk.prepare import prepare
from haetae.base.money import MICRO
from haetae.base.time import minute_start
from haetae.config.setup import Setup
from haetae.ledger.book import Book
from haetae.ledger.invariants import MARKETS_PER_COMMIT

AHEAD_S = 120.0  # an event from further in the future is refused
ATTEMPTS = 3  # against other writers
# A fold stops at each thing worth writing and, where hundreds of markets act in one minute, at
# each two dozen of them.
MAX_FOLDS = 64


def trading_cycle(ports: Ports, setup: Setup, t: int) -> Outcome:
    """Run the trading cycle of minute `t` (epoch seconds of the event): decide and trade."""
    return run_minute(ports, setup, t, decide=True)


def risk_check(ports: Ports, setup: Setup, t: int) -> Outcome:
    """Run the risk check of minute `t`: fills, exits, latches; never an entry."""
    return run_minute(ports, setup, t, decide=False)


def run_minute(ports: Ports, setup: Setup, t: int, *, decide: bool) -> Outcome:
    """Load, reconcile, fold, commit, send: all of it again when another writer was first.

    Messages follow the orders of each commit: a topic that does not answer holds none of them up.

    An event that is delivered minutes late finds the present minute: the fold catches up to it,
    so that stops are tested to the last candle and an entry wish is as old as it really is.

    Raises:
        CorruptState: what is stored cannot be read; the bot has been halted and has said so.
        BooksUnavailable: the store does not answer.
    """
    t = minute_start(t)
    now = int(ports.clock.now_s())
    if t > now + AHEAD_S:
        return Outcome(status=Status.FUTURE, t=t)
    t = max(t, minute_start(now))
    with messages_last(ports) as held:
        for _attempt in range(ATTEMPTS):
            prepared = prepare(held, setup, t)
            if isinstance(prepared, Outcome):
                return prepared
            outcome = attempt(held, prepared.setup, prepared.book, t, decide=decide)
            if isinstance(outcome, Outcome):
                return outcome
    return Outcome(status=Status.BUSY, t=t)


def attempt(
    ports: HeldPorts, setup: Setup, book: Book, t: int, *, decide: bool
) -> Outcome | Conflict:
    """Reconcile, then fold and commit until `t` is reached."""
    intents = {
        name: reconcile(ports, setup, book.halt, intent, t) for name, intent in book.intents.items()
    }
    book = replace(book, intents=intents)
    book, data = read_candles(ports, setup, book, t)
    assert book.state is not None
    total = Outcome(status=Status.UNCHANGED, t=t, mode=book.halt.mode)
    sold: set[str] = set()  # what a kill has ordered, or tried to
    for _fold in range(MAX_FOLDS):
        result = fold_minutes(setup, book, data, to_t=t, decide=decide)
        final = result.reached.t >= max(t, book.state.t) and not result.reached.inside
        if final:
            waiting = [n for n in needs_flattening(book, result.state) if n not in sold]
            names = waiting[: MARKETS_PER_COMMIT - len(result.changed_markets)]
            sold.update(names)
            result = flatten(setup, result, max_units=depth_units_of(ports, setup, tuple(names)))
            final = len(names) == len(waiting)
        total = replace(total, equity_krw=result.reached.equity // MICRO)
        if result.to_write:
            written = commit_fold(ports, setup, book, result)
            if isinstance(written, Conflict):
                return written
            book = written
            ports.tell()
            total = add_fold(total, result)
        assert book.state is not None
        if final:
            break
        assert result.to_write or sold, "a fold that stops on its way has something to write"
        data = unseen_candles(data, book)
    return replace(total, status=Status.BLIND) if len(data.blind) == len(setup.markets) else total


def add_fold(total: Outcome, result: FoldResult) -> Outcome:
    """Add a written fold to the outcome."""
    return replace(
        total,
        status=Status.DONE,
        fired=total.fired | result.reached.fired,
        orders=total.orders + len(result.new_orders),
        trades=total.trades + sum(1 for i in result.closed if i.executions),
    )
