"""The journal: canonical records of what was seen and said, each chained by hash to the last."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import groupby

from haetae.ledger.book import Decision

type Fact = bool | int | float | str | Sequence[Fact] | Mapping[str, Fact] | None


def record(t: int, market: str, facts: Mapping[str, Fact], previous: str) -> Decision:
    """Return the record of `facts` at `t` (epoch seconds), linked to the hash `previous`.

    The body holds time and market too, so that the hash covers the whole record.

    Raises:
        ValueError: a fact is NaN or infinite.
        TypeError: a fact has no place in JSON; write a Decimal as text.
    """
    assert facts.get("t", t) == t, facts["t"]
    assert facts.get("market", market) == market, facts["market"]
    body = canonical({**facts, "t": t, "market": market})
    return Decision(t=t, market=market, body=body, previous=previous, hash=chain(previous, body))


def verify(decisions: Iterable[Decision], genesis: str) -> int | None:
    """Return the index of the first record that breaks the chain from `genesis`, or None.

    Records cut off the end leave a sound chain: compare the last hash with `State.chains` too.
    """
    previous = genesis
    for index, decision in enumerate(decisions):
        if decision.previous != previous or not _holds(decision):
            return index
        previous = decision.hash
    return None


def chain(previous: str, body: str) -> str:
    """Return the SHA-256 of the previous hash followed by the body (UTF-8), in hex."""
    assert len(previous) == 64, previous
    return sha256((previous + body).encode()).hexdigest()


def canonical(facts: Mapping[str, Fact]) -> str:
    """Write JSON in its one form: sorted keys, no spaces, floats by their shortest repr.

    Raises:
        ValueError: a float is NaN or infinite.
        TypeError: a value has no place in JSON.
    """
    return json.dumps(
        facts, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )


def oldest_first(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Sort by time; records of one second stand in the order of their chain."""
    by_time = sorted(decisions, key=lambda decision: (decision.t, decision.hash))
    seconds = groupby(by_time, key=lambda decision: decision.t)
    return tuple(decision for _, group in seconds for decision in _link(tuple(group)))


def _holds(decision: Decision) -> bool:
    if chain(decision.previous, decision.body) != decision.hash:
        return False
    try:
        body = json.loads(decision.body)
    except ValueError:
        return False
    if not isinstance(body, dict):
        return False
    return body.get("t") == decision.t and body.get("market") == decision.market


def _link(group: tuple[Decision, ...]) -> tuple[Decision, ...]:
    hashes = {decision.hash for decision in group}
    following = {decision.previous: decision for decision in group}
    head = next((decision for decision in group if decision.previous not in hashes), None)
    linked: list[Decision] = []
    while head is not None and len(linked) < len(group):
        linked.append(head)
        head = following.get(head.hash)
    return tuple(linked) if len(linked) == len(group) else group
