"""Applications that write while a plan runs: sessions of one version, each on rows of its own, that remember every
write which the server acknowledged."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Version:
    """One version of an application: its statements, each with ``%(key)s`` and ``%(value)s``.

    ``read`` returns the row's value as the version sees it.
    """

    name: str
    insert: str
    update: str
    upsert: str
    read: str
    delete: str


@dataclass
class Session:
    """One long-lived connection that works through keys of its own until it is told to stop."""

    url: str
    version: Version
    first_key: int
    acknowledged: dict[int, int | None] = field(default_factory=dict[int, "int | None"])
    """The value of every key that was written, None for deleted ones."""
    errors: list[str] = field(default_factory=list[str])
    rounds: int = 0
    stall: float = 0.0
    """The longest that a round took, in seconds."""

    def start(self) -> Session:
        """Begin to work in a thread; it has connected on return."""
        self._stop, self._connected = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        self._connected.wait(timeout=30)
        return self

    def stop(self) -> None:
        """Finish the round, the first one at least, and close."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _work(self) -> None:
        with psycopg.connect(self.url, autocommit=True, prepare_threshold=1) as db:
            self._connected.set()
            while not (self._stop.is_set() and self.rounds):
                began = time.monotonic()
                try:
                    self._round(db)
                except psycopg.Error as error:
                    self.errors.append(str(error))
                    return
                self.rounds += 1
                self.stall = max(self.stall, time.monotonic() - began)

    def _round(self, db: psycopg.Connection) -> None:
        key = self.first_key + self.rounds % 50
        for value, statement in enumerate((self.version.upsert, self.version.update, self.version.upsert)):
            self._write(db, statement, key, self.rounds % 1000 + value + 1)
            seen = db.execute(self.version.read.encode(), {"key": key}, binary=False).fetchone()
            if seen != (self.acknowledged[key],):
                self.errors.append(f"{self.version.name} wrote {self.acknowledged[key]} to {key} and read {seen}")
        with db.transaction():
            db.execute(f"{self.version.read} FOR UPDATE".encode(), {"key": key})
            self._write(db, self.version.update, key, self.rounds % 1000 + 5)
        if self.rounds % 7 == 3:
            db.execute(self.version.delete.encode(), {"key": key})
            self.acknowledged[key] = None
            self._write(db, self.version.insert, key, self.rounds % 1000)

    def _write(self, db: psycopg.Connection, statement: str, key: int, value: int) -> None:
        db.execute(statement.encode(), {"key": key, "value": value})
        self.acknowledged[key] = value


def lost_writes(url: str, read: str, sessions: list[Session]) -> list[str]:
    """Rows that don't hold their last acknowledged write, as ``read`` sees them."""
    lost: list[str] = []
    with psycopg.connect(url, autocommit=True) as db:
        for session in sessions:
            for key, value in session.acknowledged.items():
                row = db.execute(read.encode(), {"key": key}).fetchone()
                if (None if row is None else row[0]) != value:
                    lost.append(f"{session.version.name}: {key} is {row}, not {value}")
    return lost


def statements(table: str, key: str, value: str, cast: str = "") -> Mapping[str, str]:
    """The statements of a version that calls the columns so; ``cast`` is the type that it reads the value as."""
    read = f"{value}{cast}"
    return {
        "insert": f"INSERT INTO {table} ({key}, {value}) VALUES (%(key)s, %(value)s)",
        "update": f"UPDATE {table} SET {value} = %(value)s WHERE {key} = %(key)s",
        "upsert": f"INSERT INTO {table} ({key}, {value}) VALUES (%(key)s, %(value)s)"
        f" ON CONFLICT ({key}) DO UPDATE SET {value} = excluded.{value}",
        "read": f"SELECT {read} FROM {table} WHERE {key} = %(key)s",
        "delete": f"DELETE FROM {table} WHERE {key} = %(key)s",
    }
