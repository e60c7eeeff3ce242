"""Where floats become exact: ticks, coin units, micro-won; each rounding names its direction.

Tests hold them against the same arithmetic in Decimal.
Facts: KRW tick table in force since 2025-07-31, volume truncated to 8 decimals, fee on top of
buys and deducted from sells (Upbit, KRW market information and order FAQ).
"""

from math import floor

from haetae.kernel.registry import kernel

UNITS = 100_000_000  # per coin
MICRO = 1_000_000  # per won
BPS = 10_000
MAX_UNITS = 9_000_000_000_000_000_000  # what a signed 64-bit integer can hold, rounded down


@kernel
def tick_of(price: float) -> tuple[float, int]:  # noqa: C901 - a table
    """Return (scale, step): the tick at `price` is step / scale won."""
    if price >= 1_000.0:
        if price >= 1_000_000.0:
            return 1.0, 1000
        if price >= 500_000.0:
            return 1.0, 500
        if price >= 100_000.0:
            return 1.0, 100
        if price >= 50_000.0:
            return 1.0, 50
        if price >= 10_000.0:
            return 1.0, 10
        if price >= 5_000.0:
            return 1.0, 5
        return 1.0, 1
    if price >= 100.0:
        return 1.0, 1
    if price >= 10.0:
        return 10.0, 1
    if price >= 1.0:
        return 100.0, 1
    if price >= 0.1:
        return 1_000.0, 1
    if price >= 0.01:
        return 10_000.0, 1
    if price >= 0.001:
        return 100_000.0, 1
    if price >= 0.0001:
        return 1_000_000.0, 1
    if price >= 0.00001:
        return 10_000_000.0, 1
    return 100_000_000.0, 1


@kernel
def floor_tick(price: float) -> float:
    """Return the highest legal price at or below `price`."""
    scale, step = tick_of(price)
    n = floor(price * scale / step)
    if n * step / scale > price:
        n = n - 1
    elif (n + 1) * step / scale <= price:
        n = n + 1
    return n * step / scale


@kernel
def ceil_tick(price: float) -> float:
    """Return the lowest legal price at or above `price`."""
    below = floor_tick(price)
    if below >= price:
        return below
    scale, step = tick_of(price)
    return (floor(below * scale + 0.5) + step) / scale


@kernel
def shift_bps(price: float, bps: int) -> float:
    """Return price × (10000 + bps) / 10000, rounded once, for prices of at most 8 decimals."""
    scale = 100.0
    if price < 1_000.0:
        scale = 100_000_000.0
    elif price < 10_000_000.0:
        scale = 10_000.0
    return floor(price * scale + 0.5) * (BPS + bps) / (BPS * scale)


@kernel
def buy_units(krw: int, price: float) -> int:
    """Return the units that `krw` won buy at the legal `price`, truncated."""
    scale, _step = tick_of(price)
    n = floor(price * scale + 0.5)
    whole = krw * UNITS // n
    rest = krw * UNITS % n
    return whole * floor(scale) + rest * floor(scale) // n


@kernel
def funds_floor(price: float, units: int) -> int:
    """Return price × units in micro, rounded down (what a sale brings)."""
    scale, _step = tick_of(price)
    n = floor(price * scale + 0.5)
    unit = 100 * floor(scale)
    return units // unit * n + units % unit * n // unit


@kernel
def funds_ceil(price: float, units: int) -> int:
    """Return price × units in micro, rounded up (what a purchase costs)."""
    scale, _step = tick_of(price)
    n = floor(price * scale + 0.5)
    unit = 100 * floor(scale)
    return units // unit * n + (units % unit * n + unit - 1) // unit


@kernel
def fee_ceil(funds: int, bps: int) -> int:
    """Return the fee on `funds` micro, rounded up."""
    return (funds * bps + BPS - 1) // BPS


@kernel
def share_floor(amount: int, bps: int) -> int:
    """Return amount × bps / 10000, rounded down, for amounts that may fill 63 bits."""
    return amount // BPS * bps + amount % BPS * bps // BPS


@kernel
def share_ceil(amount: int, bps: int) -> int:
    """Return amount × bps / 10000, rounded up, for amounts that may fill 63 bits."""
    return amount // BPS * bps + (amount % BPS * bps + BPS - 1) // BPS


@kernel
def value_nearest(price: float, units: int) -> int:
    """Return the worth of `units` at any `price` in micro, nearest; exact where whole."""
    return floor(units * price / 100.0 + 0.5)


@kernel
def part(amount: int, units: int, of_units: int) -> int:
    """Return the share of `amount` that belongs to `units` out of `of_units`, rounded down."""
    if units >= of_units:
        return amount
    return floor(amount * (float(units) / float(of_units)))
