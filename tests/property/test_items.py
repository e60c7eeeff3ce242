"""Every stored value comes back bit for bit, and a damaged one is named, never guessed."""

import json
import struct
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from haetae.adapters.dynamodb.client import create_client, create_table
from haetae.base.errors import CorruptState
from haetae.kernel.records import NEW_MARKET, Account, DayStarts, Market, Period, TradeStats
from haetae.ledger.book import GENESIS, Mode, OperatorMode, State, TradeLine
from haetae.ledger.intent import Execution, Intent, Phase, Side
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
from haetae.ledger.journal import record
from haetae.ledger.keys import END_T, account_key, intent_sk, months, time_sk, time_text
from haetae.ledger.migrate import SCHEMA_READ

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "haetae"
ACCOUNT = "main"
T = 1_759_276_740

type Item = dict[str, Any]

INTS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 1, -1, 2**63 - 1, 9_200 * 10**15])
EDGES = [0.0, 5e-324, 2.2250738585072014e-308, 1e-130, 9.999999999999999e-131, 1e-8, 0.1 + 0.2]
EDGES += [1e9 + 1 / 3, 1e16, 1e22, 9.999999999999999e125, 1e126, 1.7976931348623157e308]
FLOATS = (
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: str(x) != "-0.0")
    | st.floats(1e-8, 1e9 + 0.5)
    | st.sampled_from(EDGES)
    | st.sampled_from(EDGES[1:]).map(lambda x: -x)
)
TIMES = st.integers(0, END_T - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij0123456789-", min_size=1, max_size=64)
MARKETS = st.from_regex(r"KRW-[A-Z0-9]{2,6}", fullmatch=True)
MONEY = st.decimals(-(10**15), 10**15, places=8) | st.decimals("-1e-8", "1e-8", places=12)


def numbers(kind: Any) -> st.SearchStrategy[Any]:
    """Build a NamedTuple of the kernel with any ints and floats in it."""
    if kind is int:
        return INTS
    if kind is float:
        return FLOATS
    hints = get_type_hints(kind)
    return st.tuples(*(numbers(hints[name]) for name in kind._fields)).map(lambda p: kind(*p))


MARKET_STATES = numbers(Market)
STATES = st.builds(
    State,
    t=INTS,
    account=numbers(Account),
    markets=st.dictionaries(MARKETS, MARKET_STATES, max_size=3),
    chains=st.dictionaries(MARKETS, st.just(GENESIS), max_size=3),
)
EXECUTIONS = st.builds(Execution, t=TIMES, price=MONEY, units=INTS, funds=MONEY)
INTENTS = st.builds(
    Intent,
    identifier=NAMES,
    market=MARKETS,
    side=st.sampled_from(Side),
    t=TIMES,
    kind=INTS,
    reason=INTS,
    krw=st.integers(1, 2**63 - 1),
    units=st.integers(1, 2**63 - 1),
    phase=st.sampled_from(Phase),
    deadline_s=FLOATS,
    uuid=TEXTS,
    executions=st.lists(EXECUTIONS, max_size=3).map(tuple),
    fee=MONEY,
    note=TEXTS,
)
LINES = st.builds(
    TradeLine,
    t=TIMES,
    market=MARKETS,
    identifier=NAMES,
    side=st.sampled_from(Side),
    reason=TEXTS,
    price=FLOATS,
    units=INTS,
    funds=MONEY,
    fee=MONEY,
    pnl=st.none() | MONEY,
    r=st.none() | FLOATS,
    exchange_funds=MONEY,
    exchange_fee=MONEY,
)


def bits(value: Any) -> Any:
    """Return the value with its types and its floats as bytes, so that equal means identical."""
    match value:
        case float():
            return struct.pack(">d", value)
        case tuple():
            return (type(value), *map(bits, value))
        case dict():
            return {name: bits(part) for name, part in value.items()}
        case int() | str() | Decimal() | None | Enum():
            return (type(value), value)
        case _:
            return (type(value), *(bits(getattr(value, name)) for name in value.__slots__))


def normalised(part: Any) -> Any:
    """Rewrite every number in plain digits without trailing zeros, as a store may."""
    if isinstance(part, list):
        return [normalised(element) for element in part]
    if not isinstance(part, dict):
        return part
    if list(part) == ["N"]:
        text = format(Decimal(part["N"]), "f")
        return {"N": text.rstrip("0").rstrip(".") if "." in text else text}
    return {name: normalised(element) for name, element in part.items()}


def numbers_in(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for element in part:
            yield from numbers_in(element)
    elif isinstance(part, dict):
        for name, element in part.items():
            if name == "N" and isinstance(element, str):
                yield element
            else:
                yield from numbers_in(element)


def assert_round_trip(item: Item, value: Any, read: Callable[[Item], Any]) -> None:
    assert bits(read(item)) == bits(value)
    assert bits(read(normalised(item))) == bits(value)
    assert bits(read(json.loads(json.dumps(item)))) == bits(value)
    for text in numbers_in(item):
        number = Decimal(text)
        assert len(number.as_tuple().digits) <= 38
        assert not number or -130 <= number.adjusted() <= 125


# Round trips


@given(STATES, st.integers(1, 2**63))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_state_comes_back_bit_for_bit(state: State, version: int) -> None:
    item = book_item(ACCOUNT, version, state)
    assert read_book(ACCOUNT, item)[0] == version
    assert_round_trip(item, state, lambda item: read_book(ACCOUNT, item)[1])


@given(INTENTS)
@settings(deadline=None)
def test_every_intent_comes_back_bit_for_bit(intent: Intent) -> None:
    assert_round_trip(intent_item(ACCOUNT, intent), intent, partial(read_intent, ACCOUNT))
    assert_round_trip(order_item(ACCOUNT, intent), intent, partial(read_order, ACCOUNT))


@given(LINES)
@settings(deadline=None)
def test_every_trade_comes_back_bit_for_bit(line: TradeLine) -> None:
    assert_round_trip(trade_item(ACCOUNT, line), line, partial(read_trade, ACCOUNT))


@given(TIMES, MARKETS, st.dictionaries(TEXTS, FLOATS | INTS | TEXTS, max_size=5))
@settings(deadline=None)
def test_every_decision_comes_back(t: int, market: str, facts: dict[str, Any]) -> None:
    assume(not {"t", "market"} & set(facts))
    decision = record(t, market, facts, GENESIS)
    assert read_decision(ACCOUNT, decision_item(ACCOUNT, decision)) == decision


@given(
    st.builds(OperatorMode, mode=st.sampled_from(Mode), epoch=INTS, t=INTS, reason=TEXTS, by=TEXTS)
)
def test_every_halt_comes_back(halt: OperatorMode) -> None:
    assert read_halt(ACCOUNT, halt_item(ACCOUNT, halt)) == halt


# Through the store


@pytest.fixture(scope="module")
def client() -> "Iterator[DynamoDBClient]":
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        for name in ("PROFILE", "SESSION_TOKEN", "ENDPOINT_URL", "ENDPOINT_URL_DYNAMODB"):
            patch.delenv(f"AWS_{name}", raising=False)
        with mock_aws():
            client = create_client(None, "ap-northeast-2")
            create_table(client, TABLE)
            yield client


@given(state=STATES, intent=INTENTS, line=LINES)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_the_store_gives_back_the_same_bits(
    client: "DynamoDBClient", state: State, intent: Intent, line: TradeLine
) -> None:
    def stored(item: Item) -> Any:
        client.put_item(TableName=TABLE, Item=item)
        key = {name: item[name] for name in ("pk", "sk")}
        return client.get_item(TableName=TABLE, Key=key)["Item"]

    book = stored(book_item(ACCOUNT, 1, state))
    assert bits(read_book(ACCOUNT, book)[1]) == bits(state)
    slot = stored(intent_item(ACCOUNT, intent))
    assert bits(read_intent(ACCOUNT, slot)) == bits(intent)
    assert bits(read_trade(ACCOUNT, stored(trade_item(ACCOUNT, line)))) == bits(line)


# What must not be written


@pytest.mark.parametrize("close", [float("nan"), float("inf"), -float("inf"), -0.0, 1])
def test_a_number_that_cannot_come_back_is_not_written(close: float) -> None:
    with pytest.raises(AssertionError):
        book_item(ACCOUNT, 1, state_of(NEW_MARKET._replace(close=close)))


@pytest.mark.parametrize("seen", [1.0, True, 10**38])
def test_an_int_field_holds_an_int_of_38_digits(seen: int) -> None:
    with pytest.raises(AssertionError):
        book_item(ACCOUNT, 1, state_of(NEW_MARKET._replace(seen=seen)))


@pytest.mark.parametrize("fee", ["NaN", "Infinity", "1e126", "1e-131", "1." + "1" * 38])
def test_money_that_cannot_come_back_is_not_written(fee: str) -> None:
    with pytest.raises(AssertionError):
        intent_item(ACCOUNT, intent_of(fee=Decimal(fee)))


@pytest.mark.parametrize("t", [-1, END_T])
def test_what_has_no_month_is_not_written(t: int) -> None:
    with pytest.raises(AssertionError):
        order_item(ACCOUNT, intent_of(t=t))


# What is damaged


def state_of(market: Market) -> State:
    period = Period(until=1, start=2, floor=3, latch=0, entries=0)
    account = Account(
        1, 2, 3, 4, 5, period, period, DayStarts(0, 0, 0, 0, 0, 1), TradeStats(1, 1, 0.5, 0.0)
    )
    return State(t=T, account=account, markets={"KRW-BTC": market}, chains={"KRW-BTC": GENESIS})


def intent_of(**changes: Any) -> Intent:
    execution = Execution(t=T, price=Decimal("1.5"), units=1, funds=Decimal(2))
    given: dict[str, Any] = {"t": T, "fee": Decimal(1), "executions": (execution,)} | changes
    return Intent(
        identifier="i", market="KRW-BTC", side=Side.BID, kind=1, reason=29, krw=5, units=0, **given
    )


LINE = TradeLine(
    t=T,
    market="KRW-BTC",
    identifier="i",
    side=Side.BID,
    reason="entry_signal",
    price=1.5,
    units=1,
    funds=Decimal(2),
    fee=Decimal(1),
    pnl=Decimal(-1),
    r=-0.5,
    exchange_funds=Decimal(2),
    exchange_fee=Decimal(1),
)
DECISION = record(T, "KRW-BTC", {}, GENESIS)
HALT = OperatorMode(mode=Mode.STOP, epoch=2, t=3, reason="r", by="b")
PRESENT: Any = {"schema": SCHEMA_READ}
SAMPLES: dict[str, tuple[Item, Callable[[Item], object]]] = {
    "halt": (halt_item(ACCOUNT, HALT, **PRESENT), partial(read_halt, ACCOUNT)),
    "book": (
        book_item(ACCOUNT, 7, state_of(NEW_MARKET), **PRESENT),
        partial(read_book, ACCOUNT),
    ),
    "intent": (
        intent_item(ACCOUNT, intent_of(), **PRESENT),
        partial(read_intent, ACCOUNT),
    ),
    "order": (order_item(ACCOUNT, intent_of(), **PRESENT), partial(read_order, ACCOUNT)),
    "trade": (trade_item(ACCOUNT, LINE, **PRESENT), partial(read_trade, ACCOUNT)),
    "decision": (
        decision_item(ACCOUNT, DECISION, **PRESENT),
        partial(read_decision, ACCOUNT),
    ),
}
Path = tuple[str | int, ...]


def leaves(part: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield each field's path through the item, and the type that it is written as."""
    for name, attribute in part.items() if isinstance(part, dict) else enumerate(part):
        ((tag, held),) = attribute.items()
        yield (*path, name), tag
        if tag in ("M", "L"):
            yield from leaves(held, (*path, name, tag))


def places(*tags: str) -> list[Any]:
    return [
        pytest.param(sample, path, id=f"{sample}-{'.'.join(map(str, path))}")
        for sample, (item, _) in SAMPLES.items()
        for path, tag in leaves(item)
        if tag in tags
    ]


def at(item: Item, path: Path) -> Any:
    """Return the container that holds the path's last step."""
    part: Any = item
    for step in path[:-1]:
        part = part[step]
    return part


def path_text(path: Path) -> str:
    """Return the path as an error tells it: names without the types between them."""
    return ".".join(str(step) for step in path[::2])


def assert_corrupt(sample: str, damaged: Item, field: str) -> None:
    with pytest.raises(CorruptState) as caught:
        SAMPLES[sample][1](damaged)
    key = " ".join(str(damaged.get(name, {}).get("S", "?")) for name in ("pk", "sk"))
    assert str(caught.value).startswith(f"{key}: {field} ")


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_samples_are_sound(sample: str) -> None:
    item, read = SAMPLES[sample]
    assert read(item)


def fields() -> list[Any]:
    """Return the places that must be there: not the entries of a list or of a map by market."""
    return [
        place
        for place in places("N", "S", "M", "L", "NULL")
        if not str(place.values[1][-1]).startswith(("0", "KRW-"))
    ]


@pytest.mark.parametrize(("sample", "path"), fields())
def test_a_field_that_is_missing_is_named(sample: str, path: Path) -> None:
    damaged = deepcopy(SAMPLES[sample][0])
    del at(damaged, path)[path[-1]]
    assert_corrupt(sample, damaged, path_text(path))


@pytest.mark.parametrize(("sample", "path"), places("M"))
def test_a_field_too_many_is_named(sample: str, path: Path) -> None:
    damaged = deepcopy(SAMPLES[sample][0])
    at(damaged, path)[path[-1]]["M"]["more"] = {"NULL": True}
    assert_corrupt(sample, damaged, f"{path_text(path)}.more")


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_field_too_many_at_the_top_is_named(sample: str) -> None:
    damaged = SAMPLES[sample][0] | {"more": {"N": "1"}}
    assert_corrupt(sample, damaged, "more")


@pytest.mark.parametrize(("sample", "path"), places("N"))
@pytest.mark.parametrize(
    "attribute",
    [
        {"S": "1"},
        {"N": "NaN"},
        {"N": "Infinity"},
        {"N": ""},
        {"N": "1_0"},
        {"N": " 1"},
        {"N": "٣"},
        {"N": 1},
        {"S": "NaN"},
        {"S": "1e999"},
        {"NULL": False},
        {"N": "1", "S": "1"},
        {},
        "1",
        None,
    ],
    ids=str,
)
def test_a_number_that_is_none_is_named(sample: str, path: Path, attribute: Any) -> None:
    damaged = deepcopy(SAMPLES[sample][0])
    at(damaged, path)[path[-1]] = attribute
    assert_corrupt(sample, damaged, path_text(path))


@pytest.mark.parametrize(("sample", "path"), places("S", "M", "L"))
@pytest.mark.parametrize("attribute", [{"N": "1"}, {"NULL": True}, {"S": 1}, {"M": []}, {"L": {}}])
def test_another_type_is_named(sample: str, path: Path, attribute: Any) -> None:
    damaged = deepcopy(SAMPLES[sample][0])
    at(damaged, path)[path[-1]] = attribute
    assert_corrupt(sample, damaged, path_text(path))


def test_what_is_wrong_with_a_large_item_is_one_short_sentence() -> None:
    """It travels in a message, and nothing larger than 256 KB does."""
    item = deepcopy(SAMPLES["book"][0])
    item["markets"] = {"L": [{"S": "x" * 1_000}] * 300}
    with pytest.raises(CorruptState, match="markets is not of type M") as caught:
        SAMPLES["book"][1](item)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("text", ["1.5", "1.0", "1e3", "-0", "007", "+1", "9" * 40])
@pytest.mark.parametrize("name", ["seen", "decided"])
def test_an_int_field_reads_no_float(name: str, text: str) -> None:
    damaged = deepcopy(SAMPLES["book"][0])
    damaged["markets"]["M"]["KRW-BTC"]["M"][name] = {"N": text}
    assert_corrupt("book", damaged, f"markets.KRW-BTC.{name}")


@pytest.mark.parametrize(
    "attribute",
    [
        {"N": "-0"},
        {"N": "-0.0"},
        {"N": "0.1000000000000000055"},
        {"N": "1e-400"},
        {"N": "1e999"},
        {"N": "5e-324"},
        {"S": "0.1"},
    ],
    ids=str,
)
def test_a_float_field_reads_only_what_a_float_was_written_as(attribute: Item) -> None:
    damaged = deepcopy(SAMPLES["book"][0])
    damaged["markets"]["M"]["KRW-BTC"]["M"]["close"] = attribute
    assert_corrupt("book", damaged, "markets.KRW-BTC.close")


@pytest.mark.parametrize(
    ("sample", "name", "attribute"),
    [
        ("book", "schema", {"N": "4"}),
        ("halt", "schema", {"N": "4"}),
        ("trade", "schema", {"N": "-1"}),
        ("book", "schema", {"N": "0"}),
        ("book", "version", {"N": "0"}),
        ("halt", "mode", {"N": "4"}),
        ("halt", "mode", {"N": "-1"}),
        ("intent", "phase", {"S": "paused"}),
        ("intent", "side", {"S": "BID"}),
        ("intent", "krw", {"N": "0"}),
        ("intent", "identifier", {"S": ""}),
        ("order", "t", {"N": "-1"}),
        ("trade", "t", {"N": str(10**15)}),
        ("trade", "side", {"S": "buy"}),
    ],
)
def test_a_value_out_of_its_range_is_corrupt(sample: str, name: str, attribute: Item) -> None:
    damaged = SAMPLES[sample][0] | {name: attribute}
    named = "*" if name in ("krw", "identifier") else name
    assert_corrupt(sample, damaged, named)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("name", ["pk", "sk"])
def test_an_item_under_a_key_that_is_not_its_own_is_corrupt(sample: str, name: str) -> None:
    damaged = SAMPLES[sample][0] | {name: {"S": "ELSEWHERE"}}
    assert_corrupt(sample, damaged, name)


# Keys


@given(TIMES, TIMES, NAMES, NAMES)
def test_sort_keys_sort_by_time(a: int, b: int, name: str, other: str) -> None:
    if a < b:
        assert time_sk(a, name) < time_text(b) <= time_sk(b, other)


@given(TIMES, st.integers(0, 20 * 31 * 86_400), st.data())
@settings(deadline=None)
def test_months_cover_the_range_without_a_gap(from_t: int, length: int, data: Any) -> None:
    to_t = min(from_t + length, END_T)
    assume(from_t < to_t)
    found = months(from_t, to_t)
    t = data.draw(st.integers(from_t, to_t - 1))
    assert months(t, t + 1)[0] in found
    assert list(found) == sorted(set(found))
    assert (found[0], found[-1]) == (months(from_t, from_t + 1)[0], months(to_t - 1, to_t)[0])


def test_the_first_second_of_a_month_ends_the_month_before() -> None:
    october_t = 1_759_276_800
    assert months(october_t - 1, october_t) == ("2025-09",)
    assert months(october_t - 1, october_t + 1) == ("2025-09", "2025-10")
    assert months(october_t, october_t) == ()


@pytest.mark.parametrize("t", [-1, END_T + 1])
def test_no_time_lies_outside_the_calendar(t: int) -> None:
    with pytest.raises(AssertionError):
        time_text(t)
    with pytest.raises(AssertionError):
        months(t, t)


def test_keys_are_as_written_down() -> None:
    assert account_key("main", intent_sk("KRW-BTC")) == {
        "pk": {"S": "ACCOUNT#main"},
        "sk": {"S": "INTENT#KRW-BTC"},
    }
    item = order_item("main", intent_of())
    assert item["pk"] == {"S": "ORDER#main#KRW-BTC#2025-09"}
    assert item["sk"] == {"S": "001759276740#i"}
    assert trade_item("main", LINE)["pk"] == {"S": "TRADE#main#KRW-BTC#2025-09"}
    assert decision_item("main", DECISION)["pk"] == {"S": "DECISION#main#KRW-BTC#2025-09"}
    assert decision_item("main", DECISION)["sk"] == {"S": f"001759276740#{DECISION.hash}"}
