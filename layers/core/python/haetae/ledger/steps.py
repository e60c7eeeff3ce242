"""The steps from one schema of stored values to the next, and back: only ever appended to.

They work on a kind's attributes without its key, and touch only what they name: a damaged item
stays damaged, for the strict reading to name. Never edit a step that was released.
"""

from collections.abc import Callable
from typing import Any

from haetae.ledger.codec import Item

type Step = Callable[[Item, str], Item]  # attributes, and where they lie, for an error


def _in_markets(body: Item, change: Callable[[Item], Item]) -> Item:
    markets = _map_of(body.get("markets"))
    if markets is None:
        return body
    held = {name: (_map_of(market), market) for name, market in markets.items()}
    changed = {
        name: market if fields is None else {"M": change(fields)}
        for name, (fields, market) in held.items()
    }
    return body | {"markets": {"M": changed}}


def _map_of(attribute: Any) -> Item | None:
    fields = attribute.get("M") if isinstance(attribute, dict) else None
    return fields if isinstance(fields, dict) else None


# 2 (read from 0.2.0): a market's `trend` becomes nested `indicators`, with RSI and candle range.
# Both begin anew, with the first candle that closes after the step.
_NEW_RSI: Item = {"M": {"n": {"N": "0"}, "gain": {"N": "0.0"}, "loss": {"N": "0.0"}}}
_NEW_RANGE: Item = {"M": {name: {"N": "0.0"} for name in ("open", "high", "low", "before")}}
_AVERAGES = ("fast", "slow")


def _book_2(body: Item, _where: str) -> Item:
    def nest(market: Item) -> Item:
        trend = _map_of(market.get("trend"))
        if trend is None or "indicators" in market:
            return market
        averages = {"M": {name: trend[name] for name in _AVERAGES if name in trend}}
        kept = {name: part for name, part in trend.items() if name not in _AVERAGES}
        indicators = kept | {"averages": averages, "rsi": _NEW_RSI, "range": _NEW_RANGE}
        rest = {name: part for name, part in market.items() if name != "trend"}
        return rest | {"indicators": {"M": indicators}}

    return _in_markets(body, nest)


def _book_1(body: Item, _where: str) -> Item:
    def flatten(market: Item) -> Item:
        indicators = _map_of(market.get("indicators"))
        assert indicators is not None
        averages = _map_of(indicators.get("averages"))
        assert averages is not None
        dropped = {"averages", "rsi", "range"}
        kept = {name: part for name, part in indicators.items() if name not in dropped}
        rest = {name: part for name, part in market.items() if name != "indicators"}
        return rest | {"trend": {"M": kept | averages}}

    return _in_markets(body, flatten)


# 3 (read from 0.4.0): the field's terms for a position's `leaving` and the account's `tally`, and
# what the six days before today began with, which none of them has said yet.
_NEW_PAST: Item = {"M": {f"ago_{days}": {"N": "0"} for days in range(1, 7)}}


def _in_account(body: Item, change: Callable[[Item], Item]) -> Item:
    fields = _map_of(body.get("account"))
    return body if fields is None else body | {"account": {"M": change(fields)}}


def _in_positions(body: Item, change: Callable[[Item], Item]) -> Item:
    def inside(market: Item) -> Item:
        fields = _map_of(market.get("position"))
        return market if fields is None else market | {"position": {"M": change(fields)}}

    return _in_markets(body, inside)


def _rename(fields: Item, old: str, new: str) -> Item:
    if old not in fields or new in fields:
        return fields
    return {new if name == old else name: part for name, part in fields.items()}


def _book_3(body: Item, _where: str) -> Item:
    def name_stats(account: Item) -> Item:
        if "past" in account:
            return account
        return _rename(account, "tally", "trade_stats") | {"past": _NEW_PAST}

    body = _in_account(body, name_stats)
    return _in_positions(body, lambda position: _rename(position, "leaving", "exit_reason"))


def _book_3_to_2(body: Item, _where: str) -> Item:
    def old_stats(account: Item) -> Item:
        kept = {name: part for name, part in account.items() if name != "past"}
        return _rename(kept, "trade_stats", "tally")

    body = _in_account(body, old_stats)
    return _in_positions(body, lambda position: _rename(position, "exit_reason", "leaving"))


# By schema, and by the kinds whose attributes change from it to the next.
UP: dict[int, dict[str, Step]] = {1: {"BOOK": _book_2}, 2: {"BOOK": _book_3}}
# The way back for what is written while the schema is only read.
DOWN: dict[int, dict[str, Step]] = {2: {"BOOK": _book_1}, 3: {"BOOK": _book_3_to_2}}
