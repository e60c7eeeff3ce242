"""The conditions under which the books are written, as DynamoDB's expressions."""

import re
from typing import Any

from haetae.ledger.codec import Item, encode
from haetae.ledger.intent import Intent, Phase

ABSENT = "attribute_not_exists(pk)"


def at_version(version: int) -> dict[str, Any]:
    """Demand that the book is at this version; 0: that there is none yet."""
    if version == 0:
        return expressions(condition=ABSENT)
    values = {":version": encode(int, version)}
    return expressions(condition="#version = :version", values=values)


def at_epoch(epoch: int) -> str:
    """Demand that the operator's mode is at this epoch; 0: or was never set."""
    return f"{ABSENT} OR #epoch = :epoch" if epoch == 0 else "#epoch = :epoch"


def holds_intent(intent: Intent, phases: frozenset[Phase]) -> dict[str, Any]:
    """Demand that the slot holds this intent, in one of these phases."""
    names = {f":{phase.value}": encode(Phase, phase) for phase in phases}
    return expressions(
        condition=f"#identifier = :identifier AND #phase IN ({', '.join(sorted(names))})",
        values={":identifier": encode(str, intent.identifier)} | names,
    )


def expressions(
    *, condition: str = "", update: str = "", values: Item | None = None
) -> dict[str, Any]:
    """Return the parts of a DynamoDB request, with the `#names` that the expressions use."""
    names = {name: name[1:] for name in re.findall(r"#\w+", condition + update)}
    parts = {
        "ConditionExpression": condition,
        "UpdateExpression": update,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return {name: part for name, part in parts.items() if part}
