"""The contract of the books on both stores, and what each store has of its own."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.stub import ANY, Stubber
from moto import mock_aws

from contract.books_contract import BooksContract
from contract.books_store import (
    BTC,
    ETH,
    Store,
    T,
    done,
    first,
    intent_of,
    journal,
    load,
    open_slot,
    state_at,
    stop,
    then,
    trade_of,
)
from haetae.adapters.dynamodb.books import DynamoDbBooks
from haetae.adapters.dynamodb.client import CALLS, TIMEOUT_S, create_client, create_table
from haetae.adapters.dynamodb.table import ATTEMPTS, PAGES_MAX
from haetae.adapters.memory.books import MemoryBooks
from haetae.app.ports import Books
from haetae.base.errors import BooksUnavailable, CorruptState
from haetae.ledger.book import GENESIS, Mode, OperatorMode
from haetae.ledger.intent import Phase
from haetae.ledger.items import book_item, halt_item
from haetae.ledger.journal import record
from haetae.ledger.keys import account_key
from support.patience import patience

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "haetae"
REGION = "ap-northeast-2"
READ_TIMEOUT = ReadTimeoutError(endpoint_url="http://dynamodb")


@pytest.fixture(scope="module")
def endpoint() -> "Iterator[DynamoDBClient]":
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        for name in ("PROFILE", "SESSION_TOKEN", "ENDPOINT_URL", "ENDPOINT_URL_DYNAMODB"):
            patch.delenv(f"AWS_{name}", raising=False)
        with mock_aws():
            yield create_client(None, REGION)


@pytest.fixture
def client(endpoint: "DynamoDBClient") -> "Iterator[DynamoDBClient]":
    create_table(endpoint, TABLE)
    yield endpoint
    endpoint.delete_table(TableName=TABLE)


@contextmanager
def handler(client: "DynamoDBClient", event: str, function: Callable[..., None]) -> Iterator[None]:
    client.meta.events.register_first(event, function)
    try:
        yield
    finally:
        client.meta.events.unregister(event, function)


@pytest.fixture
def books(client: "DynamoDBClient") -> DynamoDbBooks:
    return DynamoDbBooks(client, TABLE, "main")


@pytest.fixture
def store(client: "DynamoDBClient", books: DynamoDbBooks) -> Store:
    return Store(books=books, everything=lambda: scan(client))


def scan(client: "DynamoDBClient") -> list[str]:
    answer = client.scan(TableName=TABLE)
    assert "LastEvaluatedKey" not in answer
    return sorted(json.dumps(item, sort_keys=True) for item in answer["Items"])


def move_to(books: Books, mode: Mode, *, expected: int | None = None) -> OperatorMode:
    return books.move_halt(mode=mode, t=T, reason="", by="", expected=expected)


class Yielding(tuple[Any, ...]):
    """Lets the other threads run whenever it is looked at, in the middle of a commit too."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        time.sleep(0.0001)
        return super().__iter__()


class TestMemoryBooks(BooksContract):
    @pytest.fixture
    def store(self) -> Store:
        books = MemoryBooks()

        def everything() -> dict[str, Any]:
            kept = {name: value for name, value in vars(books).items() if name != "_lock"}
            return {k: dict(v) if isinstance(v, dict) else v for k, v in kept.items()}

        return Store(books=books, everything=everything)

    def test_of_many_threads_one_wins_each_version(self) -> None:
        books, threads, rounds = MemoryBooks(), 4, 10
        barrier = Barrier(threads, timeout=patience(10))
        commits = [then(version, opened=Yielding()) for version in range(rounds)]

        def race(_: int) -> int:
            won = 0
            for commit in commits:
                barrier.wait()
                won += books.commit(commit)
            return won

        with ThreadPoolExecutor(threads) as pool:
            assert sum(pool.map(race, range(threads))) == rounds


