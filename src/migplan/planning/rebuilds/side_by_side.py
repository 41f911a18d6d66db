"""Objects that can't be altered in place and whose old incarnation must live beside the new one for a moment: columns
move over to a new type in place, rows are copied into a new table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql import deparsed, sql
from migplan.core.steps import After, Assertion, Down, Name, Part, Phase, Statement, Step, aside, step_id
from migplan.kinds.attachment import attachment
from migplan.kinds.column import Column
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.kinds.table_kind import value_for
from migplan.planning.names.names_aside import names_aside, sequences_carried
from migplan.strategies.base import Context, Rebuild, aside_id, finished
from migplan.strategies.chosen_phase import contract_of
from migplan.strategies.column_types.cut_values import cut_values, cut_values_of
from migplan.strategies.column_types.lost_values import missing_values
from migplan.strategies.column_types.moved_values import moves, moving
from migplan.strategies.column_types.unreadable_values import unreadable_values
from migplan.strategies.types.staged_types import staged_sentence


def keeps_old(context: Context, rebuild: Rebuild) -> bool:
    """Whether old and new must live side by side for a moment: others move over in place, rows do, or something that
    stands on it and lives on itself for that moment."""
    if not rebuild.whole or kind_of(rebuild.id).set_aside(context.before[rebuild.id], "x") is None:
        return False
    if rebuild.id in context.staged or _followers(context, rebuild.id) or _may_hold_rows(context, rebuild.id):
        return True
    users = {_rebuilt_with(context, user) for user in context.before.used_by.get(rebuild.id, frozenset())}
    return any(keeps_old(context, context.rebuilds.items[user]) for user in users if user not in (None, rebuild.id))


def _rebuilt_with(context: Context, id: ObjectId) -> ObjectId | None:
    """The object that is rebuilt: itself, or the table that a column goes with."""
    table = context.before[id].table
    return next((i for i in (id, table) if i is not None and i in context.rebuilds.items), None)


def _kept_aside(context: Context) -> frozenset[ObjectId]:
    """What lives on under another name until everything has moved: nobody has to let go of it first."""
    return frozenset(id for id, rebuild in context.rebuilds.items.items() if keeps_old(context, rebuild))


def _followers(context: Context, id: ObjectId) -> list[ObjectId]:
    return sorted(f for f, causes in context.rebuilds.followers.items() if id in causes)


def _may_hold_rows(context: Context, id: ObjectId) -> bool:
    """Whether rows would go with it: those of a table that is empty now may come before the plan runs, and before it is
    led back."""
    return bool(context.sizing.known(id))


def replacement_steps(context: Context, rebuild: Rebuild) -> list[Step]:
    """Old renamed out of the way, new created, everything moved over; then the old one dropped.

    Two steps, because an old one that others (set aside as well) stand on can only go after them. The way back is
    the same with old and new swapped: the second step's down moves over, the first one's drops. Rows go into a
    partitioned table once its partitions are there, so in the step that drops. That a partition hangs on its parent,
    where only one of the two has room, is neither's.
    """
    before, after = context.before, context.after
    old, new = before[rebuild.id], after[rebuild.id]
    kind, name = kind_of(rebuild.id), aside(rebuild.id)
    followers = moving(context, rebuild.id)
    parts_before = without_attachment(context.pieces_before.of(rebuild.id), rebuild.id)
    parts_after = without_attachment(context.pieces_after.of(rebuild.id), rebuild.id)
    provided = frozenset(id for p in parts_after for id in p.provides)
    replaced = frozenset(id for p in parts_before for id in p.provides)
    moved = frozenset(followers)
    sentence = rebuild_contract(context, rebuild)
    refill = (
        *kind.refill(old, new, name, before, _with_backfills(context, rebuild.id)),
        *sequences_carried(old.id, before, after),
    )
    refill_back = (*kind.refill(new, old, name, after, before), *sequences_carried(old.id, after, before))
    late, late_back = _is_partitioned(new), _is_partitioned(old)
    drop = kind.drop_aside(old, name)
    replace_step = Step(
        id=step_id("replace", rebuild.id),
        title=f"replace {rebuild.id}, moving what it holds",
        object=rebuild.id,
        strategy="rebuild",
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="it can't be changed in place" if rebuild.root else "it stands on something that is changed",
        up=(
            *_take_place(old, name, parts_after, parts_before, before),
            *(() if late else refill),
            *_move(followers, before, after),
        ),
        down=Down((*(refill_back if late_back else ()), drop)),
        creates=provided | moved,
        destroys=replaced | moved,
        uses=frozenset(u for p in parts_after for u in p.uses) - provided - moved,
        releases=frozenset(u for p in parts_before for u in p.uses) - replaced - moved - _kept_aside(context),
        takes=frozenset(n for p in parts_after for n in names_in(p, after)),
        frees=frozenset(n for p in parts_before for n in names_in(p, before)),
        together=rebuild.group,
        deploy=sentence,
        asserts=(*_unreadable(context, rebuild.id), *cut_values_of(context, rebuild.id), *_cut(context, followers)),
    )
    asides = frozenset(aside_id(u) for p in parts_before for u in p.uses if u in context.rebuilds.items)
    finish_step = Step(
        id=step_id("finish", rebuild.id),
        title=f"drop the old {rebuild.id}",
        object=rebuild.id,
        strategy="rebuild",
        phase=replace_step.phase,
        why="everything has moved to the new one",
        up=(*(refill if late else ()), drop),
        down=Down(
            (
                *_take_place(new, name, parts_before, parts_after, after),
                *(() if late_back else refill_back),
                *_move(followers, after, before),
            ),
            asserts=tuple(_lost(context, rebuild.id)),
        ),
        creates=frozenset({finished(rebuild.id)}),
        destroys=frozenset({aside_id(rebuild.id)}),
        uses=provided | _new_partitions(context, rebuild.id),
        releases=asides,
        together=rebuild.group,
    )
    return [replace_step, finish_step]


def without_attachment(parts: Iterable[Part], partition: ObjectId) -> list[Part]:
    """The parts but for the one that hangs a partition on its parent."""
    return [p for p in parts if attachment(partition) not in p.provides]


def _with_backfills(context: Context, table: ObjectId) -> Catalog:
    """The declared catalog, whose columns of the table say what the rows get that have no value."""
    said: dict[ObjectId, DbObject] = {}
    for new in context.after.members_of(table, Column):
        filled = context.directive(new, "backfill")
        if filled is None or new.not_null is None or new.using is not None:
            continue
        old = context.before.get(new.id, Column)
        if old is not None:
            value = value_for(new, old, context.before)
            filled = sql("coalesce({}, {})", value, deparsed(filled))
        said[new.id] = replace(new, using=filled)
    return replace(context.after, objects={**context.after.objects, **said}) if said else context.after


def _unreadable(context: Context, table: ObjectId) -> Iterable[Assertion]:
    """Values that can't go over into the new incarnation."""
    for old in context.before.members_of(table, Column):
        if (new := context.after.get(old.id, Column)) is not None and new.generated is None:
            yield from unreadable_values(context, old, new)


