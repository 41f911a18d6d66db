"""Transactions that lock one table while they wait for another."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.steps import LockMode
from migplan.lint.base import ScriptExample, StatementRule, Tables
from migplan.lint.run import Ran


class SeveralTablesLocked(StatementRule):
    """ACCESS EXCLUSIVE on a second table while it is held on a first."""

    id = "several-tables-locked"
    severity = "warning"
    condition = "One transaction takes ACCESS EXCLUSIVE on several tables, one after the other."
    effect = "The first is out of use while it waits for the second, and an application that locks them the other way"
    effect += " round ends in a deadlock."
    advice = "One transaction a table."
    example = ScriptExample(
        before="CREATE TABLE t (id int); CREATE TABLE u (id int); INSERT INTO t VALUES (1); INSERT INTO u VALUES (1);",
        bad="BEGIN; ALTER TABLE t ADD COLUMN n int; ALTER TABLE u ADD COLUMN n int; COMMIT;",
        good="BEGIN; ALTER TABLE t ADD COLUMN n int; COMMIT; BEGIN; ALTER TABLE u ADD COLUMN n int; COMMIT;",
    )

    def find(self, ran: Ran, tables: Tables) -> Iterable[str]:
        first = tables.used(ran.held, LockMode.ACCESS_EXCLUSIVE)
        for name in tables.used(ran.locks, LockMode.ACCESS_EXCLUSIVE):
            if first and name not in first:
                yield f"waits for ACCESS EXCLUSIVE on table {name} while it is held on table {', '.join(first)}"


RULE = SeveralTablesLocked()
