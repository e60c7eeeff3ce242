"""An order as a state keeps it: GET /v1/order's body, with the times unrounded."""

from collections.abc import Iterable
from decimal import Decimal

from upbit_sandbox.arithmetic import ZERO, add, multiply
from upbit_sandbox.fields import (
    Malformed,
    read_amount,
    read_choice,
    read_epoch,
    read_list,
    read_object,
    read_text,
    read_whole,
)
from upbit_sandbox.intake import SHAPES
from upbit_sandbox.orders import Order, OrderType, Side, State, Trade, order_detail
from upbit_sandbox.wire import Json


def order_record(order: Order) -> dict[str, Json]:
    """Write an order as GET /v1/order does, with its times unrounded."""
    body = order_detail(order) | {"placed_s": order.placed_s}
    for row, trade in zip(body["trades"], order.trades, strict=True):  # type: ignore[arg-type]
        row["created_s"] = trade.created_s  # type: ignore[index, call-overload]
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
    needs = SHAPES.get((ord_type, side))
    if needs is None:
        raise Malformed(f"{where}.ord_type", f"no {ord_type} order on this side")
    for name, needed in zip(("price", "volume"), needs, strict=True):
        if (name in fields) != needed:
            raise Malformed(f"{where}.{name}", "is missing" if needed else "does not belong here")
    rows = enumerate(read_list(fields.get("trades"), f"{where}.trades"))
    order = Order(
        uuid=text("uuid"),
        market=text("market"),
        side=side,
        ord_type=ord_type,
        price=amount("price") if needs[0] else None,
        volume=amount("volume") if needs[1] else None,
        identifier=text("identifier") if "identifier" in fields else None,
        placed_s=read_epoch(fields.get("placed_s"), f"{where}.placed_s"),
        reserved_fee=amount("reserved_fee"),
        remaining_fee=amount("remaining_fee"),
        locked=amount("locked"),
        state=State(read_choice(fields.get("state"), State, f"{where}.state")),
        executed_volume=amount("executed_volume"),
        paid_fee=amount("paid_fee"),
        trades=tuple(_trade(row, f"{where}.trades[{n}]") for n, row in rows),
    )
    if _sum(trade.volume for trade in order.trades) != order.executed_volume:
        raise Malformed(f"{where}.executed_volume", "is not the sum of the trades")
    if order.volume is not None and order.executed_volume > order.volume:
        raise Malformed(f"{where}.executed_volume", "is more than the volume")
    return order


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
        created_s=read_whole(fields.get("created_s"), f"{where}.created_s"),
        trend=read_text(fields.get("trend"), f"{where}.trend"),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = add(total, amount)
    return total
