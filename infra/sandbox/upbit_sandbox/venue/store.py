"""The exchange's state in an SQLite file: what was answered is there, also after a SIGKILL.

One transaction a request, in the write-ahead log: it survives the death of the process. A power
failure may lose the last moments, never the file. The file is locked while a sandbox runs on it.
What is in it is in tables.py; only what a request has changed is written.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from upbit_sandbox.base.fields import Malformed
from upbit_sandbox.trading.exchange import Exchange
from upbit_sandbox.venue.state import VERSION
from upbit_sandbox.venue.tables import (
    TABLES,
    Kept,
    delete_account,
    meta_of,
    put_account,
    put_meta,
    put_orders,
    put_refusals,
    put_whole_account,
    read_tables,
)
from upbit_sandbox.venue.venue import Venue

APPLICATION_ID = 0x75706273  # "upbs"
LOG_PAGES = 4_000  # of the write-ahead log, then they move into the file


class StateFileError(Exception):
    """A state file that cannot be used; the text names the file and what to do."""


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
        return _Followed(account, _money_counts(account), numbers)


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
                self._db = self._open()
            return read_tables(self._db)
        except (Malformed, json.JSONDecodeError, UnicodeDecodeError) as exc:
            raise self._damage_error(str(exc)) from exc
        except (sqlite3.Error, OSError) as exc:
            raise self._unusable(exc) from exc

    def save(self, venue: Venue) -> None:
        """Make everything that has changed durable, in one transaction; raises StateFileError.

        A new account (at the start, after a reset or a restore) replaces the one of its name.
        """
        meta = meta_of(venue)
        if meta == self._meta and not self._is_behind(venue):
            return
        try:
            if self._db is None:
                self._db = self._create(venue, meta)
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
        self._follow(venue, meta_of(venue))

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
            self._accounts[name].moved = _money_counts(account)
            account.changed_orders.clear()
            account.newly_refused.clear()

    def _write(self, db: sqlite3.Connection, venue: Venue, meta: dict[str, object]) -> None:
        for name, value in meta.items():
            if name not in self._meta or self._meta[name] != value:
                put_meta(db, venue, name)
        for name in self._accounts.keys() - venue.accounts.keys():
            delete_account(db, name)
        for name, account in venue.accounts.items():
            if self._is_new(name, account):
                put_whole_account(db, venue, name)
            elif _has_changed(account, self._accounts[name].moved):
                self._write_changes(db, venue, name)

    def _write_changes(self, db: sqlite3.Connection, venue: Venue, name: str) -> None:
        account, numbers = venue.accounts[name], self._accounts[name].numbers
        put_account(db, venue, name)
        for uuid in account.changed_orders:
            numbers.setdefault(uuid, len(numbers))
        put_orders(db, name, ((numbers[u], account.orders[u]) for u in account.changed_orders))
        put_refusals(db, name, account.newly_refused)

    def close(self) -> None:
        """Unlock the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _create(self, venue: Venue, meta: dict[str, object]) -> sqlite3.Connection:
        """Make the file with all its tables and rows at once, or leave none."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {VERSION}")
            for table in TABLES:
                db.execute(table)
            self._write(db, venue, meta)

        db = self._connect("rwc")
        try:
            _transact(db, "EXCLUSIVE", write)
            _write_ahead(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _open(self) -> sqlite3.Connection:
        if self.path.stat().st_size == 0:
            raise self._damage_error("it is empty")
        db = self._connect("rw")
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
                raise self._damage_error(found.splitlines()[-1])
            _write_ahead(db)
        except BaseException:
            db.close()
            raise
        return db

    def _connect(self, mode: str) -> sqlite3.Connection:
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

    def _damage_error(self, reason: str) -> StateFileError:
        return StateFileError(
            f"{self.path} is damaged ({reason}); move the file away to open a new account."
        )

    def _unusable(self, exc: Exception) -> StateFileError:
        code = getattr(exc, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return self._damage_error(str(exc))
        if code == sqlite3.SQLITE_BUSY:
            return StateFileError(f"{self.path} is in use by another sandbox; stop that one first.")
        return StateFileError(f"{self.path} cannot be used: {exc}.")


def _write_ahead(db: sqlite3.Connection) -> None:
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


def _money_counts(account: Exchange) -> tuple[int, int]:
    """Give what moves whenever money does."""
    return account.issued, account.journal.count


def _has_changed(account: Exchange, moved: tuple[int, int]) -> bool:
    return bool(account.changed_orders or account.newly_refused) or _money_counts(account) != moved
