"""What no release wrote is refused by item and field; what was written comes back."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from haetae.base.errors import CorruptState
from haetae.ledger.book import GENESIS, Decision, State, TradeLine
from haetae.ledger.intent import Intent, Side
from haetae.ledger.invariants import fit_intents, missing_intents, open_orders
from haetae.ledger.items import (
    book_item,
    decision_item,
    intent_item,
    read_book,
    read_decision,
    read_intent,
    read_trade,
    trade_item,
)
from haetae.ledger.keys import END_T, months
from support.states import NOW, account, bought, rising

ACCOUNT = "main"
MARKET = "KRW-BTC"
INTENT = Intent(
    identifier="main-1", market=MARKET, side=Side.BID, t=NOW, kind=1, reason=1, krw=10_000, units=0
)
LINE = TradeLine(
    t=NOW, market=MARKET, identifier="main-1", side=Side.BID, reason="entry", price=100.5,
    units=10, funds=Decimal("1.5"), fee=Decimal("0.1"), pnl=None, r=None,
    exchange_funds=Decimal("1.5"), exchange_fee=Decimal("0.1"),
)  # fmt: skip
STATE = State(t=NOW, account=account(), markets={MARKET: rising()}, chains={MARKET: GENESIS})


def test_a_value_comes_back_from_its_item() -> None:
    assert read_intent(ACCOUNT, intent_item(ACCOUNT, INTENT)) == INTENT
    assert read_trade(ACCOUNT, trade_item(ACCOUNT, LINE)) == LINE
    assert read_book(ACCOUNT, book_item(ACCOUNT, 7, STATE)) == (7, STATE)


@pytest.mark.parametrize(
    ("field", "attribute", "told"),
    [
        ("t", {"N": "1.5"}, "t is not an integer: '1.5'"),
        ("t", {"N": 1}, "t is not of type N"),
        ("t", {"S": "1"}, "t is not of type N"),
        ("side", {"S": "hold"}, "side is no Side: 'hold'"),
        ("deadline_s", {"N": "0x10"}, "deadline_s is not a number: '0x10'"),
        ("deadline_s", {"N": "-0.0"}, "deadline_s is not a float as it was written"),
        ("deadline_s", {"S": "1.0"}, "deadline_s is not a float as it was written"),
        ("fee", {"N": "1,5"}, "fee is not a number: '1,5'"),
        ("krw", {"N": "0"}, r"\* is no valid Intent"),
        ("market", {"S": "KRW-ETH"}, "sk does not fit, expected {'S': 'INTENT#KRW-ETH'}"),
    ],
)  # fmt: skip
def test_a_damaged_field_is_told_with_its_item(
    field: str, attribute: dict[str, Any], told: str
) -> None:
    item = intent_item(ACCOUNT, INTENT)
    with pytest.raises(CorruptState, match=f"^ACCOUNT#main INTENT#KRW-BTC: {told}"):
        read_intent(ACCOUNT, item | {field: attribute})


def test_a_time_beyond_every_month_is_damage() -> None:
    decision = Decision(t=NOW, market=MARKET, body="{}", previous=GENESIS, hash="f" * 64)
    item = decision_item(ACCOUNT, decision)
    assert read_decision(ACCOUNT, item) == decision
    with pytest.raises(CorruptState, match=r"t has no month$"):
        read_decision(ACCOUNT, item | {"t": {"N": str(END_T + 1)}})


def test_versions_of_a_book_begin_at_one() -> None:
    item = book_item(ACCOUNT, 1, STATE)
    with pytest.raises(CorruptState, match=r"version cannot be 0$"):
        read_book(ACCOUNT, item | {"version": {"N": "0"}})
    del item["version"]
    with pytest.raises(CorruptState, match=r"version is missing$"):
        read_book(ACCOUNT, item)


def test_no_time_touches_no_month() -> None:
    assert months(NOW, NOW) == months(NOW, NOW - 1) == ()
    assert months(0, 31 * 86_400 + 1) == ("1970-01", "1970-02")


def test_an_open_order_whose_intent_is_another_or_none_is_named() -> None:
    waits = rising()._replace(order=bought(10_000))
    state = replace(STATE, markets={MARKET: waits, "KRW-ETH": waits, "KRW-XRP": rising()})
    assert open_orders(state) == (MARKET, "KRW-ETH")
    assert open_orders(None) == ()
    kept = replace(INTENT, kind=waits.order.kind)
    intents = {MARKET: kept, "KRW-ETH": replace(kept, market="KRW-ETH", t=NOW - 60)}

    fitting = fit_intents(state, intents)

    assert fitting == {MARKET: kept}
    assert missing_intents(intents, fitting) == "no intent of the open order in KRW-ETH"
    assert missing_intents({MARKET: None}, {}) == "no intent of the open order in KRW-BTC"
