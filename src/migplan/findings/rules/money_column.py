"""Columns of money."""

from __future__ import annotations

from migplan.findings.base import Example, Subject
from migplan.findings.style import ColumnStyle
from migplan.kinds.column import Column
from migplan.kinds.type_casts import base_type


class MoneyColumn(ColumnStyle):
    """Amounts in the currency of the server."""

    id = "money-column"
    condition = "A column is money."
    effect = "What its values mean depends on the setting lc_monetary of whoever reads them."
    advice = "Declare it numeric, with a column for the currency."
    example = Example(
        before="",
        bad="CREATE TABLE t (a money);",
        good="CREATE TABLE t (a numeric);",
    )

    def objection(self, column: Column, subject: Subject) -> str | None:
        return f"{column.id} is money" if base_type(column.type) == "money" else None


RULE = MoneyColumn()
