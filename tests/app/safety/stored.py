"""The account that every release is asked to go on with: one position held, one order open."""

import json
from collections.abc import Callable
from typing import Any

from haetae.adapters.upbit.transport import Answer, Request, SurelyNotSent
from haetae.ledger.book import TradeLine
from safety.world import BAR, BTC, ENTRY_T, ETH, EXIT_T, MINUTE, START, World
from support.tapes import REPOSITORY

STORED_T = ENTRY_T + MINUTE  # when the stored account was left: ETH bought, BTC's order open
END_T = EXIT_T + BAR  # when it has sold both
READS = 3  # how often the client tries a read


def stored_items(schema: int) -> list[dict[str, Any]]:
    """Return the items of the account as the releases that write `schema` left them."""
    path = REPOSITORY / f"tests/data/items/schema_{schema}.json"
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return found


def left_with_an_open_order(world: World) -> None:
    """Trade until ETH is bought, and BTC's order too, but no answer about BTC's has come."""
    world.run(START, ENTRY_T)
    asked: list[str] = []

    def mute(request: Request, serve: Callable[[], Answer]) -> Answer:
        if (request.method, request.path) == ("GET", "/v1/order") and len(asked) < READS:
            asked.append(request.target)
            raise SurelyNotSent("no connection")
        return serve()

    world.line.fault = mute
    world.risk_check(STORED_T)
    world.line.fault = None


def fills(world: World) -> list[TradeLine]:
    """Return what the books say was bought and sold, market by market."""
    return [
        line
        for name in (BTC, ETH)
        for line in world.ports.books.trades(name, from_t=START, to_t=END_T)
    ]
