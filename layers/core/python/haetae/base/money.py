"""Money and coins as integers and Decimals, and the two places where floats cross to Decimal.

The kernel counts won in `micro` (1e-6 won) and coins in `units` (1e-8 coins); outside it both
are Decimals. A conversion that rounds says in its name which way.
"""

from decimal import ROUND_FLOOR, Decimal

MICRO = 1_000_000  # per won
UNITS = 100_000_000  # per coin


def krw_of(micro: int) -> Decimal:
    """Return micro-won as won."""
    return Decimal(micro) / MICRO


def floor_micro(krw: Decimal) -> int:
    """Return won as whole micro-won, rounded down."""
    return int((krw * MICRO).to_integral_value(ROUND_FLOOR))


def floor_units(volume: Decimal) -> int:
    """Return coins as whole units, rounded down."""
    return int((volume * UNITS).to_integral_value(ROUND_FLOOR))


def decimal_of(number: float) -> Decimal:
    """Return the Decimal that a float's shortest text names."""
    return Decimal(repr(number))


def float_of(amount: Decimal) -> float:
    """Return the float nearest to a Decimal."""
    return float(amount)


def decimal_text(amount: Decimal) -> str:
    """Write an amount in plain digits, never with an exponent."""
    return format(amount, "f")


def price_text(price: float) -> str:
    """Write a price in plain digits, the shortest that read back as the same float."""
    return decimal_text(decimal_of(price)).removesuffix(".0")


def volume_text(units: int) -> str:
    """Write units as coins with all eight decimals; exact, without an exponent."""
    whole, rest = divmod(units, UNITS)
    return f"{whole}.{rest:08d}"
