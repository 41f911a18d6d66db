"""Columns that children declare as well: they stay when their parent's goes, and what is said of that one passes by."""

from __future__ import annotations

from collections.abc import Iterator

from migplan.core.model import Catalog
from migplan.core.sql import Sql, ident, sql
from migplan.kinds._descendants import heirs, parents_of
from migplan.kinds.column import Column, relation_clause


def local_below(column: Column, catalog: Catalog) -> list[Column]:
    """Those of that name: made ahead of their parent's, which is then merged with them, and dropped behind it."""
    found = (catalog.get(r.child("column", column.name), Column) for r in heirs(column.relation, catalog))
    return [c for c in found if c is not None and c.inherited and c.local]


def going(column: Column, catalog: Catalog) -> Iterator[tuple[Column, Sql]]:
    """The columns that ALTER has to name so that this one goes with all that only inherit it, each with the clause for
    its table: without ONLY where all below go along."""
    clause = relation_clause(column)
    if not local_below(column, catalog):
        yield column, clause
        return
    yield column, sql("{}ONLY {}", Sql(clause[: clause.index("TABLE ") + 6]), ident(*column.relation.path))
    children = (r for r in heirs(column.relation, catalog) if column.relation in parents_of(r, catalog))
    found = (catalog.get(r.child("column", column.name), Column) for r in sorted(children))
    for child in found:
        if child is not None and child.inherited and not child.local:
            yield from ((c, _if_there(clause)) for c, clause in going(child, catalog))


def _if_there(clause: Sql) -> Sql:
    """A table that goes as well may have gone before."""
    head, table, name = clause.partition("TABLE ")
    return clause if name.startswith("IF EXISTS ") else Sql(f"{head}{table}IF EXISTS {name}")
