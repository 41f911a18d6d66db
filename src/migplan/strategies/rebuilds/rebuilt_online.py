"""Which large tables are built a second time beside themselves, because nothing in place or beside a column will do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from migplan.core.changes import Alter, Change, Create, Drop
from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds.column import Column
from migplan.kinds.column_indexes import builds_indexes_again
from migplan.kinds.constraint import EXCLUSION, PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.default import Default
from migplan.kinds.index import Index
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.kinds.type_changes import keeps_rows
from migplan.strategies.base import Context, Size
from migplan.strategies.column_types.replaced import rewritten
from migplan.strategies.columns.stored_column import rewriting_columns
from migplan.strategies.partitions.becoming_partition import becoming_partition
from migplan.strategies.rebuilds.family import members_of, tables_of
from migplan.strategies.rebuilds.log_key import log_key

_REWRITTEN: Final = frozenset({"unlogged", "tablespace", "access_method"})


def rebuilt_online(context: Context) -> Mapping[ObjectId, str | None]:
    """The tables (partitioned ones by their root), each with what stands in the way, if anything: the end of a
    sentence. What can be had under a lock as well is only listed where nothing does."""
    if context.settings.offline:
        return {}
    wanted = {root_of(id, context.before) for id in _impossible(context)}
    better = {root_of(id, context.before) for id in _locking(context)} - wanted
    large = (root for root in sorted(wanted | better) if context.size(root) is Size.LARGE)
    found = {root: None if becoming_partition(context, root) else _obstacle(context, root) for root in large}
    return {root: why for root, why in found.items() if why is None or root in wanted or _retires(context, root)}


def families(context: Context, roots: Iterable[ObjectId]) -> frozenset[ObjectId]:
    """Everything that moves with these tables, on either side."""
    return frozenset(
        id
        for root in roots
        for catalog in (context.before, context.after)
        for id in members_of(tables_of(root, catalog), catalog)
    )


def root_of(table: ObjectId, catalog: Catalog) -> ObjectId:
    """The partitioned table at the top of a partition's tree, or the table itself."""
    found = catalog.get(table, Table)
    while found is not None and found.partition_of is not None:
        table = found.partition_of
        found = catalog.get(table, Table)
    return table


def _impossible(context: Context) -> Iterable[ObjectId]:
    """Tables with a change that PostgreSQL can't make in place, or would write every row or index for."""
    yield from (new.id for _, new, fields in context.altered(Table) if fields & {"partition_key", "column_order"})
    yield from (c.relation for c, why in rewritten(context) if why is not None and why != "the table inherits")
    yield from (c.relation for c in rewriting_columns(context) if c.relation in context.before)
    yield from _retyped_partition_keys(context)
    for old, new, fields in context.altered(Column):
        if "type" in fields and keeps_rows(old.type, new.type) and builds_indexes_again(old, context.before):
            yield new.relation


def _locking(context: Context) -> Iterable[ObjectId]:
    """Tables with a change that reads or writes every row under an exclusive lock, and is made so where it must."""
    for old, new, fields in context.altered(Table):
        if fields & _REWRITTEN and new.partition_key is None and old.partition_key is None:
            yield new.id
    for key in context.created(Constraint):
        if key.type == EXCLUSION and key.relation in context.before and key.relation in context.after:
            yield key.relation
    for old, new, fields in context.altered(Constraint):
        if EXCLUSION in (old.type, new.type) and fields & {"type", "definition"}:
            yield new.relation


def _retyped_partition_keys(context: Context) -> Iterable[ObjectId]:
    """PostgreSQL changes no type of a column that a partition key names, in place or otherwise."""
    for old, new, fields in context.altered(Column):
        if fields & {"type", "collation"} and not old.inherited:
            trees = (context.before.get(id, Table) for id in tables_of(new.relation, context.before))
            if any(t is not None and new.name in t.key_columns for t in trees):
                yield new.relation


def _obstacle(context: Context, root: ObjectId) -> str | None:
    before, after = context.before, context.after
    old, new = before.get(root, Table), after.get(root, Table)
    if old is None or new is None or new.partition_of is not None:
        return "it doesn't stay the root of its partitions"
    if log_key(root, before, after) is None or log_key(root, after, before) is None:
        return "it has no key whose columns both its forms have, along which rows could be copied"
    inside = (*tables_of(root, before), *tables_of(root, after))
    columns = (_columns(context, change) for change in _changes_of(context, root))
    reasons = (_shape(context, inside), _below(context, root), *columns)
    return next((why for why in reasons if why is not None), None)


