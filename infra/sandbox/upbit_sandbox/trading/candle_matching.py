"""An account whose orders are filled by candles: whole, and with unlimited depth."""

from collections.abc import Callable
from decimal import Decimal

from upbit_sandbox.base.arithmetic import ZERO, from_float, volume_for
from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.listing import Listings
from upbit_sandbox.prices.market import Market
from upbit_sandbox.trading.exchange import Exchange
from upbit_sandbox.trading.ledger import Ledger
from upbit_sandbox.trading.matching import Fill, Lapse, find_fill, next_change_s
from upbit_sandbox.trading.orders import Order, OrderType, SmpType


class CandleExchange(Exchange):
    """An account at a replay or a synthetic market; see `find_fill` for what fills an order."""

    def __init__(
        self,
        markets: dict[str, Market],
        ledger: Ledger,
        *,
        seed: int,
        slippage_bps: int,
        smp_default: SmpType,
        listings: Callable[[], Listings],
    ) -> None:
        """Open with what the ledger holds; market orders slip by so many basis points."""
        super().__init__(ledger, seed=seed, smp_default=smp_default, listings=listings)
        self._codes = frozenset(markets)
        self._markets = markets
        self._slippage_bps = slippage_bps
        self.look_again()

    @property
    def codes(self) -> frozenset[str]:
        """The markets that can be traded."""
        return self._codes

    @property
    def settled_s(self) -> float:
        """Nothing: fills are found again from an order's own time on."""
        return 0.0

    def look_again(self) -> None:
        """Try every waiting order again, from its own time on."""
        # waiting orders → first time not tried yet
        self._untried_s = {uuid: self.orders[uuid].placed_s for uuid in self._waiting}
        self._quiet_until_s = 0.0  # no waiting order can fill before
        self._looked_s = 0.0  # and none placed at this time can fill at it

    def settle(self, now_s: float) -> None:
        """Apply every fill that the clock has passed, by candle and then by age."""
        if now_s == self._looked_s or now_s < self._quiet_until_s:
            return
        self._looked_s = now_s
        found: list[tuple[Fill | Lapse, Order]] = []
        for uuid, since_s in self._untried_s.items():
            order = self.orders[uuid]
            fill = self._fill_of(order, since_s, now_s)
            if fill is not None:
                found.append((fill, order))
            elif order.ord_type is OrderType.LIMIT:
                length_s = self._markets[order.market].tape.unit_min * 60
                self._untried_s[uuid] = max(since_s, now_s - length_s)
        for fill, order in sorted(found, key=lambda pair: pair[0].start_s):
            if isinstance(fill, Fill):
                by_total = order.volume is None
                volume = volume_for(order.price or ZERO, fill.price) if by_total else order.volume
                order = self._apply_fill(order, fill, volume or ZERO)
            self._finish(order, fill.start_s)
        self._quiet_until_s = min(
            (next_change_s(self._markets[code].tape, now_s) for code in self.waiting_in()),
            default=float("inf"),
        )

    def _fill_of(self, order: Order, since_s: float, now_s: float) -> Fill | Lapse | None:
        """Find what a candle does to an order, outside maintenance and before a delisting."""
        tape, bps = self._markets[order.market].tape, self._slippage_bps
        listing = self._listings().of(order.market)
        until_s = now_s if listing.delisted_s is None else min(now_s, listing.delisted_s)
        fill = find_fill(order, tape, since_s=since_s, now_s=until_s, slippage_bps=bps)
        for from_s, to_s in listing.maintenance:
            if fill is not None and from_s <= fill.start_s < to_s:
                fill = find_fill(order, tape, since_s=to_s, now_s=until_s, slippage_bps=bps)
        return fill

    def _check_source(self, body: dict[str, Json], now_s: float) -> None:
        """Take every order in: candles are always there."""

    def _last_price(self, market: str, now_s: float) -> Decimal | None:
        """Give the price that a market sell's total is judged by."""
        last = self._markets[market].last(now_s)
        return None if last is None else from_float(last.close)

    def _wake(self, order: Order) -> None:
        """Note that an order now waits in its market."""
        self._untried_s[order.uuid] = order.placed_s
        change_s = next_change_s(self._markets[order.market].tape, order.placed_s)
        self._quiet_until_s = min(self._quiet_until_s, change_s)

    def _forget(self, order: Order) -> None:
        """Note that an order waits no more."""
        del self._untried_s[order.uuid]
