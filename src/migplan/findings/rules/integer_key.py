"""Numbered keys that may run out."""

from __future__ import annotations

from migplan.findings.base import Example, Subject
from migplan.findings.style import ColumnStyle
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.sequence import Sequence


class IntegerKey(ColumnStyle):
    """Primary keys of four bytes or less that a sequence fills."""

    id = "integer-key"
    condition = "A primary key of smallint or integer is numbered by a sequence."
    effect = "At 32,767 or 2,147,483,647 every INSERT fails, and the way to bigint is long."
    advice = "Declare it bigint."
    example = Example(
        before="",
        bad="CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);",
        good="CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);",
    )

    def objection(self, column: Column, subject: Subject) -> str | None:
        if column.type not in ("smallint", "integer"):
            return None
        keys = (c for c in subject.after.members_of(column.relation, Constraint) if c.type == PRIMARY_KEY)
        if not any(k.columns == (column.name,) for k in keys):
            return None
        numbered = column.identity is not None or any(s.owned_by == column.id for s in subject.after.of(Sequence))
        return f"{column.id} is a numbered key of {column.type}" if numbered else None


RULE = IntegerKey()
