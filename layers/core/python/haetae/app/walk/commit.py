"""What a fold leaves in the books: one transaction, then its orders and its messages."""

from collections.abc import Iterator

from haetae.app.orders.plan import intent_of, units_for_sale
from haetae.app.orders.send import send
from haetae.app.orders.settle import trade_line
from haetae.app.ports import (
    Ports,
)
from haetae.app.walk.fold import FoldResult
from haetae.app.walk.outcome import Conflict
from haetae.base.money import krw_of
from haetae.config.setup import Setup
from haetae.kernel.codes import (
    DAY_LATCH,
    ENTRY,
    FLASH_CRASH,
    RAIL_NAMES,
    SLIPPAGE,
    WEEK_LATCH,
)
from haetae.kernel.records import (
    Market,
    Rails,
)
from haetae.ledger.book import Book, Commit, Decision, State, TradeLine
from haetae.ledger.intent import Intent
from haetae.ledger.journal import Fact, record
from haetae.notify import build
from haetae.notify.messages import RailsFired

ALERTED_RAILS = frozenset({DAY_LATCH, WEEK_LATCH, FLASH_CRASH, SLIPPAGE})


def commit_fold(ports: Ports, setup: Setup, book: Book, result: FoldResult) -> Book | Conflict:
    """Commit a fold and send its orders; return the book as it then stands."""
    opened = tuple(new_intents(ports, setup, result))
    commit = commit_of(setup, book, result, opened)
    if not ports.books.commit(commit):
        return Conflict()
    for line in commit.trades:
        ports.messages.publish(build.fill(line))
    loud = tuple(rail for rail in rails_in(result.reached.fired) if rail in ALERTED_RAILS)
    if loud:
        equity_krw = krw_of(result.reached.equity)
        ports.messages.publish(RailsFired(t=result.minute, rails=loud, equity_krw=equity_krw))
    closed = {intent.market for intent in result.closed}
    intents = {name: i for name, i in book.intents.items() if name not in closed}
    for intent in opened:
        intents[intent.market] = send(ports, book.halt, intent)
    return Book(halt=book.halt, version=book.version + 1, state=commit.state, intents=intents)


def new_intents(ports: Ports, setup: Setup, result: FoldResult) -> list[Intent]:
    """Return the intents of the fold's new orders; a sale is bounded by what the account has."""
    orders = {name: result.state.markets[name].order for name in result.new_orders}
    units = units_for_sale(ports, {n: order for n, order in orders.items() if order.kind != ENTRY})
    return [
        intent_of(setup, name, order, units=units.get(name, order.units))
        for name, order in orders.items()
    ]


def commit_of(setup: Setup, book: Book, result: FoldResult, opened: tuple[Intent, ...]) -> Commit:
    """Return the transaction of a fold: state, intents, trades and the journal's records."""
    trades = tuple(closed_trades(setup, result))
    decisions = journal(setup, book, result, opened)
    chains = dict(result.state.chains)
    for decision in decisions:
        chains[decision.market] = decision.hash
    return Commit(
        version=book.version,
        epoch=book.halt.epoch,
        state=State(
            t=result.state.t,
            account=result.state.account,
            markets=result.state.markets,
            chains=chains,
        ),
        opened=opened,
        closed=result.closed,
        trades=trades,
        decisions=decisions,
    )


def closed_trades(setup: Setup, result: FoldResult) -> Iterator[TradeLine]:
    """Return the lines of the fills that the fold applied."""
    for intent in result.closed:
        if intent.executions:
            market = result.before.markets[intent.market]
            yield trade_line(setup.params_of(intent.market), market, intent)


def journal(
    setup: Setup, book: Book, result: FoldResult, opened: tuple[Intent, ...]
) -> tuple[Decision, ...]:
    """Return one record per market that decided, ordered or settled; the first has the rails."""
    by_market = {i.market: i for i in opened}
    touched = result.changed_markets or (setup.markets[0],)
    records = []
    for n, name in enumerate(touched):
        facts = decision_facts(setup, book, result, name, by_market.get(name))
        facts["fired"] = [RAIL_NAMES[r] for r in rails_in(result.reached.fired)] if n == 0 else []
        records.append(record(result.minute, name, facts, result.state.chains[name]))
    return tuple(records)


def decision_facts(
    setup: Setup, book: Book, result: FoldResult, name: str, intent: Intent | None
) -> dict[str, Fact]:
    """Return what the journal keeps of one market at one minute: inputs and verdicts."""
    m: Market = result.state.markets[name]
    p = setup.params_of(name)
    rails: Rails = setup.rails
    return {
        "t": result.minute,
        "market": name,
        "profile": setup.profile,
        "mode": book.halt.mode,
        "epoch": book.halt.epoch,
        "equity": result.reached.equity,
        "decided": result.reached.decided,
        "blind": int(name in result.blind),
        "seen": m.seen,
        "indicators": list(m.indicators),
        "position": list(m.position),
        "order": list(m.order),
        "verdict": [RAIL_NAMES.get(m.verdict.rail, ""), *m.verdict[1:]],
        "params": list(p),
        "rails": list(rails),
        "identifier": intent.identifier if intent else "",
    }


def rails_in(fired: int) -> tuple[int, ...]:
    """Return the rail codes in a mask."""
    return tuple(rail for rail in RAIL_NAMES if fired >> rail & 1)
