"""The frames of the streams: their bodies from quotes and events, in each of the four formats."""

import json
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

from upbit_sandbox.base.arithmetic import FEE_RATE, add, average_price, fee_of, multiply
from upbit_sandbox.base.clock import utc_text
from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.listing import Listing
from upbit_sandbox.streams.fields import Names
from upbit_sandbox.streams.subscriptions import LISTING, Format, Subscription
from upbit_sandbox.trading.events import AssetEvent, OrderEvent
from upbit_sandbox.trading.orders import Side, remaining_volume

type Frame = dict[str, Json]


def write(frame: Frame, names: Names, form: Format) -> bytes:
    """Write a frame in one format; fields that the table does not name are left out."""
    is_short = form in (Format.SIMPLE, Format.SIMPLE_LIST)
    body: Json = _rename_fields(frame, names, is_short=is_short)
    if form in (Format.JSON_LIST, Format.SIMPLE_LIST):
        body = [body]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _rename_fields(frame: Frame, names: Names, *, is_short: bool) -> Frame:
    body: Frame = {}
    for field, short in names.items():
        if field not in frame:
            continue
        value = frame[field]
        if isinstance(short, tuple):
            short, inner = short
            assert isinstance(value, list), f"{field} is a list"
            value = [
                _rename_fields(row, inner, is_short=is_short)
                for row in value
                if isinstance(row, dict)
            ]
        body[short if is_short else field] = value
    return body


def ticker_frame(quote: Frame, traded: Frame, listing: Listing, now_s: float) -> Frame:
    """Make a ticker of its REST row; `traded` has ask_bid, acc_ask_volume and acc_bid_volume."""
    is_delisted = listing.delisted_s is not None and now_s >= listing.delisted_s
    return (
        {"type": "ticker", "code": quote["market"]}
        | quote
        | traded
        | {
            "market_state": "DELISTED" if is_delisted else "ACTIVE",
            "is_trading_suspended": any(a <= now_s < b for a, b in listing.maintenance),
            "delisting_date": _date(listing.delisted_s),
            "market_warning": "CAUTION" if listing.warning else "NONE",
        }
    )


def _date(epoch_s: float | None) -> Json:
    if epoch_s is None:
        return None
    year, month, day = utc_text(epoch_s + 32_400)[:10].split("-")
    return {"year": int(year), "month": int(month), "day": int(day)}


def trade_frame(row: Frame, book: Frame | None, now_s: float) -> Frame:
    """Make a trade of its row of trades/ticks and the order book of the moment."""
    change = row["change_price"]
    assert isinstance(change, int | float), "a change is a number"
    best: Frame = {}
    if book is not None:
        units = book["orderbook_units"]
        assert isinstance(units, list), "a book has units"
        if units and isinstance(units[0], dict):
            best = {f"best_{name}": units[0][name] for name in units[0]}
    return (
        {"type": "trade", "code": row["market"]}
        | row
        | {
            "timestamp": int(now_s * 1000),
            "trade_date": row["trade_date_utc"],
            "trade_time": row["trade_time_utc"],
            "trade_timestamp": row["timestamp"],
            "change": "RISE" if change > 0 else "FALL" if change < 0 else "EVEN",
            "change_price": abs(change),
        }
        | best
    )


def plain_frame(kind: str, row: Frame) -> Frame:
    """Make an order book or a candle of its REST row."""
    return {"type": kind, "code": row["market"]} | row


def cut(book: Frame, depth: int) -> Frame:
    """Keep only the best prices of an order book; its totals stay those of all."""
    units = book["orderbook_units"]
    assert isinstance(units, list), "a book has units"
    return book | {"orderbook_units": units[:depth]}


def order_frame(event: OrderEvent, now_s: float) -> Frame:
    """Make a myOrder of an event; with state trade, price and volume are the fill's.

    `avg_price` includes the fee, as the REST field of that name does; a volume that an order does
    not have is null.
    """
    order, trade = event.order, event.trade
    is_bid = order.side is Side.BID
    rate = add(Decimal(1), FEE_RATE if is_bid else -FEE_RATE)
    average = multiply(average_price(order.executed_funds, order.executed_volume), rate)
    return {
        "type": "myOrder",
        "code": order.market,
        "uuid": order.uuid,
        "ask_bid": "BID" if is_bid else "ASK",
        "order_type": order.ord_type,
        "state": event.change,
        "trade_uuid": None if trade is None else trade.uuid,
        "price": _number(order.price if trade is None else trade.price),
        "avg_price": _number(average),
        "volume": _number(order.volume if trade is None else trade.volume),
        "remaining_volume": None if order.volume is None else _number(remaining_volume(order)),
        "executed_volume": _number(order.executed_volume),
        "trades_count": len(order.trades),
        "reserved_fee": _number(order.reserved_fee),
        "remaining_fee": _number(order.remaining_fee),
        "paid_fee": _number(order.paid_fee),
        "locked": _number(order.locked),
        "executed_funds": _number(order.executed_funds),
        "time_in_force": order.time_in_force,
        "trade_fee": None if trade is None else _number(fee_of(trade.funds)),
        "is_maker": None if trade is None else trade.is_maker,
        "identifier": order.identifier,
        "smp_type": order.smp_type,
        "prevented_volume": _number(order.prevented_volume),
        "prevented_locked": _number(order.prevented_locked),
        "trade_timestamp": None if trade is None else int(trade.created_s * 1000),
        "order_timestamp": int(order.placed_s * 1000),
        "timestamp": int(now_s * 1000),
        "stream_type": "REALTIME",
    }


def asset_frame(account: str, event: AssetEvent, now_s: float) -> Frame:
    """Make a myAsset of an event; the account's name is what its uuid stands for."""
    named = blake2b(account.encode(), digest_size=16).digest()
    return {
        "type": "myAsset",
        "asset_uuid": str(UUID(bytes=named, version=4)),
        "assets": [
            {
                "currency": currency,
                "balance": _number(balance.free),
                "locked": _number(balance.locked),
            }
            for currency, balance in event.balances.items()
        ],
        "asset_timestamp": int(event.at_s * 1000),
        "timestamp": int(now_s * 1000),
        "stream_type": "REALTIME",
    }


def subscriptions_frame(ticket: str, held: Subscription | None) -> Frame:
    """Tell what a connection is subscribed to."""
    result: list[Json] = []
    for wish in () if held is None else held.wishes:
        row: Frame = {"type": wish.kind}
        if wish.codes:
            row["codes"] = list(wish.codes)
        if wish.kind == "orderbook":
            row["level"] = float(wish.level)
        result.append(row)
    return {"method": LISTING, "result": result, "ticket": ticket}


def _number(amount: Decimal | None) -> float | None:
    """Give the nearest double: amounts are numbers in the streams."""
    return None if amount is None else float(amount)
