"""What every release stored, on deployed functions: a position and an open order trade on."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from safety.stored import END_T, STORED_T, fills, left_with_an_open_order, stored_items
from safety.world import (
    BAR,
    BTC,
    CASH,
    ETH,
    EXIT_T,
    MARKETS,
    MINUTE,
    SETUP,
    START,
    agreed,
    newer_rows,
    older_rows,
    store_of,
    world_on,
)

from haetae.app.ports import Ports
from haetae.base.money import MICRO
from haetae.config.build import setup_of
from haetae.ledger.book import GENESIS, TradeLine
from haetae.ledger.journal import verify
from haetae.ledger.keys import BOOK_SK
from haetae.ledger.migrate import SCHEMA_WRITTEN
from haetae.research.data.tapes import History, Rows, Span
from haetae_local.deploy.aws import client
from haetae_local.deploy.stack import Deployed
from haetae_local.lifecycle.account import FORM, restore
from haetae_local.replay.drive import drive
from haetae_local.replay.replay import deployment, ports_on
from haetae_local.talk.http import api_of, call, exchange_at

SETTINGS = {
    "schedule.decision_interval_minutes": "5",
    "strategy.params.ema_fast": "3",
    "strategy.params.ema_slow": "8",
    "strategy.params.atr_len": "5",
    "risk.max_position": "2",
}
type Order = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Undisturbed:
    """The same account in this process: its exchange at STORED_T, and what it went on to do."""

    exchange: dict[str, Any]
    fills: list[TradeLine]
    orders: list[Order]
    balances: dict[str, str]


@cache
def undisturbed() -> Undisturbed:
    """Run the account that nobody interrupts."""
    with store_of("memory") as store:
        world = world_on(store)
        left_with_an_open_order(world)
        exchange = world.control("GET", "state")
        world.run(STORED_T + MINUTE, END_T)
        agreed(world)
        account = world.control("GET", "state")["accounts"]["main"]
        return Undisturbed(
            exchange=exchange,
            fills=fills(world),
            orders=account["orders"],
            balances=balances_of(account),
        )


def balances_of(account: dict[str, Any]) -> dict[str, str]:
    """Return what an account of the exchange holds, by currency."""
    return {row["currency"]: row["balance"] for row in account["balances"]}


@dataclass(frozen=True, kw_only=True)
class Account:
    """A deployed account, and how to look at it."""

    where: Deployed
    exchange: str

    @property
    def ports(self) -> Ports:
        """Return ports on the functions' table and exchange."""
        return ports_on(self.where, self.exchange, SETUP)

    def put(self, schema: int) -> None:
        """Put a released account in the place of all that is stored, its exchange with it."""
        dynamodb = client("dynamodb", self.where.endpoint)
        for item in self.items():
            key = {"pk": item["pk"], "sk": item["sk"]}
            dynamodb.delete_item(TableName=self.where.table, Key=key)
        kept = {
            "form": FORM,
            "items": stored_items(schema),
            "exchange": undisturbed().exchange,
        }
        restore(kept, endpoint=self.where.endpoint, table=self.where.table, exchange=self.exchange)

    def drive(self, from_t: int, to_t: int) -> None:
        """Let the schedules' events of these minutes come."""
        drive(self.where, self.exchange, from_t=from_t, to_t=to_t, interval_s=BAR)

    def items(self) -> list[dict[str, Any]]:
        """Return everything in the table."""
        pages = client("dynamodb", self.where.endpoint).get_paginator("scan")
        return [
            item for page in pages.paginate(TableName=self.where.table) for item in page["Items"]
        ]

    def schema(self) -> int:
        """Return the schema that the book is stored in."""
        [book] = [item for item in self.items() if item["sk"]["S"] == BOOK_SK]
        return int(book["schema"]["N"])

    def status(self) -> Any:
        """Return what the bot says of itself."""
        return call(api_of(self.where), "GET", "/status")

    def held(self) -> dict[str, dict[str, Any]]:
        """Return the positions by market."""
        return {one["market"]: one for one in self.status()["account"]["positions"]}

    def at_exchange(self) -> dict[str, Any]:
        """Return the exchange's own account."""
        found = call(exchange_at(self.exchange), "GET", "/sandbox/state")
        account: dict[str, Any] = found["accounts"]["main"]
        return account

    def fills(self) -> list[TradeLine]:
        """Return what the books say was bought and sold, market by market."""
        books = self.ports.books
        return [
            line for name in (BTC, ETH) for line in books.trades(name, from_t=START, to_t=END_T)
        ]


