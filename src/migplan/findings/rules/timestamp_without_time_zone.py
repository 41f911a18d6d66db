"""Columns of timestamp without time zone."""

from __future__ import annotations

from migplan.findings.base import Example, Subject
from migplan.findings.style import ColumnStyle
from migplan.kinds.column import Column
from migplan.kinds.type_casts import base_type


class TimestampWithoutTimeZone(ColumnStyle):
    """Local times of nobody knows where."""

    id = "timestamp-without-time-zone"
    condition = "A column is timestamp without time zone."
    effect = "What moment it means depends on who reads it."
    advice = "Declare it timestamp with time zone (timestamptz), which costs the same."
    example = Example(
        before="",
        bad="CREATE TABLE t (a timestamp);",
        good="CREATE TABLE t (a timestamptz);",
    )

    def objection(self, column: Column, subject: Subject) -> str | None:
        naive = base_type(column.type) == "timestamp without time zone"
        return f"{column.id} is {column.type}" if naive else None


RULE = TimestampWithoutTimeZone()
