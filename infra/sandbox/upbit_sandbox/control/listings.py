"""The sandbox's routes to what it announces of its markets."""

from upbit_sandbox.base.errors import ApiError
from upbit_sandbox.base.fields import Malformed, read_body
from upbit_sandbox.base.wire import Request, Response, json_response
from upbit_sandbox.prices.listing import listings_body, read_listings
from upbit_sandbox.venue.venue import Control, Venue

PATH = "/sandbox/markets"


def get_listings(venue: Venue, request: Request) -> Response:
    """Answer the announcements of all markets that have any."""
    del request
    return json_response(listings_body(venue.listings))


def set_listings(venue: Venue, request: Request) -> Response:
    """Replace all announcements by {"KRW-BTC": {"warning": true, "cautions": [...],
    "maintenance": [["2025-09-01T00:00:00Z", "2025-09-01T02:00:00Z"]], "delisted": null}}.

    In a maintenance nothing has traded, also where it lies in the past.
    """
    listings = read_listings(read_body(request.body), "the body")
    if venue.source.name == "live":
        raise ApiError(400, "validation_error", "mirrored markets announce for themselves")
    unknown = [code for code in listings.by_code if code not in venue.markets]
    if unknown:
        raise Malformed("the body", f"{unknown[0]} is not a market here")
    venue.announce(listings)
    return get_listings(venue, request)


LISTING_CONTROLS: dict[tuple[str, str], Control] = {
    ("GET", PATH): get_listings,
    ("PUT", PATH): set_listings,
}
