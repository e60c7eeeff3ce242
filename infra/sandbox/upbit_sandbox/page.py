"""The page under /sandbox/: what the accounts hold and did, to look at in a browser.

Its prices come by a route of their own, so that a page that is open takes nothing from a client's
rate and meets none of the faults that are meant for it.
"""

import asyncio
from functools import cache
from pathlib import Path

from upbit_sandbox.base.wire import Json, Request, Response, json_response
from upbit_sandbox.sandbox import Sandbox
from upbit_sandbox.streams.quotes import Quotes, quotes_of, rows_by_code

PATH = "/sandbox/"
HEADERS = (
    ("content-type", "text/html;charset=UTF-8"),
    ("cache-control", "no-cache"),
    (
        "content-security-policy",
        "default-src 'self' 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    ),
)


async def page_at(sandbox: Sandbox, request: Request) -> Response | None:
    """Answer the page and its prices; None where another route answers."""
    if request.method != "GET":
        return None
    match request.path:
        case "/sandbox":
            return Response(307, b"", (("location", PATH),))
        case "/sandbox/":
            return _page()
        case "/sandbox/prices":
            quotes = quotes_of(sandbox)
            if sandbox.mirror is None:
                return _prices(quotes)
            return await asyncio.to_thread(_prices, quotes)
        case _:
            return None


@cache
def _page() -> Response:
    return Response(200, Path(__file__).with_name("page.html").read_bytes(), HEADERS)


def _prices(quotes: Quotes) -> Response:
    """Answer the last price of every market and its change since yesterday, as a share."""
    tickers = rows_by_code(quotes, "/v1/ticker", sorted(quotes.codes()))
    prices: dict[str, Json] = {
        code: {name: row[name] for name in ("trade_price", "signed_change_rate")}
        for code, row in tickers.items()
    }
    return json_response({"prices": prices})
