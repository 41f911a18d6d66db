"""Which large table becomes a partition of its own declared form as it is, and what it has to change for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import LockMode, Statement
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, EXCLUSION, INDEXED, Constraint
from migplan.kinds.index import Index
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table, columns_of
from migplan.strategies.base import Context
from migplan.strategies.rebuilds.family import members_of

DIRECTIVE: Final = "existing-rows"
_GENERIC: Final = frozenset({"comment", "owner", "grants"})


@record(slots=False)
class Becoming:
    """The table ``root`` (before) becomes the ``partition`` (after) of the table that takes its name.

    ``pairs`` are what both consist of: the old one under the name of the new one, and that as it stands before ATTACH.
    ``names`` are the old names of what changes its name.
    """

    root: ObjectId
    partition: Table
    pairs: tuple[tuple[DbObject, DbObject], ...]
    names: tuple[tuple[ObjectId, ObjectId], ...]

    @property
    def bounds(self) -> Sql | None:
        """What ATTACH would read every row for."""
        said = self.partition.bound_condition
        return None if said is None else deparsed(said)

    def there(self, context: Context) -> list[Statement]:
        """The statements that let the old table be what is attached."""
        renames = [s for old, new in self.names for s in self._renamed(old, new)]
        return [*renames, *(s for was, now in self.pairs for s in _changes(context, was, now) or ())]

    def back(self, context: Context) -> list[Statement]:
        """The way back of those."""
        changes = [s for was, now in reversed(self.pairs) for s in _changes(context, now, was) or ()]
        return [*changes, *(s for old, new in reversed(self.names) for s in self._renamed(new, old))]

    def _renamed(self, old: ObjectId, new: ObjectId) -> Sequence[Statement]:
        """The table itself, or an index or key of it, while the table is where the partition is to be."""
        if old.kind == "table":
            return _moved(old, new)
        if old.path[-1] == new.path[-1]:
            return ()
        schema = self.partition.id.path[0]
        command = sql("ALTER INDEX {} RENAME TO {}", ident(schema, old.path[-1]), ident(new.path[-1]))
        return (Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE),)


def becoming_partition(context: Context, root: ObjectId) -> Becoming | None:
    """None where some row may have to move, or the table isn't what the partition is declared to be."""
    old, new = context.before.get(root, Table), context.after.get(root, Table)
    if old is None or new is None or old.partition_key is not None or new.partition_key is None:
        return None
    partition = _partition(context, root)
    if partition is None or not _stands_alone(old, context.before) or not _like_the_root(context, root):
        return None
    names = _names(context, root, partition)
    if names is None:
        return None
    pairs = [_pair(context.before[old], context.after[new], names) for old, new in names.items()]
    ways = (_changes(context, *way) for was, now in pairs for way in ((was, now), (now, was)))
    if any(statements is None or any(s.rewrite for s in statements) for statements in ways):
        return None
    return Becoming(root, partition, tuple(pairs), tuple((o, n) for o, n in names.items() if _bears_a_name(context, o)))


def _partition(context: Context, root: ObjectId) -> Table | None:
    """The partition that all present rows are of: the only one, or the one of which a directive says so."""
    children = [t for t in context.after.of(Table) if t.partition_of == root]
    said = [t for t in children if context.directives.get(t.id, DIRECTIVE) is not None]
    chosen = said if said else children
    if len(chosen) != 1 or chosen[0].partition_key is not None or chosen[0].id in context.before:
        return None
    by_hash = "satisfies_hash_partition" in (chosen[0].bound_condition or "")
    return None if by_hash else chosen[0]


def _stands_alone(table: Table, catalog: Catalog) -> bool:
    heirs = any(table.id in t.inherits for t in catalog.of(Table))
    return not table.inherits and not heirs and table.of_type is None


def _like_the_root(context: Context, root: ObjectId) -> bool:
    """Whether the declared root consists of the same: what is new to it would be built or read under the lock."""
    before, after = ({id: c[id] for id in members_of([root], c) if id != root} for c in (context.before, context.after))
    if before.keys() != after.keys():
        return False
    order = [[c.name for c in columns_of(root, side)] for side in (context.before, context.after)]
    if order[0] != order[1]:
        return False
    return all(_same(old, after[id]) for id, old in before.items())


def _same(old: DbObject, new: DbObject) -> bool:
    """But for what only says that it is a partitioned table's."""
    unsure = isinstance(old, Constraint) and old.type == CHECK and not (old.validated and old.enforced)
    if isinstance(old, Column) and isinstance(new, Column) and (old.using or new.using):
        return False
    ignored = _GENERIC | {"partitioned", "index_options", "options", "index_tablespace", "tablespace", "clustered"}
    ignored |= {"storage", "compression", "statistics", "index_comment"}
    return not unsure and not changed_fields(old, new) - ignored


