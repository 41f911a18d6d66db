"""Locks that an application feels, waited for without end."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.steps import LockMode
from migplan.lint.base import ScriptExample, StatementRule, Tables
from migplan.lint.run import Ran


class NoLockTimeout(StatementRule):
    """A lock that waits behind one long query stops everybody who comes after it."""

    id = "no-lock-timeout"
    severity = "warning"
    condition = "A lock that makes readers or writers wait is asked for without a lock_timeout."
    effect = "It waits behind any long transaction, and every later query on the table waits behind it."
    advice = "SET lock_timeout = '2s' before it, and run it again when it fails."
    example = ScriptExample(
        before="CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); ANALYZE;",
        bad="ALTER TABLE t ADD COLUMN n int;",
        good="SET lock_timeout = '2s'; ALTER TABLE t ADD COLUMN n int;",
    )

    def find(self, ran: Ran, tables: Tables) -> Iterable[str]:
        if ran.lock_timeout:
            return
        new = {n: mode for n, mode in ran.locks.items() if n not in tables.used(ran.held, LockMode.SHARE)}
        for name in tables.used(new, LockMode.SHARE):
            yield f"waits for {new[name]} on table {name} without a lock_timeout"


RULE = NoLockTimeout()
