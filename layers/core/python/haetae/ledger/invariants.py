"""What may be written: the same for every store, asserted before anything is."""

from haetae.ledger.book import Commit
from haetae.ledger.intent import FINAL, TRANSITIONS, Intent, Phase

TRANSACTION_MAX = 100  # DynamoDB's most writes of one transaction
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
    # BOOK and HALT, the slots, and the histories
    writes = 2 + len(opened | closed) + len(closed) + len(trades) + len(decisions)
    assert writes <= TRANSACTION_MAX, writes


def check_record(before: Intent, after: Intent) -> None:
    """Assert a legal step of one intent; to SENDING leads only the way that checks the epoch."""
    assert (before.identifier, before.market) == (after.identifier, after.market), after
    assert after.phase in TRANSITIONS[before.phase], (before.phase, after.phase)
    assert after.phase is not Phase.SENDING, "mark_sending checks the halt epoch"