def history(name: str) -> History:
    """Return a market's candles."""
    return History(bars=columns(older_rows(name), BAR), minutes=columns(newer_rows(name), MINUTE))


def columns(rows: list[list[float]], unit_s: int) -> Rows:
    """Return rows of t, o, h, l, c, v as the arrays of a run."""
    table = np.array(rows)
    return Rows(unit_s=unit_s, times=table[:, 0].astype(np.int64), prices=table[:, 1:])


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    setup = setup_of(profile="plan", markets=MARKETS, overrides=SETTINGS)
    assert setup == SETUP, "the functions are told what the account was stored with"
    with deployment(
        setup,
        {name: history(name) for name in MARKETS},
        Span(from_t=START, to_t=END_T, coarse=False),
        cash=int(CASH) * MICRO,
        settings=SETTINGS,
    ) as (where, exchange):
        yield Account(where=where, exchange=exchange)


@pytest.mark.parametrize("schema", range(1, SCHEMA_WRITTEN + 1))
def test_a_stored_account_is_deployed_over_and_trades_on(account: Account, schema: int) -> None:
    # given what a release stored: ETH is held, an order of BTC is open
    account.put(schema)
    before = account.status()
    stop = float(account.held()[ETH]["stop"])
    assert account.held().keys() == {ETH}
    assert [(o["market"], o["side"], o["phase"]) for o in before["orders"]] == [
        (BTC, "bid", "open")
    ]
    assert account.schema() == schema, "the API reads and does not write"

    # when a minute passes, then the order is settled, the stop stands, and the schema has moved on
    account.drive(STORED_T + MINUTE, STORED_T + MINUTE)
    assert account.status()["orders"] == []
    assert account.held().keys() == {BTC, ETH}
    assert float(account.held()[ETH]["stop"]) >= stop > 0
    assert account.schema() == SCHEMA_WRITTEN

    # when the market falls through the stops, then both are sold, as if nothing had happened
    account.drive(STORED_T + 2 * MINUTE, END_T)
    expected = undisturbed()
    assert [line.side.value for line in expected.fills] == ["bid", "ask"] * 2
    assert account.fills() == expected.fills
    assert account.at_exchange()["orders"] == expected.orders, "nothing doubled, nothing else sent"
    assert balances_of(account.at_exchange()) == expected.balances
    after = account.status()
    assert (after["mode"], before["mode"]) == ("run", "run")
    assert after["epoch"] == before["epoch"]
    for name in MARKETS:
        records = account.ports.books.decisions(name, from_t=START, to_t=END_T)
        assert {r.t for r in records} >= {EXIT_T}
        assert verify(records, GENESIS) is None


@pytest.mark.parametrize("schema", range(1, SCHEMA_WRITTEN + 1))
def test_a_kill_sells_what_an_earlier_release_bought(account: Account, schema: int) -> None:
    account.put(schema)
    account.drive(STORED_T + MINUTE, STORED_T + MINUTE)
    assert account.held().keys() == {BTC, ETH}

    answer = call(api_of(account.where), "POST", "/killswitch", {"reason": "enough"})
    account.drive(STORED_T + 2 * MINUTE, STORED_T + 4 * MINUTE)

    assert answer["acknowledged"] is True
    assert (account.status()["mode"], account.held()) == ("kill", {})
    assert balances_of(account.at_exchange()).keys() == {"KRW"}
    assert [line.reason for line in account.fills() if line.side.value == "ask"] == ["kill"] * 2
