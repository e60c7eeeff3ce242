"""What the exchange did for an order, as the kernel and the books read it."""

from decimal import Decimal

from haetae.base.money import MICRO, UNITS, float_of, krw_of
from haetae.base.time import minute_start
from haetae.kernel.codes import (
    ENTRY,
    NO_ORDER,
    REASON_NAMES,
)
from haetae.kernel.fills import trade_of
from haetae.kernel.records import NO_FILL, Fill, Market, Order, Params
from haetae.kernel.rounding import funds_ceil, funds_floor
from haetae.ledger.book import TradeLine
from haetae.ledger.intent import FINAL, Intent


def known_fill(order: Order, intent: Intent | None) -> Fill:
    """Return what became of the kernel's open order, or NO_FILL while that is not known."""
    if intent is None or intent.phase not in FINAL or order.kind == NO_ORDER:
        return NO_FILL
    if not intent.executions:
        return Fill(order.t, 0.0, 0, 0)
    count = funds_ceil if order.kind == ENTRY else funds_floor
    units = sum(e.units for e in intent.executions)
    funds = sum(count(float_of(e.price), e.units) for e in intent.executions)
    last = max(e.t for e in intent.executions)
    price = float_of(intent.executions[0].price)
    if len(intent.executions) > 1:
        price = funds / MICRO * UNITS / units
    if order.kind != ENTRY and intent.units < order.units and units == intent.units:
        units = order.units  # the exchange held less than the books: the rest is gone
    return Fill(minute_start(last), price, units, funds)


def trade_line(p: Params, m: Market, intent: Intent) -> TradeLine:
    """Return the books' line of a filled intent: the kernel's figures, the exchange's beside.

    `m` is the market as it stood before the fill.
    """
    trade = trade_of(p, m, known_fill(m.order, intent))
    entry = trade.kind == ENTRY
    return TradeLine(
        t=trade.t,
        market=intent.market,
        identifier=intent.identifier,
        side=intent.side,
        reason=REASON_NAMES[trade.reason],
        price=trade.price,
        units=trade.units,
        funds=krw_of(trade.funds),
        fee=krw_of(trade.fee),
        pnl=None if entry else krw_of(trade.pnl),
        r=None if entry or trade.risk == 0 else trade.pnl / trade.risk,
        exchange_funds=sum((e.funds for e in intent.executions), Decimal(0)),
        exchange_fee=intent.fee,
    )
