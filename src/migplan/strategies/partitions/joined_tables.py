"""Tables that get a lock though the command is for another one: those that a foreign key refers to, and those around a
partition that is attached or below a new parent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds._descendants import ancestors, partitions
from migplan.kinds.attachment import attachment
from migplan.kinds.constraint import FOREIGN_KEY, Constraint
from migplan.kinds.foreign_table import ForeignTable
from migplan.kinds.table import Table
from migplan.kinds.trigger import Trigger

_ATTACHES_TO_REFERRED = 15
"""The first major version where ATTACH locks the tables that refer to the parent."""


def joined(obj: DbObject, before: Catalog, after: Catalog, statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """What makes or drops an object; of a foreign key with the lock which the table that it refers to gets, and its
    partitions."""
    found = tuple(statements)
    if not isinstance(obj, Constraint) or obj.type != FOREIGN_KEY or obj.target is None or obj.target == obj.relation:
        return found
    return _also(found, _there(_referred(obj.target, before, after), before, after))


def reaching(obj: DbObject, part: Part, before: Catalog, after: Catalog) -> tuple[Statement, ...]:
    """What makes a part of an object, with the locks that it takes on tables which were there before."""
    found = joined(obj, before, after, part.create)
    if isinstance(obj, Table | ForeignTable) and obj.partition_of and attachment(obj.id) in part.provides:
        held = [*_below(obj.id, after), *_defaults(obj.partition_of, before, after)]
        found = _also(found, _there(held, before, after))
        keys = _there(_by_foreign_keys(obj.partition_of, before, after), before, after)
        return _also(found, keys, LockMode.SHARE_ROW_EXCLUSIVE)
    if isinstance(obj, Constraint | Trigger) and obj.table is not None and obj.table not in before:
        return _also(found, _there(_below(obj.table, after), before, after))
    return found


def _also(statements: Iterable[Statement], names: Iterable[str], lock: LockMode | None = None) -> tuple[Statement, ...]:
    """The statements with their own lock, or that one, on others as well."""
    others = tuple(names)
    return tuple(
        replace(s, stronger=(*s.stronger, *((name, lock or s.lock) for name in others)))
        if s.lock > LockMode.NONE
        else s
        for s in statements
    )


def _there(tables: Iterable[ObjectId], before: Catalog, after: Catalog) -> list[str]:
    """``schema.name`` of those that are there already. A table that neither catalog has is there as well, and isn't
    managed: Supabase's users, say."""
    found = dict.fromkeys(t for t in tables if t in before or t not in after)
    return [".".join(t.path) for t in found]


def _referred(target: ObjectId, before: Catalog, after: Catalog) -> Iterable[ObjectId]:
    return (target, *_below(target, before), *_below(target, after))


def _below(table: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """Its partitions, to any depth."""
    for below in partitions(table, catalog):
        yield below
        yield from _below(below, catalog)


def _defaults(parent: ObjectId, before: Catalog, after: Catalog) -> Iterable[ObjectId]:
    """Its default partition with all below it: none of their rows may belong to a new one."""
    for catalog in (before, after):
        for id in partitions(parent, catalog):
            if getattr(catalog[id], "bound", None) == "DEFAULT":
                yield from (id, *_below(id, catalog))


def _by_foreign_keys(parent: ObjectId, before: Catalog, after: Catalog) -> Iterable[ObjectId]:
    """What the parent's foreign keys refer to, and what refers to it: a new partition gets those keys as well."""
    for catalog in (before, after):
        for table in (parent, *ancestors(parent, catalog)):
            members = catalog.members.get(table, ())
            for key in members:
                if isinstance(key, Constraint) and key.type == FOREIGN_KEY and key.target is not None:
                    yield from _referred(key.target, before, after)
            if catalog.major >= _ATTACHES_TO_REFERRED:
                users = {user for o in members for user in catalog.used_by.get(o.id, ())}
                keys = (catalog.get(user, Constraint) for user in sorted(users))
                yield from (key.relation for key in keys if key is not None and key.target == table)
