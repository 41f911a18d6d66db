"""Tables whose rows nothing tells apart."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.table import Table


class TableWithoutKey(Rule):
    """New tables without a primary key."""

    id = "table-without-key"
    severity = "off"
    condition = "A table is added without a primary key."
    effect = "Logical replication can't update it, and backfills of later plans run along the rows' places."
    advice = "Declare a primary key."
    example = Example(
        before="",
        bad="CREATE TABLE t (a int);",
        good="CREATE TABLE t (a int PRIMARY KEY);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for table in subject.created(Table):
            keys = (c for c in subject.after.members_of(table.id, Constraint) if c.type == PRIMARY_KEY)
            if table.partition_of is None and not any(keys):
                yield Found(f"{table.id} has no primary key", table.id)


RULE = TableWithoutKey()
