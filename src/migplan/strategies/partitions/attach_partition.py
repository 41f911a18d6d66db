"""Attaching and detaching partitions without reading them under an exclusive lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.changes import Alter
from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.steps import After, Down, Part, Phase, Step, step_id
from migplan.kinds.attachment import attached_indexes, attachment
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, Constraint
from migplan.kinds.index import Index
from migplan.kinds.settled_below import index_above
from migplan.kinds.table import Table, columns_of
from migplan.strategies.base import Context, Expansion, Rebuild, Strategy
from migplan.strategies.partitions.bounds_guard import ATTACH_PARTITION
from migplan.strategies.partitions.moved_partitions import changing_places, moved_apart, moved_together
from migplan.strategies.partitions.partition_links import (
    ahead_of_attaching,
    away,
    concurrently,
    not_null_renames,
    renamed_not_nulls,
)
from migplan.strategies.partitions.partition_steps import (
    attach_steps,
    detach_steps,
    drop_steps,
    dropped_from,
    lacking_columns,
    tables_above,
)

_FIELDS = frozenset({"partition_of", "bound"})
_OF_THE_PARENT = frozenset({"type", "collation", "generated", "virtual", "identity"})


class AttachPartition(Strategy):
    """Tables that become partitions, that stop being one, or that change their bounds."""

    name = ATTACH_PARTITION
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        moved: list[tuple[Table, Table]] = []
        for old, new, fields in context.altered(Table):
            if not fields & _FIELDS or new.id in context.rebuilds.items:
                continue
            changed = _reshaped(context, new.id)
            if new.partition_of is None:
                steps = detach_steps(context, old, new)
                lost = _once_left(context, old, _detaching(steps, old))
                behind = _not_inherited(context, old, _detaching(steps, old)) | away(changed, steps, old) | lost
                behind |= _hanging_on_new(context, old, _detaching(steps, old))
                kept = _kept(context, old, _detaching(steps, old))
                claimed = {**_claimed(context, new), **_taken_off(context, new.id)}
                yield Expansion(tuple(steps), fields=claimed, behind=behind, single=kept)
            elif old.partition_of is None:
                steps = attach_steps(context, old, new)
                ahead = ahead_of_attaching([*changed, *lacking_columns(context, old, new)], steps[-1].id)
                yield Expansion(tuple(steps), fields=_claimed(context, new), ahead=ahead)
            else:
                moved.append((old, new))
        for pairs in changing_places(moved):
            yield _moved(context, pairs)
        for rebuild in context.rebuilds.items.values():
            old, new = context.before.get(rebuild.id, Table), context.after.get(rebuild.id, Table)
            if old and new and attachment(old.id) in rebuild.parts and not rebuild.whole:
                yield (
                    _hung_anew(context, old, new, rebuild)
                    if new.partition_of
                    else _left_alone(context, old, new, rebuild)
                )
        for table in context.dropped(Table):
            if table.id not in context.rebuilds.items and concurrently(context, table):
                yield Expansion(tuple(drop_steps(context, table)), frozenset({table.id}))


def _moved(context: Context, pairs: list[tuple[Table, Table]]) -> Expansion:
    """In one step, unless something has to happen between the detaching and the attaching."""
    claimed = {id: fields for _, new in pairs for id, fields in _claimed(context, new).items()}
    changed = [id for _, new in pairs for id in _reshaped(context, new.id)]
    tightened = {id for old, _ in pairs for id in _tightened(context, old.id, set(tables_above(context.before, old)))}
    if changed or tightened:
        moving = moved_apart(context, pairs, changed, tightened)
    else:
        moving = Expansion((moved_together(context, pairs),))
    detaching = moving.steps[0].id
    lacking = [id for old, new in pairs for id in lacking_columns(context, old, new)]
    ahead = {**moving.ahead, **ahead_of_attaching(lacking, moving.steps[-1].id)}
    behind = dict(moving.behind)
    kept: dict[str, After] = {}
    for old, new in pairs:
        behind |= _once_left(context, old, detaching) | _kept_checks(context, old, detaching)
        stay = () if changed else set(tables_above(context.after, new))
        behind |= _not_inherited(context, old, detaching, stay)
        kept |= _kept(context, old, detaching)
    return replace(moving, fields=claimed, ahead=ahead, behind=behind, single=kept)


def _claimed(context: Context, table: Table) -> dict[ObjectId, frozenset[str]]:
    renamed = {column.id: frozenset({"not_null"}) for _, column in renamed_not_nulls(context, table.id)}
    return {table.id: _FIELDS, **renamed}


def _taken_off(context: Context, table: ObjectId) -> dict[ObjectId, frozenset[str]]:
    """Its keys and indexes whose parents stay as they are: DETACH takes them off those, and ATTACH hangs them on again,
    so that no statement has to. It would come before the table's own on the way back."""
    keys = ((o.id, o.index_parent, n.index_parent, "index_parent") for o, n, _ in context.altered(Constraint))
    indexes = ((o.id, o.parent, n.parent, "parent") for o, n, _ in context.altered(Index))
    own = attached_indexes(table, context.before)
    return {
        id: frozenset({field})
        for id, was, now, field in (*keys, *indexes)
        if id in own and now is None and was is not None and was in context.after and was not in context.rebuilds.items
    }


