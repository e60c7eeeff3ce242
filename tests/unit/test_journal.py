"""The journal: one form for one record, and no change that goes unseen."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from itertools import permutations

import pytest

from haetae.ledger.book import GENESIS, Decision
from haetae.ledger.journal import Fact, canonical, chain, oldest_first, record, verify

T = 1_759_276_740
MARKET = "KRW-BTC"


def journal(length: int) -> list[Decision]:
    records: list[Decision] = []
    for n in range(length):
        previous = records[-1].hash if records else GENESIS
        records.append(record(T + 60 * n, MARKET, {"seen": 100.5 + n, "rail": n}, previous))
    return records


def test_canonical_json_is_sorted_and_tight() -> None:
    facts: dict[str, Fact] = {"b": [1, 2.0, None], "a": {"d": True, "c": "한글"}}
    assert canonical(facts) == '{"a":{"c":"한글","d":true},"b":[1,2.0,null]}'


def test_canonical_json_does_not_know_the_order_of_writing() -> None:
    forms = {canonical(dict(pairs)) for pairs in permutations({"a": 1, "b": 2, "c": 3}.items())}
    assert forms == {'{"a":1,"b":2,"c":3}'}


@pytest.mark.parametrize("value", [0.1 + 0.2, 5e-324, 1e-8, 1e22, 1.7976931348623157e308])
def test_floats_are_written_by_their_shortest_repr(value: float) -> None:
    text = canonical({"x": value})
    assert text == f'{{"x":{value!r}}}'
    assert json.loads(text)["x"] == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError):
        record(T, MARKET, {"deep": [{"x": value}]}, GENESIS)


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical({"x": object()})  # type: ignore[dict-item]


def test_chain_is_sha256_over_previous_and_body() -> None:
    assert chain(GENESIS, "{}") == sha256(b"0" * 64 + b"{}").hexdigest()


def test_chain_starts_from_a_whole_hash() -> None:
    with pytest.raises(AssertionError):
        chain("", "{}")


def test_record_holds_its_time_and_market_under_the_hash() -> None:
    decision = record(T, MARKET, {"rail": 5}, GENESIS)
    assert decision.body == f'{{"market":"KRW-BTC","rail":5,"t":{T}}}'
    assert decision.hash == chain(GENESIS, decision.body)


@pytest.mark.parametrize("facts", [{"t": T + 1}, {"market": "KRW-ETH"}])
def test_facts_cannot_contradict_the_record(facts: dict[str, int | str]) -> None:
    with pytest.raises(AssertionError):
        record(T, MARKET, facts, GENESIS)


@pytest.mark.parametrize("length", [0, 1, 5])
def test_an_untouched_journal_is_sound(length: int) -> None:
    assert verify(journal(length), GENESIS) is None


@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize(
    "tamper",
    [
        lambda d: replace(d, t=d.t + 1),
        lambda d: replace(d, market="KRW-ETH"),
        lambda d: replace(d, body=d.body.replace("rail", "sail")),
        lambda d: replace(d, body=d.body + " "),
        lambda d: replace(d, body=""),
        lambda d: replace(d, previous="f" * 64),
        lambda d: replace(d, hash="f" * 64),
    ],
)
def test_tampering_with_any_field_of_any_record_is_found(
    index: int, tamper: Callable[[Decision], Decision]
) -> None:
    records = journal(5)
    records[index] = tamper(records[index])
    assert verify(records, GENESIS) == index


@pytest.mark.parametrize("body", ["", "[]", '{"t":0}', f'{{"market":"KRW-ETH","t":{T}}}'])
def test_a_body_that_is_hashed_anew_must_still_say_the_same(body: str) -> None:
    forged = replace(journal(1)[0], body=body, hash=chain(GENESIS, body))
    assert verify([forged], GENESIS) == 0


def test_a_record_rewritten_with_its_own_hash_breaks_the_next_link() -> None:
    records = journal(5)
    records[2] = record(records[2].t, MARKET, {"rail": 9}, records[2].previous)
    assert verify(records, GENESIS) == 3


@pytest.mark.parametrize("index", range(4))
def test_a_record_taken_out_or_swapped_is_found(index: int) -> None:
    records = journal(5)
    swapped = [*records]
    swapped[index], swapped[index + 1] = swapped[index + 1], swapped[index]
    assert verify(records[:index] + records[index + 1 :], GENESIS) == index
    assert verify(swapped, GENESIS) == index


def test_another_beginning_is_found() -> None:
    assert verify(journal(2), "1" * 64) == 0


def test_records_of_one_second_are_sorted_along_the_chain() -> None:
    first = record(T, MARKET, {"n": 0}, GENESIS)
    second = record(T, MARKET, {"n": 1}, first.hash)
    third = record(T, MARKET, {"n": 2}, second.hash)
    later = record(T + 1, MARKET, {"n": 3}, third.hash)
    for shuffled in permutations((first, second, third, later)):
        assert oldest_first(shuffled) == (first, second, third, later)


def test_sorting_loses_no_record_of_a_broken_second() -> None:
    first = record(T, MARKET, {"n": 0}, GENESIS)
    stray = record(T, MARKET, {"n": 1}, "f" * 64)
    circle = replace(first, previous=stray.hash), replace(stray, previous=first.hash)
    echo = replace(stray, previous=first.hash, hash=first.hash)
    assert set(oldest_first((first, echo))) == {first, echo}
    assert set(oldest_first((first, stray))) == {first, stray}
    assert set(oldest_first(circle)) == set(circle)
