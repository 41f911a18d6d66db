"""What a statement really does on the shadow: the locks that it takes, and whether it rewrites or reads a table.

Locks are read while the transaction is still open, or by a second connection while the statement waits at a gate
(``gates``). Rewrites show in pg_class, scans are told by PostgreSQL itself at
``client_min_messages = debug1``. An empty table behaves like a full one in all of that.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.errors import Diagnostic

from migplan.core.records import record
from migplan.core.steps import LockMode
from migplan.planfile.model import MeasuredModel
from migplan.planfile.script import ScriptStatement
from migplan.prove.gates import run_gated
from migplan.prove.locks import Connection, Relations, files_now, locks_of, own_locks, relations
from migplan.source.connect import backend_pid

_REWRITE: Final = re.compile(r"^rewriting table")
# A table gets its TOAST table, with an index on nothing, along with its first column of a wide type.
_SCAN: Final = re.compile(r"^(verifying table|validating foreign key constraint|building index (?!\"pg_toast_))")
_LOUD: Final = "SET client_min_messages = debug1"
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
    """Runs a script's statements one by one and keeps what each step did.

    ``lazily`` sends what begins a transaction along with its first statement: messages take longer than what is in
    them.
    """

    def __init__(self, connections: Connections, *, lazily: bool = False) -> None:
        self._work = connections.work
        self._watch = connections.watch
        self._lazily = lazily
        self._ahead: list[str] = []
        self._seen: dict[str, _Seen] = {}
        self._held: dict[int, LockMode] = {}
        self._existing = Relations({}, {})
        self._files: dict[int, int] = {}
        self._messages: list[str] = []

    def execute(self, statement: ScriptStatement) -> None:
        """Run one statement. Raises psycopg's error after rolling back."""
        try:
            if statement.step is None:
                self._control(statement)
            elif self._in_transaction:
                self._inside(statement.sql, self._of(statement.step))
            else:
                self._outside(statement.sql, self._of(statement.step))
        except psycopg.Error:
            self._ahead.clear()
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
        return bool(self._ahead) or self._work.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS

    def _of(self, step: str) -> _Seen:
        return self._seen.setdefault(step, _Seen())

    def _control(self, statement: ScriptStatement) -> None:
        begins = statement.controls == "begin"
        if begins:
            self._start()
        if statement.controls != "commit" and self._lazily and (begins or self._ahead):
            self._ahead.append(statement.sql)
        else:
            self._send(statement.sql)

    def _send(self, *statements: str) -> None:
        """In one message, with what has waited for it."""
        text = ";\n".join((*self._ahead, *statements))
        self._ahead.clear()
        self._work.execute(text.encode())

    def _start(self) -> None:
        self._existing = relations(self._watch)
        self._files = dict(self._existing.files)
        self._held = {}

    def _inside(self, sql: str, seen: _Seen) -> None:
        seen.scan |= sql.startswith("SELECT ") and self._reads_whole_table(sql)
        with self._listening(seen):
            self._send(_LOUD, sql)
        locks, files = own_locks(self._work, self._existing)
        self._note(seen, locks)
        exclusive = {oid for oid, mode in self._held.items() if mode is LockMode.ACCESS_EXCLUSIVE}
        seen.rewrite |= self._moved({oid: file for oid, file in files.items() if oid in exclusive})

    def _reads_whole_table(self, query: str) -> bool:
        """Of a query PostgreSQL tells nothing while it runs, and its plan does."""
        self._send()
        ((explained,),) = self._work.execute(f"EXPLAIN (VERBOSE, FORMAT JSON) {query}".encode()).fetchall()
        return not set(self._existing.names.values()).isdisjoint(_scanned(explained[0]["Plan"]))

    def _outside(self, sql: str, seen: _Seen) -> None:
        """In a transaction of its own, whose locks can be read; what refuses one runs against gates."""
        self._start()
        try:
            self._ahead.append("BEGIN")
            self._inside(sql, seen)
            self._work.execute("COMMIT")
        except _ALONE:
            self._work.rollback()
            self._gated(sql, seen)

    def _gated(self, sql: str, seen: _Seen) -> None:
        pid = backend_pid(self._work)

        def look() -> None:
            self._note(seen, locks_of(pid, self._watch, self._existing))

        self._work.execute(_LOUD)
        with self._listening(seen):
            waited = run_gated(self._work, pid, self._watch, sql, look, lambda: self._work.execute(sql.encode()))
        seen.unseen |= waited == 0
        seen.rewrite |= self._moved(files_now(self._watch, self._existing.names))

    @contextmanager
    def _listening(self, seen: _Seen) -> Generator[None]:
        """What PostgreSQL tells of its work meanwhile."""
        self._messages.clear()
        self._work.add_notice_handler(self._notice)
        try:
            yield
        finally:
            self._work.remove_notice_handler(self._notice)
        seen.rewrite |= any(_REWRITE.match(m) for m in self._messages)
        seen.scan |= any(_SCAN.match(m) for m in self._messages)

    def _note(self, seen: _Seen, locks: Mapping[int, LockMode]) -> None:
        for oid, mode in locks.items():
            if mode > self._held.get(oid, LockMode.NONE):
                self._held[oid] = mode
                name = self._existing.names[oid]
                seen.locks[name] = max(mode, seen.locks.get(name, LockMode.NONE))

    def _moved(self, now: Mapping[int, int]) -> bool:
        """Whether rows of one of these lie in another file since the last look."""
        moved = any(self._files[oid] != file for oid, file in now.items())
        self._files |= now
        return moved

    def _notice(self, diagnostic: Diagnostic) -> None:
        self._messages.append(diagnostic.message_primary or "")


def _scanned(node: Mapping[str, Any]) -> Iterator[str]:
    """What a plan reads from end to end, each as ``schema.table``."""
    if node["Node Type"] == "Seq Scan":
        yield f"{node['Schema']}.{node['Relation Name']}"
    for inner in node.get("Plans", ()):
        yield from _scanned(inner)
