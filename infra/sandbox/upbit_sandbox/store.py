"""The exchange's state in an SQLite file: what was answered is there, also after a SIGKILL.

One transaction a request, in the write-ahead log: it survives the death of the process. A power
failure may lose the last moments, never the file. The file is locked while a sandbox runs on it.

    meta      source: the market's identity; clock; keys; listings
    accounts  one row an account: its balances, its opening and how many uuids are issued
    orders    one row an order, oldest first in each account; the record is that of state.py
    refused   identifiers that were burnt without an order
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from upbit_sandbox.clock import Anchor, Clock, RealClock
from upbit_sandbox.exchange import Exchange
from upbit_sandbox.fields import Malformed, read_object
from upbit_sandbox.keys import key_record
from upbit_sandbox.listing import listings_body
from upbit_sandbox.records import order_record
from upbit_sandbox.state import VERSION, Snapshot, amounts_body, read_snapshot, source_body
from upbit_sandbox.venue import Venue
from upbit_sandbox.wallet import account_body
from upbit_sandbox.wire import Json

APPLICATION_ID = 0x75706273  # "upbs"
_TABLES = (
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
LOG_PAGES = 4_000  # of the write-ahead log, then they move into the file


class StateFileError(Exception):
    """A state file that cannot be used; the text names the file and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a state file holds; `anchor` is that of a real clock, None of a virtual one."""

    snapshot: Snapshot
    anchor: Anchor | None


@dataclass(slots=True)
class _Followed:
    """An account that is in the file, as it was when it was written."""

    account: Exchange
    moved: tuple[int, int]
    numbers: dict[str, int]  # orders → their rows

    @staticmethod
    def since_now(account: Exchange) -> "_Followed":
        """Note that the file holds this account as it is now."""
        numbers = {uuid: number for number, uuid in enumerate(account.orders)}
        return _Followed(account, _moved(account), numbers)


class StateFile:
    """One exchange's state file; opened by the first load or save, locked until closed."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self.path = path
        self._db: sqlite3.Connection | None = None
        self._meta: dict[str, object] = {}  # what the file holds of each
        self._accounts: dict[str, _Followed] = {}

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

        A new account (at the start, after a reset or a restore) replaces the one of its name.
        """
        meta = _meta_of(venue)
        if meta == self._meta and not self._is_behind(venue):
            return
        try:
            if self._db is None:
                self._db = self._created(venue, meta)
            else:
                _transact(self._db, "IMMEDIATE", lambda db: self._write(db, venue, meta))
        except (sqlite3.Error, OSError) as exc:
            raise self._unusable(exc) from exc
        self._follow(venue, meta)

    def roll_back(self, venue: Venue) -> None:
        """Put the venue back to what the file holds, after a save that failed."""
        kept = self.load()
        assert kept is not None, "only a file that was saved once can fail to be saved"
        venue.restore(kept.snapshot)
        self._follow(venue, _meta_of(venue))

    def _is_behind(self, venue: Venue) -> bool:
        return self._accounts.keys() != venue.accounts.keys() or any(
            self._is_new(name, account) or _has_changed(account, self._accounts[name].moved)
            for name, account in venue.accounts.items()
        )

    def _is_new(self, name: str, account: Exchange) -> bool:
        followed = self._accounts.get(name)
        return followed is None or followed.account is not account

    def _follow(self, venue: Venue, meta: dict[str, object]) -> None:
        """Note that the file holds all of this."""
        self._meta = meta
        for name in self._accounts.keys() - venue.accounts.keys():
            del self._accounts[name]
        for name, account in venue.accounts.items():
            if self._is_new(name, account):
                self._accounts[name] = _Followed.since_now(account)
            self._accounts[name].moved = _moved(account)
            account.changed_orders.clear()
            account.newly_refused.clear()

    def _write(self, db: sqlite3.Connection, venue: Venue, meta: dict[str, object]) -> None:
        for name, value in meta.items():
            if name not in self._meta or self._meta[name] != value:
                db.execute(_PUT_META, (name, json.dumps(_META[name](venue))))
        for name in self._accounts.keys() - venue.accounts.keys():
            _delete_account(db, name)
        for name, account in venue.accounts.items():
            if self._is_new(name, account):
                _delete_account(db, name)
                _write_account(db, venue, name)
            elif _has_changed(account, self._accounts[name].moved):
                self._write_changes(db, venue, name)

    def _write_changes(self, db: sqlite3.Connection, venue: Venue, name: str) -> None:
        account, numbers = venue.accounts[name], self._accounts[name].numbers
        db.execute(_PUT_ACCOUNT, (name, _account_text(venue, name)))
        for uuid in account.changed_orders:
            number = numbers.setdefault(uuid, len(numbers))
            db.execute(_PUT_ORDER, (name, number, json.dumps(order_record(account.orders[uuid]))))
        db.executemany(_PUT_REFUSED, ((name, text) for text in account.newly_refused))

    def close(self) -> None:
        """Unlock the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _created(self, venue: Venue, meta: dict[str, object]) -> sqlite3.Connection:
        """Make the file with all its tables and rows at once, or leave none."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {VERSION}")
            for table in _TABLES:
                db.execute(table)
            self._write(db, venue, meta)

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


def _moved(account: Exchange) -> tuple[int, int]:
    """Give what moves whenever money does."""
    return account.issued, account.journal.count


def _has_changed(account: Exchange, moved: tuple[int, int]) -> bool:
    return bool(account.changed_orders or account.newly_refused) or _moved(account) != moved


def _meta_of(venue: Venue) -> dict[str, object]:
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


def _delete_account(db: sqlite3.Connection, name: str) -> None:
    db.execute("DELETE FROM accounts WHERE name = ?", (name,))
    for table in ("orders", "refused"):
        db.execute(f"DELETE FROM {table} WHERE account = ?", (name,))  # noqa: S608 - our names


def _write_account(db: sqlite3.Connection, venue: Venue, name: str) -> None:
    db.execute(_PUT_ACCOUNT, (name, _account_text(venue, name)))
    ledger = venue.accounts[name].ledger()
    records = (json.dumps(order_record(order)) for order in ledger.orders)
    db.executemany(_PUT_ORDER, ((name, number, text) for number, text in enumerate(records)))
    refused = (text for text, uuid in ledger.identifiers.items() if uuid is None)
    db.executemany(_PUT_REFUSED, ((name, text) for text in refused))


def _read(db: sqlite3.Connection) -> Kept:
    """Read the whole file as one state, with everything that is checked of one."""
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
