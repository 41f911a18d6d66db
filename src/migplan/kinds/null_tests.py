"""Whether a value is NULL, as NOT NULL means it.

Of a row ``IS NULL`` says that all of its attributes are, and ``IS NOT NULL`` that none is; neither proves anything of
the column (manual: Comparison Functions and Operators). What PostgreSQL makes of ``IS DISTINCT FROM NULL`` does.
"""

from __future__ import annotations

from migplan.core.sql import Sql, sql
from migplan.kinds.column import Column


def is_null(value: Sql, column: Column) -> Sql:
    """The condition that the value, of the column's type, is NULL."""
    return sql("{} IS NOT DISTINCT FROM NULL" if _may_be_a_row(column) else "{} IS NULL", value)


def is_not_null(value: Sql, column: Column) -> Sql:
    """The condition that the value, of the column's type, is anything else."""
    return sql("{} IS DISTINCT FROM NULL" if _may_be_a_row(column) else "{} IS NOT NULL", value)


def _may_be_a_row(column: Column) -> bool:
    """A type of a schema of its own is printed with it."""
    return "." in column.type and not column.type.endswith("[]")
