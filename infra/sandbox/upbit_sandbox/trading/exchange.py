"""An account's orders and money: placing, matching up to the clock, cancelling.

One file above 250 lines: every method here moves an order, its locked funds and the journal
together, and what holds between the three can be read only where they are.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

from upbit_sandbox.base.arithmetic import (
    add,
    fee_of,
    multiply,
    subtract,
)
from upbit_sandbox.base.errors import exchange
from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.listing import Listings
from upbit_sandbox.trading.events import AssetEvent, Change, Journal, OrderEvent
from upbit_sandbox.trading.ledger import Ledger
from upbit_sandbox.trading.matching import Fill
from upbit_sandbox.trading.needs import needs, payment_currency, still_needs
from upbit_sandbox.trading.order_request import (
    OrderRequest,
    judge_total,
    read_identifier,
    read_order,
)
from upbit_sandbox.trading.orders import (
    Order,
    Side,
    SmpType,
    State,
    Trade,
    coin_of,
    is_replaceable,
    locked_currency,
    remaining_volume,
)
from upbit_sandbox.trading.wallet import KRW, Wallet


class Exchange(ABC):
    """One account at one exchange; every call brings the time it happens at.

    Fills are found when somebody looks: each call first settles what the clock has passed. What
    orders trade against is for its kinds to say.
    """

    def __init__(
        self, ledger: Ledger, *, seed: int, smp_default: SmpType, listings: Callable[[], Listings]
    ) -> None:
        """Open with what the ledger holds; `seed` names orders and trades."""
        self.wallet = Wallet(ledger.balances)
        self.orders = {order.uuid: order for order in ledger.orders}
        self.issued = ledger.issued
        self.changed_orders: dict[str, None] = {}  # since somebody last cleared it
        self.newly_refused: set[str] = set()  # identifiers, likewise
        self.journal = Journal()
        self._seed = seed
        self._smp_default = smp_default
        self._listings = listings
        booked = {name: uuid for name, uuid in ledger.identifiers.items() if uuid is not None}
        self._by_identifier = booked
        self._burnt = set(ledger.identifiers)
        self._waiting = {o.uuid: None for o in ledger.orders if o.state is State.WAIT}

    @property
    @abstractmethod
    def codes(self) -> frozenset[str]:
        """The markets that can be traded."""

    @property
    @abstractmethod
    def settled_s(self) -> float:
        """Until when all is matched (epoch s); 0 where no ledger has to say so."""

    @abstractmethod
    def settle(self, now_s: float) -> None:
        """Apply everything that the clock has passed."""

    @abstractmethod
    def look_again(self) -> None:
        """Forget what was concluded from the markets' past: an announcement has changed it."""

    @abstractmethod
    def _check_source(self, body: dict[str, Json], now_s: float) -> None:
        """Raise ApiError before anything is noted of an order that cannot be taken in now."""

    @abstractmethod
    def _last_price(self, market: str, now_s: float) -> Decimal | None:
        """Give the price that a market sell's total is judged by; None where there is none."""

    @abstractmethod
    def _wake(self, order: Order) -> None:
        """Note that an order waits from now on."""

    @abstractmethod
    def _forget(self, order: Order) -> None:
        """Note that an order waits no more."""

    def ledger(self) -> Ledger:
        """Give the account as it stands."""
        held = self.wallet
        return Ledger(
            balances={currency: held.balance(currency) for currency in held.currencies()},
            orders=tuple(self.orders.values()),
            identifiers={name: self._by_identifier.get(name) for name in sorted(self._burnt)},
            issued=self.issued,
            settled_s=self.settled_s,
        )

    def lists(self, market: str, now_s: float) -> bool:
        """Tell whether this market can be traded."""
        return market in self.codes and not self._listings().is_delisted(market, now_s)

    def waiting_in(self) -> set[str]:
        """Give the markets in which an order waits, without settling."""
        return {self.orders[uuid].market for uuid in self._waiting}

    def waiting(self, now_s: float) -> list[Order]:
        """List the orders that wait, oldest first."""
        self.settle(now_s)
        return [self.orders[uuid] for uuid in self._waiting]

    def newest_first(self, now_s: float) -> Iterator[Order]:
        """Go through all orders, the last one placed first."""
        self.settle(now_s)
        return reversed(self.orders.values())

    def place(self, body: dict[str, Json], now_s: float) -> Order:
        """Book a new order and lock its funds; raises ApiError.

        An identifier is burnt by the attempt, whether or not it succeeds (docs: new-order).
        """
        self._check_source(body, now_s)
        identifier = self._burn(body)
        request = self._judge(body, now_s)
        order = self._book_order(request, now_s)
        self._name(identifier, order)
        return order

    def test(self, body: dict[str, Json], now_s: float) -> Order:
        """Give the order that `place` would book, and book nothing; raises ApiError.

        Its identifier is not burnt, but one that is cannot be tested again.
        """
        self._check_source(body, now_s)
        self._check_identifier(read_identifier(body))
        request = self._judge(body, now_s)
        reserved_fee, locked = needs(request)
        currency = payment_currency(request)
        if self.wallet.balance(currency).free < locked:
            raise exchange(f"insufficient_funds_{request.side}", currency)
        return self._make_order(request, now_s, reserved_fee, locked)

    def cancel_and_new(
        self, uuid: str | None, identifier: str | None, changes: dict[str, Json], now_s: float
    ) -> tuple[Order, Order]:
        """Cancel a waiting limit order and book another one of its market and side.

        Gives the old order as it was and the new one. `changes` are a new order's fields; a volume
        of remain_only is what the old one has left. The old one stays where the new is refused.
        """
        old = self.find(uuid, identifier, now_s)
        body = {"market": old.market, "side": str(old.side), **changes}
        self._check_source(body, now_s)
        new_identifier = self._burn(body)
        if not is_replaceable(old):
            raise exchange("order_not_found")
        if body.get("volume") == "remain_only":
            body["volume"] = str(remaining_volume(old))
        request = self._judge(body, now_s)
        currency = locked_currency(old)
        if add(self.wallet.balance(currency).free, old.locked) < needs(request)[1]:
            raise exchange(f"insufficient_funds_{old.side}", currency)
        self._cancel(old, now_s)
        new = self._book_order(request, now_s)
        self._name(new_identifier, new)
        return old, new

    def find(self, uuid: str | None, identifier: str | None, now_s: float) -> Order:
        """Give the order by uuid, or by identifier when there is no uuid; raises ApiError."""
        self.settle(now_s)
        key = uuid if uuid is not None else self._by_identifier.get(identifier or "")
        order = self.orders.get(key or "")
        if order is None:
            raise exchange("order_not_found")
        return order

    def find_all(self, uuids: list[str], identifiers: list[str], now_s: float) -> list[Order]:
        """Give the orders of these names that there are, the last one placed first."""
        named = {*uuids, *(self._by_identifier.get(name, "") for name in identifiers)}
        wanted = named & self.orders.keys()
        found: list[Order] = []
        for order in self.newest_first(now_s):
            if len(found) == len(wanted):
                break
            if order.uuid in wanted:
                found.append(order)
        return found

    def cancel(self, uuid: str | None, identifier: str | None, now_s: float) -> Order:
        """Cancel a waiting order and give it as it was before, state wait (docs: cancel-order).

        A finished order is not found: the live name of that refusal is not documented.
        """
        order = self.find(uuid, identifier, now_s)
        if order.state is not State.WAIT:
            raise exchange("order_not_found")
        if self._listings().is_offline(order.market, now_s):
            raise exchange("market_offline", order.market)
        self._cancel(order, now_s)
        return order

    def _check_identifier(self, identifier: str | None) -> None:
        if identifier in self._burnt:
            raise exchange("duplicated_identifier")

    def _burn(self, body: dict[str, Json]) -> str | None:
        identifier = read_identifier(body)
        if identifier is not None:
            self._check_identifier(identifier)
            self._burnt.add(identifier)
            self.newly_refused.add(identifier)
        return identifier

    def _name(self, identifier: str | None, order: Order) -> None:
        if identifier is not None:
            self._by_identifier[identifier] = order.uuid
            self.newly_refused.discard(identifier)

    def _judge(self, body: dict[str, Json], now_s: float) -> OrderRequest:
        """Give the request when all but its funds is right."""
        request = read_order(body, self.codes, self._smp_default)
        if not self.lists(request.market, now_s):
            raise exchange("notfoundmarket", request.market)
        if self._listings().is_offline(request.market, now_s):
            raise exchange("market_offline", request.market)
        self.settle(now_s)
        judge_total(request, self._last_price(request.market, now_s))
        return request

    def _book_order(self, request: OrderRequest, now_s: float) -> Order:
        reserved_fee, locked = needs(request)
        currency = payment_currency(request)
        if not self.wallet.lock(currency, locked):
            raise exchange(f"insufficient_funds_{request.side}", currency)
        order = self._make_order(request, now_s, reserved_fee, locked)
        self._note(now_s, Change.WAIT, order)
        self._waiting[order.uuid] = None
        self._wake(order)
        return order

    def _make_order(
        self, request: OrderRequest, now_s: float, reserved_fee: Decimal, locked: Decimal
    ) -> Order:
        return Order(
            uuid=self._new_uuid(),
            market=request.market,
            side=request.side,
            ord_type=request.ord_type,
            price=request.price,
            volume=request.volume,
            time_in_force=request.time_in_force,
            smp_type=request.smp_type,
            identifier=request.identifier,
            placed_s=now_s,
            reserved_fee=reserved_fee,
            remaining_fee=reserved_fee,
            locked=locked,
        )

    def _cancel(self, order: Order, now_s: float) -> None:
        self._end(order)
        self.wallet.unlock(locked_currency(order), order.locked)
        self._note(now_s, Change.CANCEL, replace(order, state=State.CANCEL))

    def _apply_fill(self, order: Order, fill: Fill, volume: Decimal) -> Order:
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
            is_maker=fill.is_maker,
        )
        traded = replace(
            order,
            executed_volume=add(order.executed_volume, volume),
            executed_funds=add(order.executed_funds, funds),
            paid_fee=add(order.paid_fee, fee),
            trades=(*order.trades, trade),
        )
        remaining_fee, locked = still_needs(traded)
        traded = replace(traded, remaining_fee=remaining_fee, locked=locked)
        self._pay(order, trade, fee, still_locked=locked)
        self._note(fill.start_s, Change.TRADE, traded, trade)
        return traded

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
        self.wallet.receive_purchase(coin, trade.volume, trade.funds)

    def _finish(self, order: Order, at_s: float) -> None:
        """Give back what an ended order still locks; a residue makes its state cancel."""
        if order.locked or order.prevented_volume:
            self._cancel(order, at_s)
            return
        self._end(order)
        done = replace(order, state=State.DONE)
        self._put(done)
        self.journal.add(OrderEvent(at_s, Change.DONE, done, None))

    def _end(self, order: Order) -> None:
        del self._waiting[order.uuid]
        self._forget(order)

    def _put(self, order: Order) -> None:
        self.orders[order.uuid] = order
        self.changed_orders[order.uuid] = None

    def _note(self, at_s: float, change: Change, order: Order, trade: Trade | None = None) -> None:
        """Tell the streams what an order went through, and the balances that it has moved."""
        self._put(order)
        self.journal.add(OrderEvent(at_s, change, order, trade))
        moved = (locked_currency(order),) if trade is None else (KRW, coin_of(order.market))
        self.journal.add(AssetEvent(at_s, {c: self.wallet.balance(c) for c in moved}))

    def _new_uuid(self) -> str:
        """Name an order or a trade; the same on every run, and never twice in one account."""
        self.issued += 1
        named = blake2b(f"{self._seed}:{self.issued}".encode(), digest_size=16)
        return str(UUID(bytes=named.digest(), version=4))