class TestDynamoDbBooks(BooksContract):
    def test_accounts_share_a_table_and_nothing_else(
        self, client: "DynamoDBClient", store: Store
    ) -> None:
        other = Store(books=DynamoDbBooks(client, TABLE, "other"), everything=list)
        open_slot(store, Phase.DONE)
        stop(store)
        assert load(other).version == 0
        assert load(other).halt == OperatorMode()
        assert other.books.commit(first(decisions=journal(BTC, T)))
        assert store.books.decisions(BTC, from_t=T, to_t=T + 1) == ()

    def test_an_account_name_cannot_reach_into_another_key(self, client: "DynamoDBClient") -> None:
        with pytest.raises(AssertionError):
            DynamoDbBooks(client, TABLE, "main#KRW-BTC")

    def test_a_month_of_many_pages_is_read_whole(self, books: DynamoDbBooks) -> None:
        said = [record(T, BTC, {"text": "x" * 300_000}, GENESIS)]
        said += [record(T + n, BTC, {"text": "x" * 300_000}, said[0].hash) for n in range(1, 8)]
        for version, decision in enumerate(said):
            assert books.commit(then(version, decisions=(decision,)))
        assert books.decisions(BTC, from_t=T, to_t=T + 8) == tuple(said)

    @pytest.mark.parametrize(
        ("sk", "read"),
        [
            ("HALT", lambda books: move_to(books, Mode.RUN, expected=5)),
            ("HALT", lambda books: books.load()),
            ("BOOK", lambda books: books.load()),
            ("HALT", lambda books: books.halt()),
            ("INTENT#KRW-BTC", lambda books: books.load()),
        ],
    )
    def test_an_item_that_cannot_be_read_is_never_a_default(
        self,
        client: "DynamoDBClient",
        books: DynamoDbBooks,
        sk: str,
        read: Callable[[DynamoDbBooks], object],
    ) -> None:
        assert books.commit(first(opened=(intent_of(BTC),)))
        client.put_item(TableName=TABLE, Item=account_key("main", sk))
        with pytest.raises(CorruptState, match=f"ACCOUNT#main {sk}: "):
            read(books)


# One call of each method that reaches the table; the intents need not be there.
CALLS_OF_THE_PORT: dict[str, Callable[[Books], object]] = {
    "load": lambda books: books.load(),
    "halt": lambda books: books.halt(),
    "commit": lambda books: books.commit(first()),
    "mark_sending": lambda books: books.mark_sending(intent_of(BTC), epoch=0, deadline_s=1.0),
    "record": lambda books: books.record(intent_of(BTC), intent_of(BTC).to(Phase.REVOKED)),
    "move_halt": lambda books: move_to(books, Mode.STOP),
    "trades": lambda books: books.trades(BTC, from_t=T, to_t=T + 1),
    "decisions": lambda books: books.decisions(BTC, from_t=T, to_t=T + 1),
}
OPERATIONS = {
    "load": "batch_get_item",
    "halt": "batch_get_item",
    "commit": "transact_write_items",
    "mark_sending": "transact_write_items",
    "record": "transact_write_items",
    "move_halt": "update_item",
    "trades": "query",
    "decisions": "query",
}


@pytest.mark.parametrize("call", CALLS_OF_THE_PORT)
@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url="http://dynamodb"),
        READ_TIMEOUT,
        EndpointConnectionError(endpoint_url="http://dynamodb"),
        ConnectionClosedError(endpoint_url="http://dynamodb"),
        NoCredentialsError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_table_out_of_reach_is_unavailable(
    client: "DynamoDBClient", books: DynamoDbBooks, call: str, error: Exception
) -> None:
    def fail(**_: object) -> None:
        raise error

    with (
        handler(client, "before-call.dynamodb", fail),
        pytest.raises(BooksUnavailable) as caught,
    ):
        CALLS_OF_THE_PORT[call](books)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("call", CALLS_OF_THE_PORT)
@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ResourceNotFoundException",
        "AccessDeniedException",
        "ValidationException",
        "TransactionInProgressException",
    ],
)
def test_a_refusal_that_is_nobodys_lead_is_unavailable(
    client: "DynamoDBClient", books: DynamoDbBooks, call: str, code: str
) -> None:
    with Stubber(client) as stubber:
        stubber.add_client_error(OPERATIONS[call], code)
        with pytest.raises(BooksUnavailable, match=code):
            CALLS_OF_THE_PORT[call](books)


