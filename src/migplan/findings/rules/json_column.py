"""Columns of json."""

from __future__ import annotations

from migplan.findings.base import Example, Subject
from migplan.findings.style import ColumnStyle
from migplan.kinds.column import Column
from migplan.kinds.type_casts import base_type


class JsonColumn(ColumnStyle):
    """The type that keeps the text."""

    id = "json-column"
    condition = "A column is json."
    effect = "It can'''t be compared (no DISTINCT, no UNION) or indexed, and every access parses its text again."
    advice = "Declare it jsonb, unless blanks and repeated keys must stay as they were."
    example = Example(
        before="",
        bad="CREATE TABLE t (a json);",
        good="CREATE TABLE t (a jsonb);",
    )

    def objection(self, column: Column, subject: Subject) -> str | None:
        return f"{column.id} is {column.type}" if base_type(column.type) == "json" else None


RULE = JsonColumn()
