"""Columns of char(n)."""

from __future__ import annotations

from migplan.findings.base import Example, Subject
from migplan.findings.style import ColumnStyle
from migplan.kinds.column import Column
from migplan.kinds.type_casts import base_type


class CharColumn(ColumnStyle):
    """Fixed-length texts."""

    id = "char-column"
    condition = "A column is char(n)."
    effect = "Its values are filled up with blanks, which comparisons ignore and length() doesn't."
    advice = "Declare it text, with a check on its length where that matters."
    example = Example(
        before="",
        bad="CREATE TABLE t (a char(3));",
        good="CREATE TABLE t (a text);",
    )

    def objection(self, column: Column, subject: Subject) -> str | None:
        return f"{column.id} is {column.type}" if base_type(column.type) == "character" else None


RULE = CharColumn()