def cancel_transactions(stubber: Stubber, *codes: str, times: int = 1) -> None:
    """Let the next transactions be cancelled, an operation for each of these reasons."""
    reasons = {"CancellationReasons": [{"Code": "None"}, *({"Code": code} for code in codes)]}
    for _ in range(times):
        stubber.add_client_error(
            "transact_write_items", "TransactionCanceledException", modeled_fields=reasons
        )


@pytest.mark.parametrize("call", ["commit", "mark_sending", "record"])
@pytest.mark.parametrize("also", [(), ("TransactionConflict",)])
def test_a_lost_race_is_false(
    client: "DynamoDBClient", books: DynamoDbBooks, call: str, also: tuple[str, ...]
) -> None:
    with Stubber(client) as stubber:
        cancel_transactions(stubber, "ConditionalCheckFailed", *also)
        assert CALLS_OF_THE_PORT[call](books) is False


@pytest.mark.parametrize("call", ["commit", "mark_sending", "record"])
def test_a_conflict_of_a_moment_is_no_lost_race(
    client: "DynamoDBClient", books: DynamoDbBooks, call: str
) -> None:
    with Stubber(client) as stubber:
        cancel_transactions(stubber, "TransactionConflict", times=ATTEMPTS - 1)
        stubber.add_response("transact_write_items", {})
        assert CALLS_OF_THE_PORT[call](books) is True


@pytest.mark.parametrize("call", ["commit", "mark_sending", "record"])
def test_a_conflict_that_stays_is_a_lost_race(
    client: "DynamoDBClient", books: DynamoDbBooks, call: str
) -> None:
    with Stubber(client) as stubber:
        cancel_transactions(stubber, "TransactionConflict", times=ATTEMPTS)
        assert CALLS_OF_THE_PORT[call](books) is False


@pytest.mark.parametrize("call", ["commit", "mark_sending", "record"])
@pytest.mark.parametrize(
    "code",
    ["ThrottlingError", "ProvisionedThroughputExceeded", "ValidationError", "None"],
)
def test_a_transaction_cancelled_for_another_reason_is_unavailable(
    client: "DynamoDBClient", books: DynamoDbBooks, call: str, code: str
) -> None:
    with Stubber(client) as stubber:
        reasons = {"CancellationReasons": [{"Code": "None"}, {"Code": code}]}
        stubber.add_client_error(
            "transact_write_items", "TransactionCanceledException", modeled_fields=reasons
        )
        with pytest.raises(BooksUnavailable):
            CALLS_OF_THE_PORT[call](books)


def test_a_missing_table_is_unavailable(client: "DynamoDBClient") -> None:
    with pytest.raises(BooksUnavailable, match="ResourceNotFound"):
        DynamoDbBooks(client, "nowhere", "main").load()
    with pytest.raises(BooksUnavailable, match="ResourceInUse"):
        create_table(client, TABLE)


def test_keys_left_unread_are_all_read_again(
    client: "DynamoDBClient", books: DynamoDbBooks
) -> None:
    keys = {"Keys": [account_key("main", sk) for sk in ("HALT", "BOOK")], "ConsistentRead": True}
    halt = OperatorMode(mode=Mode.STOP, epoch=3)
    part = {
        "Responses": {TABLE: [halt_item("main", OperatorMode())]},
        "UnprocessedKeys": {TABLE: keys},
    }
    whole = {
        "Responses": {TABLE: [halt_item("main", halt), book_item("main", 4, state_at(T))]},
        "UnprocessedKeys": {},
    }
    request = {"RequestItems": {TABLE: keys}}
    with Stubber(client) as stubber:
        stubber.add_response("batch_get_item", part, request)
        stubber.add_response("batch_get_item", whole, request)
        book = books.load()
    assert (book.halt, book.version, book.state) == (halt, 4, state_at(T))


