"""What a statement really does on the shadow: the locks that it takes, and whether it rewrites or reads a table.

Locks are read by a second connection while the transaction is still open, or while the statement waits at a gate
(:mod:`migplan.prove.gates`). Rewrites show in pg_class, scans are told by PostgreSQL itself at
``client_min_messages = debug1``. An empty table behaves like a full one in all of that.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg.errors import Diagnostic

from migplan.core.records import record
from migplan.core.steps import LockMode
from migplan.planfile.model import MeasuredModel
from migplan.planfile.script import ScriptStatement
from migplan.prove.gates import run_gated
from migplan.prove.locks import Connection, Relations, files_now, locks_of, relations

_REWRITE: Final = re.compile(r"^rewriting table")
# A table gets its TOAST table, with an index on nothing, along with its first column of a wide type.
_SCAN: Final = re.compile(r"^(verifying table|validating foreign key constraint|building index (?!\"pg_toast_))")
_ALONE: Final = (psycopg.errors.ActiveSqlTransaction, psycopg.errors.InvalidTransactionTermination)
"""What a command answers that runs in no transaction block."""


@record
class Connections:
    """``work`` runs the plan, ``watch`` looks on; both to the same scratch database, both in autocommit mode."""

    work: Connection
    watch: Connection


@dataclass
class _Seen:
    locks: dict[str, LockMode] = field(default_factory=dict[str, LockMode])
    rewrite: bool = False
    scan: bool = False
    unseen: bool = False


class Measure:
    """Runs a script's statements one by one and keeps what each step did."""

    def __init__(self, connections: Connections, *, active: bool = True) -> None:
        self._work = connections.work
        self._watch = connections.watch
        self._active = active
        self._seen: dict[str, _Seen] = {}
        self._held: dict[int, LockMode] = {}
        self._existing = Relations({}, {})
        self._files: dict[int, int] = {}
        self._messages: list[str] = []

    def execute(self, statement: ScriptStatement) -> None:
        """Run one statement. Raises psycopg's error after rolling back."""
        try:
            if not self._active or statement.step is None:
                self._control(statement)
            elif self._in_transaction:
                self._inside(statement.sql, self._of(statement.step))
            else:
                self._outside(statement.sql, self._of(statement.step))
        except psycopg.Error:
            if self._work.info.transaction_status != psycopg.pq.TransactionStatus.IDLE and not self._work.broken:
                self._work.rollback()
            raise

    def begin(self) -> None:
        """A transaction has begun: what exists now is what others may wait for."""
        self._start()

    def results(self) -> dict[str, MeasuredModel]:
        """What each step did, by its id."""
        return {
            step: MeasuredModel(
                lock=str(max(seen.locks.values(), default=LockMode.NONE)),
                locks={name: str(mode) for name, mode in sorted(seen.locks.items())},
                rewrite=seen.rewrite,
                scan=seen.scan,
                unseen=seen.unseen,
            )
            for step, seen in self._seen.items()
        }

    @property
    def _in_transaction(self) -> bool:
        return self._work.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS

    def _of(self, step: str) -> _Seen:
        return self._seen.setdefault(step, _Seen())

    def _control(self, statement: ScriptStatement) -> None:
        if self._active and statement.controls == "begin":
            self._start()
        self._work.execute(statement.sql.encode())

    def _start(self) -> None:
        self._existing = relations(self._watch)
        self._files = dict(self._existing.files)
        self._held = {}

    def _inside(self, sql: str, seen: _Seen) -> None:
        with self._listening(seen):
            self._work.execute(sql.encode())
        self._read_locks(seen)
        exclusive = [oid for oid, mode in self._held.items() if mode is LockMode.ACCESS_EXCLUSIVE]
        seen.rewrite |= self._moved(self._work, exclusive)

    def _outside(self, sql: str, seen: _Seen) -> None:
        """In a transaction of its own, whose locks can be read; what refuses one runs against gates."""
        self._start()
        try:
            self._work.execute("BEGIN")
            self._inside(sql, seen)
            self._work.execute("COMMIT")
        except _ALONE:
            self._work.rollback()
            self._gated(sql, seen)

    def _gated(self, sql: str, seen: _Seen) -> None:
        with self._listening(seen):
            waited = run_gated(
                self._work, self._watch, sql, lambda: self._read_locks(seen), lambda: self._work.execute(sql.encode())
            )
        seen.unseen |= waited == 0
        seen.rewrite |= self._moved(self._watch, self._existing.names)

    @contextmanager
    def _listening(self, seen: _Seen) -> Generator[None]:
        """What PostgreSQL tells of its work meanwhile."""
        self._messages.clear()
        self._work.execute("SET client_min_messages = debug1")
        self._work.add_notice_handler(self._notice)
        try:
            yield
        finally:
            self._work.remove_notice_handler(self._notice)
            if self._work.info.transaction_status in (
                psycopg.pq.TransactionStatus.IDLE,
                psycopg.pq.TransactionStatus.INTRANS,
            ):
                self._work.execute("SET client_min_messages = warning")
        seen.rewrite |= any(_REWRITE.match(m) for m in self._messages)
        seen.scan |= any(_SCAN.match(m) for m in self._messages)

    def _read_locks(self, seen: _Seen) -> None:
        for oid, mode in locks_of(self._work.info.backend_pid, self._watch, self._existing).items():
            if mode > self._held.get(oid, LockMode.NONE):
                self._held[oid] = mode
                name = self._existing.names[oid]
                seen.locks[name] = max(mode, seen.locks.get(name, LockMode.NONE))

    def _moved(self, connection: Connection, oids: Iterable[int]) -> bool:
        """Whether rows of one of these lie in another file since the last look."""
        now = files_now(connection, oids)
        moved = any(self._files[oid] != file for oid, file in now.items())
        self._files |= now
        return moved

    def _notice(self, diagnostic: Diagnostic) -> None:
        self._messages.append(diagnostic.message_primary or "")
