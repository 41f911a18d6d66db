"""What a statement really does on the shadow: the locks that it takes, and whether it rewrites or reads a table.

Locks are read from pg_locks by a second connection while the transaction is still open. Rewrites and scans are told
by PostgreSQL itself at ``client_min_messages = debug1``. An empty table behaves like a full one in both respects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.errors import Diagnostic

from migplan.core.steps import LockMode
from migplan.planfile.model import MeasuredModel
from migplan.planfile.script import ScriptStatement

Connection = psycopg.Connection[tuple[Any, ...]]

_LOCKS: Final = """
SELECT n.nspname || '.' || c.relname, l.mode
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = %s AND l.locktype = 'relation' AND l.granted AND l.relation = ANY(%s) AND c.relkind IN ('r', 'p', 'm')
"""
_EXISTING: Final = """
SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_REWRITE: Final = re.compile(r"^rewriting table")
# A table gets its TOAST table, with an index on nothing, along with its first column of a wide type.
_SCAN: Final = re.compile(r"^(verifying table|validating foreign key constraint|building index (?!\"pg_toast_))")


@dataclass(frozen=True, slots=True)
class Connections:
    """``work`` runs the plan, ``watch`` looks on; both to the same scratch database, both in autocommit mode."""

    work: Connection
    watch: Connection


@dataclass
class _Seen:
    locks: dict[str, LockMode] = field(default_factory=dict[str, LockMode])
    rewrite: bool = False
    scan: bool = False


class Measure:
    """Runs a script's statements one by one and keeps what each step did."""

    def __init__(self, connections: Connections, *, active: bool = True) -> None:
        self._work = connections.work
        self._watch = connections.watch
        self._active = active
        self._seen: dict[str, _Seen] = {}
        self._held: dict[str, LockMode] = {}
        self._existing: list[int] = []
        self._messages: list[str] = []

    def execute(self, statement: ScriptStatement) -> None:
        """Run one statement. Raises psycopg's error after rolling back."""
        try:
            if not self._active or statement.step is None:
                self._control(statement)
            else:
                self._measured(statement)
        except psycopg.Error:
            if self._work.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                self._work.rollback()
            raise

    def results(self) -> dict[str, MeasuredModel]:
        """What each step did, by its id."""
        return {
            step: MeasuredModel(
                lock=str(max(seen.locks.values(), default=LockMode.NONE)),
                locks={name: str(mode) for name, mode in sorted(seen.locks.items())},
                rewrite=seen.rewrite,
                scan=seen.scan,
            )
            for step, seen in self._seen.items()
        }

    def _control(self, statement: ScriptStatement) -> None:
        if self._active and statement.controls == "begin":
            self._existing = [row[0] for row in self._watch.execute(_EXISTING).fetchall()]
            self._held = {}
        self._work.execute(statement.sql.encode())

    def _measured(self, statement: ScriptStatement) -> None:
        assert statement.step is not None
        seen = self._seen.setdefault(statement.step, _Seen())
        in_transaction = self._work.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        self._messages.clear()
        self._work.execute("SET client_min_messages = debug1")
        self._work.add_notice_handler(self._notice)
        try:
            self._work.execute(statement.sql.encode())
        finally:
            self._work.remove_notice_handler(self._notice)
            if self._work.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
                self._work.execute("SET client_min_messages = warning")
        if in_transaction:
            self._read_locks(seen)
            seen.rewrite |= any(_REWRITE.match(m) for m in self._messages)
            seen.scan |= any(_SCAN.match(m) for m in self._messages)

    def _read_locks(self, seen: _Seen) -> None:
        parameters = (self._work.info.backend_pid, self._existing)
        for name, mode_name in self._watch.execute(_LOCKS, parameters).fetchall():
            mode = _mode(mode_name)
            if mode > self._held.get(name, LockMode.NONE):
                self._held[name] = mode
                seen.locks[name] = max(mode, seen.locks.get(name, LockMode.NONE))

    def _notice(self, diagnostic: Diagnostic) -> None:
        self._messages.append(diagnostic.message_primary or "")


def _mode(name: str) -> LockMode:
    """``AccessExclusiveLock`` as pg_locks writes it."""
    words = re.findall("[A-Z][a-z]+", name.removesuffix("Lock"))
    return LockMode["_".join(words).upper()]
