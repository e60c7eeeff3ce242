"""The tables of a state file: what is a row in them, and one state out of all rows.

meta      source: the market's identity; clock; keys; listings
accounts  one row an account: its balances, its opening and how many uuids are issued
orders    one row an order, oldest first in each account; the record is that of records.py
refused   identifiers that were burnt without an order
"""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from upbit_sandbox.access.keys import key_record
from upbit_sandbox.base.clock import Anchor, Clock, RealClock
from upbit_sandbox.base.fields import Malformed, read_object
from upbit_sandbox.base.wire import Json
from upbit_sandbox.prices.listing import listings_body
from upbit_sandbox.prices.source import source_body
from upbit_sandbox.trading.orders import Order
from upbit_sandbox.trading.records import order_record
from upbit_sandbox.trading.wallet import account_body
from upbit_sandbox.venue.state import VERSION, Snapshot, amounts_body, read_snapshot
from upbit_sandbox.venue.venue import Venue

TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE accounts (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE orders (account TEXT, number INTEGER, record TEXT NOT NULL)",
    "CREATE UNIQUE INDEX order_numbers ON orders (account, number)",
    "CREATE TABLE refused (account TEXT, identifier TEXT)",
    "CREATE UNIQUE INDEX refusals ON refused (account, identifier)",
)
_PUT_META = "REPLACE INTO meta VALUES (?, ?)"
_PUT_ACCOUNT = (
    "INSERT INTO accounts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_PUT_ORDER = (
    "INSERT INTO orders VALUES (?, ?, ?)"
    " ON CONFLICT (account, number) DO UPDATE SET record = excluded.record"
)
_PUT_REFUSED = "INSERT INTO refused VALUES (?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a state file holds; `anchor` is that of a real clock, None of a virtual one."""

    snapshot: Snapshot
    anchor: Anchor | None


def read_tables(db: sqlite3.Connection) -> Kept:
    """Read all rows as one state, with everything that is checked of one; raises Malformed."""
    meta = {name: json.loads(text) for name, text in db.execute("SELECT name, value FROM meta")}
    clock = read_object(meta.get("clock"), "clock")
    accounts: dict[str, object] = {}
    for name, text in db.execute("SELECT name, value FROM accounts ORDER BY rowid"):
        fields = read_object(json.loads(text), f"accounts.{name}")
        accounts[name] = fields | _orders_of(db, name)
    body = {
        "version": VERSION,
        "now_s": clock.get("now_s"),
        "source": meta.get("source"),
        "keys": meta.get("keys"),
        "listings": meta.get("listings"),
        "accounts": accounts,
    }
    return Kept(snapshot=read_snapshot(body), anchor=_anchor(clock.get("anchor")))


def put_account(db: sqlite3.Connection, venue: Venue, name: str) -> None:
    """Write what an account holds, without its orders."""
    db.execute(_PUT_ACCOUNT, (name, _account_text(venue, name)))


def put_orders(db: sqlite3.Connection, name: str, orders: Iterable[tuple[int, Order]]) -> None:
    """Write orders of an account by their numbers."""
    rows = ((name, number, json.dumps(order_record(order))) for number, order in orders)
    db.executemany(_PUT_ORDER, rows)


def put_refusals(db: sqlite3.Connection, name: str, identifiers: Iterable[str]) -> None:
    """Write identifiers that were burnt without an order."""
    db.executemany(_PUT_REFUSED, ((name, text) for text in identifiers))


def put_whole_account(db: sqlite3.Connection, venue: Venue, name: str) -> None:
    """Write an account with all its orders, in the place of what was there."""
    delete_account(db, name)
    put_account(db, venue, name)
    ledger = venue.accounts[name].ledger()
    put_orders(db, name, enumerate(ledger.orders))
    put_refusals(db, name, (text for text, uuid in ledger.identifiers.items() if uuid is None))


def delete_account(db: sqlite3.Connection, name: str) -> None:
    """Delete an account with all its orders."""
    db.execute("DELETE FROM accounts WHERE name = ?", (name,))
    for table in ("orders", "refused"):
        db.execute(f"DELETE FROM {table} WHERE account = ?", (name,))  # noqa: S608 - our names


def put_meta(db: sqlite3.Connection, venue: Venue, name: str) -> None:
    """Write one of those that `meta_of` names."""
    db.execute(_PUT_META, (name, json.dumps(_META[name](venue))))


def meta_of(venue: Venue) -> dict[str, object]:
    """Give what to compare of all that is kept once for all accounts; cheap to make."""
    return {
        "source": venue.source,
        "clock": _time_of(venue.clock),
        "keys": venue.added_keys(),
        "listings": dict(venue.listings.by_code),
    }


def _source_meta(venue: Venue) -> Json:
    return source_body(venue.source)


def _clock_meta(venue: Venue) -> Json:
    now_s, anchor = _time_of(venue.clock)
    return {"now_s": now_s, "anchor": None if anchor is None else list(anchor)}


def _keys_meta(venue: Venue) -> Json:
    return [key_record(key) for key in venue.added_keys()]


def _listings_meta(venue: Venue) -> Json:
    return listings_body(venue.listings)


_META: dict[str, Callable[[Venue], Json]] = {
    "source": _source_meta,
    "clock": _clock_meta,
    "keys": _keys_meta,
    "listings": _listings_meta,
}


def _time_of(clock: Clock) -> tuple[float, Anchor | None]:
    """Give what to keep of a clock: a virtual one's time, or a real one's anchor."""
    if isinstance(clock, RealClock):
        return clock.anchor.now_s, clock.anchor
    return clock.now(), None


def _account_text(venue: Venue, name: str) -> str:
    account = venue.accounts[name]
    wallet = account.wallet
    balances = [account_body(c, wallet.balance(c)) for c in wallet.currencies()]
    opening = amounts_body(venue.openings[name])
    counts = {"issued": account.issued, "settled_s": account.settled_s}
    return json.dumps(counts | {"opening": opening, "balances": balances})


def _orders_of(db: sqlite3.Connection, name: str) -> dict[str, object]:
    """Read an account's orders and identifiers."""
    rows = db.execute("SELECT record FROM orders WHERE account = ? ORDER BY number", (name,))
    orders = [json.loads(record) for [record] in rows]
    refused = db.execute("SELECT identifier FROM refused WHERE account = ?", (name,))
    identifiers: dict[str, object] = {text: None for [text] in refused}
    for order in orders:
        match order:
            case {"identifier": str(text), "uuid": uuid}:
                identifiers[text] = uuid
    return {"orders": orders, "identifiers": identifiers}


def _anchor(value: object) -> Anchor | None:
    match value:
        case None:
            return None
        case [int() | float() as wall_s, int() | float() as now_s, int() | float() as speed]:
            return Anchor(wall_s, now_s, speed)
        case _:
            raise Malformed("anchor", "must be three numbers")
