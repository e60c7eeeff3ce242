"""Order requests checked as Upbit checks them, one refusal name per rule (docs: new-order)."""

from dataclasses import dataclass
from decimal import Decimal

from upbit_sandbox.base.arithmetic import VOLUME_DECIMALS, decimals, multiply, parse_amount
from upbit_sandbox.base.errors import exchange
from upbit_sandbox.base.ticks import is_on_tick
from upbit_sandbox.base.wire import Json
from upbit_sandbox.trading.orders import OrderType, Side, SmpType, TimeInForce

MIN_TOTAL_KRW = Decimal(5_000)
MAX_TOTAL_KRW = Decimal(1_000_000_000)
IDENTIFIER_LENGTH = 64

# (type, side) → which of price and volume it needs; the other must be absent.
SHAPES: dict[tuple[OrderType, Side], tuple[bool, bool]] = {
    (OrderType.LIMIT, Side.BID): (True, True),
    (OrderType.LIMIT, Side.ASK): (True, True),
    (OrderType.PRICE, Side.BID): (True, False),
    (OrderType.MARKET, Side.ASK): (False, True),
    (OrderType.BEST, Side.BID): (True, False),
    (OrderType.BEST, Side.ASK): (False, True),
}
CONDITIONS: dict[OrderType, frozenset[TimeInForce | None]] = {
    OrderType.LIMIT: frozenset({None, *TimeInForce}),
    OrderType.PRICE: frozenset({None}),
    OrderType.MARKET: frozenset({None}),
    OrderType.BEST: frozenset({TimeInForce.IOC, TimeInForce.FOK}),
}
KNOWN_KEYS = {
    *("market", "side", "ord_type", "price", "volume"),
    *("time_in_force", "smp_type", "identifier"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A request whose form is right; money is still to be judged."""

    market: str
    side: Side
    ord_type: OrderType
    price: Decimal | None
    volume: Decimal | None
    time_in_force: TimeInForce | None
    smp_type: SmpType | None
    identifier: str | None


def read_identifier(body: dict[str, Json]) -> str | None:
    """Give the request's identifier; raises validation_error beyond 64 characters."""
    identifier = body.get("identifier")
    if identifier is None:
        return None
    if not isinstance(identifier, str) or not 0 < len(identifier) <= IDENTIFIER_LENGTH:
        raise exchange("validation_error", "identifier does not have a valid value")
    return identifier


def read_order(
    body: dict[str, Json], markets: frozenset[str], smp_default: SmpType
) -> OrderRequest:
    """Read the body of POST /orders or raise its refusal.

    Without an smp_type it is the default's, but a post_only order's is none (docs: smp). The
    default none is that of before 2026-11-09: such an order has no smp_type at all.
    """
    market, side_text, type_text = (_text(body, name) for name in ("market", "side", "ord_type"))
    if side_text not in Side:
        raise exchange("validation_error", "side does not have a valid value")
    if type_text not in OrderType:
        raise exchange("validation_error", "ord_type does not have a valid value")
    if market not in markets:
        raise exchange("notfoundmarket", market)
    side, ord_type = Side(side_text), OrderType(type_text)
    condition, smp_type = _condition(body, ord_type), _smp_type(body)
    if condition is TimeInForce.POST_ONLY and smp_type not in (None, SmpType.NONE):
        raise exchange("invalid_post_only", "smp_type")
    if smp_type is None and smp_default is not SmpType.NONE:
        smp_type = SmpType.NONE if condition is TimeInForce.POST_ONLY else smp_default
    for name, value in body.items():
        if name not in KNOWN_KEYS and value is not None:
            raise exchange("invalid_parameter", name)
    price, volume = _amounts(body, ord_type, side)
    return OrderRequest(
        market=market,
        side=side,
        ord_type=ord_type,
        price=price,
        volume=volume,
        time_in_force=condition,
        smp_type=smp_type,
        identifier=read_identifier(body),
    )


def judge_total(request: OrderRequest, last_price: Decimal | None) -> None:
    """Hold the order's KRW total between minimum and maximum.

    A sell without a price is judged against the last one; without any trade yet it is not judged.
    """
    price = last_price if request.price is None else request.price
    if price is None:
        return
    total = price if request.volume is None else multiply(price, request.volume)
    if total < MIN_TOTAL_KRW:
        raise exchange(f"under_min_total_{request.side}", f"최소 주문 금액은 {MIN_TOTAL_KRW} KRW")
    if total > MAX_TOTAL_KRW:
        raise exchange(f"over_krw_funds_{request.side}")


def _text(body: dict[str, Json], name: str) -> str:
    value = body.get(name)
    if value is None or value == "":
        raise exchange("validation_error", f"{name} is missing")
    if not isinstance(value, str):
        raise exchange("validation_error", f"{name} does not have a valid value")
    return value


def _condition(body: dict[str, Json], ord_type: OrderType) -> TimeInForce | None:
    value = body.get("time_in_force")
    if value is not None and (not isinstance(value, str) or value not in TimeInForce):
        raise exchange("invalid_time_in_force")
    condition = None if value is None else TimeInForce(value)
    if condition not in CONDITIONS[ord_type]:
        is_post_only = condition is TimeInForce.POST_ONLY
        raise exchange("invalid_post_only" if is_post_only else "invalid_time_in_force")
    return condition


def _smp_type(body: dict[str, Json]) -> SmpType | None:
    value = body.get("smp_type")
    if value is None:
        return None
    if not isinstance(value, str) or value not in SmpType:
        raise exchange("invalid_parameter", "smp_type")
    return SmpType(value)


def _amounts(
    body: dict[str, Json], ord_type: OrderType, side: Side
) -> tuple[Decimal | None, Decimal | None]:
    needs = SHAPES.get((ord_type, side))
    given = tuple(body.get(name) is not None for name in ("price", "volume"))
    if needs is None or given != needs:
        raise exchange(f"create_{side}_error")
    price, volume = (_amount(body, name) for name in ("price", "volume"))
    if ord_type is OrderType.LIMIT and price is not None and not is_on_tick(price):
        raise exchange(f"invalid_price_{side}")
    if volume is not None and decimals(volume) > VOLUME_DECIMALS:
        raise exchange(f"invalid_volume_{side}")
    return price, volume


def _amount(body: dict[str, Json], name: str) -> Decimal | None:
    value = body.get(name)
    if value is None:
        return None
    amount = parse_amount(value) if isinstance(value, str) else None
    if amount is None:
        raise exchange("invalid_parameter", name)
    return amount
