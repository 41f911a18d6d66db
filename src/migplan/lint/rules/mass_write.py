"""One UPDATE or DELETE over a whole large table."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.steps import LockMode
from migplan.lint.base import ScriptExample, StatementRule, Tables
from migplan.lint.run import Ran


class MassWrite(StatementRule):
    """What a plan would do as a backfill: batches of rows, each its own transaction."""

    id = "mass-write"
    severity = "danger"
    condition = "One statement updates or deletes rows of a large table, or TRUNCATE empties one with rows."
    effect = "Rows stay locked until the end, replicas fall behind, and nothing leads back."
    advice = "In batches over the primary key, each its own transaction; or say 'backfill' beside the declared column."
    example = ScriptExample(
        before="CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1); ANALYZE;",
        bad="UPDATE t SET n = 0;",
        good=(
            "DO $$ DECLARE last int := 0; BEGIN LOOP UPDATE t SET n = 0 WHERE id > last AND id <= last + 1000;"
            " EXIT WHEN NOT FOUND; COMMIT; last := last + 1000; END LOOP; END $$;"
        ),
    )

    def find(self, ran: Ran, tables: Tables) -> Iterable[str]:
        if ran.statement.begins("TRUNCATE"):
            yield from (f"empties table {n}" for n in tables.used(ran.locks, LockMode.ACCESS_EXCLUSIVE))
        if ran.statement.words[0] not in ("UPDATE", "DELETE", "MERGE"):
            return
        written = {n: mode for n, mode in ran.locks.items() if mode == str(LockMode.ROW_EXCLUSIVE)}
        for name in tables.large(tables.used(written, LockMode.ROW_EXCLUSIVE)):
            yield f"writes rows of the large table {name} in one transaction"


RULE = MassWrite()