def _shape(context: Context, tables: Iterable[ObjectId]) -> str | None:
    for catalog in (context.before, context.after):
        for id in tables:
            table = catalog.get(id, Table)
            if table is None:
                continue
            if table.inherits or any(id in t.inherits for t in catalog.of(Table)):
                return f"{id} inherits"
            if any(o.id.kind == "foreign_table" and getattr(o, "partition_of", None) == id for o in catalog):
                return f"{id} has a foreign table as a partition"
    moved = [
        id
        for id in tables
        for one, other in ((context.before, context.after), (context.after, context.before))
        if id in one and id in other and root_of(id, one) != root_of(id, other)
    ]
    return f"{moved[0]} changes its parent" if moved else None


def _below(context: Context, root: ObjectId) -> str | None:
    """What the tables stand on, where its way back makes all anew that stands on it: the copies as well."""
    for change in context.all_changes:
        if not isinstance(change, Alter) or change.id.kind not in CALLABLE:
            continue
        back = kind_of(change.id).alter(change.new, change.old, context.after, context.before)
        if back is None and context.before.dependants([change.id]) & families(context, [root]):
            return f"{change.id} changes and can't be led back in place: let a plan of its own do that first"
    return None


def _changes_of(context: Context, root: ObjectId) -> Iterable[Change]:
    return (c for c in context.all_changes if c.id.kind in ("column", "default") and c.id.path[:2] == root.path)


def _columns(context: Context, change: Change) -> str | None:
    """What of the columns a copy can't bring along while both versions of the application work."""
    match change:
        case Drop(Column(generated=None) as old):
            return f"{old.id} is dropped: let a plan of its own do that first"
        case Create(Column() as new) if _needs_value(context, new):
            if context.directive(new, "backfill") is None:
                return f"{new.id} is new and NOT NULL, and nothing says what its rows get"
            return f"{new.id} is NOT NULL and new: let a plan of its own add it first"
        case Alter(new=Column() as new) if new.id in context.renamed_columns:
            return f"{new.id} is renamed: let a plan of its own do that first"
        case Alter(old=Column() as old, new=Column() as new) if _must_be_written(old, new):
            return f"{new.id} is no longer computed: let a plan of its own do that first"
        case _:
            return None


def goes_first(context: Context, root: ObjectId) -> frozenset[ObjectId]:
    """The columns whose change stands in the way as long as it hasn't been made."""
    changes = [c for c in _changes_of(context, root) if c.id.kind == "column"]
    changed = {c.id for c in changes if _columns(context, c) is not None}
    return frozenset(changed | {id for id in context.renamed_columns if id.parent("table") == root})


def _retires(context: Context, root: ObjectId) -> bool:
    """Whether a column is no longer computed, which can go first."""
    pairs = ((c.old, c.new) for c in _changes_of(context, root) if isinstance(c, Alter))
    return any(isinstance(o, Column) and isinstance(n, Column) and _must_be_written(o, n) for o, n in pairs)


def _must_be_written(old: Column, new: Column) -> bool:
    """Whether nobody can give the column a value before the tables change places, and nobody computes it afterwards."""
    return old.generated is not None and new.generated is None


def _needs_value(context: Context, column: Column) -> bool:
    if column.not_null is None or column.generated is not None or column.identity is not None:
        return False
    return column.using is None and ObjectId("default", column.id.path) not in context.after


def sentences(context: Context, root: ObjectId) -> list[str]:
    """What the application must bear before the tables change places."""
    family = families(context, [root])
    return sorted({s for c in context.all_changes if c.id in family for s in _sentences(context, root, c) if s})


def _sentences(context: Context, root: ObjectId, change: Change) -> Iterable[str | None]:
    kind = kind_of(change.id)
    match change:
        case Create(new) if _of_root(new, root):
            yield kind.create_contract(new, context.before)
        case Alter(old, new):
            yield kind.contract(old, new)
            yield _lost_key(old, new)
        case Drop(Constraint() | Index() as old) if _of_root(old, root):
            yield kind.drop_contract(old)
        case _:
            pass


def _of_root(obj: DbObject, root: ObjectId) -> bool:
    return isinstance(obj, Constraint | Index | Column | Default) and obj.relation == root


def _lost_key(old: DbObject, new: DbObject) -> str | None:
    """A key over other columns: what named it in ON CONFLICT finds it no more."""
    if not isinstance(old, Constraint) or not isinstance(new, Constraint) or old.type not in (PRIMARY_KEY, UNIQUE):
        return None
    names = ", ".join(old.columns)
    return f"doesn't name ({names}) of {old.relation} in ON CONFLICT" if old.columns != new.columns else None
