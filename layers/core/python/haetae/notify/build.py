"""Make messages of what the books hold: a fill, an order, the operator's mode."""

from decimal import Decimal

from haetae.base.money import UNITS, decimal_of
from haetae.ledger.book import OperatorMode, TradeLine
from haetae.ledger.intent import Intent
from haetae.notify.messages import (
    REASONS,
    Entry,
    Exit,
    Mismatch,
    ModeChanged,
    OrderRefused,
    OrderUnknown,
)


def order_refused(intent: Intent) -> OrderRefused:
    """Return the message that the exchange refused an order."""
    return OrderRefused(
        t=intent.t,
        market=intent.market,
        side=intent.side,
        reason=intent.reason,
        identifier=intent.identifier,
        note=intent.note,
    )


def order_unknown(intent: Intent) -> OrderUnknown:
    """Return the message that an order's fate is unknown."""
    return OrderUnknown(
        t=intent.t,
        market=intent.market,
        side=intent.side,
        reason=intent.reason,
        identifier=intent.identifier,
        note=intent.note,
    )


def fill(line: TradeLine) -> Entry | Exit:
    """Return the message of a fill: an exit has a profit, an entry has none."""
    reason = REASONS.codes[line.reason]
    price_krw = decimal_of(line.price)
    if line.pnl is None:
        return Entry(
            t=line.t,
            market=line.market,
            reason=reason,
            price_krw=price_krw,
            volume=coins(line.units),
            funds_krw=line.funds,
            fee_krw=line.fee,
        )
    return Exit(
        t=line.t,
        market=line.market,
        reason=reason,
        price_krw=price_krw,
        volume=coins(line.units),
        funds_krw=line.funds,
        fee_krw=line.fee,
        pnl_krw=line.pnl,
        r=line.r,
    )


def mode_changed(operator: OperatorMode) -> ModeChanged:
    """Return the message of the operator's mode as it stands."""
    return ModeChanged(t=operator.t, mode=operator.mode, reason=operator.reason, by=operator.by)


def mismatch(t: int, market: str, *, booked: int, held: int) -> Mismatch:
    """Return the message that books and exchange differ, in units of 1e-8 coins."""
    return Mismatch(t=t, market=market, booked_volume=coins(booked), held_volume=coins(held))


def coins(units: int) -> Decimal:
    """Return units of 1e-8 coins as coins."""
    return Decimal(units) / UNITS