def _names(context: Context, root: ObjectId, partition: Table) -> dict[ObjectId, ObjectId] | None:
    """The table and what it consists of, each with its counterpart; None where one has none."""
    before, after = context.before, context.after
    ours = {id for id in members_of([root], before) if id != root}
    theirs = {id for id in members_of([partition.id], after) if id != partition.id}
    found = {root: partition.id}
    for id in sorted(ours):
        counterpart = _counterpart(before[id], partition.id, theirs, after)
        if counterpart is None:
            return None
        theirs.discard(counterpart)
        found[id] = counterpart
    taken = {id.path[-1] for id in ours}
    clash = any(new.path[-1] != old.path[-1] and new.path[-1] in taken for old, new in found.items())
    return None if theirs or clash else found


def _bears_a_name(context: Context, id: ObjectId) -> bool:
    """Columns, defaults and checks are their table's; the name of an index is the schema's."""
    obj = context.before[id]
    return isinstance(obj, Table | Index) or (isinstance(obj, Constraint) and obj.type in INDEXED)


def _counterpart(obj: DbObject, partition: ObjectId, members: set[ObjectId], catalog: Catalog) -> ObjectId | None:
    """What the partition has for a member of the table: by its name, or by the index that it hangs on."""
    if not isinstance(obj, Index) and not (isinstance(obj, Constraint) and obj.type in INDEXED):
        same = ObjectId(obj.id.kind, (*partition.path, obj.id.path[-1]))
        return same if same in members else None
    for id in sorted(members):
        other = catalog[id]
        parent = other.parent if isinstance(other, Index) else None
        if isinstance(other, Constraint):
            parent = other.clone_of if other.type == EXCLUSION else other.index_parent
        if parent == obj.id:
            return id
    return None


def _pair(old: DbObject, new: DbObject, names: Mapping[ObjectId, ObjectId]) -> tuple[DbObject, DbObject]:
    """Both under the new one's name, the new one as it is while the partition stands alone: from 17 on a partition has
    the identity of its parent, and its NOT NULL is that of its parent anyway."""
    if isinstance(old, Table) and isinstance(new, Table):
        identity = old.replica_identity
        named = names[identity] if isinstance(identity, ObjectId) else identity
        return replace(old, id=new.id, replica_identity=named), replace(new, partition_of=None, bound=None)
    moved: dict[str, Any] = {"id": new.id, "relation": new.table}
    was = replace(old, **moved)
    match old, new:
        case Column(), Column():
            return was, replace(new, identity=None, not_null=old.not_null)
        case _, Index():
            return was, replace(new, parent=None)
        case _, Constraint():
            return was, replace(new, index_parent=None, clone_of=None)
        case _:
            return was, new


def _changes(context: Context, was: DbObject, now: DbObject) -> list[Statement] | None:
    """In place, from one to the other."""
    fields = changed_fields(was, now)
    statements: list[Statement] | None = []
    if fields - _GENERIC:
        statements = kind_of(now.id).alter(was, now, context.before, context.after)
    return None if statements is None else [*statements, *_attributes(context, was, now, fields)]


def _attributes(context: Context, old: DbObject, new: DbObject, fields: Iterable[str]) -> Iterable[Statement]:
    kind, major = kind_of(new.id), context.after.major
    if "comment" in fields:
        yield from kind.comment_statements(new, new.comment)
    if "grants" in fields and context.settings.grants:
        owner = new.owner if context.settings.owners else ""
        yield from kind.grant_statements(
            new, kind.effective_grants(old, major), kind.effective_grants(new, major), owner
        )
    if "owner" in fields and context.settings.owners and kind.owned and new.owner:
        yield from kind.owner_statements(new, new.owner)


def _moved(old: ObjectId, new: ObjectId) -> list[Statement]:
    """Its name first, then its schema."""
    found: list[Statement] = []
    if old.path[-1] != new.path[-1]:
        command = sql("ALTER TABLE {} RENAME TO {}", ident(*old.path), ident(new.path[-1]))
        found.append(Statement(command, LockMode.ACCESS_EXCLUSIVE))
    if old.path[0] != new.path[0]:
        command = sql("ALTER TABLE {} SET SCHEMA {}", ident(old.path[0], new.path[-1]), ident(new.path[0]))
        found.append(Statement(command, LockMode.ACCESS_EXCLUSIVE))
    return found
