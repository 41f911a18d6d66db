"""Columns that come, go or change ahead of the rest of a plan, and enums: the catalog behind just that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.directives import Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.constraint import FOREIGN_KEY, Constraint
from migplan.kinds.table import Table


def with_changes_of(
    ids: Iterable[ObjectId], world: Catalog, after: Catalog, directives: Directives
) -> tuple[Catalog, frozenset[ObjectId]]:
    """``world`` with those enums as they are declared, and those columns added, dropped, of their declared types, or no
    longer computed (stored, where they are computed when they are read), and which ones are. A column on which
    something outside of its table stands isn't dropped: nobody declares what that would be without it. One in a
    partition key can be neither."""
    objects, uses = dict(world.objects), dict(world.uses)
    changed: set[ObjectId] = set()
    for id in sorted(ids):
        if id.kind == "enum" and id in world and id in after:
            objects[id] = after[id]
            for gone in _saying_labels(id, world, after):
                objects.pop(gone, None)
                uses.pop(gone, None)
            changed.add(id)
            continue
        old, new = world.get(id, Column), after.get(id, Column)
        if old is None:
            if new is not None and new.relation in world and after.uses.get(id, frozenset()) <= world.objects.keys():
                objects[id] = replace(new, using=None, reverse=None)
                uses[id] = after.uses.get(id, frozenset())
                _with_default(id, objects, uses, after)
                changed.add(id)
            continue
        if _in_partition_key(old, world):
            continue
        if new is None:
            gone = {id, *world.dependants([id])}
            if any(world[user].table != old.relation for user in gone):
                continue
            objects = {i: o for i, o in objects.items() if i not in gone}
            uses = {i: u for i, u in uses.items() if i not in gone}
            changed.add(id)
        elif old.generated is not None and new.generated is None:
            objects[id] = replace(old, virtual=False) if old.virtual else replace(old, generated=None)
            changed.add(id)
        elif (old.type, old.collation) != (new.type, new.collation):
            objects[id] = _retyped(old, new, directives)
            uses[id] = after.uses.get(id, frozenset())
            if (old.identity is None) == (new.identity is None):
                _with_default(id, objects, uses, after)  # else it goes with what numbers the column
            changed.add(id)
    for key in _parted(changed, world, after):
        objects.pop(key, None)
        uses.pop(key, None)
    return replace(world, objects=objects, uses=uses), frozenset(changed)


def _saying_labels(enum: ObjectId, world: Catalog, after: Catalog) -> Iterable[ObjectId]:
    """Indexes and checks that go in any case, and may say a label that goes."""
    users = world.used_by.get(enum, ())
    return (id for id in users if id.kind in ("index", "constraint") and id not in after)


def _in_partition_key(column: Column, world: Catalog) -> bool:
    tables = (world.get(id, Table) for id in (column.relation, *descendants(column.relation, world)))
    return any(table is not None and column.name in table.key_columns for table in tables)


def _parted(changed: Iterable[ObjectId], world: Catalog, after: Catalog) -> set[ObjectId]:
    """Foreign keys of these columns that aren't declared as they are: the other side may keep the former type."""
    users = {user for id in changed for user in world.used_by.get(id, ())}
    keys = (key for id in users if (key := world.get(id, Constraint)) is not None and key.type == FOREIGN_KEY)
    return {key.id for key in keys if key != after.get(key.id, Constraint)}


def _retyped(old: Column, new: Column, directives: Directives) -> Column:
    using, reverse = directives.get(new.id, "using"), directives.get(new.id, "reverse")
    return replace(old, type=new.type, collation=new.collation, using=using, reverse=reverse)


def _with_default(
    id: ObjectId, objects: dict[ObjectId, DbObject], uses: dict[ObjectId, frozenset[ObjectId]], after: Catalog
) -> None:
    """The default of the declared type: the former one may not be a value of it."""
    default = ObjectId("default", id.path)
    objects.pop(default, None)
    uses.pop(default, None)
    if default in after and after.uses.get(default, frozenset()) <= objects.keys():
        objects[default] = after[default]
        uses[default] = after.uses.get(default, frozenset())
