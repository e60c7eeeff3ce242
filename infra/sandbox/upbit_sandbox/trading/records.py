"""An order as a state keeps it: GET /v1/order's body, with the times unrounded and what rests."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from upbit_sandbox.base.arithmetic import ZERO, add, multiply
from upbit_sandbox.base.fields import (
    Malformed,
    read_amount,
    read_choice,
    read_epoch,
    read_flag,
    read_list,
    read_object,
    read_text,
)
from upbit_sandbox.base.wire import Json
from upbit_sandbox.trading.order_request import CONDITIONS, SHAPES
from upbit_sandbox.trading.orders import (
    Order,
    OrderType,
    Side,
    SmpType,
    State,
    TimeInForce,
    Trade,
    order_detail,
)


def order_record(order: Order) -> dict[str, Json]:
    """Write an order as GET /v1/order does, with what that leaves out."""
    body = order_detail(order) | {"placed_s": order.placed_s, "rests": order.rests}
    for row, trade in zip(body["trades"], order.trades, strict=True):  # type: ignore[arg-type]
        row |= {"created_s": trade.created_s, "is_maker": trade.is_maker}  # type: ignore[operator]
    return body


def read_order(value: object, where: str) -> Order:
    """Read what `order_record` wrote, or raise Malformed; the sums are checked too."""
    fields = read_object(value, where)

    def text(name: str) -> str:
        return read_text(fields.get(name), f"{where}.{name}")

    def amount(name: str) -> Decimal:
        return read_amount(fields.get(name), f"{where}.{name}")

    side = Side(read_choice(fields.get("side"), Side, f"{where}.side"))
    ord_type = OrderType(read_choice(fields.get("ord_type"), OrderType, f"{where}.ord_type"))
    _check_shape(fields, ord_type, side, where)
    condition, smp_type = (
        read_choice(fields[name], choices, f"{where}.{name}") if name in fields else None
        for name, choices in (("time_in_force", TimeInForce), ("smp_type", SmpType))
    )
    time_in_force = None if condition is None else TimeInForce(condition)
    if time_in_force not in CONDITIONS[ord_type]:
        raise Malformed(f"{where}.time_in_force", f"does not go with {ord_type}")
    rows = enumerate(read_list(fields.get("trades"), f"{where}.trades"))
    trades = tuple(_trade(row, f"{where}.trades[{n}]") for n, row in rows)
    order = Order(
        uuid=text("uuid"),
        market=text("market"),
        side=side,
        ord_type=ord_type,
        price=amount("price") if "price" in fields else None,
        volume=amount("volume") if "volume" in fields else None,
        time_in_force=time_in_force,
        smp_type=None if smp_type is None else SmpType(smp_type),
        identifier=text("identifier") if "identifier" in fields else None,
        placed_s=read_epoch(fields.get("placed_s"), f"{where}.placed_s"),
        reserved_fee=amount("reserved_fee"),
        remaining_fee=amount("remaining_fee"),
        locked=amount("locked"),
        state=State(read_choice(fields.get("state"), State, f"{where}.state")),
        executed_volume=amount("executed_volume"),
        executed_funds=_sum(trade.funds for trade in trades),
        paid_fee=amount("paid_fee"),
        prevented_volume=amount("prevented_volume") if "prevented_volume" in fields else ZERO,
        prevented_locked=amount("prevented_locked"),
        rests=read_flag(fields.get("rests"), f"{where}.rests"),
        trades=trades,
    )
    _check(order, where)
    return order


def _check_shape(fields: Mapping[str, object], ord_type: OrderType, side: Side, where: str) -> None:
    needs = SHAPES.get((ord_type, side))
    if needs is None:
        raise Malformed(f"{where}.ord_type", f"no {ord_type} order on this side")
    for name, needed in zip(("price", "volume"), needs, strict=True):
        if (name in fields) != needed:
            raise Malformed(f"{where}.{name}", "is missing" if needed else "does not belong here")


def _check(order: Order, where: str) -> None:
    if _sum(trade.volume for trade in order.trades) != order.executed_volume:
        raise Malformed(f"{where}.executed_volume", "is not the sum of the trades")
    gone = add(order.executed_volume, order.prevented_volume)
    if order.volume is not None and gone > order.volume:
        raise Malformed(f"{where}.executed_volume", "is more than the volume")
    if order.rests and order.ord_type is not OrderType.LIMIT:
        raise Malformed(f"{where}.rests", "is for limit orders")


def _trade(value: object, where: str) -> Trade:
    fields = read_object(value, where)
    price, volume, funds = (
        read_amount(fields.get(name), f"{where}.{name}") for name in ("price", "volume", "funds")
    )
    if multiply(price, volume) != funds:
        raise Malformed(f"{where}.funds", "is not price × volume")
    return Trade(
        uuid=read_text(fields.get("uuid"), f"{where}.uuid"),
        price=price,
        volume=volume,
        funds=funds,
        created_s=read_epoch(fields.get("created_s"), f"{where}.created_s"),
        trend=read_text(fields.get("trend"), f"{where}.trend"),
        is_maker=read_flag(fields.get("is_maker"), f"{where}.is_maker"),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = add(total, amount)
    return total
