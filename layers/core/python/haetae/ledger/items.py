"""Each kind of stored value as an item: its key, its fields, and the strict way back.

An item is read exactly as it was written: a missing, unknown or damaged field, or a key that is
not the value's own, is CorruptState with the item's key and the field. An item of an older schema
is taken up to the present one first (ledger.migrate).
"""

from collections.abc import Callable
from dataclasses import dataclass

from haetae.ledger.book import Decision, OperatorMode, State, TradeLine
from haetae.ledger.codec import Item, corrupt, decode, decode_fields, encode, encode_fields
from haetae.ledger.intent import Intent
from haetae.ledger.keys import BOOK_SK, HALT_SK, account_key, intent_sk, month_key
from haetae.ledger.migrate import SCHEMA_WRITTEN, downgrade, upgrade

KEY = ("pk", "sk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind[T]:
    """One kind of item: `key` is where a value of an account lies."""

    name: str
    record: type[T]
    key: Callable[[str, T], Item]

    def write(self, account: str, value: T, *, schema: int = SCHEMA_WRITTEN) -> Item:
        """Return the value as an item."""
        body = encode_fields(self.record, value)
        return self.key(account, value) | downgrade(self.name, body, schema)

    def read(self, account: str, item: Item) -> T:
        """Read the value back.

        Raises:
            CorruptState: the item is not one of this kind; names its key and the field.
            NewerSchema: a newer release wrote it.
        """
        body = upgrade(self.name, _without_key(item), _place(item))
        return self.read_fields(account, item, body)

    def read_fields(self, account: str, item: Item, body: Item) -> T:
        """Read the value from attributes of the present schema, and hold it against its key."""
        value: T = decode_fields(self.record, body, f"{_place(item)}: ")
        try:
            key = self.key(account, value)
        except AssertionError as exc:
            raise corrupt(f"{_place(item)}: t", "has no month") from exc
        for name in KEY:
            if item.get(name) != key[name]:
                raise corrupt(f"{_place(item)}: {name}", f"does not fit, expected {key[name]}")
        return value


HALT = Kind(name="HALT", record=OperatorMode, key=lambda account, _: account_key(account, HALT_SK))
BOOK = Kind(name="BOOK", record=State, key=lambda account, _: account_key(account, BOOK_SK))
INTENT = Kind(
    name="INTENT",
    record=Intent,
    key=lambda account, intent: account_key(account, intent_sk(intent.market)),
)
ORDER = Kind(
    name="ORDER",
    record=Intent,
    key=lambda account, i: month_key("ORDER", account, i.market, i.t, i.identifier),
)
TRADE = Kind(
    name="TRADE",
    record=TradeLine,
    key=lambda account, line: month_key("TRADE", account, line.market, line.t, line.identifier),
)
DECISION = Kind(
    name="DECISION",
    record=Decision,
    key=lambda account, d: month_key("DECISION", account, d.market, d.t, d.hash),
)

halt_item, read_halt = HALT.write, HALT.read
intent_item, read_intent = INTENT.write, INTENT.read
order_item, read_order = ORDER.write, ORDER.read
trade_item, read_trade = TRADE.write, TRADE.read
decision_item, read_decision = DECISION.write, DECISION.read


def book_item(account: str, version: int, state: State, *, schema: int = SCHEMA_WRITTEN) -> Item:
    """Return version and state as the account's BOOK."""
    return BOOK.write(account, state, schema=schema) | {"version": encode(int, version)}


def read_book(account: str, item: Item) -> tuple[int, State]:
    """Read version and state; raises as `Kind.read` does."""
    body = upgrade(BOOK.name, _without_key(item), _place(item))
    where = f"{_place(item)}: version"
    if "version" not in body:
        raise corrupt(where, "is missing")
    version = decode(int, body.pop("version"), where)
    if version < 1:
        raise corrupt(where, f"cannot be {version}")
    return version, BOOK.read_fields(account, item, body)


def _without_key(item: Item) -> Item:
    return {name: part for name, part in item.items() if name not in KEY}


def _place(item: Item) -> str:
    return " ".join(str(item.get(name, {}).get("S", "?")) for name in KEY)
