"""The account's orders and money: placing, matching up to the clock, cancelling."""

from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

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
from upbit_sandbox.events import Journal
from upbit_sandbox.intake import OrderRequest, judge_total, read_identifier, read_order
from upbit_sandbox.ledger import Ledger
from upbit_sandbox.market import Market
from upbit_sandbox.matching import Fill, find_fill, next_change_s
from upbit_sandbox.orders import Order, OrderType, Side, State, Trade, coin_of, locked_currency
from upbit_sandbox.wallet import KRW, Wallet
from upbit_sandbox.wire import Json


class Exchange:
    """One account at one exchange; every call brings the time it happens at.

    Fills are found when somebody looks: each call first settles what the clock has passed.
    """

    def __init__(
        self, markets: dict[str, Market], ledger: Ledger, *, seed: int, slippage_bps: int
    ) -> None:
        """Open with what the ledger holds; `seed` names orders and trades."""
        self.codes = frozenset(markets)
        self.wallet = Wallet(ledger.balances)
        self.orders = {order.uuid: order for order in ledger.orders}
        self.issued = ledger.issued
        self.changed_orders: dict[str, None] = {}  # since somebody last cleared it
        self.newly_refused: set[str] = set()  # identifiers, likewise
        self.journal = Journal()
        self._markets = markets
        self._seed = seed
        self._slippage_bps = slippage_bps
        booked = {name: uuid for name, uuid in ledger.identifiers.items() if uuid is not None}
        self._by_identifier = booked
        self._burnt = set(ledger.identifiers)
        # waiting orders → first time not tried yet
        self._untried_s = {o.uuid: o.placed_s for o in ledger.orders if o.state is State.WAIT}
        self._quiet_until_s = 0.0  # no waiting order can fill before
        self._settled_s = 0.0  # and none placed at this time can fill at it

    def ledger(self) -> Ledger:
        """Give the account as it stands."""
        held = self.wallet
        return Ledger(
            balances={currency: held.balance(currency) for currency in held.currencies()},
            orders=tuple(self.orders.values()),
            identifiers={name: self._by_identifier.get(name) for name in sorted(self._burnt)},
            issued=self.issued,
        )

    def lists(self, market: str) -> bool:
        """Tell whether this market can be traded."""
        return market in self.codes

    def waiting_in(self) -> set[str]:
        """Give the markets in which an order waits, without settling."""
        return {self.orders[uuid].market for uuid in self._untried_s}

    def place(self, body: dict[str, Json], now_s: float) -> Order:
        """Book a new order and lock its funds; raises ApiError.

        An identifier is burnt by the attempt, whether or not it succeeds (docs: new-order).
        """
        identifier = read_identifier(body)
        if identifier is not None:
            if identifier in self._burnt:
                raise exchange("duplicated_identifier")
            self._burnt.add(identifier)
            self.newly_refused.add(identifier)
        request = read_order(body, self.codes)
        self.settle(now_s)
        judge_total(request, self._last_price(request.market, now_s))
        order = self._book(request, now_s)
        if identifier is not None:
            self._by_identifier[identifier] = order.uuid
            self.newly_refused.discard(identifier)
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
        self.wallet.unlock(locked_currency(order), order.locked)
        self._put(replace(order, state=State.CANCEL))
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
            by_total = order.volume is None
            volume = volume_for(order.price or ZERO, fill.price) if by_total else order.volume
            self._finish(self._traded(order, fill, volume or ZERO))
        self._quiet_until_s = min(
            (next_change_s(self._markets[code].tape, now_s) for code in self.waiting_in()),
            default=float("inf"),
        )

    def _last_price(self, market: str, now_s: float) -> Decimal | None:
        """Give the price that a market sell's total is judged by."""
        last = self._markets[market].last(now_s)
        return None if last is None else from_float(last.close)

    def _wake(self, market: str, now_s: float) -> None:
        """Note that an order now waits in this market."""
        change_s = next_change_s(self._markets[market].tape, now_s)
        self._quiet_until_s = min(self._quiet_until_s, change_s)

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
        self._put(order)
        self._untried_s[order.uuid] = now_s
        self._wake(order.market, now_s)
        return order

    def _traded(self, order: Order, fill: Fill, volume: Decimal) -> Order:
        """Pay for a volume at the fill's price; give the order with what it still locks."""
        if not volume:
            return order
        funds = multiply(volume, fill.price)
        fee = fee_of(funds)
        trade = Trade(
            uuid=self._new_uuid(),
            price=fill.price,
            volume=volume,
            funds=funds,
            created_s=fill.start_s,
            trend=fill.trend,
        )
        executed = add(order.executed_volume, volume)
        trades = (*order.trades, trade)
        remaining_fee, locked = _still_needs(order, executed, trades)
        self._pay(order, trade, fee, still_locked=locked)
        return replace(
            order,
            executed_volume=executed,
            paid_fee=add(order.paid_fee, fee),
            remaining_fee=remaining_fee,
            locked=locked,
            trades=trades,
        )

    def _pay(self, order: Order, trade: Trade, fee: Decimal, *, still_locked: Decimal) -> None:
        coin = coin_of(order.market)
        if order.side is Side.ASK:
            self.wallet.spend(coin, trade.volume)
            self.wallet.receive(KRW, subtract(trade.funds, fee))
            return
        cost = add(trade.funds, fee)
        saved = subtract(subtract(order.locked, cost), still_locked)
        assert saved >= 0, "a buy never costs more than it locked"
        self.wallet.spend(KRW, cost)
        self.wallet.unlock(KRW, saved)
        self.wallet.receive_bought(coin, trade.volume, trade.funds)

    def _finish(self, order: Order) -> None:
        """Give back what a filled order still locks; a residue makes its state cancel."""
        del self._untried_s[order.uuid]
        self.wallet.unlock(locked_currency(order), order.locked)
        self._put(replace(order, state=State.CANCEL if order.locked else State.DONE))

    def _put(self, order: Order) -> None:
        self.orders[order.uuid] = order
        self.changed_orders[order.uuid] = None

    def _new_uuid(self) -> str:
        """Name an order or a trade; the same on every run, and never twice in one account."""
        self.issued += 1
        named = blake2b(f"{self._seed}:{self.issued}".encode(), digest_size=16)
        return str(UUID(bytes=named.digest(), version=4))


def _needs(request: OrderRequest) -> tuple[Decimal, Decimal]:
    """Give the fee to reserve and the amount to lock: KRW with fee, or coins without."""
    price, volume = request.price, request.volume
    if request.side is Side.ASK:
        assert volume is not None, "a sell has a volume"
        return ZERO, volume
    assert price is not None, "a buy has a price"
    total = price if volume is None else multiply(price, volume)
    return fee_of(total), with_fee(total)


def _still_needs(
    order: Order, executed: Decimal, trades: tuple[Trade, ...]
) -> tuple[Decimal, Decimal]:
    """Give the fee still reserved and the amount still locked after these trades."""
    if order.side is Side.ASK:
        assert order.volume is not None, "a sell has a volume"
        return ZERO, subtract(order.volume, executed)
    assert order.price is not None, "a buy has a price"
    if order.volume is not None:
        left = multiply(order.price, subtract(order.volume, executed))
    else:
        left = order.price
        for trade in trades:
            left = subtract(left, trade.funds)
    return fee_of(left), with_fee(left)
