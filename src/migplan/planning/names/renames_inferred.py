"""Renames that nobody has to ask for: those that come with others, for CREATE TABLE makes names of keys, indexes and
sequences out of its and its columns'; and those of keys, which can't be built anew beside themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Final

from migplan.core.changes import Rename
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.sequence import Sequence
from migplan.kinds.table import Table
from migplan.planning.shapes import shape

_RETYPED: Final = frozenset({"type", "collation", "generated"})
_KINDS: Final = frozenset({"constraint", "index", "sequence", "trigger", "policy", "statistics"})


def inferred(renames: Iterable[Rename], world: Catalog, after: Catalog) -> list[Rename]:
    """Members of renamed tables, and of tables with renamed columns, that differ from declared ones only in the name.

    Among several alike, the one whose name becomes the declared one with the new name in it.
    """
    renamed = {r.new: r.old for r in renames}
    owners = _with_partitions({id if id.kind == "table" else id.parent("table") for id in renamed}, world)
    left = _by_shape((o for o in world if not _stays(o, after)), world, owners)
    wanted = _by_shape((o for o in after if not _stays(o, world)), after, owners)
    found: list[Rename] = []
    for key, news in wanted.items():
        olds = left.get(key, [])
        if len(news) == len(olds) == 1:
            found.append(Rename(olds[0], news[0]))
            continue
        for new in news:
            found += [Rename(old, new) for old in olds if _follows(old, new, renamed)][:1]
    return found


def renamed_keys(world: Catalog, after: Catalog) -> list[Rename]:
    """Keys that are declared under another name, are the same otherwise, and can't be built anew beside themselves.

    A table has one primary key. One over columns that get other types can't be built before they have changed places,
    and the old one would have to go before that: nothing would keep the rows apart in between.
    """
    kept = (k for k in _keys(world, after) if k.type == PRIMARY_KEY or _is_retyped(k, world, after))
    left, wanted = _alike(kept, world), _alike(_keys(after, world), after)
    return [
        Rename(old.id, new[0].id)
        for key, (old, *others) in left.items()
        if not others and len(new := wanted.get(key, [])) == 1
    ]


def _keys(catalog: Catalog, other: Catalog) -> Iterator[Constraint]:
    """Those that the other side doesn't have under their names; attached ones go by their parents'."""
    for key in catalog.of(Constraint):
        if key.type in (PRIMARY_KEY, UNIQUE) and key.index_parent is None and not _stays(key, other):
            yield key


def _alike(keys: Iterable[Constraint], catalog: Catalog) -> Mapping[Hashable, list[Constraint]]:
    found: dict[Hashable, list[Constraint]] = defaultdict(list)
    for key in keys:
        found[key.relation, shape(key, catalog)].append(key)
    return found


def _is_retyped(key: Constraint, world: Catalog, after: Catalog) -> bool:
    """Whether one of its columns gets another type, or is computed otherwise."""
    sides = ((world.get(id, Column), after.get(id, Column)) for id in world.uses.get(key.id, frozenset()))
    return any(old and new and changed_fields(old, new) & _RETYPED for old, new in sides)


def _stays(obj: DbObject, other: Catalog) -> bool:
    """Whether the other side has the object under its name, and with the same table."""
    return obj.id in other and owner_of(other[obj.id]) == owner_of(obj)


def _by_shape(objects: Iterable[DbObject], catalog: Catalog, owners: set[ObjectId]) -> dict[Hashable, list[ObjectId]]:
    grouped: dict[Hashable, list[ObjectId]] = defaultdict(list)
    for obj in objects:
        owner = owner_of(obj)
        if obj.id.kind in _KINDS and owner in owners and not _follows_parent(obj):
            grouped[(obj.id.kind, owner, shape(obj, catalog))].append(obj.id)
    return grouped


def _follows_parent(obj: DbObject) -> bool:
    """An inherited check is renamed with its parent's."""
    return isinstance(obj, Constraint) and obj.type == CHECK and obj.inherited


def owner_of(obj: DbObject) -> ObjectId | None:
    """The table that an object goes with: a sequence's is that of the column that owns it."""
    if isinstance(obj, Sequence) and obj.owned_by is not None:
        return ObjectId("table", obj.owned_by.path[:2])
    return obj.table


def _with_partitions(renamed: set[ObjectId], world: Catalog) -> set[ObjectId]:
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
