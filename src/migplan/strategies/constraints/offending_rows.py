"""Rows that stand in the way of a constraint or a unique index: counted before any lock is taken.

In a table that others inherit from, keys and foreign keys (and checks that say NO INHERIT) speak of its own rows alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import Assertion
from migplan.kinds._descendants import ancestors
from migplan.kinds.constraint import CHECK, FOREIGN_KEY, PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.index import Index
from migplan.kinds.table import Table
from migplan.strategies.base import Context


def rows_in_the_way(context: Context, obj: DbObject) -> tuple[Assertion, ...]:
    """What a new constraint or index of a table that is there already would meet."""
    table = obj.table
    if table is None or table not in context.before or table in context.rebuilds.whole or context.empty(table):
        return ()
    if table.kind == "foreign_table":  # what is declared of its rows is never tried on them
        return ()
    if isinstance(obj, Index):
        return (index_duplicates(obj, context.after),) if obj.unique and obj.keys else ()
    if not isinstance(obj, Constraint) or not obj.validated or not obj.enforced or obj.clone_of is not None:
        return ()
    if obj.type in (UNIQUE, PRIMARY_KEY):
        return () if "WITHOUT OVERLAPS" in obj.definition else (duplicates(obj, context.after),)
    return tuple(offenders(obj, context.after)) if obj.type in (CHECK, FOREIGN_KEY) else ()


def orphans_of_partition(context: Context, table: Table) -> Iterable[Assertion]:
    """Rows of a table that becomes a partition without a counterpart for foreign keys of its parent, which it gets."""
    for key in () if context.empty(table.id) else lacking(context, table):
        for found in offenders(replace(key, relation=table.id), context.after):
            yield replace(found, message=f"rows of {table.id} have no counterpart for {key.id}, which it gets")


def lacking(context: Context, table: Table) -> Iterable[Constraint]:
    """Foreign keys of its parent that a table which becomes a partition has no like of."""
    assert table.partition_of is not None
    own = {(c.columns, c.target, c.target_columns) for c in _keys(table.id, context.before)}
    for key in _keys(table.partition_of, context.after):
        if (key.columns, key.target, key.target_columns) not in own and context.before.get(key.id, Constraint) == key:
            yield key


def _keys(table: ObjectId, catalog: Catalog) -> Iterable[Constraint]:
    """Its foreign keys that hold for every row."""
    found = catalog.members_of(table, Constraint)
    return (c for c in found if c.type == FOREIGN_KEY and c.validated and c.enforced)


def offenders(constraint: Constraint, catalog: Catalog) -> Iterable[Assertion]:
    """What would make the validation fail."""
    if constraint.type == CHECK:
        table = _own_rows(constraint.relation, catalog) if constraint.no_inherit else ident(*constraint.relation.path)
        condition = deparsed(constraint.definition.removeprefix("CHECK ").removesuffix(" NO INHERIT"))
        count = sql("SELECT count(*) FROM {} WHERE NOT {}", table, condition)
        yield Assertion(count, f"rows of {constraint.relation} violate {constraint.id}")
    elif constraint.target is not None:
        count = _orphans(constraint, constraint.target, catalog)
        yield Assertion(count, f"rows of {constraint.relation} have no counterpart for {constraint.id}")


def offenders_of_new(context: Context, key: Constraint) -> Iterable[Assertion]:
    """The same of a foreign key of a partition that is new itself and gets the rows of a table that is there; none
    where that lacks a column of it."""
    root = next((id for id in ancestors(key.relation, context.after) if id in context.before), None)
    table = context.after.get(key.relation, Table)
    if root is None or table is None or key.target is None:
        return
    if any(root.child("column", name) not in context.before for name in key.columns):
        return
    count = _orphans(replace(key, relation=root), key.target, context.before)
    within = Sql("") if table.bound_condition is None else sql(" AND ({})", deparsed(table.bound_condition))
    yield Assertion(sql("{}{}", count, within), f"rows of {root} have no counterpart for {key.id}")


def _orphans(constraint: Constraint, target: ObjectId, catalog: Catalog) -> Sql:
    pairs = list(zip(constraint.columns, constraint.target_columns, strict=True))
    temporal = ", PERIOD " in constraint.definition
    alike = [sql("p.{} = c.{}", ident(t), ident(c)) for c, t in (pairs[:-1] if temporal else pairs)]
    match_ = join(" AND ", [*alike, *(_covering(*pairs[-1]) if temporal else ())])
    present = join(" AND ", (sql("c.{} IS NOT NULL", ident(c)) for c, _ in pairs))
    return sql(
        "SELECT count(*) FROM {} c WHERE {} AND NOT EXISTS (SELECT 1 FROM {} p WHERE {})",
        _own_rows(constraint.relation, catalog),
        present,
        _own_rows(target, catalog),
        match_,
    )


def _covering(period: str, of_target: str) -> Iterable[Sql]:
    """That the periods of the rows on the other side, together, cover this one; an empty one is covered by none."""
    own, other = ident(period), ident(of_target)
    yield sql("p.{} && c.{} HAVING c.{} <@ range_agg(p.{})", other, own, own, other)


def duplicates(constraint: Constraint, catalog: Catalog) -> Assertion:
    """Counts the keys that more than one row has."""
    keys = [ident(c) for c in constraint.columns]
    count = _repeated(constraint.relation, catalog, keys, constraint.definition, None)
    return Assertion(count, f"{constraint.id} would be violated by duplicate keys of {constraint.relation}")


def index_duplicates(index: Index, catalog: Catalog) -> Assertion:
    """The same of an index, whose keys may be expressions and which may be partial."""
    keys = [sql("({})", deparsed(key)) for key in index.keys]
    count = _repeated(index.relation, catalog, keys, index.definition, index.predicate)
    return Assertion(count, f"{index.id} would be violated by duplicate keys of {index.relation}")


def repeated_keys(table: ObjectId, catalog: Catalog, columns: Sequence[str]) -> Assertion:
    """The same of columns that another form of the table has a key over."""
    count = _repeated(table, catalog, [ident(c) for c in columns], "", None)
    return Assertion(count, f"rows of {table} have the same {', '.join(columns)}")


def _repeated(table: ObjectId, catalog: Catalog, keys: list[Sql], definition: str, only: str | None) -> Sql:
    columns = join(", ", keys)
    conditions = [] if "NULLS NOT DISTINCT" in definition else [sql("{} IS NOT NULL", key) for key in keys]
    conditions += [sql("({})", deparsed(only))] if only is not None else []
    return sql(
        "SELECT count(*) FROM (SELECT {}, count(*) FROM {} WHERE {} GROUP BY {} HAVING count(*) > 1) d",
        columns,
        _own_rows(table, catalog),
        join(" AND ", conditions) if conditions else Sql("true"),
        columns,
    )


def _own_rows(table: ObjectId, catalog: Catalog) -> Sql:
    """The table without those that inherit from it; a partitioned one has no rows of its own."""
    found = catalog.get(table, Table)
    alone = found is not None and found.partition_key is None
    inherited = alone and any(
        table in getattr(catalog[below], "inherits", ()) for below in catalog.tables_below.get(table, ())
    )
    return sql("ONLY {}", ident(*table.path)) if inherited else ident(*table.path)
