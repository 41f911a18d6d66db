"""Indexes, keys and foreign keys of partitions that differ from the declared ones only in their names.

Each of them hangs on its parent's, and each partition has one at most: which is which is plain. No application sees
their names, and they couldn't be dropped as long as the parent's stands. A table that becomes a partition brings them:
ATTACH takes whatever fits (manual: ALTER TABLE, ATTACH PARTITION), and another one of the declared name couldn't hang
there any more. One that leaves takes them along.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migplan.core.changes import Rename
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.records import record
from migplan.core.sql import ident, sql
from migplan.core.steps import Down, LockMode, Phase, Statement, Step, step_id
from migplan.kinds.constraint import ATTACHABLE, EXCLUSION, FOREIGN_KEY, Constraint
from migplan.kinds.index import Index
from migplan.kinds.names import names_of
from migplan.kinds.settled_below import index_above
from migplan.kinds.table import Table
from migplan.planning.names.freed_names import with_renamed

STRATEGY = "rename_attached"
_SPACES = frozenset({"relation", "constraint"})


@record
class Attached:
    """The live catalog after the renames, and the steps that make them."""

    before: Catalog
    renames: tuple[Rename, ...] = ()
    steps: tuple[Step, ...] = ()


def rename_attached(before: Catalog, after: Catalog) -> Attached:
    """Give what is attached the declared names, where nothing bears those yet; then what hangs on that below."""
    alike = [*_alike(before, after), *_brought(before, after)]
    if not alike:
        return Attached(before)
    taken = {name for obj in before for name in names_of(obj) if name.space in _SPACES}
    pairs = [(old, new) for old, new in alike if not any(n in taken for n in names_of(new) if n.space in _SPACES)]
    if not pairs:
        return Attached(before)
    renames = {old.id: new.id for old, new in pairs}
    below = rename_attached(with_renamed(before, renames, {}), after)
    return Attached(
        below.before,
        (*(Rename(old, new) for old, new in renames.items()), *below.renames),
        (*(_step(old, new) for old, new in pairs), *below.steps),
    )


def _alike(before: Catalog, after: Catalog) -> Iterator[tuple[DbObject, DbObject]]:
    """What hangs on the same, on the same partition, under two names."""
    come = before.compared_with(after).come
    wanted = {key: o for o in (after[id] for id in sorted(come)) if (key := _key(o)) is not None}
    for obj in before if wanted else ():
        key = _key(obj)
        new = None if key is None or obj.id in after else wanted.get(key)
        if new is not None and replace(obj, id=new.id, comment=new.comment) == new:
            yield obj, new


def _brought(before: Catalog, after: Catalog) -> Iterator[tuple[DbObject, DbObject]]:
    """What a table has already that becomes a partition of another table, or leaves it."""
    come = before.compared_with(after).come
    tables = (t for t in after if isinstance(t, Table) and _moves(before.get(t.id, Table), t)) if come else ()
    for table in tables:
        for model in (Index, Constraint):
            there = sorted(before.members_of(table.id, model), key=lambda o: o.id)
            for new in (o for o in after.members_of(table.id, model) if o.id in come):
                apart = _apart(new)
                found = [o for o in there if apart is not None and _may_go(o, new, after) and _apart(o) == apart]
                if found:
                    there.remove(found[0])
                    yield found[0], new


def _moves(old: Table | None, new: Table) -> bool:
    return old is not None and old.partition_of != new.partition_of


def _may_go(old: DbObject, new: DbObject, after: Catalog) -> bool:
    """Whether ``old`` isn't declared, or beside the one that is to hang on a parent's."""
    if hangs_on(old) is None and hangs_on(new) is None:
        return False
    return old.id not in after or (hangs_on(old) is None and hangs_on(after[old.id]) is None)


def _apart(obj: DbObject) -> DbObject | None:
    """What it is by itself; an exclusion constraint is taken for nobody's."""
    bare = ObjectId(obj.id.kind, ())
    if isinstance(obj, Index):
        return replace(obj, id=bare, comment=None, parent=None)
    if not isinstance(obj, Constraint) or obj.type not in (*ATTACHABLE, FOREIGN_KEY):
        return None
    return replace(obj, id=bare, comment=None, index_parent=None, clone_of=None, inherited=False, local=True)


def hangs_on(obj: DbObject) -> ObjectId | None:
    """The index, key or foreign key of the parent that one of a partition belongs to."""
    if isinstance(obj, Constraint) and obj.type in (EXCLUSION, FOREIGN_KEY):
        return obj.clone_of
    return index_above(obj)


def _key(obj: DbObject) -> tuple[ObjectId, ObjectId] | None:
    parent = hangs_on(obj)
    return None if parent is None or obj.table is None else (obj.table, parent)


def _step(old: DbObject, new: DbObject) -> Step:
    now = new.id.path[-1]
    return Step(
        id=step_id("rename", old.id),
        title=f"rename {old.id} to {now}",
        object=new.id,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why="it is the declared one but for its name; no application sees the names of indexes and keys",
        up=(_renamed(old, now),),
        down=Down((_renamed(new, old.id.path[-1]),)),
        releases=frozenset({new.id}),
        frees=names_of(old),
        first=True,
    )


def _renamed(obj: DbObject, to: str) -> Statement:
    if isinstance(obj, Constraint) and obj.type == FOREIGN_KEY:
        table, name = ident(*obj.relation.path), ident(obj.name)
        command = sql("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", table, name, ident(to))
        return Statement(command, LockMode.ACCESS_EXCLUSIVE)
    command = sql("ALTER INDEX {} RENAME TO {}", ident(obj.id.path[0], obj.id.path[-1]), ident(to))
    return Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE)
