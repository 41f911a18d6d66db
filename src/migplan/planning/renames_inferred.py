"""Renames that come with a table's: CREATE TABLE makes up names of keys, indexes and sequences from the table's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Final

from migplan.core.changes import Rename
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds.sequence import Sequence
from migplan.kinds.table import Table
from migplan.planning.shapes import shape

_KINDS: Final = frozenset({"constraint", "index", "sequence", "trigger", "policy", "statistics"})


def inferred(tables: Iterable[Rename], world: Catalog, after: Catalog) -> list[Rename]:
    """Members of renamed tables that differ from declared ones in nothing but the name.

    Among several alike, the one whose name becomes the declared one with the table's new name in it.
    """
    renamed = {r.new: r.old for r in tables}
    owners = _with_partitions(renamed, world)
    left = _by_shape((o for o in world if o.id not in after), world, owners)
    wanted = _by_shape((o for o in after if o.id not in world), after, owners)
    found: list[Rename] = []
    for key, news in wanted.items():
        olds = left.get(key, [])
        if len(news) == len(olds) == 1:
            found.append(Rename(olds[0], news[0]))
            continue
        for new in news:
            found += [Rename(old, new) for old in olds if _follows(old, new, renamed)][:1]
    return found


def _by_shape(objects: Iterable[DbObject], catalog: Catalog, owners: set[ObjectId]) -> dict[Hashable, list[ObjectId]]:
    grouped: dict[Hashable, list[ObjectId]] = defaultdict(list)
    for obj in objects:
        owner = _owner(obj)
        if obj.id.kind in _KINDS and owner in owners:
            grouped[(obj.id.kind, owner, shape(obj, catalog))].append(obj.id)
    return grouped


def _owner(obj: DbObject) -> ObjectId | None:
    if isinstance(obj, Sequence) and obj.owned_by is not None:
        return ObjectId("table", obj.owned_by.path[:2])
    return obj.table


def _with_partitions(renamed: dict[ObjectId, ObjectId], world: Catalog) -> set[ObjectId]:
    """The renamed tables and everything that is attached to them or inherits from them."""
    owners = set(renamed)
    tables = list(world.of(Table))
    while True:
        more = {t.id for t in tables if t.partition_of in owners or owners.intersection(t.inherits)} - owners
        if not more:
            return owners
        owners |= more


def _follows(old: ObjectId, new: ObjectId, renamed: dict[ObjectId, ObjectId]) -> bool:
    return any(old.path[-1].replace(was.path[-1], now.path[-1], 1) == new.path[-1] for now, was in renamed.items())
