"""Columns of serial."""

from __future__ import annotations

from migplan.findings.base import Example, Subject
from migplan.findings.style import ColumnStyle
from migplan.kinds.column import Column
from migplan.kinds.sequence import Sequence


class SerialColumn(ColumnStyle):
    """A default out of a sequence of their own."""

    id = "serial-column"
    condition = "A column takes its default from a sequence that it owns (serial)."
    effect = "The sequence needs grants of its own, and an INSERT may overrule it unnoticed."
    advice = "Declare it GENERATED ALWAYS AS IDENTITY."
    example = Example(
        before="",
        bad="CREATE TABLE t (id serial);",
        good="CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY);",
    )

    def objection(self, column: Column, subject: Subject) -> str | None:
        owned = any(s.owned_by == column.id for s in subject.created(Sequence))
        return f"{column.id} is a serial" if owned else None


RULE = SerialColumn()
