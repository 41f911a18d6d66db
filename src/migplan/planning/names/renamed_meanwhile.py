"""Ways back that run when columns have their old names again, and say the new ones.

A label is added before anything else, so its way back comes last; what stands on the enum is made again by it, in the
words of the catalog in which columns bear their declared names. So they bear them for that moment: PostgreSQL has what
is made meanwhile follow, as it did on the way there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident, sql
from migplan.core.steps import Down, Irreversible, LockMode, Statement
from migplan.kinds.column import Column, relation_clause
from migplan.kinds.table import columns_of


def renamed_meanwhile(
    way: Down | Irreversible, id: ObjectId, catalog: Catalog, renamed: Mapping[ObjectId, str]
) -> Down | Irreversible:
    """The ``way`` back of ``id``, of which the ``catalog`` knows who stands on it; ``renamed`` are columns by their
    declared names, with those that they have at that time."""
    if not isinstance(way, Down):
        return way
    columns = list(_said(id, catalog, renamed))
    if not columns:
        return way
    held = next((c for c in columns if not _is_free(c, catalog, renamed)), None)
    if held is not None:
        return Irreversible(f"{id} stays as it is, for {held.id} is renamed in the same plan, and takes another's name")
    there = [_rename(c, renamed[c.id], c.name) for c in columns]
    back = [_rename(c, c.name, renamed[c.id]) for c in reversed(columns)]
    return replace(way, statements=(*there, *way.statements, *back))


def _said(id: ObjectId, catalog: Catalog, renamed: Mapping[ObjectId, str]) -> Iterator[Column]:
    """Columns of which something speaks that stands on the object as well."""
    standing = {id, *catalog.dependants({id})}
    for column_id in sorted(renamed):
        column = catalog.get(column_id, Column)
        if column is not None and not standing.isdisjoint({column_id, *catalog.dependants({column_id})}):
            yield column


def _is_free(column: Column, catalog: Catalog, renamed: Mapping[ObjectId, str]) -> bool:
    """Whether no other column of its table has the name at that time."""
    others = (c for c in columns_of(column.relation, catalog) if c.id != column.id)
    return all(renamed.get(c.id, c.name) != column.name for c in others)


def _rename(column: Column, old: str, new: str) -> Statement:
    command = sql("ALTER {} RENAME COLUMN {} TO {}", relation_clause(column), ident(old), ident(new))
    return Statement(command, LockMode.ACCESS_EXCLUSIVE)