@pytest.mark.parametrize("moves", [1, 2, ATTEMPTS])
def test_a_book_that_moves_between_its_two_reads_is_read_again(
    client: "DynamoDBClient", store: Store, moves: int
) -> None:
    # given an open order, and a writer who gets in between BOOK and the slots, `moves` times
    held = intent_of(BTC)
    assert store.books.commit(first(opened=(held,)))
    reads = 0

    def move(params: Any, **_: object) -> None:
        nonlocal reads, held
        keys = params["RequestItems"][TABLE]["Keys"]
        if any(key["sk"]["S"] == "BOOK" for key in keys) or reads == moves:
            return
        reads += 1
        revoked = held.to(Phase.REVOKED)
        assert store.books.record(held, revoked)
        held = intent_of(BTC, T + 60 * reads)
        assert store.books.commit(then(reads, closed=(revoked,), opened=(held,)))

    with handler(client, "provide-client-params.dynamodb.BatchGetItem", move):
        if moves == ATTEMPTS:
            # then it is given up in the end
            with pytest.raises(BooksUnavailable, match="moved"):
                load(store)
            return
        book = load(store)
    # then state and intent fit each other
    assert (book.version, book.intents) == (1 + moves, {BTC: held})


def test_keys_that_stay_unread_are_no_absence(
    client: "DynamoDBClient", books: DynamoDbBooks
) -> None:
    keys = {"Keys": [account_key("main", "BOOK")]}
    with Stubber(client) as stubber:
        for _ in range(ATTEMPTS):
            part = {"Responses": {TABLE: []}, "UnprocessedKeys": {TABLE: keys}}
            stubber.add_response("batch_get_item", part)
        with pytest.raises(BooksUnavailable):
            books.load()
        stubber.assert_no_pending_responses()


def test_the_kill_switch_outlasts_a_commit_that_checks_the_epoch(
    client: "DynamoDBClient", books: DynamoDbBooks
) -> None:
    halt = OperatorMode(mode=Mode.STOP, epoch=1, t=T)
    with Stubber(client) as stubber:
        stubber.add_client_error("update_item", "TransactionConflictException")
        stubber.add_response("update_item", {"Attributes": halt_item("main", halt)})
        assert move_to(books, Mode.STOP) == halt
    with Stubber(client) as stubber:
        for _ in range(ATTEMPTS):
            stubber.add_client_error("update_item", "TransactionConflictException")
        with pytest.raises(BooksUnavailable):
            move_to(books, Mode.STOP)


def test_history_is_read_with_what_was_just_written(
    client: "DynamoDBClient", books: DynamoDbBooks
) -> None:
    request = {
        "TableName": TABLE,
        "ConsistentRead": True,
        "KeyConditionExpression": ANY,
        "ExpressionAttributeValues": ANY,
    }
    with Stubber(client) as stubber:
        stubber.add_response("query", {"Items": []}, request)
        assert books.trades(BTC, from_t=T, to_t=T + 1) == ()


def test_a_month_without_an_end_is_not_read_for_ever(
    client: "DynamoDBClient", books: DynamoDbBooks
) -> None:
    with Stubber(client) as stubber:
        for _ in range(PAGES_MAX):
            page = {"Items": [], "LastEvaluatedKey": account_key("main", "x")}
            stubber.add_response("query", page)
        with pytest.raises(BooksUnavailable, match="pages"):
            books.trades(BTC, from_t=T, to_t=T + 1)
        stubber.assert_no_pending_responses()


def test_every_wait_is_bounded(client: "DynamoDBClient") -> None:
    config: Any = client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (TIMEOUT_S, TIMEOUT_S)
    assert config.retries == {"mode": "standard", "total_max_attempts": CALLS}


def test_a_resent_transaction_carries_the_token_of_the_first(
    client: "DynamoDBClient", books: DynamoDbBooks
) -> None:
    tokens: list[str] = []

    def lose_the_first(request: Any, **_: object) -> None:
        tokens.append(json.loads(request.body)["ClientRequestToken"])
        if len(tokens) == 1:
            raise READ_TIMEOUT

    with handler(client, "before-send.dynamodb.TransactWriteItems", lose_the_first):
        assert books.commit(first())
    assert len(tokens) == 2
    assert len(set(tokens)) == 1


def test_money_comes_back_to_the_last_digit(books: DynamoDbBooks) -> None:
    line = trade_of(done(intent_of(ETH)), T)
    assert books.commit(first(trades=(line,)))
    (found,) = books.trades(ETH, from_t=T, to_t=T + 1)
    assert found.exchange_fee == Decimal("499.7501")
    assert found == line
