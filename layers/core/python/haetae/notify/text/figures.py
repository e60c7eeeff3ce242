"""Numbers and times as people read them, the same in every language."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

KST = timezone(timedelta(hours=9), "KST")
NONE = "–"
CENT_PRICE = 100  # won; below it a price's tick is smaller than one won


def won(amount: Decimal) -> str:
    """Return whole won with separators."""
    return f"{amount:,.0f}"


def gain(amount: Decimal) -> str:
    """Return whole won with sign and separators."""
    return f"{amount:+,.0f}"


def price(amount: Decimal) -> str:
    """Return a price in won: whole ones, or all its digits where the tick is smaller than that."""
    return f"{amount:,.0f}" if amount >= CENT_PRICE else f"{amount.normalize():,f}"


def coins(volume: Decimal) -> str:
    """Return a volume with the eight digits that the exchange counts."""
    return f"{volume:.8f}"


def risk(r: float | None) -> str:
    """Return a profit in units of the risk, with its sign; a dash where no risk was set."""
    return NONE if r is None else f"{r:+.2f}"


def names(found: tuple[str, ...]) -> str:
    """Return names in a row; a dash for none."""
    return ", ".join(found) or NONE


def minute(t: int) -> str:
    """Return epoch seconds as a minute in Seoul."""
    return f"{seoul(t):%Y-%m-%d %H:%M} KST"


def day(t: int) -> str:
    """Return the day in Seoul that epoch seconds lie in."""
    return f"{seoul(t):%Y-%m-%d}"


def seoul(t: int) -> datetime:
    """Return epoch seconds as a time in Seoul, which knows no daylight saving."""
    return datetime.fromtimestamp(t, UTC).astimezone(KST)
