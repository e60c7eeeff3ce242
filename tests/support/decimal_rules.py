"""Upbit's rules for KRW markets in exact decimals, as an oracle for the kernel's numbers.

The kernel does the same arithmetic in floats and integers; the two are written apart and held
against each other by tests. Upbit docs: krw-market-info (ticks in force since 2025-07-31),
faq-order (volume truncated to 8 decimals; a fee is added to buys and taken from sells).

from price   tick        from price   tick
1,000,000    1,000       10           0.1
  500,000      500        1           0.01
  100,000      100        0.1         0.001
   50,000       50        0.01        0.0001
   10,000       10        0.001       0.00001
    5,000        5        0.0001      0.000001
      100        1        0.00001     0.0000001
                          below       0.00000001
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, Inexact, InvalidOperation

MIN_ORDER = Decimal(5_000)
MAX_ORDER = Decimal(1_000_000_000)
VOLUME_STEP = Decimal("0.00000001")
SMALLEST_TICK = Decimal("0.00000001")
TICKS: tuple[tuple[Decimal, Decimal], ...] = tuple(
    (Decimal(start), Decimal(tick))
    for start, tick in (
        ("1000000", "1000"),
        ("500000", "500"),
        ("100000", "100"),
        ("50000", "50"),
        ("10000", "10"),
        ("5000", "5"),
        ("100", "1"),
        ("10", "0.1"),
        ("1", "0.01"),
        ("0.1", "0.001"),
        ("0.01", "0.0001"),
        ("0.001", "0.00001"),
        ("0.0001", "0.000001"),
        ("0.00001", "0.0000001"),
    )
)
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])
_DOWN = Context(prec=80, rounding=ROUND_FLOOR, traps=[InvalidOperation])


def tick_of(price: Decimal) -> Decimal:
    """Return the tick in won at this price; a band's lower bound belongs to it."""
    return next((tick for start, tick in TICKS if price >= start), SMALLEST_TICK)


def is_legal(price: Decimal) -> bool:
    """Tell whether a limit order may carry this price."""
    return price > 0 and floor_tick(price) == price


def floor_tick(price: Decimal) -> Decimal:
    """Return the highest legal price at or below `price`; 0 below the smallest tick."""
    return _whole(price, tick_of(price), ROUND_FLOOR)


def ceil_tick(price: Decimal) -> Decimal:
    """Return the lowest legal price at or above `price`; a band's end is legal in the next."""
    return _whole(price, tick_of(price), ROUND_CEILING)


def shift_bps(price: Decimal, bps: int) -> Decimal:
    """Return price × (10000 + bps) / 10000, exactly."""
    return _EXACT.divide(_EXACT.multiply(price, Decimal(10_000 + bps)), Decimal(10_000))


def floor_volume(volume: Decimal) -> Decimal:
    """Return the volume truncated to 8 decimals."""
    return _whole(volume, VOLUME_STEP, ROUND_FLOOR)


def buy_volume(total: Decimal, price: Decimal) -> Decimal:
    """Return the coins that `total` won buy at `price`, truncated to 8 decimals."""
    # the quotient is rounded down at 80 digits, so that truncating it again is exact
    return floor_volume(_DOWN.divide(total, price))


def funds(price: Decimal, volume: Decimal) -> Decimal:
    """Return price × volume in won, exactly."""
    return _EXACT.multiply(price, volume)


def fee(amount: Decimal, bps: int) -> Decimal:
    """Return the fee on `amount` won, exactly; Upbit does not round it."""
    return _EXACT.divide(_EXACT.multiply(amount, Decimal(bps)), Decimal(10_000))


def buy_cost(total: Decimal, bps: int) -> Decimal:
    """Return what a market buy of `total` won locks: the fee comes on top."""
    return _EXACT.add(total, fee(total, bps))


def spendable(balance: Decimal, bps: int) -> Decimal:
    """Return the most whole won that a market buy may total with this balance."""
    return _DOWN.divide(
        _EXACT.multiply(balance, Decimal(10_000)), Decimal(10_000 + bps)
    ).to_integral_value(ROUND_FLOOR)


def sale_proceeds(amount: Decimal, bps: int) -> Decimal:
    """Return what a sale of `amount` won brings once the fee is taken."""
    return _EXACT.subtract(amount, fee(amount, bps))


def order_total_allowed(total: Decimal) -> bool:
    """Tell whether an order's total lies within Upbit's limits, both included."""
    return MIN_ORDER <= total <= MAX_ORDER


def _whole(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    """Return the multiple of `step` next to `value` in the direction given."""
    count = _EXACT.divide(value, step).to_integral_value(rounding)
    return _EXACT.multiply(count, step)
