"""Orders and trades as facts, and their bodies as Upbit writes them (docs: get-order)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from upbit_sandbox.base.arithmetic import (
    FEE_RATE,
    ZERO,
    add,
    average_price,
    multiply,
    plain,
    subtract,
)
from upbit_sandbox.base.clock import kst_text
from upbit_sandbox.base.wire import Json
from upbit_sandbox.trading.wallet import KRW


class Side(StrEnum):
    """Which way the order goes."""

    BID = "bid"
    ASK = "ask"


class OrderType(StrEnum):
    """The kinds: limit, market buy by KRW total, market sell, and best opposite price."""

    LIMIT = "limit"
    PRICE = "price"
    MARKET = "market"
    BEST = "best"


class TimeInForce(StrEnum):
    """What becomes of what cannot be filled at once, or of what can."""

    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class SmpType(StrEnum):
    """What an order does where it would meet one of its own account (docs: smp)."""

    CANCEL_MAKER = "cancel_maker"
    CANCEL_TAKER = "cancel_taker"
    REDUCE = "reduce"
    NONE = "none"


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
    created_s: float
    trend: str
    is_maker: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order; `price` is a limit price or a buy's KRW total, amounts are exact.

    `locked` is what the exchange reports as locked, residue of a finished order included;
    `prevented_locked` is KRW with the fee for a buy, coins for a sell. An order that `rests` has
    met the book and waits in it. Without an `smp_type` it is from before there was a default.
    """

    uuid: str
    market: str
    side: Side
    ord_type: OrderType
    price: Decimal | None
    volume: Decimal | None
    time_in_force: TimeInForce | None = None
    smp_type: SmpType | None = None
    identifier: str | None
    placed_s: float
    reserved_fee: Decimal
    remaining_fee: Decimal
    locked: Decimal
    state: State = State.WAIT
    executed_volume: Decimal = ZERO
    executed_funds: Decimal = ZERO
    paid_fee: Decimal = ZERO
    prevented_volume: Decimal = ZERO
    prevented_locked: Decimal = ZERO
    rests: bool = False
    trades: tuple[Trade, ...] = ()

    def __deepcopy__(self, memo: object) -> "Order":
        """Give itself: nothing of it can change."""
        return self


def coin_of(market: str) -> str:
    """Give the coin of a market code, BTC of KRW-BTC."""
    return market.partition("-")[2]


def locked_currency(order: Order) -> str:
    """Give the currency that the order locks: KRW for a buy, the coin for a sell."""
    return KRW if order.side is Side.BID else coin_of(order.market)


def remaining_volume(order: Order) -> Decimal:
    """Give the coins that an order by volume still asks for."""
    assert order.volume is not None, "an order by total has no volume"
    return subtract(subtract(order.volume, order.executed_volume), order.prevented_volume)


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
        body["remaining_volume"] = plain(remaining_volume(order))
    if order.volume is not None or order.prevented_volume:
        body["prevented_volume"] = plain(order.prevented_volume)
    body |= {
        "executed_volume": plain(order.executed_volume),
        "reserved_fee": plain(order.reserved_fee),
        "remaining_fee": plain(order.remaining_fee),
        "paid_fee": plain(order.paid_fee),
        "locked": plain(order.locked),
        "prevented_locked": plain(order.prevented_locked),
        "trades_count": len(order.trades),
    }
    if order.time_in_force is not None:
        body["time_in_force"] = order.time_in_force
    if order.smp_type is not None:
        body["smp_type"] = order.smp_type
    if order.identifier is not None:
        body["identifier"] = order.identifier
    return body


def order_detail(order: Order) -> dict[str, Json]:
    """Write an order with its trades and the undocumented extras of the live body.

    `avg_price` includes the fee, as measured live: 315 × 1.0005 = "315.1575".
    """
    signed = FEE_RATE if order.side is Side.BID else -FEE_RATE
    average = average_price(order.executed_funds, order.executed_volume)
    return order_body(order) | {
        "avg_price": plain(multiply(average, add(Decimal(1), signed))),
        "application_name": "self_issued_open_api",
        "thirdparty": False,
        "is_cancel_and_newable": is_replaceable(order),
        "trades": [_trade_body(order, trade) for trade in order.trades],
    }


def is_replaceable(order: Order) -> bool:
    """Tell whether cancel_and_new may take the order's place: a limit order that waits."""
    return order.state is State.WAIT and order.ord_type is OrderType.LIMIT


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
