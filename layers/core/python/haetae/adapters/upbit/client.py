"""Upbit as the use cases see it: quotes, balances and orders whose fate is never guessed.

What became of a new order, and what we say of it:

    2xx with a readable body            the order exists             OrderReport
    4xx with an error name              it was refused               Rejected
    duplicated_identifier, nonce_used   it was seen before: ask      OrderReport or Unknown
    418, 429; no connection             it was not taken             Unreachable
    anything else                       it may exist                 Unknown
"""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from haetae.adapters.upbit.auth import Signer
from haetae.adapters.upbit.bodies import (
    read_balances,
    read_candles,
    read_fee_bps,
    read_order,
    read_order_book,
    read_placement,
)
from haetae.adapters.upbit.http import HttpTransport
from haetae.adapters.upbit.session import BLOCKED, TOO_MANY, Pairs, Session, refusal_of
from haetae.adapters.upbit.transport import (
    Answer,
    SurelyNotSent,
    Transport,
    WireFailure,
)
from haetae.app.ports import (
    Balance,
    Missing,
    OrderReport,
    Rejected,
    Unknown,
    Unreachable,
)
from haetae.base.errors import ExchangeError, ExchangeRefused, ExchangeUnavailable
from haetae.base.money import volume_text
from haetae.base.time import MINUTE_S, iso_text
from haetae.kernel.records import Candle
from haetae.ledger.intent import Intent, Side
from haetae.market.candles import UNITS_MIN
from haetae.market.order_book import OrderBook

PAGE_ROWS = 200
MAX_PAGES = 500
SEEN_BEFORE = frozenset({"duplicated_identifier", "nonce_used"})
NOT_FOUND = "order_not_found"
REQUEST_TIMEOUT = 408


