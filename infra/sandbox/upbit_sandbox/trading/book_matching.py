"""How orders meet an order book: taking its levels, resting in it, keeping apart from their own.

placed ──► meets its first book ──► filled: done, or cancel with a residue
               │         │
               │         └─ ioc, fok, best, post_only that cannot: cancel
               ├─ limit: rests, and trades at its own price with what comes to it
               └─ market: meets the following books until it is filled

Above 250 lines: taking, resting and self-match prevention are one walk over the same offers.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from upbit_sandbox.base.arithmetic import add, multiply, subtract, volume_for, with_fee
from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.listing import Listings
from upbit_sandbox.trading.book import Book, BookSource, Level
from upbit_sandbox.trading.events import Change
from upbit_sandbox.trading.exchange import Exchange
from upbit_sandbox.trading.ledger import Ledger
from upbit_sandbox.trading.matching import Fill
from upbit_sandbox.trading.needs import still_needs, unspent_total
from upbit_sandbox.trading.orders import (
    Order,
    OrderType,
    Side,
    SmpType,
    TimeInForce,
    locked_currency,
    remaining_volume,
)

OPPOSITE = {Side.BID: Side.ASK, Side.ASK: Side.BID}
TREND = {Side.BID: "up", Side.ASK: "down"}  # of the price, by the side that takes
AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)

type Rank = tuple[Decimal, int, str]  # the best price first, then the oldest, and whose it is
type Offer = tuple[Decimal, Level | Order]


class BookExchange(Exchange):
    """An account whose orders meet order books, and its own orders.

    An order is booked by one call and meets the book when anybody looks next: by the next call or
    stream. Own orders stand before the public ones of their price.
    """

    def __init__(
        self,
        books: BookSource,
        ledger: Ledger,
        *,
        seed: int,
        smp_default: SmpType,
        listings: Callable[[], Listings],
    ) -> None:
        """Open with what the ledger holds; what rested goes on resting."""
        super().__init__(ledger, seed=seed, smp_default=smp_default, listings=listings)
        self._books = books
        self._taking: dict[str, Book | None] = {}  # orders that meet books → the last one met
        self._resting: dict[str, dict[Side, list[Rank]]] = {}  # by market
        self._ages = {uuid: age for age, uuid in enumerate(self.orders) if uuid in self._waiting}
        for uuid in self._ages:
            if self.orders[uuid].rests:
                self._rest(self.orders[uuid])
            else:
                self._taking[uuid] = None
        self._settled_s = ledger.settled_s or min(
            (self.orders[uuid].placed_s for uuid in self._waiting), default=0.0
        )

    @property
    def codes(self) -> frozenset[str]:
        """The markets that can be traded."""
        return self._books.codes

    @property
    def settled_s(self) -> float:
        """Until when all is matched, in epoch s."""
        return self._settled_s

    def lists(self, market: str, now_s: float) -> bool:
        """Tell whether this market can be traded; ApiError 500 while nobody knows."""
        self._books.check(None, now_s)
        return super().lists(market, now_s)

    def settle(self, now_s: float) -> None:
        """Let what was placed meet its book, oldest first, then what rests meet what came."""
        for uuid, met in list(self._taking.items()):
            order = self.orders[uuid]
            book = self._books.next_book(order.market, order.placed_s, met, now_s)
            if book is not None:
                self._meet(order, book)
        for code in list(self._resting):
            self._fill_resting(code, now_s)
        self._settled_s = now_s

    def look_again(self) -> None:
        """Forget nothing: every look asks the books anew, from where the last one ended."""

    # What takes

    def _meet(self, order: Order, book: Book) -> None:
        """Let an order take what the book has for it, and decide what becomes of the rest."""
        at_s = max(order.placed_s, book.seen_s)
        offers = self._offers(order, book)
        condition = order.time_in_force
        if condition is TimeInForce.POST_ONLY:
            if offers:
                self._cancel(order, at_s)
                return
        elif condition is not TimeInForce.FOK or _could_fill(order, offers):
            order = self._take(order, offers, at_s)
        if order.uuid not in self._taking:
            return
        if condition in AT_ONCE:
            self._cancel(order, at_s)
        elif order.ord_type is OrderType.LIMIT:
            del self._taking[order.uuid]
            order = replace(order, rests=True)
            self._put(order)
            self._rest(order)
        else:
            self._taking[order.uuid] = book

    def _offers(self, order: Order, book: Book) -> list[Offer]:
        """List what the order may take, best first, own orders before the public of their price."""
        side = OPPOSITE[order.side]
        limit = order.price if order.ord_type is OrderType.LIMIT else None
        ranks = self._resting.get(order.market, {}).get(side, [])
        makers = (self.orders[uuid] for _, _, uuid in ranks)
        levels = (level for level in (book.asks if side is Side.ASK else book.bids) if level.size)
        offers = [*_within(order.side, limit, makers), *_within(order.side, limit, levels)]
        offers.sort(key=lambda offer: offer[0], reverse=side is Side.BID)
        if order.ord_type is OrderType.BEST:
            return [offer for offer in offers if offer[0] == offers[0][0]]
        return offers

    def _take(self, order: Order, offers: list[Offer], at_s: float) -> Order:
        """Take the offers until the order is filled; give it as it is then."""
        for price, offer in offers:
            wanted = _open_volume(order, price)
            if isinstance(offer, Level):
                volume = min(wanted, offer.size)
                offer.size = subtract(offer.size, volume)
                order = self._apply_fill(order, Fill(at_s, price, TREND[order.side]), volume)
            else:
                order = self._meet_own(order, offer, min(wanted, remaining_volume(offer)), at_s)
            if not _open_volume(order, price):
                self._finish(order, at_s)
                break
        return order

    def _meet_own(self, order: Order, maker: Order, volume: Decimal, at_s: float) -> Order:
        """Do what the taking order's smp_type says where it meets an own one (docs: smp)."""
        price = maker.price
        assert price is not None, "an order that rests has a price"
        match order.smp_type:
            case SmpType.CANCEL_MAKER:
                maker = self._prevent(maker, remaining_volume(maker), maker.locked, at_s)
            case SmpType.CANCEL_TAKER:
                return self._prevent(order, _open_volume(order, price), order.locked, at_s)
            case SmpType.REDUCE:
                maker = self._prevent(maker, volume, _lock_of(maker, price, volume), at_s)
                order = self._prevent(order, volume, _lock_of(order, price, volume), at_s)
            case SmpType.NONE | None:
                fill = Fill(at_s, price, TREND[order.side])
                maker = self._apply_fill(maker, fill._replace(is_maker=True), volume)
                order = self._apply_fill(order, fill, volume)
        if not remaining_volume(maker):
            self._finish(maker, at_s)
        return order

    def _prevent(self, order: Order, volume: Decimal, locked: Decimal, at_s: float) -> Order:
        """Take a volume and what it locks out of an order."""
        prevented = replace(
            order,
            prevented_volume=add(order.prevented_volume, volume),
            prevented_locked=add(order.prevented_locked, locked),
        )
        remaining_fee, still_locked = still_needs(prevented)
        prevented = replace(prevented, remaining_fee=remaining_fee, locked=still_locked)
        self.wallet.unlock(locked_currency(order), subtract(order.locked, still_locked))
        self._note(at_s, Change.PREVENTED, prevented)
        return prevented

    # What rests

    def _fill_resting(self, code: str, now_s: float) -> None:
        """Fill what rests at its own price with the coins that came to it or beyond."""
        resting = self._resting[code]
        for at_s, level, sides in self._books.flow(code, self._settled_s, now_s):
            for side in sides:
                while level.size and resting[side]:
                    order = self.orders[resting[side][0][2]]
                    assert order.price is not None, "an order that rests has a price"
                    if not _reaches(side, order.price, level.price):
                        break
                    volume = min(remaining_volume(order), level.size)
                    level.size = subtract(level.size, volume)
                    fill = Fill(at_s, order.price, TREND[OPPOSITE[side]], is_maker=True)
                    order = self._apply_fill(order, fill, volume)
                    if not remaining_volume(order):
                        self._finish(order, at_s)
            if not any(resting.values()):
                break

    def _rest(self, order: Order) -> None:
        sides = self._resting.setdefault(order.market, {Side.BID: [], Side.ASK: []})
        insort(sides[order.side], self._rank(order))

    def _rank(self, order: Order) -> Rank:
        assert order.price is not None, "an order that rests has a price"
        price = -order.price if order.side is Side.BID else order.price
        return price, self._ages[order.uuid], order.uuid

    # The account's own book-keeping

    def _check_source(self, body: dict[str, Json], now_s: float) -> None:
        market = body.get("market")
        if isinstance(market, str):
            self._books.check(market, now_s)

    def _last_price(self, market: str, now_s: float) -> Decimal | None:
        """Judge a market sell by the best bid."""
        book = self._books.at(market, now_s)
        return book.bids[0].price if book is not None and book.bids else None

    def _wake(self, order: Order) -> None:
        self._ages[order.uuid] = len(self.orders)
        self._taking[order.uuid] = None

    def _forget(self, order: Order) -> None:
        if order.rests:
            sides = self._resting[order.market]
            ranks = sides[order.side]
            del ranks[bisect_left(ranks, self._rank(order))]
            if not any(sides.values()):
                del self._resting[order.market]
        else:
            del self._taking[order.uuid]
        del self._ages[order.uuid]


