"""No item outgrows the 400 KB of DynamoDB, however wide its numbers are."""

from decimal import Decimal
from typing import Any, get_type_hints

import pytest

from haetae.kernel.records import Account, Market
from haetae.ledger.book import Commit, State
from haetae.ledger.codec import Item
from haetae.ledger.executions import EXECUTIONS_MAX
from haetae.ledger.intent import Execution, Intent, Phase, Side
from haetae.ledger.invariants import BODY_MAX, check_commit
from haetae.ledger.items import book_item, decision_item, intent_item
from haetae.ledger.journal import record
from haetae.ledger.migrate import SCHEMA_READ

ITEM_MAX = 400 * 1024
MARKETS = tuple(f"KRW-LONGNAME{n:03d}" for n in range(200))
HASH = "f" * 64


def size(part: Any) -> int:
    """Return an attribute's size in bytes by DynamoDB's rules, rounded up."""
    ((tag, held),) = part.items()
    match tag:
        case "S":
            return len(held.encode())
        case "N":
            digits = len(Decimal(held).as_tuple().digits)
            return (digits + 1) // 2 + 3
        case "L":
            return 3 + sum(size(each) + 1 for each in held)
        case "M":
            return 3 + sum(len(name.encode()) + size(each) + 1 for name, each in held.items())
        case _:
            return 1


def item_size(item: Item) -> int:
    return sum(len(name.encode()) + size(part) for name, part in item.items())


def widest(kind: Any) -> Any:
    """Build a value of the kernel with the widest number in every field."""
    if kind is int:
        return -(2**63)
    if kind is float:
        return -1.7976931348623157e-300  # beyond N: stored as text
    hints = get_type_hints(kind)
    return kind(*(widest(hints[name]) for name in kind._fields))


@pytest.mark.parametrize("schema", range(1, SCHEMA_READ + 1))
def test_a_book_of_two_hundred_markets_fits(
    schema: int, capsys: pytest.CaptureFixture[str]
) -> None:
    state = State(
        t=2**62,
        account=widest(Account),
        markets=dict.fromkeys(MARKETS, widest(Market)),
        chains=dict.fromkeys(MARKETS, HASH),
    )
    found = item_size(book_item("main", 2**62, state, schema=schema))
    with capsys.disabled():
        print(f"\nBOOK of {len(MARKETS)} markets, widest: {found:,} bytes of {ITEM_MAX:,}")
    assert found < ITEM_MAX


def test_an_intent_with_all_the_executions_it_may_have_fits() -> None:
    part = Execution(t=10**12, price=Decimal("9" * 38), units=-(2**63), funds=Decimal("9" * 38))
    intent = Intent(
        identifier="i" * 64,
        market=MARKETS[0],
        side=Side.ASK,
        t=1,
        kind=2,
        reason=1,
        krw=0,
        units=2**63,
        phase=Phase.DONE,
        executions=(part,) * EXECUTIONS_MAX,
        note="x" * 10_000,
    )
    assert item_size(intent_item("main", intent)) < ITEM_MAX // 2


def commit_of(text: str) -> Commit:
    decision = record(1, MARKETS[0], {"text": text}, HASH)
    state = State(t=1, account=widest(Account), markets={}, chains={})
    return Commit(version=0, epoch=0, state=state, decisions=(decision,))


def test_a_decision_has_a_bound_that_fits() -> None:
    around = len(commit_of("").decisions[0].body)
    fitting = commit_of("x" * (BODY_MAX - around))
    check_commit(fitting)
    assert item_size(decision_item("main", fitting.decisions[0])) < ITEM_MAX
    with pytest.raises(AssertionError, match="bound"):
        check_commit(commit_of("x" * (BODY_MAX - around + 1)))
