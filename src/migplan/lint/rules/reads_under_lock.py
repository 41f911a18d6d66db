"""Statements that read a whole table, or index it, while readers or writers wait."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.steps import LockMode
from migplan.lint.base import ScriptExample, StatementRule, Tables
from migplan.lint.run import Ran


class ReadsUnderLock(StatementRule):
    """Measured: PostgreSQL says that it verifies rows or builds an index; the lock is its own, or one held already."""

    id = "reads-under-lock"
    severity = "danger"
    condition = "A whole large table is read, or indexed, in a transaction that makes writers or readers wait."
    effect = "They wait for as long as that takes, and behind them everybody else."
    advice = (
        "CREATE INDEX CONCURRENTLY outside of a transaction; ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a"
        " transaction of its own; SET NOT NULL behind a valid CHECK."
    )
    example = ScriptExample(
        before="CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1); ANALYZE;",
        bad="CREATE INDEX ON t (n);",
        good="CREATE INDEX CONCURRENTLY ON t (n);",
    )

    def find(self, ran: Ran, tables: Tables) -> Iterable[str]:
        if not ran.measured.scan or ran.measured.rewrite:
            return
        locks = {**ran.held, **ran.locks}
        for name in tables.large(tables.used(locks, LockMode.SHARE)):
            yield f"reads the whole of table {name} while {locks[name]} is held"


RULE = ReadsUnderLock()
