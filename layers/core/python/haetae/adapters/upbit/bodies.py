"""Upbit's JSON bodies read into our values; a body that cannot be true counts as no answer."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Any

from haetae.adapters.upbit.fields import (
    amount_of,
    list_of,
    object_of,
    objects_of,
    text_of,
    units_of,
)
from haetae.app.ports import Balance, OrderReport
from haetae.base.errors import ExchangeUnavailable
from haetae.base.time import HOUR_S, MINUTE_S, epoch_s
from haetae.kernel.records import Candle
from haetae.ledger.intent import Execution
from haetae.market.candles import candle_defect
from haetae.market.order_book import Level, OrderBook

STATES = frozenset({"wait", "watch", "done", "cancel"})
ENDED = frozenset({"done", "cancel"})


def read_candles(body: bytes, *, market: str, unit_s: int) -> list[Candle]:
    """Read one page of candles, newest first as they come; the turnover in won is not used.

    Upbit docs: list-candles-minutes; starts are naive UTC.

    Raises:
        ExchangeUnavailable: not JSON, not a list, a key is missing, or a candle cannot be true.
    """
    rows = list_of(body, parse_float=float)
    candles: list[Candle] = []
    above = inf
    try:
        for row in rows:
            candle = Candle(
                _start(row["candle_date_time_utc"]),
                float(row["opening_price"]),
                float(row["high_price"]),
                float(row["low_price"]),
                float(row["trade_price"]),
                float(row["candle_acc_trade_volume"]),
            )
            defect = candle_defect(candle, unit_s)
            if not defect and (candle.t >= above or row["market"] != market):
                defect = "out of order, repeated or of another market"
            if defect:
                name = f"candle {row['candle_date_time_utc']} of {row['market']}"
                raise ExchangeUnavailable(f"{name}: {defect}")
            above = candle.t
            candles.append(candle)
    except KeyError as exc:
        raise ExchangeUnavailable(f"candles of {market}: {exc.args[0]} is missing") from exc
    except (TypeError, ValueError, OverflowError) as exc:
        raise ExchangeUnavailable(f"candles of {market}: a field cannot be read: {exc}") from exc
    return candles


def read_balances(body: bytes) -> tuple[Balance, ...]:
    """Read every currency of the account (Upbit docs: get-balance)."""
    return tuple(
        Balance(
            currency=text_of(row, "currency"),
            free=amount_of(row, "balance"),
            locked=amount_of(row, "locked"),
        )
        for row in objects_of(list_of(body), "the balances")
    )


def read_order_book(body: bytes, *, market: str) -> OrderBook:
    """Read one market's order book (Upbit docs: list-orderbooks).

    Upbit writes bids and asks side by side, best first; a side that has run out is zeros.
    """
    books = list(objects_of(list_of(body), "the order books"))
    if len(books) != 1 or books[0].get("market") != market:
        raise ExchangeUnavailable(f"the order book is not the one of {market}")
    steps = list(objects_of(books[0].get("orderbook_units"), "the order book's steps"))
    try:
        return OrderBook(market=market, bids=_side(steps, "bid"), asks=_side(steps, "ask"))
    except ValueError as exc:
        raise ExchangeUnavailable(f"the order book of {market}: {exc}") from exc


def read_placement(body: bytes, *, identifier: str) -> OrderReport:
    """Read the answer to a new order: it exists, and matching comes later (docs: new-order)."""
    order = _order(body, identifier)
    return OrderReport(uuid=text_of(order, "uuid"), ended=False, executions=(), fee=Decimal(0))


def read_order(body: bytes, *, identifier: str) -> OrderReport:
    """Read an order with its trades, oldest first (Upbit docs: get-order).

    A market buy that filled ends in state cancel, so executions decide, never the state.

    Raises:
        ExchangeUnavailable: unreadable, another order, or the trades do not add up.
    """
    order = _order(body, identifier)
    trades = order.get("trades", [])
    executions = sorted(map(_execution, objects_of(trades, "the trades")), key=lambda each: each.t)
    if sum(each.units for each in executions) != units_of(order, "executed_volume"):
        raise ExchangeUnavailable(f"order {identifier}: the trades do not add up")
    return OrderReport(
        uuid=text_of(order, "uuid"),
        ended=order["state"] in ENDED,
        executions=tuple(executions),
        fee=amount_of(order, "paid_fee"),
    )


def read_fee_bps(body: bytes) -> int:
    """Read the fee of both sides, in whole basis points (Upbit docs: available-order-information).

    Raises:
        ExchangeUnavailable: the sides differ, or the rate is not a whole basis point.
    """
    chance = object_of(body)
    bid, ask = amount_of(chance, "bid_fee"), amount_of(chance, "ask_fee")
    bps = bid * 10_000
    if bid != ask or bps != int(bps):
        raise ExchangeUnavailable(f"fees of {bid} and {ask} cannot be expressed in one whole bp")
    return int(bps)


def read_refusal(body: bytes) -> tuple[str, str] | None:
    """Read the name and message of an error body; None if it is not one (docs: rest-api-guide).

    The quotation API writes the status as a number where the others write a name.
    """
    try:
        error = object_of(body).get("error")
    except ExchangeUnavailable:
        return None
    if not isinstance(error, dict):
        return None
    name = error.get("name")
    if not isinstance(name, str | int) or not name:
        return None
    return str(name), str(error.get("message", ""))


def _side(steps: list[dict[str, Any]], side: str) -> tuple[Level, ...]:
    """Return the steps of "bid" or "ask" that have a price and a volume."""
    return tuple(
        Level(price=price, volume=volume)
        for row in steps
        if (price := amount_of(row, f"{side}_price")) and (volume := amount_of(row, f"{side}_size"))
    )


def _order(body: bytes, identifier: str) -> dict[str, Any]:
    order = object_of(body)
    if order.get("identifier", identifier) != identifier:
        raise ExchangeUnavailable(f"order {identifier}: the answer is about another order")
    if order.get("state") not in STATES:
        raise ExchangeUnavailable(f"order {identifier}: unknown state")
    return order


def _execution(trade: dict[str, Any]) -> Execution:
    try:
        made = datetime.fromisoformat(text_of(trade, "created_at"))
    except ValueError as exc:
        raise ExchangeUnavailable("a trade's created_at is not a time") from exc
    if made.tzinfo is None:
        raise ExchangeUnavailable("a trade's created_at has no zone")
    price, units, funds = (
        amount_of(trade, "price"),
        units_of(trade, "volume"),
        amount_of(trade, "funds"),
    )
    if not price or not units:
        raise ExchangeUnavailable("a trade without price or volume")
    return Execution(t=int(made.timestamp()), price=price, units=units, funds=funds)


@lru_cache(maxsize=4096)
def _day_start(text: str) -> int:
    return epoch_s(f"{text}T00:00:00Z")


@lru_cache(maxsize=4096)
def _second_of_day(text: str) -> int:
    time = datetime.strptime(text, "T%H:%M:%S").replace(tzinfo=UTC)
    return time.hour * HOUR_S + time.minute * MINUTE_S + time.second


def _start(text: str) -> int:
    return _day_start(text[:10]) + _second_of_day(text[10:])
