"""Expressions of generated columns that change in place (17 and later): SET EXPRESSION reaches all tables below, also
those whose columns compute something else (manual: 5.4)."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import deparsed, ident, sql
from migplan.core.steps import LockMode, Statement, Timing
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column, relation_clause
from migplan.kinds.constraint import CHECK, Constraint
from migplan.kinds.publication import Publication


def sets_expression(column: Column, before: Catalog, after: Catalog) -> bool:
    """Whether PostgreSQL changes it: from 17 on; what isn't stored only where no table has a check, or is published by
    its name (18: ATExecSetExpression)."""
    if not column.virtual:
        return after.major >= 17
    relations = {column.relation, *descendants(column.relation, before)}
    checks = (c for side in (before, after) for r in relations for c in side.members_of(r, Constraint))
    published = (
        p.table for side in (before, after) for publication in side.of(Publication) for p in publication.tables
    )
    return relations.isdisjoint(published) and all(c.type != CHECK for c in checks)


def set_expressions(column: Column, before: Catalog, after: Catalog) -> list[Statement]:
    """The column's, and then again those of the columns below that are to compute something else."""
    relations = dict.fromkeys((*descendants(column.relation, before), *descendants(column.relation, after)))
    there = (before.get(r.child("column", column.name), Column) for r in relations)
    found = [column]
    for old in there:
        new = None if old is None else after.get(old.id, Column)
        if old is None or new is None or old.generated is None or new.generated is None:
            continue
        if len(found) > 1 or new.generated != column.generated:
            found.append(new)
    return [_set_expression(c) for c in found]


def used_below(column: Column, after: Catalog) -> frozenset[ObjectId]:
    """What the expressions stand on that are set again."""
    below = (after.get(r.child("column", column.name), Column) for r in descendants(column.relation, after))
    others = (c.id for c in below if c is not None and c.generated != column.generated)
    return frozenset(u for id in others for u in after.uses.get(id, ()))


def _set_expression(column: Column) -> Statement:
    head = sql("ALTER {} ALTER COLUMN {}", relation_clause(column), ident(column.name))
    command = sql("{} SET EXPRESSION AS ({})", head, deparsed(column.generated or ""))
    return Statement(command, LockMode.ACCESS_EXCLUSIVE, rewrite=not column.virtual, timing=Timing.LONG)