def _hanging_on_new(context: Context, old: Table, detaching: str) -> dict[ObjectId, After]:
    """The new indexes of other partitions that hang on those which the parents get once it has left: on the way back
    they go with those."""
    new = {i.id: i for i in (*context.created(Index), *context.created(Constraint))}
    above = set(tables_above(context.before, old))
    after = After(detaching, f"it goes with the index of {old.partition_of} on the way back")

    def hangs(index: DbObject) -> bool:
        parent = new.get(on) if (on := index_above(index)) is not None else None
        return parent is not None and (parent.table in above or hangs(parent))

    return {i.id: after for i in new.values() if hangs(i)}


def _not_inherited(
    context: Context, old: Table, detaching: str, stay: Iterable[ObjectId] = ()
) -> dict[ObjectId, After]:
    """Columns that the former parents get once it can't inherit them any more, but for parents that ``stay``."""
    after = After(detaching, f"{old.id} would get it too")
    above = set(tables_above(context.before, old)).difference(stay)
    return {c.id: after for c in context.created(Column) if c.relation in above}


def _kept(context: Context, old: Table, detaching: str) -> dict[str, After]:
    """The drops of columns above it that it keeps, or loses by itself: they go from all that is below."""
    above, own = set(tables_above(context.before, old)), {c.name for c in columns_of(old.id, context.after)}
    own |= {c.name for c in context.dropped(Column) if c.relation == old.id}
    after = After(detaching, f"{old.id} keeps its own")
    dropped = (c for c in context.dropped(Column) if c.relation in above and c.name in own)
    return {step_id("drop", c.id): after for c in dropped}


def _detaching(steps: Sequence[Step], old: Table) -> str:
    """The step that takes it off its parent."""
    return next(s.id for s in steps if attachment(old.id) in s.destroys)


def _once_left(context: Context, old: Table, detaching: str) -> dict[ObjectId, After]:
    """Checks that only its former parent handed down can go once it has left; then those above can refer to it."""
    inherited = After(detaching, f"it is inherited from {old.partition_of} until then")
    dropped = (c for c in context.dropped(Constraint) if c.relation == old.id and c.type == CHECK)
    own = After(detaching, "a table can't refer to its own partition")
    above = set(tables_above(context.before, old))
    keys = (c for c in context.created(Constraint) if c.target == old.id and c.relation in above)
    passed_on = After(detaching, f"{old.id} would get it too")
    return (
        {c.id: inherited for c in dropped if c.inherited}
        | {c.id: own for c in keys}
        | dict.fromkeys(_tightened(context, old.id, above), passed_on)
    )


def _kept_checks(context: Context, old: Table, detaching: str) -> dict[ObjectId, After]:
    """Checks that its former parents lose, and the partition has under its next one as well: they go from all that is
    below."""
    above, kept = set(tables_above(context.before, old)), After(detaching, f"{old.id} keeps its own")
    dropped = (c for c in context.dropped(Constraint) if c.relation in above and c.type == CHECK)
    return {c.id: kept for c in dropped if old.id.child("constraint", c.name) in context.after}


def _tightened(context: Context, table: ObjectId, above: set[ObjectId]) -> Iterable[ObjectId]:
    """Columns above it that become NOT NULL, where its own doesn't, or goes."""
    for old, new, fields in context.altered(Column):
        if new.relation in above and "not_null" in fields and old.not_null is None:
            own = context.after.get(table.child("column", new.name), Column)
            if own is None or own.not_null is None:
                yield new.id


