"""Statements that write a table anew while everybody waits."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.steps import LockMode
from migplan.lint.base import ScriptExample, StatementRule, Tables
from migplan.lint.run import Ran


class RewritesTable(StatementRule):
    """Measured: the rows lie in another file afterwards."""

    id = "rewrites-table"
    severity = "danger"
    condition = "A large table is written anew under ACCESS EXCLUSIVE."
    effect = "Nobody reads or writes it for as long as that takes, and twice the space is needed."
    advice = "Declare the change: migplan plan fills a second column in batches and swaps it in."
    example = ScriptExample(
        before="CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1); ANALYZE;",
        bad="ALTER TABLE t ALTER COLUMN n TYPE bigint;",
        good="ALTER TABLE t ADD COLUMN m bigint;",
    )

    def find(self, ran: Ran, tables: Tables) -> Iterable[str]:
        rewrites = ran.measured.rewrite and not ran.statement.begins("TRUNCATE")
        touched = tables.used({**ran.held, **ran.locks}, LockMode.ACCESS_EXCLUSIVE) if rewrites else []
        for name in tables.large(touched):
            yield f"writes table {name} anew while ACCESS EXCLUSIVE is held"


RULE = RewritesTable()
