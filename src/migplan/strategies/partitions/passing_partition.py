"""Partitions that come or go while their parent gets or loses columns or checks.

Columns that a parent gets reach a partition that is dropped while it is there. So they come ahead of the drop, and the
way back creates the partition with them: ATTACH refuses one that lacks any. In the same way a new partition is made
with what its parent has and loses later, which goes from every level. Columns that its parent changes, or loses beside
a drop, wait for it by themselves, and so does what makes them NOT NULL.

Checks that a parent gets come last: a new partition gets them with all others, when the application is ready for them,
and a dropped one never does. Those that it loses or changes do so ahead of a drop, because an application may count on
that early; but not one over a column that changes as well, which waits for the drop itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from migplan.core.changes import Alter, Create, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.steps import After, step_id
from migplan.kinds._descendants import ancestors
from migplan.kinds.attachment import attachment
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, FOREIGN_KEY, Constraint
from migplan.kinds.default import Default
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.partitions.partition_links import concurrently
from migplan.strategies.pieces import Pieces


class PassingPartition(Strategy):
    """The order of a partition's creation or drop and its parent's changes."""

    name = "passing_partition"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for table in context.dropped(Table):
            parent = _staying_parent(table, context.before, context.after)
            if parent is None or table.id in context.rebuilds.items or parent in context.rebuilds.items:
                continue
            yield _going(context, parent, After(_letting_go(context, table), f"{table.id} is a partition until then"))
        for old, new, _ in context.altered(Table):
            parent = old.partition_of if new.partition_of is None else None
            if parent is not None and parent in context.after and new.id not in context.rebuilds.items:
                detaching = After(step_id("detach", new.id), "it is a partition until then")
                yield _leaving(context, parent, detaching)
                yield Expansion(
                    (), behind=dict.fromkeys(_kept_keys(context, parent, new, context.after, context.before), detaching)
                )
            joined = new.partition_of if old.partition_of is None else None
            if joined is not None and joined in context.before and new.id not in context.rebuilds.items:
                attaching = After(step_id("attach", new.id), f"{new.id} has it in that form")
                yield Expansion(
                    (), ahead=dict.fromkeys(_kept_keys(context, joined, new, context.before, context.after), attaching)
                )
        for table in context.created(Table):
            parent = _staying_parent(table, context.after, context.before)
            if parent is not None and parent not in context.rebuilds.items:
                number = _number(context.pieces_after, table)
                yield _coming(context, parent, table, After(step_id("create", table.id, number), f"before {table.id}"))
                yield from _made_with(context, parent, table)


def _leaving(context: Context, parent: ObjectId, detaching: After) -> Expansion:
    """A table that stops being a partition loses the parent's checks with it, and gets no new ones. Its columns' types
    change by themselves, or stay: the parent's wait until they don't reach it."""
    lost = _checks((c.old for c in context.changes.values() if isinstance(c, Drop)), parent)
    come = _checks((c.new for c in context.changes.values() if isinstance(c, Create)), parent)
    behind = [*come, *_retyped_above(context, parent)]
    return Expansion((), ahead=dict.fromkeys(lost, detaching), behind=dict.fromkeys(behind, detaching))


def _kept_keys(
    context: Context, parent: ObjectId, table: Table, alone: Catalog, attached: Catalog
) -> Iterable[ObjectId]:
    """Foreign keys that change with a parent, and that the table has by itself in the form in which it is attached."""
    for key in attached.members_of(parent, Constraint):
        own = alone.get(table.id.child("constraint", key.name), Constraint)
        changes = key.type == FOREIGN_KEY and key.id in context.rebuilds.items
        if changes and own is not None and own.definition == key.definition:
            yield key.id


def _retyped_above(context: Context, parent: ObjectId) -> Iterable[ObjectId]:
    """Columns of the parent, and of the tables that it is a partition of itself."""
    above = {parent}
    while (table := context.before.get(parent, Table)) is not None and table.partition_of is not None:
        parent = table.partition_of
        above.add(parent)
    retyped = (new for _, new, fields in context.altered(Column) if fields & {"type", "collation"})
    return (new.id for new in retyped if new.relation in above)


def _going(context: Context, parent: ObjectId, letting_go: After) -> Expansion:
    """What the parent gets of columns, and loses or changes of checks, goes ahead of letting go; new checks behind, and
    changed ones whose columns wait."""
    come = [c.new for c in context.changes.values() if isinstance(c, Create)]
    columns = [o.id for o in come if _is_column(o, parent, context.before)]
    lost = [c.old for c in context.changes.values() if isinstance(c, Drop)]
    changed = _changed_checks(context, parent)
    waiting = [id for id in changed if _over_changed_columns(id, context.before, context.after)]
    early = [*columns, *_checks(lost, parent), *(id for id in changed if id not in waiting)]
    late = dict.fromkeys([*_checks(come, parent), *waiting], letting_go)
    return Expansion(
        (), ahead=dict.fromkeys(early, letting_go), behind=late, single=_tightening(context, parent, letting_go)
    )


def _tightening(context: Context, parent: ObjectId, letting_go: After) -> dict[str, After]:
    """The steps that make the parent's columns NOT NULL, of which the way back knows nothing when it makes the
    partition."""
    above = {parent, *ancestors(parent, context.before)}
    columns = (new for old, new, _ in context.altered(Column) if new.not_null and not old.not_null)
    verbs = ("guard", "tighten")
    return {step_id(verb, c.id): letting_go for c in columns if c.relation in above for verb in verbs}


def _coming(context: Context, parent: ObjectId, table: Table, attaching: After) -> Expansion:
    """Checks that the parent changes go ahead of attaching, new ones behind, and new foreign keys: a partition that is
    detached on the way back would keep either."""
    early = [*_changed_checks(context, parent)]
    if _is_exchanged(context, table):
        early += _checks((c.old for c in context.changes.values() if isinstance(c, Drop)), parent)
    come = _checks((c.new for c in context.changes.values() if isinstance(c, Create)), parent, FOREIGN_KEY, CHECK)
    attached = After(attaching.step, f"{table.id} gets it with the others")
    return Expansion((), ahead=dict.fromkeys(early, attaching), behind=dict.fromkeys(come, attached))


def _made_with(context: Context, parent: ObjectId, table: Table) -> Iterable[Expansion]:
    """The new partition is attached ahead of whatever takes a column or check away that it is made with."""
    lost = [c.old for c in context.changes.values() if isinstance(c, Drop)]
    columns = [o.id for o in lost if _is_column(o, parent, context.after)]
    for gone in [*columns, *(() if _is_exchanged(context, table) else _checks(lost, parent))]:
        after = After(step_id("drop", gone), f"{table.id} is made with it")
        yield Expansion((), ahead={attachment(table.id): after})


def _is_column(obj: DbObject, parent: ObjectId, other: Catalog) -> bool:
    """Whether it is the parent's, and ATTACH wants a partition to have it already; a default only as part of its
    column, which the ``other`` side lacks."""
    if obj.table != parent or (isinstance(obj, Default) and obj.column in other):
        return False
    return isinstance(obj, Column | Default)


def _is_exchanged(context: Context, table: Table) -> bool:
    """Whether it comes in the place of another in one transaction, so that both have the same checks."""
    return attachment(table.id) in context.successions.exchanges


def _checks(objects: Iterable[DbObject], parent: ObjectId, *types: str) -> list[ObjectId]:
    wanted = types or (CHECK,)
    return [o.id for o in objects if isinstance(o, Constraint) and o.type in wanted and o.table == parent]


def _changed_checks(context: Context, parent: ObjectId) -> list[ObjectId]:
    altered = (c for c in context.changes.values() if isinstance(c, Alter) and "definition" in c.fields)
    return _checks((c.new for c in altered), parent)


def _over_changed_columns(check: ObjectId, before: Catalog, after: Catalog) -> bool:
    columns = ((before.get(id, Column), after.get(id, Column)) for id in after.uses.get(check, ()))
    pairs = [(old, new) for old, new in columns if old is not None and new is not None]
    return any(changed_fields(old, new) - {"comment", "owner", "grants"} for old, new in pairs)


def _letting_go(context: Context, table: Table) -> str:
    """The step that takes the partition off its parent."""
    if concurrently(context, table):
        return step_id("detach", table.id)
    return step_id("drop", table.id, _number(context.pieces_before, table))


def _number(pieces: Pieces, table: Table) -> int:
    """Of the part that hangs the table on its parent."""
    return next(n for n, part in enumerate(pieces.of(table.id)) if attachment(table.id) in part.provides)


def _staying_parent(table: Table, before: Catalog, after: Catalog) -> ObjectId | None:
    """The nearest ancestor that stays."""
    parent = table.partition_of
    if parent is None or parent in after:
        return parent
    above = before.get(parent, Table)
    return None if above is None else _staying_parent(above, before, after)


def as_dropped(before: Catalog, after: Catalog, rebuilt: frozenset[ObjectId]) -> Catalog:
    """The catalog with partitions that are dropped as they are at that moment; those of ``rebuilt`` tables come and go
    with an incarnation of their own."""
    found: dict[ObjectId, DbObject | None] = {}
    uses = dict[ObjectId, frozenset[ObjectId]]()
    for table, parent in _passing(before, after, rebuilt):
        for new in _inherited(table.id, parent, before, after):
            found[new.id] = new
            uses[new.id] = _uses(new.id, parent, after) | {table.id}
        for check in _checks_of(table.id, before):
            above = parent.child("constraint", check.name)
            was, now = before.get(above, Constraint), after.get(above, Constraint)
            if was is not None and now is None:
                found[check.id] = None
            elif was is not None and now is not None and was.definition != now.definition:
                late = _over_changed_columns(above, before, after)
                found[check.id] = check if late else replace(check, definition=now.definition)
    return _with(before, found, uses)


def as_created(before: Catalog, after: Catalog, rebuilt: frozenset[ObjectId], exchanged: Iterable[ObjectId]) -> Catalog:
    """The catalog with new partitions as they are made: with columns that their parents lose later, and the checks,
    unless their attachments are ``exchanged``; without the checks that their parents get later. Keys of partitions of
    new partitions are made no earlier than those on which they hang."""
    found: dict[ObjectId, DbObject | None] = {}
    uses = dict[ObjectId, frozenset[ObjectId]]()
    late = frozenset(exchanged)
    for table, parent in _passing(after, before, rebuilt):
        kept = () if attachment(table.id) in late else _inherited_checks(table.id, parent, after, before)
        for old in (*_inherited(table.id, parent, after, before), *kept):
            found[old.id] = old
            uses[old.id] = _uses(old.id, parent, before) | {table.id}
        for check in _checks_of(table.id, after):
            above = parent.child("constraint", check.name)
            if above in after and above not in before:
                found[check.id] = None
        for key in after.members_of(table.id, Constraint):
            if key.index_parent is not None and table.partition_of != parent:
                uses[key.id] = after.uses.get(key.id, frozenset()) | {parent.child("column", c) for c in key.columns}
    return _with(after, found, uses)


def _passing(one: Catalog, other: Catalog, rebuilt: frozenset[ObjectId]) -> Iterable[tuple[Table, ObjectId]]:
    """The partitions that only this side has, with the nearest ancestor of both."""
    for table in one.of(Table):
        parent = None if table.id in other else _staying_parent(table, one, other)
        if parent is not None and parent not in rebuilt:
            yield table, parent


def _with(
    catalog: Catalog, found: Mapping[ObjectId, DbObject | None], uses: Mapping[ObjectId, frozenset[ObjectId]]
) -> Catalog:
    if not found and not uses:
        return catalog
    objects = {i: o for i, o in {**catalog.objects, **found}.items() if o is not None}
    kept = {i: u for i, u in {**catalog.uses, **uses}.items() if i in objects or i not in found}
    return replace(catalog, objects=objects, uses=kept)


def _uses(id: ObjectId, parent: ObjectId, after: Catalog) -> frozenset[ObjectId]:
    return after.uses.get(parent.child(id.kind, id.path[-1]), frozenset[ObjectId]()) - {parent}


def _inherited(table: ObjectId, parent: ObjectId, one: Catalog, other: Catalog) -> Iterable[DbObject]:
    """The columns that the parent has on the other side only, as it passes them down, with their defaults."""
    for column in other.members_of(parent, Column):
        id = table.child("column", column.name)
        if column.id not in one and id not in one:
            bare = replace(column, comment=None, grants=None, storage=None, statistics=None, options=())
            required = column.not_null and replace(column.not_null, comment=None)
            # Only the parent's column is an identity: ATTACH refuses another one, and passes it down from 17 on.
            passed_down = replace(bare, not_null=required, identity=None, inherited=True, local=False)
            yield replace(passed_down, id=id, relation=table)
            default = other.get(parent.child("default", column.name), Default)
            if default is not None:
                yield replace(default, id=table.child("default", column.name), relation=table)


def _inherited_checks(table: ObjectId, parent: ObjectId, one: Catalog, other: Catalog) -> Iterable[DbObject]:
    """The checks that the parent has on the other side only."""
    for check in _checks_of(parent, other):
        id = table.child("constraint", check.name)
        if check.id not in one and id not in one:
            yield replace(check, id=id, relation=table, inherited=True, local=False, comment=None)


def _checks_of(table: ObjectId, catalog: Catalog) -> Iterable[Constraint]:
    return (c for c in catalog.members_of(table, Constraint) if c.type == CHECK)


STRATEGY = PassingPartition()
