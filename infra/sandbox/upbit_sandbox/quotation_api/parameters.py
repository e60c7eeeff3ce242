"""The parameters of the quotation routes, read as Upbit reads them and refused in its words."""

from upbit_sandbox.base.clock import parse_time
from upbit_sandbox.base.errors import invalid_value, missing_parameter, unknown_code, wrong_type
from upbit_sandbox.base.wire import Pairs, first
from upbit_sandbox.prices.market import Market
from upbit_sandbox.venue.venue import Venue


def read_market(venue: Venue, code: str | None, now_s: float) -> Market:
    """Give the market of this code; to a quote a delisted one is as unknown as any other."""
    if code is None:
        raise missing_parameter()
    market = venue.markets.get(code)
    if market is None or venue.listings.is_delisted(code, now_s):
        raise unknown_code()
    return market


def read_markets(venue: Venue, pairs: Pairs, now_s: float) -> list[Market]:
    """Give the markets of `markets`, comma-joined or repeated; one unknown fails them all."""
    return [read_market(venue, code, now_s) for code in read_list(pairs, "markets")]


def read_list(pairs: Pairs, name: str) -> list[str]:
    """Give the values of a list, comma-joined or repeated; there must be one."""
    values = [value for key, text in pairs if key == name for value in text.split(",") if value]
    if not values:
        raise missing_parameter()
    return values


def read_count(text: str | None, *, default: int, most: int) -> int:
    """Read a positive number; above `most` it is silently cut."""
    if text is None:
        return default
    count = read_integer(text)
    if count <= 0:
        raise invalid_value()
    return min(count, most)


def read_integer(text: str) -> int:
    """Read a whole number."""
    if len(text) > 9 or not text.removeprefix("-").isdecimal():
        raise wrong_type()
    return int(text)


def read_to(pairs: Pairs) -> float | None:
    """Read `to`, ISO 8601 with T or space, naive UTC or with a zone, as epoch seconds."""
    text = first(pairs, "to")
    if text is None:
        return None
    if len(text) > 19 and text[-6] == " ":  # a bare "+09:00" arrives with its plus as a space
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        return parse_time(text)
    except ValueError:
        raise invalid_value() from None
