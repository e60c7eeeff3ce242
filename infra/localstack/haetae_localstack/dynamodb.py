"""DynamoDB in LocalStack's own process: what PROVIDER_OVERRIDE_DYNAMODB=moto does.

LocalStack's provider stays in front (time to live, backups, tags, CloudFormation); the server it
would download is replaced by moto, mended where moto is not what a database is:

- one request at a time, because moto checks a condition and writes in two steps;
- a transaction runs on copies of the items it names and is copied back when all of it succeeded,
  where moto copies the whole table first;
- a query reads the items of its page, where moto sorts the whole table (index queries still do);
- items are not remembered for ever: moto keeps a list of every model it has made.

Above 250 lines: one provider, its server and its table, which replace moto's together.
"""

import copy
import threading
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import moto.dynamodb.models
from localstack.aws.api import RequestContext, ServiceRequest
from localstack.services.dynamodb.provider import DynamoDBProvider
from localstack.services.moto import MotoFallbackDispatcher, call_moto, call_moto_with_request
from localstack.services.plugins import Service, aws_provider
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, Table

MOTO_TRANSACT_WRITE_ITEMS = DynamoDBBackend.transact_write_items
Window = Callable[["Partition", list[DynamoType]], tuple[int, int]]


@aws_provider(api="dynamodb", name="moto")
def dynamodb_moto() -> Service:
    """Return the service, and mend moto."""
    moto.dynamodb.models.Table = SortedTable  # type: ignore[attr-defined]
    DynamoDBBackend.transact_write_items = transact_write_items  # type: ignore[assignment, method-assign]
    Item.__new__ = _make_item  # type: ignore[assignment, method-assign]
    return Service.for_provider(
        MotoDynamoDBProvider(), dispatch_table_factory=MotoFallbackDispatcher
    )


class MotoDynamoDBProvider(DynamoDBProvider):
    """LocalStack's provider in front of moto."""

    service = "dynamodb"

    @staticmethod
    def _new_dynamodb_server() -> "MotoServer":
        return MotoServer()

    @staticmethod
    def prepare_request_headers(headers: Any, account_id: str, region_name: str) -> None:
        """Leave the headers: moto tells accounts and regions apart by itself."""

    def on_after_state_reset(self) -> None:
        """Forget all tables."""
        dynamodb_backends.reset()


class MotoServer:
    """Answers as LocalStack's DynamoDB server does, one request at a time."""

    url = "moto:"

    def __init__(self) -> None:
        """Make the lock."""
        self._lock = threading.Lock()

    def start_dynamodb(self) -> None:
        """Nothing to start: moto is in this process."""

    def stop_dynamodb(self) -> None:
        """Nothing to stop."""

    def proxy(self, context: RequestContext, service_request: ServiceRequest | None = None) -> Any:
        """Answer a request."""
        with self._lock:
            if service_request is None:
                return call_moto(context)
            return call_moto_with_request(context, service_request)


