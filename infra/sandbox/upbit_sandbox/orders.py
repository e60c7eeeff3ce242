"""Orders and trades as facts, and their bodies as Upbit writes them (docs: get-order)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from upbit_sandbox.arithmetic import FEE_RATE, ZERO, add, average_price, multiply, plain, subtract
from upbit_sandbox.clock import kst_text
from upbit_sandbox.wallet import KRW
from upbit_sandbox.wire import Json


class Side(StrEnum):
    """Which way the order goes."""

    BID = "bid"
    ASK = "ask"


class OrderType(StrEnum):
    """The kinds of order this exchange matches: limit, market buy by KRW total, market sell."""

    LIMIT = "limit"
    PRICE = "price"
    MARKET = "market"


class State(StrEnum):
    """Where an order is in its life."""

    WAIT = "wait"
    DONE = "done"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One fill; price in KRW, funds = price × volume before the fee, created in epoch s."""

    uuid: str
    price: Decimal
    volume: Decimal
    funds: Decimal
    created_s: int
    trend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order; `price` is a limit price or a market buy's KRW total, amounts are exact.

    `locked` is what the exchange reports as locked, residue of a finished order included.
    """

    uuid: str
    market: str
    side: Side
    ord_type: OrderType
    price: Decimal | None
    volume: Decimal | None
    identifier: str | None
    placed_s: float
    reserved_fee: Decimal
    remaining_fee: Decimal
    locked: Decimal
    state: State = State.WAIT
    executed_volume: Decimal = ZERO
    paid_fee: Decimal = ZERO
    trades: tuple[Trade, ...] = ()


def coin_of(market: str) -> str:
    """Give the coin of a market code, BTC of KRW-BTC."""
    return market.partition("-")[2]


def locked_currency(order: Order) -> str:
    """Give the currency that the order locks: KRW for a buy, the coin for a sell."""
    return KRW if order.side is Side.BID else coin_of(order.market)


def order_body(order: Order) -> dict[str, Json]:
    """Write an order without its trades; keys that do not apply are omitted, not null."""
    body: dict[str, Json] = {
        "market": order.market,
        "uuid": order.uuid,
        "side": order.side,
        "ord_type": order.ord_type,
    }
    if order.price is not None:
        body["price"] = plain(order.price)
    body["state"] = order.state
    body["created_at"] = kst_text(order.placed_s) + "+09:00"
    if order.volume is not None:
        body["volume"] = plain(order.volume)
        body["remaining_volume"] = plain(subtract(order.volume, order.executed_volume))
        body["prevented_volume"] = "0"
    body |= {
        "executed_volume": plain(order.executed_volume),
        "reserved_fee": plain(order.reserved_fee),
        "remaining_fee": plain(order.remaining_fee),
        "paid_fee": plain(order.paid_fee),
        "locked": plain(order.locked),
        "prevented_locked": "0",
        "trades_count": len(order.trades),
    }
    if order.identifier is not None:
        body["identifier"] = order.identifier
    return body


def order_detail(order: Order) -> dict[str, Json]:
    """Write an order with its trades and the undocumented extras of the live body.

    `avg_price` includes the fee, as measured live: 315 × 1.0005 = "315.1575".
    """
    funds = sum((trade.funds for trade in order.trades), ZERO)
    signed = FEE_RATE if order.side is Side.BID else -FEE_RATE
    average = multiply(average_price(funds, order.executed_volume), add(Decimal(1), signed))
    return order_body(order) | {
        "avg_price": plain(average),
        "application_name": "self_issued_open_api",
        "thirdparty": False,
        "is_cancel_and_newable": order.state is State.WAIT and order.ord_type is OrderType.LIMIT,
        "trades": [_trade_body(order, trade) for trade in order.trades],
    }


def _trade_body(order: Order, trade: Trade) -> dict[str, Json]:
    return {
        "market": order.market,
        "uuid": trade.uuid,
        "price": plain(trade.price),
        "volume": plain(trade.volume),
        "funds": plain(trade.funds),
        "trend": trade.trend,
        "created_at": kst_text(trade.created_s) + "+09:00",
        "side": order.side,
    }
