"""The account's orders and money: placing, matching up to the clock, cancelling."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from upbit_sandbox.arithmetic import (
    ZERO,
    add,
    fee_of,
    from_float,
    multiply,
    subtract,
    volume_for,
    with_fee,
)
from upbit_sandbox.errors import exchange
from upbit_sandbox.intake import OrderRequest, judge_total, read_identifier, read_order
from upbit_sandbox.market import Market
from upbit_sandbox.matching import Fill, find_fill, next_change_s
from upbit_sandbox.orders import Order, OrderType, Side, State, Trade
from upbit_sandbox.wallet import KRW, Wallet
from upbit_sandbox.wire import Json


class Exchange:
    """One account at one exchange; every call brings the time it happens at.

    Fills are found when somebody looks: each call first settles what the clock has passed.
    """

    def __init__(
        self,
        markets: dict[str, Market],
        balances: dict[str, Decimal],
        new_uuid: Callable[[], str],
        slippage_bps: int,
    ) -> None:
        """Open with these free balances."""
        self.wallet = Wallet(balances)
        self.orders: dict[str, Order] = {}
        self._markets = markets
        self._codes = frozenset(markets)
        self._new_uuid = new_uuid
        self._slippage_bps = slippage_bps
        self._by_identifier: dict[str, str] = {}
        self._burnt: set[str] = set()
        self._untried_s: dict[str, float] = {}  # waiting orders → first time not tried yet
        self._quiet_until_s = 0.0  # no waiting order can fill before
        self._settled_s = 0.0  # and none placed at this time can fill at it

    def place(self, body: dict[str, Json], now_s: float) -> Order:
        """Book a new order and lock its funds; raises ApiError.

        An identifier is burnt by the attempt, whether or not it succeeds (docs: new-order).
        """
        identifier = read_identifier(body)
        if identifier is not None:
            if identifier in self._burnt:
                raise exchange("duplicated_identifier")
            self._burnt.add(identifier)
        request = read_order(body, self._codes)
        self.settle(now_s)
        last = self._markets[request.market].last(now_s)
        judge_total(request, None if last is None else from_float(last.close))
        order = self._book(request, now_s)
        if identifier is not None:
            self._by_identifier[identifier] = order.uuid
        return order

    def find(self, uuid: str | None, identifier: str | None, now_s: float) -> Order:
        """Give the order by uuid, or by identifier when there is no uuid; raises ApiError."""
        self.settle(now_s)
        key = uuid if uuid is not None else self._by_identifier.get(identifier or "")
        order = self.orders.get(key or "")
        if order is None:
            raise exchange("order_not_found")
        return order

    def waiting(self, now_s: float) -> list[Order]:
        """List the orders that wait, oldest first."""
        self.settle(now_s)
        return [self.orders[uuid] for uuid in self._untried_s]

    def cancel(self, uuid: str | None, identifier: str | None, now_s: float) -> Order:
        """Cancel a waiting order and give it as it was before, state wait (docs: cancel-order).

        A finished order is not found: the live name of that refusal is not documented.
        """
        order = self.find(uuid, identifier, now_s)
        if order.state is not State.WAIT:
            raise exchange("order_not_found")
        del self._untried_s[order.uuid]
        self.wallet.unlock(_locked_currency(order), order.locked)
        self.orders[order.uuid] = replace(order, state=State.CANCEL)
        return order

    def settle(self, now_s: float) -> None:
        """Apply every fill that the clock has passed, by candle and then by age."""
        if now_s == self._settled_s or now_s < self._quiet_until_s:
            return
        self._settled_s = now_s
        found: list[tuple[Fill, Order]] = []
        for uuid, since_s in self._untried_s.items():
            order = self.orders[uuid]
            tape = self._markets[order.market].tape
            fill = find_fill(
                order, tape, since_s=since_s, now_s=now_s, slippage_bps=self._slippage_bps
            )
            if fill is not None:
                found.append((fill, order))
            elif order.ord_type is OrderType.LIMIT:
                self._untried_s[uuid] = max(since_s, now_s - tape.unit_min * 60)
        for fill, order in sorted(found, key=lambda pair: pair[0].start_s):
            del self._untried_s[order.uuid]
            self.orders[order.uuid] = self._filled(order, fill)
        waiting_in = {self.orders[uuid].market for uuid in self._untried_s}
        self._quiet_until_s = min(
            (next_change_s(self._markets[code].tape, now_s) for code in waiting_in),
            default=float("inf"),
        )

    def _book(self, request: OrderRequest, now_s: float) -> Order:
        reserved_fee, locked = _needs(request)
        currency = KRW if request.side is Side.BID else coin_of(request.market)
        if not self.wallet.lock(currency, locked):
            raise exchange(f"insufficient_funds_{request.side}", currency)
        order = Order(
            uuid=self._new_uuid(),
            market=request.market,
            side=request.side,
            ord_type=request.ord_type,
            price=request.price,
            volume=request.volume,
            identifier=request.identifier,
            placed_s=now_s,
            reserved_fee=reserved_fee,
            remaining_fee=reserved_fee,
            locked=locked,
        )
        self.orders[order.uuid] = order
        self._untried_s[order.uuid] = now_s
        change_s = next_change_s(self._markets[order.market].tape, now_s)
        self._quiet_until_s = min(self._quiet_until_s, change_s)
        return order

    def _filled(self, order: Order, fill: Fill) -> Order:
        by_total = order.ord_type is OrderType.PRICE and order.price is not None
        volume = volume_for(order.price or ZERO, fill.price) if by_total else order.volume
        assert volume is not None, "only a market buy has no volume of its own"
        funds = multiply(volume, fill.price)
        fee = fee_of(funds)
        self._pay(order, volume, funds, fee)
        left = subtract(order.price, funds) if by_total and order.price is not None else ZERO
        trade = Trade(
            uuid=self._new_uuid(),
            price=fill.price,
            volume=volume,
            funds=funds,
            created_s=fill.start_s,
            trend=fill.trend,
        )
        return replace(
            order,
            state=State.CANCEL if left else State.DONE,
            executed_volume=volume,
            paid_fee=fee,
            remaining_fee=fee_of(left),
            locked=with_fee(left),
            trades=(trade,) if volume else (),
        )

    def _pay(self, order: Order, volume: Decimal, funds: Decimal, fee: Decimal) -> None:
        coin = coin_of(order.market)
        if order.side is Side.ASK:
            self.wallet.spend(coin, volume)
            self.wallet.receive(KRW, subtract(funds, fee))
            return
        cost = add(funds, fee)
        assert cost <= order.locked, "a buy never costs more than it locked"
        self.wallet.spend(KRW, cost)
        self.wallet.unlock(KRW, subtract(order.locked, cost))
        self.wallet.receive_bought(coin, volume, funds)


def coin_of(market: str) -> str:
    """Give the coin of a market code, BTC of KRW-BTC."""
    return market.partition("-")[2]


def _needs(request: OrderRequest) -> tuple[Decimal, Decimal]:
    """Give the fee to reserve and the amount to lock: KRW with fee, or coins without."""
    price, volume = request.price, request.volume
    if request.side is Side.ASK:
        assert volume is not None, "a sell has a volume"
        return ZERO, volume
    assert price is not None, "a buy has a price"
    total = price if volume is None else multiply(price, volume)
    return fee_of(total), with_fee(total)


def _locked_currency(order: Order) -> str:
    return KRW if order.side is Side.BID else coin_of(order.market)