class Partition(dict[DynamoType, Item]):
    """The items of one partition key by sort key, and the sort keys in order."""

    def __init__(self) -> None:
        """Make an empty partition."""
        super().__init__()
        self.order: list[DynamoType] = []

    def __setitem__(self, key: DynamoType, item: Item) -> None:
        """Put an item."""
        if key not in self:
            insort(self.order, key, key=_value)
        super().__setitem__(key, item)

    def pop(self, key: DynamoType) -> Item:  # type: ignore[override]
        """Remove an item; KeyError where there is none."""
        item = super().pop(key)
        del self.order[self.order.index(key, self.before(key))]
        return item

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy by putting each item anew."""
        return Partition, (), None, None, iter(self.items())

    def before(self, key: DynamoType) -> int:
        """Return how many sort keys are less."""
        return bisect_left(self.order, key.cast_value, key=_value)

    def through(self, key: DynamoType) -> int:
        """Return how many sort keys are less or equal."""
        return bisect_right(self.order, key.cast_value, key=_value)

    def through_prefix(self, prefix: DynamoType) -> int:
        """Return how many sort keys are less or begin with a prefix."""
        text = prefix.cast_value
        return bisect_right(self.order, text, key=lambda key: key.cast_value[: len(text)])


def _value(key: DynamoType) -> Any:
    return key.cast_value


WINDOWS: dict[str | None, Window] = {
    None: lambda partition, _: (0, len(partition)),
    "=": lambda partition, keys: (partition.before(keys[0]), partition.through(keys[0])),
    "<": lambda partition, keys: (0, partition.before(keys[0])),
    "<=": lambda partition, keys: (0, partition.through(keys[0])),
    ">": lambda partition, keys: (partition.through(keys[0]), len(partition)),
    ">=": lambda partition, keys: (partition.before(keys[0]), len(partition)),
    "BETWEEN": lambda partition, keys: (partition.before(keys[0]), partition.through(keys[1])),
    "BEGINS_WITH": lambda partition, keys: (
        partition.before(keys[0]),
        partition.through_prefix(keys[0]),
    ),
}


def page(
    partition: Partition,
    window: tuple[int, int],
    *,
    start: DynamoType | None,
    forward: bool,
    limit: int | None,
) -> dict[DynamoType, Item]:
    """Return the items a page may hold and the one behind it, which tells that there is more.

    `start` is the sort key the page before ended with.
    """
    low, high = window
    if start is not None:
        low, high = (
            (max(low, partition.through(start)), high)
            if forward
            else (low, min(high, partition.before(start)))
        )
    positions = range(low, high) if forward else range(high - 1, low - 1, -1)
    items: dict[DynamoType, Item] = {}
    size = 0
    for position in positions[: None if limit is None else limit + 1]:
        key = partition.order[position]
        items[key] = partition[key]
        size += items[key].size()
        if size > RESULT_SIZE_LIMIT:
            break
    return items


class SortedTable(Table):
    """moto's table with sorted partitions; a query reads the items of its page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make an empty table."""
        super().__init__(*args, **kwargs)
        self.items = defaultdict(Partition if self.has_range_key else dict)

    def view(self) -> "SortedTable":
        """Return this table without its items and its stream."""
        view = object.__new__(SortedTable)  # type: ignore[type-abstract]
        view.__dict__.update(self.__dict__)
        view.items, view.stream_shard = defaultdict(self.items.default_factory), None
        return view

    def query(  # type: ignore[override] # what this does not read is handed on as it came
        self,
        hash_key: DynamoType,
        range_comparison: str | None,
        range_objs: list[DynamoType],
        limit: int | None,
        exclusive_start_key: dict[str, Any] | None,
        scan_index_forward: bool,
        *others: Any,
        **filters: Any,
    ) -> tuple[list[Item], int, dict[str, Any] | None]:
        """Let moto query a table that holds no more than the page."""
        table: Table = self
        _projection, index_name, *_ = (*others, None, None)
        if index_name is None:
            table = self.view()
            if (items := self.items.get(hash_key)) is not None:
                table.items[hash_key] = items
            if isinstance(items, Partition) and not filters:
                assert self.range_key_attr is not None
                begin = exclusive_start_key and exclusive_start_key[self.range_key_attr]
                table.items[hash_key] = page(
                    items,
                    WINDOWS[range_comparison](items, range_objs),
                    start=DynamoType(begin) if begin else None,
                    forward=scan_index_forward,
                    limit=limit,
                )
        return Table.query(
            table,
            hash_key,
            range_comparison,
            range_objs,
            limit,  # type: ignore[arg-type] # moto takes None
            exclusive_start_key,  # type: ignore[arg-type] # likewise
            scan_index_forward,
            *others,
            **filters,
        )


def transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """Run a transaction on copies of the items it names; copy them back if it did not raise."""
    copies = object.__new__(DynamoDBBackend)
    copies.__dict__.update(backend.__dict__)
    copies.tables = {}
    touched: set[tuple[str, DynamoType, DynamoType | None]] = set()
    for name, values in _keys(backend, transact_items):
        table = backend.tables[name]
        assert isinstance(table, SortedTable)
        copied = copies.tables.setdefault(name, table.view())
        hash_key = DynamoType(values[table.hash_key_attr])
        attribute = table.range_key_attr
        range_key = None if attribute is None else DynamoType(values[attribute])
        touched.add((name, hash_key, range_key))
        if (item := table.get_item(hash_key, range_key)) is not None:
            _put(copied, copy.deepcopy(item))
    MOTO_TRANSACT_WRITE_ITEMS(copies, transact_items)
    for name, hash_key, range_key in touched:
        item = copies.tables[name].get_item(hash_key, range_key)
        if item is None:
            backend.tables[name].delete_item(hash_key, range_key)
        else:
            _put(backend.tables[name], item)


def _keys(
    backend: DynamoDBBackend, transact_items: list[dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield table and key of each operation that has both; moto tells what is wrong with others."""
    for operations in transact_items:
        for operation in operations.values():
            table = backend.tables.get(operation["TableName"])
            key = operation.get("Item") or operation.get("Key") or {}
            if table is not None and set(table.table_key_attrs) <= set(key):
                yield operation["TableName"], key


def _put(table: Table, item: Item) -> None:
    items: dict[DynamoType, Any] = table.items
    if item.range_key is None:
        items[item.hash_key] = item
    else:
        items[item.hash_key][item.range_key] = item


def _make_item(cls: type[Item], *_args: Any, **_kwargs: Any) -> Item:
    return object.__new__(cls)
