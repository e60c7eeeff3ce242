"""What an order may sell now: a slice that the order book takes, and no more than is held."""

from collections.abc import Mapping

from haetae.app.modes import halt_on_fault
from haetae.app.ports import Balance, Exchange, Ports
from haetae.base.errors import ExchangeError
from haetae.base.money import UNITS, floor_units
from haetae.config.setup import Setup
from haetae.kernel.codes import ENTRY, EXIT, LEAST_ORDER, PARTIAL
from haetae.kernel.records import Market, Order
from haetae.ledger.intent import Intent, Side, identifier
from haetae.market.names import currency_of
from haetae.market.order_book import sellable_units
from haetae.notify.build import mismatch

LEG_NAMES = {ENTRY: "entry", EXIT: "exit", PARTIAL: "partial"}


def slice_of(m: Market, cap: int) -> int:
    """Return how many units of a sell order to send now: what the book takes.

    Never a part that the exchange would refuse as too small, nor one that leaves such a rest;
    twice the minimum is room for the price to fall.
    """
    units = m.order.units
    least = int(2 * LEAST_ORDER * UNITS / m.close) + 1
    take = max(cap, least)
    return take if units - take >= least else units


def depth_units_of(ports: Ports, setup: Setup, markets: tuple[str, ...]) -> dict[str, int]:
    """Return how many units each order book takes within the slippage limit; 0 if unknown."""
    limit = setup.rails.slippage_limit_bps
    return {name: depth_units(ports.exchange, name, limit) for name in markets}


def depth_units(exchange: Exchange, market: str, limit_bps: int) -> int:
    """Return the units bid for within `limit_bps` of the best bid; 0 when that is not known."""
    try:
        book = exchange.order_book(market)
    except ExchangeError:
        return 0
    return sellable_units(book, limit_bps=limit_bps)


def units_for_sale(ports: Ports, sales: Mapping[str, Order]) -> dict[str, int]:
    """Return how many units each order can sell: at most what the exchange holds free, by market.

    Where it does not answer that is what the books hold. Less than booked is said aloud; nothing
    at all halts the bot, for the books are wrong. The account is asked once for all of them.
    """
    booked = {name: order.units for name, order in sales.items()}
    if not booked:
        return {}
    try:
        balances = {b.currency: b for b in ports.exchange.balances()}
    except ExchangeError:
        return booked
    return {
        name: free_units(ports, name, order, balances.get(currency_of(name)))
        for name, order in sales.items()
    }


def free_units(ports: Ports, name: str, order: Order, balance: Balance | None) -> int:
    """Return the units of a sale that are free on the account, all of it where none is."""
    units = 0 if balance is None else floor_units(balance.free)
    if units >= order.units:
        return order.units
    ports.messages.publish(mismatch(order.t, name, booked=order.units, held=units))
    if units == 0:
        halt_on_fault(ports, order.t, f"no {currency_of(name)} to sell")
        return order.units
    return units


def intent_of(setup: Setup, name: str, order: Order, *, units: int) -> Intent:
    """Return the intent of a kernel order; `units` is what an exit can really sell."""
    return Intent(
        identifier=identifier(
            account=setup.account,
            market=name,
            t=order.t,
            leg=LEG_NAMES[order.kind],
            part=0,
            attempt=0,
        ),
        market=name,
        side=Side.BID if order.kind == ENTRY else Side.ASK,
        t=order.t,
        kind=order.kind,
        reason=order.reason,
        krw=order.krw,
        units=units,
    )
