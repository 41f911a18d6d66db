"""Tables whose rows a crash takes away."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.table import Table


class UnloggedTable(Rule):
    """Tables that are, or become, UNLOGGED."""

    id = "unlogged-table"
    severity = "warning"
    condition = "A table is added as, or becomes, UNLOGGED."
    effect = "A crash empties it, no replica has its rows, and no point-in-time recovery brings them back."
    advice = "Declare it UNLOGGED only if everything in it can be made again."
    example = Example(
        before="CREATE TABLE t (id int); INSERT INTO t VALUES (1); ANALYZE;",
        bad="CREATE UNLOGGED TABLE t (id int);",
        good="CREATE TABLE t (id int, a int);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.new_versions(Table):
            if new.unlogged and not (old is not None and old.unlogged):
                yield Found(f"{new.id} is UNLOGGED: a crash empties it", new.id)


RULE = UnloggedTable()
