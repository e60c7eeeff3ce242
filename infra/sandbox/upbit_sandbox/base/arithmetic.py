"""Exact money arithmetic: every amount is a Decimal and nothing is rounded except where named."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation

FEE_RATE = Decimal("0.0005")  # KRW markets, both sides; Upbit docs: available-order-information
VOLUME_DECIMALS = 8
ZERO = Decimal(0)

EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])
_ROUNDED = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_CUT = Context(prec=80, rounding=ROUND_DOWN, traps=[InvalidOperation])
_EIGHTH = Decimal(1).scaleb(-VOLUME_DECIMALS)
_ONE = Decimal(1)

add = EXACT.add
subtract = EXACT.subtract
multiply = EXACT.multiply


def from_float(value: float) -> Decimal:
    """Cross from a candle's float to the Decimal that its shortest text names."""
    return Decimal(repr(float(value)))


def parse_amount(text: str) -> Decimal | None:
    """Read a positive finite amount as clients send it ("5000.0", "1e-05"); None if it is not one.

    Beyond 30 digits or 1e±20 it is refused, so that no exact product outgrows the context.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or value <= 0:
        return None
    if len(value.as_tuple().digits) > 30 or not -20 <= value.adjusted() <= 20:
        return None
    return value


def plain(value: Decimal) -> str:
    """Write an amount as Upbit does: no exponent, no trailing zeros, "0" for nothing."""
    return format(EXACT.normalize(value), "f") if value else "0"


def decimals(value: Decimal) -> int:
    """Count the digits after the point that are not trailing zeros."""
    exponent = EXACT.normalize(value).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def volume_for(total_krw: Decimal, price: Decimal) -> Decimal:
    """Divide a KRW total by a price, truncated to 8 decimals (Upbit docs: faq-order)."""
    coins = EXACT.divide_int(EXACT.scaleb(total_krw, VOLUME_DECIMALS), price)
    return EXACT.scaleb(coins, -VOLUME_DECIMALS)


def fee_of(funds_krw: Decimal, rate: Decimal = FEE_RATE) -> Decimal:
    """Charge the fee on funds, exact and not rounded to won."""
    return EXACT.multiply(funds_krw, rate)


def with_fee(funds_krw: Decimal, rate: Decimal = FEE_RATE) -> Decimal:
    """Add the fee on top: what a buy of these funds locks."""
    return EXACT.multiply(funds_krw, EXACT.add(_ONE, rate))


def without_fee(amount_krw: Decimal, rate: Decimal = FEE_RATE) -> Decimal:
    """Take the fee off again: the funds of which `with_fee` made this amount."""
    return EXACT.divide(amount_krw, EXACT.add(_ONE, rate))


def average_price(funds_krw: Decimal, volume: Decimal) -> Decimal:
    """Divide funds by volume, half-even to 8 decimals; zero volume gives zero."""
    if not volume:
        return ZERO
    return _ROUNDED.quantize(_ROUNDED.divide(funds_krw, volume), _EIGHTH)


def floor_volume(value: Decimal) -> Decimal:
    """Drop the ninth decimal of a volume and everything beyond."""
    return _CUT.quantize(value, _EIGHTH)
