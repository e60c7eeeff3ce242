"""What may be written and what fits together: the same for every store."""

from collections.abc import Mapping

from haetae.kernel.codes import NO_ORDER
from haetae.ledger.book import Commit, State
from haetae.ledger.executions import EXECUTIONS_MAX
from haetae.ledger.intent import FINAL, TRANSITIONS, Intent, Phase

TRANSACTION_MAX = 100  # DynamoDB's most writes of one transaction
# A market that settles and orders writes its slot, an order, a trade and a decision; BOOK and HALT
# come once: 24 × 4 + 2 = 98.
MARKETS_PER_COMMIT = 24
BODY_MAX = 350_000  # bytes of a decision's body
# An intent may be closed from where it stands in its slot only along the lifecycle.
CLOSED_FROM: dict[Phase, frozenset[Phase]] = {
    last: frozenset({last} | {phase for phase in Phase if last in TRANSITIONS[phase]})
    for last in FINAL
}


def check_commit(commit: Commit) -> None:
    """Assert that a commit can be one transaction and keeps to the lifecycle."""
    opened = {intent.market: intent.identifier for intent in commit.opened}
    closed = {intent.market: intent.identifier for intent in commit.closed}
    assert len(opened) == len(commit.opened), "one slot a market"
    assert len(closed) == len(commit.closed), "one slot a market"
    assert not set(opened.values()) & set(closed.values()), "an identifier is used once"
    assert all(intent.phase is Phase.PENDING for intent in commit.opened), commit.opened
    assert all(intent.phase in FINAL for intent in commit.closed), commit.closed
    trades = {(line.market, line.t, line.identifier) for line in commit.trades}
    decisions = {(decision.market, decision.t, decision.hash) for decision in commit.decisions}
    assert len(trades) == len(commit.trades), "a fill is booked once"
    assert len(decisions) == len(commit.decisions), "a record is written once"
    assert all(len(d.body.encode()) <= BODY_MAX for d in commit.decisions), "a record has a bound"
    check_size(*commit.opened, *commit.closed)
    # BOOK and HALT, the slots, and the histories
    writes = 2 + len(opened | closed) + len(closed) + len(trades) + len(decisions)
    assert writes <= TRANSACTION_MAX, writes


def check_record(before: Intent, after: Intent) -> None:
    """Assert a legal step of one intent; to SENDING leads only the way that checks the epoch."""
    assert (before.identifier, before.market) == (after.identifier, after.market), after
    assert after.phase in TRANSITIONS[before.phase], (before.phase, after.phase)
    assert after.phase is not Phase.SENDING, "mark_sending checks the halt epoch"
    check_size(after)


def check_size(*intents: Intent) -> None:
    """Assert that each intent fits an item; `merge_executions` makes it."""
    for intent in intents:
        assert len(intent.executions) <= EXECUTIONS_MAX, (intent.identifier, EXECUTIONS_MAX)


def open_orders(state: State | None) -> tuple[str, ...]:
    """Return the markets in which the state has an order open."""
    known = {} if state is None else state.markets
    return tuple(name for name, market in known.items() if market.order.kind != NO_ORDER)


def fit_intents(state: State | None, intents: Mapping[str, Intent | None]) -> dict[str, Intent]:
    """Return the intents that belong to the state's open orders: same time and kind."""
    orders = {} if state is None else {name: market.order for name, market in state.markets.items()}
    return {
        name: intent
        for name, intent in intents.items()
        if intent is not None and (intent.t, intent.kind) == (orders[name].t, orders[name].kind)
    }


def missing_intents(intents: Mapping[str, Intent | None], fitting: Mapping[str, Intent]) -> str:
    """Say which open orders have no intent."""
    return f"no intent of the open order in {', '.join(m for m in intents if m not in fitting)}"
