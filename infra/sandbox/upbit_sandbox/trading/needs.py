"""What an order locks: the fee it reserves, and the amount and currency that it must be paid in."""

from decimal import Decimal

from upbit_sandbox.base.arithmetic import ZERO, fee_of, multiply, subtract, with_fee, without_fee
from upbit_sandbox.trading.order_request import OrderRequest
from upbit_sandbox.trading.orders import Order, Side, coin_of, remaining_volume
from upbit_sandbox.trading.wallet import KRW


def unspent_total(order: Order) -> Decimal:
    """Give the KRW that a buy by total has not spent yet, before the fee."""
    assert order.price is not None, "a buy by total has one"
    left = subtract(order.price, order.executed_funds)
    prevented = order.prevented_locked
    return subtract(left, without_fee(prevented)) if prevented else left


def payment_currency(request: OrderRequest) -> str:
    """Give the currency that a request locks."""
    return KRW if request.side is Side.BID else coin_of(request.market)


def needs(request: OrderRequest) -> tuple[Decimal, Decimal]:
    """Give the fee to reserve and the amount to lock: KRW with fee, or coins without."""
    price, volume = request.price, request.volume
    if request.side is Side.ASK:
        assert volume is not None, "a sell has a volume"
        return ZERO, volume
    assert price is not None, "a buy has a price"
    total = price if volume is None else multiply(price, volume)
    return fee_of(total), with_fee(total)


def still_needs(order: Order) -> tuple[Decimal, Decimal]:
    """Give the fee still reserved and the amount still locked."""
    if order.side is Side.ASK:
        return ZERO, remaining_volume(order)
    assert order.price is not None, "a buy has a price"
    by_total = order.volume is None
    left = unspent_total(order) if by_total else multiply(order.price, remaining_volume(order))
    return fee_of(left), with_fee(left)