class UpbitClient:
    """Implements `app.ports.Exchange`. Reads are tried again, orders never."""

    def __init__(
        self,
        *,
        base_url: str,
        access_key: str,
        secret_key: str,
        transport: Transport | None = None,
        timeout_s: float = 2.0,
        read_attempts: int = 3,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the address and the key pair; `timeout_s` bounds one request, waiting included."""
        self._session = Session(
            HttpTransport(base_url) if transport is None else transport,
            Signer(access_key, secret_key),
            timeout_s=timeout_s,
            read_attempts=read_attempts,
            wait=wait,
        )

    def candles(
        self, market: str, *, from_t: int, to_t: int, unit_min: int = 1
    ) -> tuple[Candle, ...]:
        """Return the closed candles with from_t <= start and end <= to_t, oldest first.

        Epoch seconds; `unit_min` is one of UNITS_MIN (market/candles). Minutes without a trade
        have no candle. `to_t` must not lie ahead of the exchange's clock, or the forming candle
        comes along.

        Raises:
            ExchangeUnavailable: no usable answer; a page that cannot be true counts as none.
            ExchangeRefused: the exchange said no, such as 404 for an unknown market.
        """
        assert unit_min in UNITS_MIN, unit_min
        unit_s = unit_min * MINUTE_S
        first = -(-from_t // unit_s) * unit_s
        before = to_t // unit_s * unit_s
        found: list[Candle] = []
        for _ in range(MAX_PAGES):
            wanted = (before - first) // unit_s
            page = self._page(market, unit_min, before, wanted) if wanted > 0 else []
            if not page:
                found.reverse()
                return tuple([candle for candle in found if candle.t >= first])
            found += page
            before = page[-1].t
        raise ExchangeUnavailable(f"candles of {market}: more than {MAX_PAGES} pages")

    def balances(self) -> tuple[Balance, ...]:
        """Return every currency the account holds. Raises ExchangeError."""
        return read_balances(self._session.read("GET", "/v1/accounts", (), signed=True).body)

    def order_book(self, market: str) -> OrderBook:
        """Return a market's order book. Raises ExchangeError."""
        body = self._session.read("GET", "/v1/orderbook", (("markets", market),), signed=False).body
        return read_order_book(body, market=market)

    def time_s(self, market: str) -> float:
        """Return the exchange's clock in epoch seconds: the Date of its answer to a quote.

        Raises:
            ExchangeError: no answer, or one without a readable Date.
        """
        answer = self._session.read("GET", "/v1/ticker", (("markets", market),), signed=False)
        try:
            return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
        except ValueError as exc:
            raise ExchangeUnavailable(f"no readable Date in an answer: {exc}") from exc

    def fee_bps(self, market: str) -> int:
        """Return the account's fee in basis points, which both sides share.

        Raises:
            ExchangeError: no answer, or fees that are not one whole basis point for both sides.
        """
        pairs = (("market", market),)
        return read_fee_bps(self._session.read("GET", "/v1/orders/chance", pairs, signed=True).body)

    def order(self, identifier: str) -> OrderReport | Missing:
        """Return what became of an order. Raises ExchangeError."""
        try:
            body = self._session.read(
                "GET", "/v1/order", (("identifier", identifier),), signed=True
            ).body
        except ExchangeRefused as exc:
            if exc.name == NOT_FOUND:
                return Missing()
            raise
        return read_order(body, identifier=identifier)

    def cancel(self, identifier: str) -> None:
        """Ask for an order's cancellation; one that is unknown or has ended is not an error.

        The name of the refusal for an ended order is not documented, so any refusal is checked
        against the order itself. Raises ExchangeError.
        """
        try:
            self._session.read("DELETE", "/v1/order", (("identifier", identifier),), signed=True)
        except ExchangeRefused as exc:
            if exc.name == NOT_FOUND:
                return
            report = self.order(identifier)
            if isinstance(report, OrderReport) and not report.ended:
                raise

    def place(self, intent: Intent) -> OrderReport | Rejected | Unreachable | Unknown:
        """Send one market order with its identifier, once (Upbit docs: new-order)."""
        pairs = _order_pairs(intent)
        try:
            answer = self._session.send("POST", "/v1/orders", pairs, signed=True)
        except SurelyNotSent as exc:
            return Unreachable(message=str(exc))
        except WireFailure as exc:
            return Unknown(message=str(exc))
        return self._fate(answer, intent.identifier)

    def _fate(
        self, answer: Answer, identifier: str
    ) -> OrderReport | Rejected | Unreachable | Unknown:
        status = answer.status
        if 200 <= status < 300:
            try:
                return read_placement(answer.body, identifier=identifier)
            except ExchangeUnavailable as exc:
                return Unknown(message=f"{status}: {exc}")
        if status in (TOO_MANY, BLOCKED):
            return Unreachable(message=f"{status}: over the rate limit")
        refusal = refusal_of(answer)
        if refusal is None or status == REQUEST_TIMEOUT:
            return Unknown(message=f"{status}: no word about the order")
        name, message = refusal
        if name in SEEN_BEFORE:
            return self._look_up(identifier, name)
        return Rejected(name=name, message=message)

    def _look_up(self, identifier: str, name: str) -> OrderReport | Unknown:
        """Look the order up: `duplicated_identifier` does not prove that one exists."""
        try:
            report = self.order(identifier)
        except ExchangeError as exc:
            return Unknown(message=f"{name}, then {exc}")
        return report if isinstance(report, OrderReport) else Unknown(message=f"{name}, not found")

    def _page(self, market: str, unit_min: int, before: int, wanted: int) -> list[Candle]:
        """Return candles that start before `before`, newest first; `to` is exclusive."""
        to = iso_text(before)
        count = str(min(wanted, PAGE_ROWS))
        pairs = (("market", market), ("to", to), ("count", count))
        body = self._session.read(
            "GET", f"/v1/candles/minutes/{unit_min}", pairs, signed=False
        ).body
        page = read_candles(body, market=market, unit_s=unit_min * MINUTE_S)
        if not page or page[0].t < before:
            return page
        closed = [candle for candle in page if candle.t < before]
        if not closed:
            raise ExchangeUnavailable(f"candles of {market}: none before {to}, as if not asked for")
        return closed


def _order_pairs(intent: Intent) -> Pairs:
    """Write a market order: a bid gives its total as `price`, an ask its volume, never both."""
    if intent.side is Side.BID:
        size = (("ord_type", "price"), ("price", str(intent.krw)))
    else:
        size = (("ord_type", "market"), ("volume", volume_text(intent.units)))
    return (
        ("market", intent.market),
        ("side", intent.side.value),
        *size,
        ("identifier", intent.identifier),
    )