def _reshaped(context: Context, table: ObjectId) -> list[ObjectId]:
    """Its columns that come, go, change their type or numbering, or lose a NOT NULL that they inherit, and checks that
    it inherits before and after as something else: in a partition that is its parent's business."""
    columns = (c for i, c in context.changes.items() if i.kind == "column" and i.parent("table") == table)
    reshaped = [c.id for c in columns if not isinstance(c, Alter) or c.fields & _OF_THE_PARENT or _loosened(c)]
    checks = (pair for pair in context.altered(Constraint) if pair[1].relation == table and "definition" in pair[2])
    return [*reshaped, *(new.id for old, new, _ in checks if old.type == CHECK and old.inherited and new.inherited)]


def _loosened(change: Alter) -> bool:
    old, new = change.old, change.new
    return (
        isinstance(old, Column)
        and isinstance(new, Column)
        and old.inherited
        and not new.not_null
        and bool(old.not_null)
    )


def _hung_anew(context: Context, old: Table, new: Table, rebuild: Rebuild) -> Expansion:
    """Its parent goes, or is made again, with other columns: they change while the partition hangs on none."""
    changed = _reshaped(context, old.id)
    dropped, made = context.rebuilt_parts(rebuild)
    off, on = step_id("drop", old.id, _place(old, dropped)), step_id("create", old.id, _place(old, made))
    hung = (context.after[id] for id in attached_indexes(old.id, context.after))
    above = (getattr(o, "parent", None) or getattr(o, "index_parent", None) for o in hung)
    waiting = dict.fromkeys((id for id in above if id), After(on, f"ATTACH hangs the indexes of {old.id} on it"))
    both = set(tables_above(context.before, old)) & set(tables_above(context.after, new))
    come = {c.id: After(off, f"{old.id} gets it as well") for c in context.created(Column) if c.relation in both}
    gone = {step_id("drop", c.id): After(on, f"{old.id} loses it as well") for c in dropped_from(context, both)}
    renaming = _names(context, old, off)
    return Expansion(
        renaming,
        fields=_names_claimed(context, new),
        behind=dict.fromkeys(changed, After(off, f"the columns of a partition are those of {old.partition_of}"))
        | _once_left(context, old, off)
        | _kept_checks(context, old, off),
        single=gone
        | dict.fromkeys([on] * len(renaming), After(step_id("name", old.id), "what is inherited can't be renamed")),
        ahead=ahead_of_attaching(changed, on) | waiting | come,
        company=dict.fromkeys(changed, rebuild.group),
    )


def _left_alone(context: Context, old: Table, new: Table, rebuild: Rebuild) -> Expansion:
    """Its parent goes, and the partition stays as a table of its own, with columns of its own."""
    off = step_id("drop", old.id, _place(old, context.rebuilt_parts(rebuild)[0]))
    away = After(off, f"the columns of a partition are those of {old.partition_of}")
    behind = dict.fromkeys(_reshaped(context, old.id), away) | _once_left(context, old, off)
    kept = _kept(context, old, off)
    return Expansion(_names(context, old, off), fields=_names_claimed(context, new), behind=behind, single=kept)


def _names_claimed(context: Context, table: Table) -> dict[ObjectId, frozenset[str]]:
    return {id: fields for id, fields in _claimed(context, table).items() if id != table.id}


def _names(context: Context, old: Table, off: str) -> tuple[Step, ...]:
    """Its NOT NULL constraints get their names while no parent hands them down."""
    renames = not_null_renames(context, old.id)
    step = Step(
        id=step_id("name", old.id),
        title=f"give the NOT NULL constraints of {old.id} their names",
        object=old.id,
        strategy=ATTACH_PARTITION,
        phase=Phase.EXPAND,
        why="metadata only",
        up=tuple(renames),
        down=Down(tuple(not_null_renames(context, old.id, back=True))),
        after=(After(off, "what is inherited can't be renamed"),),
    )
    return (step,) if renames else ()


def _place(table: Table, parts: Sequence[Part]) -> int:
    return next(number for number, part in enumerate(parts) if attachment(table.id) in part.provides)


STRATEGY = AttachPartition()
