"""``backup = "table"`` for columns of tables without a key: their rows are recognised by all that stays of them.

Rows that are equal in that are told apart by nothing, so whichever of them gets a value back is the one that had it.
All columns that go are kept together, so that a row's values come back to one row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, sql
from migplan.core.steps import LockMode, Statement, Timing
from migplan.kinds._descendants import heirs
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.kinds.table import Table, columns_of
from migplan.strategies.base import Context
from migplan.strategies.columns.own_ways import with_own_ways
from migplan.strategies.relations.kept_values import kept_value, kept_values

_KEPT: Final = ident("~kept")


@record
class WholeRows:
    """One table's rows: ``told`` are the columns that stay, ``gone`` those whose values are kept; ``only`` says that
    tables which inherit from it have rows of their own."""

    table: ObjectId
    told: tuple[Column, ...]
    gone: tuple[Column, ...]
    only: bool

    @property
    def relation(self) -> Sql:
        """The table as FROM and UPDATE name it."""
        return sql("{}{}", Sql("ONLY ") if self.only else EMPTY, ident(*self.table.path))


def whole_rows(context: Context, gone: Iterable[Column]) -> tuple[WholeRows, ...]:
    """Those of a table that loses these columns, and of the tables with rows that inherit from it.

    Empty where rows can't be recognised so: what would have to stay of them changes in the same plan, or tables below
    lose columns of their own.
    """
    columns = tuple(gone)
    table = columns[0].relation
    below = tuple(dict.fromkeys(heirs(table, context.before)))
    family = tuple(
        WholeRows(id, _told(id, context), _of(id, columns, context), bool(below))
        for id in (table, *below)
        if not context.empty(id)
    )
    return family if all(_recognised(rows, context) for rows in family) and not _lose_more(below, context) else ()


def keep_rows(context: Context, rows: WholeRows, backup: Sql) -> Statement:
    """What copies the values into a table of that name."""
    kept = kept_values(context, (*rows.told, *rows.gone))
    command = sql("CREATE TABLE {} AS SELECT {} FROM {}", backup, kept, rows.relation)
    return Statement(command, LockMode.ACCESS_SHARE, scan=True, timing=Timing.LONG)


def restore_rows(context: Context, rows: WholeRows, backup: Sql) -> list[Statement]:
    """What brings them back, under a lock against writers: a row that one of them moves would not be found again."""
    locked = sql("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", rows.relation)
    return [
        Statement(locked, LockMode.SHARE_ROW_EXCLUSIVE),
        Statement(Sql("SET LOCAL migplan.sync = 'off'")),
        Statement(_restore(context, rows, backup), LockMode.SHARE_ROW_EXCLUSIVE, scan=True, timing=Timing.LONG),
        Statement(Sql("SET LOCAL migplan.sync = 'on'")),
    ]


def _restore(context: Context, rows: WholeRows, backup: Sql) -> Sql:
    """Rows whose values aren't the kept ones: a default may have filled them."""
    table = ident(*rows.table.path)
    here = join(", ", (kept_value(context, c) for c in rows.told))
    kept = join(", ", (ident(c.name) for c in rows.told))
    values = [(ident(c.name), deparsed(c.type)) for c in rows.gone]
    return sql(
        "UPDATE {relation} SET {assignments} FROM ("
        "SELECT there.*, here.place, here.part"
        " FROM (SELECT *, row_number() OVER (PARTITION BY told) AS nth"
        " FROM (SELECT ctid AS place, tableoid AS part, ROW({here})::text AS told FROM {relation}) each) here"
        " JOIN (SELECT *, row_number() OVER (PARTITION BY told) AS nth"
        " FROM (SELECT {gone}, ROW({kept})::text AS told FROM {backup}) each) there USING (told, nth)) {name}"
        " WHERE {table}.ctid = {name}.place AND {table}.tableoid = {name}.part"
        " AND ROW({stale})::text IS DISTINCT FROM ROW({again})::text",
        relation=rows.relation,
        assignments=join(", ", (sql("{} = {}.{}::{}", c, _KEPT, ident(f"~{n}"), t) for n, (c, t) in _numbered(values))),
        here=here,
        kept=kept,
        gone=join(", ", (sql("{} AS {}", c, ident(f"~{n}")) for n, (c, _) in _numbered(values))),
        backup=backup,
        name=_KEPT,
        table=table,
        stale=join(", ", (sql("{}.{}", table, c) for c, _ in values)),
        again=join(", ", (sql("{}.{}::{}", _KEPT, ident(f"~{n}"), t) for n, (_, t) in _numbered(values))),
    )


def _numbered(values: list[tuple[Sql, Sql]]) -> Iterable[tuple[int, tuple[Sql, Sql]]]:
    return enumerate(values, 1)


def _told(table: ObjectId, context: Context) -> tuple[Column, ...]:
    """What is computed follows from the rest."""
    stay = ((c, context.after.get(c.id, Column)) for c in columns_of(table, context.before))
    return tuple(old for old, new in stay if new is not None and old.generated is None and new.generated is None)


def _of(table: ObjectId, gone: Iterable[Column], context: Context) -> tuple[Column, ...]:
    found = (context.before.get(table.child("column", c.name), Column) for c in gone)
    return tuple(c for c in found if c is not None and c.id not in context.after)


def _recognised(rows: WholeRows, context: Context) -> bool:
    """The table stays, with the columns that rows are recognised by, and what they hold."""
    if context.after.get(rows.table, Table) is None or rows.table in context.rebuilds.items or not rows.gone:
        return False
    return not any(c.id in context.replaced or _changes_its_type(c, context) for c in rows.told)


def _changes_its_type(column: Column, context: Context) -> bool:
    """Labels that go over to others, for one, are other values on the way back."""
    used = context.before.uses.get(column.id, frozenset())
    return any(id.kind in TYPE_KINDS and id in context.changes for id in used)


def _lose_more(below: Iterable[ObjectId], context: Context) -> bool:
    tables = frozenset(below)
    return any(c.relation in tables for c in context.dropped(Column))


def told_twice(context: Context, table: ObjectId) -> bool:
    """Whether columns of the table go in ways of their own, at another time, and are filled again by them."""
    ways = with_own_ways(context)
    return any(c.id in ways for c in context.dropped(Column) if c.relation == table)
