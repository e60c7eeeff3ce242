"""The books in DynamoDB: every write is a condition, so that of two writers one is refused."""

from collections.abc import Iterator
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from haetae.adapters.dynamodb.client import (
    error_code,
    translate_errors,
)
from haetae.adapters.dynamodb.expressions import (
    ABSENT,
    at_epoch,
    at_version,
    expressions,
    holds_intent,
)
from haetae.adapters.dynamodb.table import ATTEMPTS, BATCH_MAX, Operation, Table, pause
from haetae.base.errors import BooksUnavailable, CorruptState
from haetae.ledger.book import Book, Commit, Decision, Mode, OperatorMode, TradeLine
from haetae.ledger.codec import Item, encode
from haetae.ledger.intent import Intent, Phase
from haetae.ledger.invariants import (
    CLOSED_FROM,
    check_commit,
    check_record,
    fit_intents,
    missing_intents,
    open_orders,
)
from haetae.ledger.items import (
    book_item,
    decision_item,
    halt_item,
    intent_item,
    order_item,
    read_book,
    read_decision,
    read_halt,
    read_intent,
    read_order,
    read_trade,
    trade_item,
)
from haetae.ledger.journal import oldest_first
from haetae.ledger.keys import (
    BOOK_SK,
    HALT_SK,
    intent_sk,
    month_pk,
    months,
    time_text,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbBooks:
    """One account's books in one table; shapes and keys are those of ledger.items.

    Every method raises BooksUnavailable when the table gives no usable answer, and every reading
    one CorruptState when an item cannot be read back.
    """

    def __init__(self, client: "DynamoDBClient", table: str, account: str) -> None:
        assert account, "an account has a name"
        assert "#" not in account, account
        self._client = client
        self._table = Table(client, table, account)
        self._account = account

    def load(self) -> Book:
        """Read halt and state, then the intents of the orders that are open.

        Each item is read strongly consistent, but they are not of one moment: HALT and BOOK come
        first, the slots after. BOOK and a slot change together in one transaction, so an open
        order whose slot is gone or holds another intent means that BOOK has moved: both are read
        again. What is returned fits together. It may be older than what stands by then, which is
        enough: every write holds against version and epoch, so one decided on an older book is
        refused; and a kill moves the epoch before it reads, after which no commit can open a slot
        that its book does not name.

        Raises:
            CorruptState: an open order has no intent though BOOK has not moved.
        """
        before = -1
        for attempt in range(ATTEMPTS):
            found = self._table.read([HALT_SK, BOOK_SK])
            version, state = 0, None
            if BOOK_SK in found:
                version, state = read_book(self._account, found[BOOK_SK])
            intents = self._intents(open_orders(state))
            fitting = fit_intents(state, intents)
            if len(fitting) == len(intents):
                halt = self._operator_mode(found)
                return Book(halt=halt, version=version, state=state, intents=fitting)
            if version == before:
                raise CorruptState(
                    f"ACCOUNT#{self._account} {BOOK_SK}: {missing_intents(intents, fitting)}"
                )
            before = version
            pause(attempt)
        raise BooksUnavailable(f"load: the book moved {ATTEMPTS} times while it was read")

    def halt(self) -> OperatorMode:
        """Read the operator's word alone."""
        return self._operator_mode(self._table.read([HALT_SK]))

    def commit(self, commit: Commit) -> bool:
        """Carry out the transaction; False when somebody else was first.

        After BooksUnavailable its fate is unknown: load again, the version tells.
        """
        check_commit(commit)
        account = self._account
        book = book_item(account, commit.version + 1, commit.state)
        history = [
            *(order_item(account, intent) for intent in commit.closed),
            *(trade_item(account, line) for line in commit.trades),
            *(decision_item(account, decision) for decision in commit.decisions),
        ]
        return self._table.transact(
            [
                self._table.put(book, at_version(commit.version)),
                self._check_epoch(commit.epoch),
                *self._slots(commit),
                *(self._table.put(item, expressions(condition=ABSENT)) for item in history),
            ]
        )

    def mark_sending(self, intent: Intent, *, epoch: int, deadline_s: float) -> bool:
        """Take a PENDING intent to SENDING; False if the halt epoch or the intent has moved."""
        pending = intent_item(self._account, intent)
        sending = intent_item(self._account, intent.to(Phase.SENDING, deadline_s=deadline_s))
        change = expressions(
            condition="#identifier = :identifier AND #phase = :phase",
            update="SET #phase = :sending, #deadline_s = :deadline_s",
            values={
                ":identifier": pending["identifier"],
                ":phase": pending["phase"],
                ":sending": sending["phase"],
                ":deadline_s": sending["deadline_s"],
            },
        )
        update = {"Update": self._table.at(intent_sk(intent.market)) | change}
        return self._table.transact([update, self._check_epoch(epoch)])

    def record(self, before: Intent, after: Intent) -> bool:
        """Replace an open intent that still stands as `before`; False if it does not."""
        check_record(before, after)
        stands = intent_item(self._account, before)
        condition = expressions(
            condition="#identifier = :identifier AND #phase = :phase AND #deadline_s = :deadline_s",
            values={f":{name}": stands[name] for name in ("identifier", "phase", "deadline_s")},
        )
        # A transaction, though of one item: its token makes a resent request safe.
        return self._table.transact([self._table.put(intent_item(self._account, after), condition)])

    def move_halt(
        self, *, mode: Mode, t: int, reason: str, by: str, expected: int | None
    ) -> OperatorMode:
        """Set the mode and move the epoch, with `expected` only from there; return what stands."""
        item = halt_item(self._account, OperatorMode(mode=mode, t=t, reason=reason, by=by))
        values = {f":{name}": item[name] for name in ("mode", "t", "reason", "by")}
        values |= {":zero": encode(int, 0), ":one": encode(int, 1)}
        # A kill fences an item of any schema: what it sets means the same in each (migrate.FENCED).
        keep_schema = ""
        for name in ("schema", "release"):
            if name in item:
                keep_schema += f", #{name} = if_not_exists(#{name}, :{name})"
                values[f":{name}"] = item[name]
        condition = ""
        if expected is not None:
            condition = at_epoch(expected)
            values[":epoch"] = encode(int, expected)
        change = expressions(
            condition=condition,
            update="SET #mode = :mode, #t = :t, #reason = :reason, #by = :by,"
            " #epoch = if_not_exists(#epoch, :zero) + :one" + keep_schema,
            values=values,
        )
        request = self._table.at(HALT_SK) | change | {"ReturnValues": "ALL_NEW"}
        for attempt in range(ATTEMPTS):
            with translate_errors("move_halt"):
                try:
                    answer = self._client.update_item(**request)
                    return read_halt(self._account, answer["Attributes"])
                except ClientError as exc:
                    if error_code(exc) == "ConditionalCheckFailedException":
                        break
                    # A commit that checks the epoch at this very moment: it is over in a blink.
                    if error_code(exc) != "TransactionConflictException":
                        raise
            pause(attempt)
        else:
            raise BooksUnavailable(f"move_halt: in conflict {ATTEMPTS} times")
        return self.halt()

    def orders(self, market: str, *, from_t: int, to_t: int) -> tuple[Intent, ...]:
        """Return the market's closed intents with from_t <= t < to_t, oldest first."""
        found = self._between("ORDER", market, from_t, to_t)
        return tuple(read_order(self._account, item) for item in found)

    def trades(self, market: str, *, from_t: int, to_t: int) -> tuple[TradeLine, ...]:
        """Return the market's fills with from_t <= t < to_t, oldest first."""
        found = self._between("TRADE", market, from_t, to_t)
        return tuple(read_trade(self._account, item) for item in found)

    def decisions(self, market: str, *, from_t: int, to_t: int) -> tuple[Decision, ...]:
        """Return the market's journal with from_t <= t < to_t, oldest first."""
        found = self._between("DECISION", market, from_t, to_t)
        return oldest_first(read_decision(self._account, item) for item in found)

    def _operator_mode(self, found: dict[str, Item]) -> OperatorMode:
        return read_halt(self._account, found[HALT_SK]) if HALT_SK in found else OperatorMode()

    def _intents(self, markets: tuple[str, ...]) -> dict[str, Intent | None]:
        slots = {intent_sk(market): market for market in markets}
        intents: dict[str, Intent | None] = dict.fromkeys(markets)
        for keys in batched(slots, BATCH_MAX, strict=False):
            for sk, item in self._table.read(keys).items():
                intents[slots[sk]] = read_intent(self._account, item)
        return intents

    def _between(self, kind: str, market: str, from_t: int, to_t: int) -> Iterator[Item]:
        for month in months(from_t, to_t):
            partition = month_pk(kind, self._account, market, month)
            yield from self._table.query(partition, time_text(from_t), time_text(to_t))

    def _slots(self, commit: Commit) -> Iterator[Operation]:
        opened = {intent.market: intent for intent in commit.opened}
        for closed in commit.closed:
            if closed.market in opened:
                item = intent_item(self._account, opened.pop(closed.market))
                yield self._table.put(item, holds_intent(closed, frozenset({closed.phase})))
            else:
                condition = holds_intent(closed, CLOSED_FROM[closed.phase])
                yield {"Delete": self._table.at(intent_sk(closed.market)) | condition}
        for intent in opened.values():
            yield self._table.put(intent_item(self._account, intent), expressions(condition=ABSENT))

    def _check_epoch(self, epoch: int) -> Operation:
        values = {":epoch": encode(int, epoch)}
        condition = expressions(condition=at_epoch(epoch), values=values)
        return {"ConditionCheck": self._table.at(HALT_SK) | condition}
