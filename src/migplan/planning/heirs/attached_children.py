"""Indexes and keys of partitioned tables that stay, while one of those that hang on them can't, and the reverse.

PostgreSQL drops none as long as its parent's stands, and takes no second one of the same partition (manual: ALTER
INDEX, ATTACH PARTITION): the whole tree is made again. One that stays while its parent's goes is dropped with that, and
made again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from migplan.core.changes import Alter, Change
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.registry import kind_of
from migplan.kinds.settled_below import index_above
from migplan.kinds.table import Table


def losing_children(before: Catalog, after: Catalog, changes: Mapping[ObjectId, Change]) -> set[ObjectId]:
    """The topmost of them, and those that lose theirs."""
    found: set[ObjectId] = set()
    for parent, children in before.index_children.items():
        if parent in after and any(_must_go(child, before, after, changes) for child in children):
            found.add(_topmost(parent, before))
        elif parent not in after:
            found |= {c for c in children if _left_alone(c, before, after)}
    return {id for id in found if id in after}


def needs_statements(change: Alter) -> bool:
    """Whether more differs than what every kind of object has."""
    return bool(change.fields - {"comment", "grants", "owner"})


def _must_go(child: ObjectId, before: Catalog, after: Catalog, changes: Mapping[ObjectId, Change]) -> bool:
    if not _stays_where_it_is(before[child].table, before, after):
        return False
    change = changes.get(child)
    if not isinstance(change, Alter):
        return child not in after
    if index_above(change.new) != index_above(change.old):
        return True
    return needs_statements(change) and kind_of(child).alter(change.old, change.new, before, after) is None


def _left_alone(child: ObjectId, before: Catalog, after: Catalog) -> bool:
    """Whether an index or key of a partition that stays one is declared without a parent's."""
    stays = child in after and _stays_where_it_is(before[child].table, before, after)
    return stays and index_above(after[child]) is None


def _stays_where_it_is(table: ObjectId | None, before: Catalog, after: Catalog) -> bool:
    """One that is detached takes its index with it, and gets another when it is attached."""
    old, new = (None if table is None else side.get(table, Table) for side in (before, after))
    if old is None or new is None or old.partition_of is None:
        return False
    return (old.partition_of, old.bound) == (new.partition_of, new.bound)


def _topmost(index: ObjectId, catalog: Catalog) -> ObjectId:
    parent = index_above(catalog[index])
    return index if parent is None or parent not in catalog else _topmost(parent, catalog)