def _cut(context: Context, followers: Iterable[ObjectId]) -> Iterable[Assertion]:
    """Values of which the new incarnation of a type keeps a part only."""
    for column in followers:
        if column in context.before and column in context.after:
            yield from cut_values(context, context.before[column], context.after[column])


def _lost(context: Context, table: ObjectId) -> Iterable[Assertion]:
    """Values that the way back would need."""
    for column in context.before.members_of(table, Column):
        yield from missing_values(context, column)


def _take_place(
    old: DbObject, name: str, parts: list[Part], leaving: list[Part], catalog: Catalog
) -> tuple[Statement, ...]:
    renamed = kind_of(old.id).set_aside(old, name)
    assert renamed is not None
    made = (s for part in parts for s in part.create)
    return (*renamed, *names_aside(old.id, leaving, catalog), *made)


def _move(followers: list[ObjectId], before: Catalog, after: Catalog) -> tuple[Statement, ...]:
    return tuple(moves(followers, before, after))


def beside_parent(context: Context, step: Step, partition: DbObject) -> Step:
    """A step that creates or drops a partition whose parent lives in two incarnations: between the two, so that rows
    find it. It isn't detached, because its parent bears another name then."""
    comes = partition.id in context.after
    root = _rebuilt_parent(context, partition, context.after if comes else context.before)
    if root is None:
        return step
    to_root = isinstance(partition, Table) and partition.partition_of == root.id
    detached = to_root and attachment(partition.id) in step.creates | step.destroys
    if comes:
        down = Down(()) if detached else step.down
        after = (*step.after, After(step_id("replace", root.id), "the way back drops it before its parent"))
        return replace(step, down=down, after=after, together=root.group)
    return replace(
        step,
        up=() if detached else step.up,
        down=replace(step.down, loses=None) if isinstance(step.down, Down) else step.down,
        loses=None,
        releases=aside_where_kept(context, {partition.id} if detached else step.releases) | {aside_id(root.id)},
        after=(*step.after, After(step_id("replace", root.id), "its rows are copied first")),
        together=root.group,
    )


def aside_where_kept(context: Context, released: Iterable[ObjectId]) -> frozenset[ObjectId]:
    """What it lets go of, under the name that it bears by then."""
    kept = _kept_aside(context)
    return frozenset(aside_id(id) if id in kept else id for id in released)


def _rebuilt_parent(context: Context, obj: DbObject, catalog: Catalog) -> Rebuild | None:
    """The partitioned table above it that is replaced and kept aside meanwhile."""
    parent = obj.partition_of if isinstance(obj, Table) else None
    if parent is None:
        return None
    rebuild = context.rebuilds.items.get(parent)
    if rebuild is not None and keeps_old(context, rebuild):
        return rebuild
    return _rebuilt_parent(context, catalog[parent], catalog) if parent in catalog else None


def _new_partitions(context: Context, root: ObjectId) -> frozenset[ObjectId]:
    """The attachments of the tables that come as partitions of the new incarnation, at every depth."""
    return frozenset(
        attachment(t.id)
        for t in context.after.of(Table)
        if t.id not in context.before and (found := _rebuilt_parent(context, t, context.after)) and found.id == root
    )


def _is_partitioned(obj: DbObject) -> bool:
    return isinstance(obj, Table) and obj.partition_key is not None


def rebuild_contract(context: Context, rebuild: Rebuild) -> str | None:
    """What the checkpoint before a rebuild says."""
    old, new = context.before[rebuild.id], context.after[rebuild.id]
    if not rebuild.root or old == new:
        return None
    if _followers(context, rebuild.id):  # what was prepared knows a type by its number, which becomes another one
        return contract_of(context, rebuild.id, staged_sentence(context, rebuild.id))
    return contract_of(context, rebuild.id, kind_of(rebuild.id).contract(old, new))


def names_in(part: Part, catalog: Catalog) -> frozenset[Name]:
    """The names that what a part provides bears."""
    return frozenset(n for id in part.provides if id in catalog for n in names_of(catalog[id]))