def _reaches(side: Side, limit: Decimal, price: Decimal) -> bool:
    """Tell whether an order of this side and limit trades at this price of the other side."""
    return price <= limit if side is Side.BID else price >= limit


def _within(
    side: Side, limit: Decimal | None, best_first: Iterable[Order | Level]
) -> Iterator[Offer]:
    """Give the offers that an order of this side and limit reaches."""
    for offer in best_first:
        price = offer.price
        assert price is not None, "what is offered has a price"
        if limit is not None and not _reaches(side, limit, price):
            return
        yield price, offer


def _open_volume(order: Order, price: Decimal) -> Decimal:
    """Give the volume that the order still asks for at this price."""
    if order.volume is None:
        return volume_for(unspent_total(order), price)
    return remaining_volume(order)


def _lock_of(order: Order, price: Decimal, volume: Decimal) -> Decimal:
    """Give what an order locks for this volume, a buy by total at this price."""
    if order.side is Side.ASK:
        return volume
    own = price if order.volume is None else order.price
    assert own is not None, "a buy has a price"
    return with_fee(multiply(own, volume))


def _could_fill(order: Order, offers: list[Offer]) -> bool:
    """Tell whether the offers fill the order whole, without its meeting an own one."""
    for price, offer in offers:
        if isinstance(offer, Level):
            size = offer.size
        elif order.smp_type is SmpType.CANCEL_MAKER:
            continue
        elif order.smp_type in (SmpType.NONE, None):
            size = remaining_volume(offer)
        else:
            return False
        if _open_volume(order, price) <= size:
            return True
        order = replace(
            order,
            executed_volume=add(order.executed_volume, size),
            executed_funds=add(order.executed_funds, multiply(size, price)),
        )
    return False
