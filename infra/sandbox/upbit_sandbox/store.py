"""The exchange's state in an SQLite file: what was answered is there, also after a SIGKILL.

One transaction a request, in the write-ahead log: it survives the death of the process. A power
failure may lose the last moments, never the file. The file is locked while a sandbox runs on it.

    meta     source: the market's identity; account: balances, clock and how many uuids are issued
    orders   one row an order, oldest first; the record is that of state.py
    refused  identifiers that were burnt without an order
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from upbit_sandbox.clock import Anchor, Clock, RealClock
from upbit_sandbox.exchange import Exchange
from upbit_sandbox.fields import Malformed
from upbit_sandbox.records import order_record
from upbit_sandbox.state import (
    VERSION,
    Snapshot,
    read_snapshot,
    source_body,
)
from upbit_sandbox.venue import Venue
from upbit_sandbox.wallet import account_body

APPLICATION_ID = 0x75706273  # "upbs"
_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE orders (number INTEGER PRIMARY KEY, record TEXT NOT NULL)",
    "CREATE TABLE refused (identifier TEXT PRIMARY KEY) WITHOUT ROWID",
)
_PUT_META = "REPLACE INTO meta VALUES (?, ?)"
_PUT_ORDER = "REPLACE INTO orders VALUES (?, ?)"
_PUT_REFUSED = "INSERT INTO refused VALUES (?)"
LOG_PAGES = 4_000  # of the write-ahead log, then they move into the file


class StateFileError(Exception):
    """A state file that cannot be used; the text names the file and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a state file holds; `anchor` is that of a real clock, None of a virtual one."""

    snapshot: Snapshot
    anchor: Anchor | None


class StateFile:
    """One exchange's state file; opened by the first load or save, locked until closed."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self.path = path
        self._db: sqlite3.Connection | None = None
        self._account: Exchange | None = None  # the one whose whole state is in the file
        self._moved: object = None  # the clock and the issued uuids that are in it
        self._numbers: dict[str, int] = {}  # orders → their rows

    def load(self) -> Kept | None:
        """Give what the file holds, None when there is no file; raises StateFileError."""
        try:
            if self._db is None:
                if not self.path.exists():
                    return None
                self._db = self._opened()
            return _read(self._db)
        except (Malformed, json.JSONDecodeError, UnicodeDecodeError) as exc:
            raise self._damaged(str(exc)) from exc
        except (sqlite3.Error, OSError) as exc:
            raise self._unusable(exc) from exc

    def save(self, venue: Venue) -> None:
        """Make everything that has changed durable, in one transaction; raises StateFileError.

        A new account (at the start, after a reset or a restore) replaces all that was there.
        """
        account = venue.account
        moved = (_moved(venue.clock), account.issued)
        if (
            account is self._account
            and moved == self._moved
            and not (account.changed_orders or account.newly_refused)
        ):
            return
        try:
            if self._db is None:
                self._db = self._created(venue)
            elif account is not self._account:
                _transact(self._db, "IMMEDIATE", lambda db: _write_whole(db, venue))
            else:
                _transact(self._db, "IMMEDIATE", lambda db: self._write_changes(db, venue))
        except (sqlite3.Error, OSError) as exc:
            raise self._unusable(exc) from exc
        self._follow(account)
        self._moved = moved

    def roll_back(self, venue: Venue) -> None:
        """Put the venue back to what the file holds, after a save that failed."""
        kept = self.load()
        assert kept is not None, "only a file that was saved once can fail to be saved"
        venue.restore(kept.snapshot)
        self._follow(venue.account)
        self._moved = (_moved(venue.clock), venue.account.issued)

    def _follow(self, account: Exchange) -> None:
        """Note that the file holds this account as it is now."""
        if account is not self._account:
            self._numbers = {uuid: number for number, uuid in enumerate(account.orders)}
            self._account = account
        account.changed_orders.clear()
        account.newly_refused.clear()

    def _write_changes(self, db: sqlite3.Connection, venue: Venue) -> None:
        account = venue.account
        db.execute(_PUT_META, ("account", _account_text(venue)))
        for uuid in account.changed_orders:
            number = self._numbers.setdefault(uuid, len(self._numbers))
            db.execute(_PUT_ORDER, (number, json.dumps(order_record(account.orders[uuid]))))
        db.executemany(_PUT_REFUSED, ((identifier,) for identifier in account.newly_refused))

    def close(self) -> None:
        """Unlock the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _created(self, venue: Venue) -> sqlite3.Connection:
        """Make the file with all its tables and rows at once, or leave none."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {VERSION}")
            for table in _TABLES:
                db.execute(table)
            _write_whole(db, venue)

        db = self._connected("rwc")
        try:
            _transact(db, "EXCLUSIVE", write)
            _logged_ahead(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _opened(self) -> sqlite3.Connection:
        if self.path.stat().st_size == 0:
            raise self._damaged("it is empty")
        db = self._connected("rw")
        try:
            if db.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
                raise StateFileError(
                    f"{self.path} is not a state of this exchange; name another file for --state."
                )
            [version] = db.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                raise StateFileError(
                    f"{self.path} was written by another version of the sandbox (state {version},"
                    f" this one reads {VERSION}); move the file away to open a new account."
                )
            [found] = db.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise self._damaged(found.splitlines()[-1])
            _logged_ahead(db)
        except BaseException:
            db.close()
            raise
        return db

    def _connected(self, mode: str) -> sqlite3.Connection:
        # The server uses one thread, but not always the one that opened the file.
        db = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        return db

    def _damaged(self, reason: str) -> StateFileError:
        return StateFileError(
            f"{self.path} is damaged ({reason}); move the file away to open a new account."
        )

    def _unusable(self, exc: Exception) -> StateFileError:
        code = getattr(exc, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return self._damaged(str(exc))
        if code == sqlite3.SQLITE_BUSY:
            return StateFileError(f"{self.path} is in use by another sandbox; stop that one first.")
        return StateFileError(f"{self.path} cannot be used: {exc}.")


def _logged_ahead(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")


def _transact(db: sqlite3.Connection, kind: str, write: Callable[..., None]) -> None:
    db.execute(f"BEGIN {kind}")
    try:
        write(db)
        db.execute("COMMIT")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _moved(clock: Clock) -> tuple[float, list[float] | None]:
    """Give what to keep of a clock: a virtual one's time, or a real one's anchor."""
    if isinstance(clock, RealClock):
        return clock.anchor.now_s, list(clock.anchor)
    return clock.now(), None


def _account_text(venue: Venue) -> str:
    now_s, anchor = _moved(venue.clock)
    wallet = venue.account.wallet
    balances = [account_body(c, wallet.balance(c)) for c in wallet.currencies()]
    return json.dumps(
        {"now_s": now_s, "anchor": anchor, "issued": venue.account.issued, "balances": balances}
    )


def _write_whole(db: sqlite3.Connection, venue: Venue) -> None:
    for table in ("meta", "orders", "refused"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own three names
    db.execute(_PUT_META, ("source", json.dumps(source_body(venue.source))))
    db.execute(_PUT_META, ("account", _account_text(venue)))
    ledger = venue.account.ledger()
    records = (json.dumps(order_record(order)) for order in ledger.orders)
    db.executemany(_PUT_ORDER, enumerate(records))
    refused = ((name,) for name, uuid in ledger.identifiers.items() if uuid is None)
    db.executemany(_PUT_REFUSED, refused)


def _read(db: sqlite3.Connection) -> Kept:
    """Read the whole file as one state, with everything that is checked of one."""
    meta = {name: json.loads(text) for name, text in db.execute("SELECT name, value FROM meta")}
    account = meta.get("account")
    if not isinstance(account, dict):
        raise Malformed("account", "is missing")
    rows = db.execute("SELECT record FROM orders ORDER BY number")
    orders = [json.loads(record) for [record] in rows]
    identifiers: dict[str, object] = {
        name: None for [name] in db.execute("SELECT identifier FROM refused")
    }
    for order in orders:
        match order:
            case {"identifier": str(name), "uuid": uuid}:
                identifiers[name] = uuid
    body = account | {
        "version": VERSION,
        "source": meta.get("source"),
        "orders": orders,
        "identifiers": identifiers,
    }
    return Kept(snapshot=read_snapshot(body), anchor=_anchor(account.get("anchor")))


def _anchor(value: object) -> Anchor | None:
    match value:
        case None:
            return None
        case [int() | float() as wall_s, int() | float() as now_s, int() | float() as speed]:
            return Anchor(wall_s, now_s, speed)
        case _:
            raise Malformed("anchor", "must be three numbers")
