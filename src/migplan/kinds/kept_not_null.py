"""A column lets go of its NOT NULL where tables below keep theirs.

DROP NOT NULL is carried down. From 18 on it spares what those tables have declared themselves, which SET NOT NULL says
of a constraint that is there already; before, they lose theirs and get it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident, sql
from migplan.core.steps import Statement
from migplan.kinds._descendants import parents_of
from migplan.kinds.column import Column, relation_clause
from migplan.kinds.not_null import AX, change_not_null, not_null_name, rename_not_null

_DECLARED = 18


def drop_not_null(column: Column, before: Catalog, after: Catalog) -> list[Statement]:
    """The statements, on the way from one catalog to the other."""
    assert column.not_null is not None
    dropped = change_not_null(column, replace(column, not_null=None))
    if column.not_null.no_inherit:
        return dropped
    kept = list(_kept(column.relation, column.name, before, after))
    again = [_set(c, scan=before.major < _DECLARED) for _, c in kept]
    return [*dropped, *again] if before.major < _DECLARED else [*again, *dropped]


def declared_first(column: Column, before: Catalog, after: Catalog) -> list[Statement]:
    """What spares the tables below that keep theirs, before the column loses its own (18 and later)."""
    if before.major < _DECLARED:
        return []
    return [_set(c, scan=False) for _, c in _kept(column.relation, column.name, before, after)]


def required_above(column: Column, catalog: Catalog) -> bool:
    """Whether a parent has a NOT NULL there, which the column's own follows."""
    above = (catalog.get(p.child("column", column.name), Column) for p in parents_of(column.relation, catalog))
    return any(c is not None and c.not_null is not None for c in above)


def own_names(column: Column, before: Catalog, after: Catalog) -> list[Statement]:
    """What gives the kept ones their names, which were the parent's until then. Not on the way back: what a table had
    of its own keeps its name beside the parent's."""
    if before.major < _DECLARED:
        return []
    return [s for old, new in _kept(column.relation, column.name, before, after) for s in _named(old, new, after)]


def _kept(table: ObjectId, name: str, before: Catalog, after: Catalog) -> Iterator[tuple[Column, Column]]:
    """The topmost columns below that are NOT NULL on both sides, as they were and as they will be; below tables that go
    as well."""
    for below in dict.fromkeys((*before.tables_below.get(table, ()), *after.tables_below.get(table, ()))):
        id = below.child("column", name)
        old, new = before.get(id, Column), after.get(id, Column)
        if old is None:
            continue
        if new is not None and _is_required(old) and _is_required(new):
            yield old, new
        else:
            yield from _kept(below, name, before, after)


def _is_required(column: Column) -> bool:
    return column.not_null is not None and column.not_null.valid


def _set(column: Column, *, scan: bool) -> Statement:
    command = sql("ALTER {} ALTER COLUMN {} SET NOT NULL", relation_clause(column), ident(column.name))
    return Statement(command, AX, scan=scan)


def _named(old: Column, new: Column, after: Catalog) -> Iterator[Statement]:
    """It bore the parent's name, and bears its own once no parent hands it down."""
    assert old.not_null is not None
    assert new.not_null is not None
    name, wanted = not_null_name(old, old.not_null), not_null_name(new, new.not_null)
    above = (after.get(p.child("column", new.name), Column) for p in parents_of(new.relation, after))
    if name != wanted and all(c is None or c.not_null is None for c in above):
        yield rename_not_null(new, name, wanted)
