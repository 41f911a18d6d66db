"""Where the way back needs values that the plan took away: it counts the rows without, and stops with that sentence."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import Sql, ident, sql
from migplan.core.steps import Assertion
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint, column_ids
from migplan.kinds.null_tests import is_null
from migplan.kinds.table import Table
from migplan.strategies.base import Context
from migplan.strategies.columns.left_out import needs_value
from migplan.strategies.constraints.offending_rows import offenders
from migplan.strategies.relations.backup import is_backed_up

_KEEP = 'backup = "table" in the settings would have kept them'


def missing_values(context: Context, obj: DbObject) -> tuple[Assertion, ...]:
    """What stands in the way of making a dropped object again as it was."""
    match obj:
        case Column():
            return _unfilled(context, obj, Sql("true")) if needs_value(context, obj) else ()
        case Constraint():
            return _unmet(context, obj)
        case _:
            return ()


def missing_nulls(context: Context, column: Column) -> tuple[Assertion, ...]:
    """What stands in the way of NOT NULL on a column that came back without its values."""
    return _unfilled(context, column, is_null(ident(column.name), column))


def _unfilled(context: Context, column: Column, condition: Sql) -> tuple[Assertion, ...]:
    if not _lost(context, column.id) or context.before.get(column.relation, Table) is None:
        return ()
    count = sql("SELECT count(*) FROM {} WHERE {}", ident(*column.relation.path), condition)
    lost = f"rows of {column.relation} have no value for {column.id} any more, which is NOT NULL"
    return (Assertion(count, f"{lost}: its drop lost them; {_KEEP}"),)


def _unmet(context: Context, constraint: Constraint) -> tuple[Assertion, ...]:
    """Keys aren't counted: NULLs don't collide, and a primary key's columns ask for their values themselves."""
    columns = column_ids(constraint)
    if constraint.target is not None:
        columns |= {constraint.target, *(constraint.target.child("column", c) for c in constraint.target_columns)}
    lost = sorted(id for id in columns if _lost(context, id))
    if not lost or not constraint.validated or constraint.relation not in context.after:
        return ()
    because = f"the drop of {lost[0]} lost values that it needs; {_KEEP}"
    return tuple(Assertion(a.count, f"{a.message}: {because}") for a in offenders(constraint, context.before))


def _lost(context: Context, id: ObjectId) -> bool:
    """Whether a drop takes away values that nothing keeps."""
    if id not in context.before or id in context.after:
        return False
    obj = context.before[id]
    table = id if isinstance(obj, Table) else obj.table
    return table is not None and not context.empty(table) and not is_backed_up(context, obj)
