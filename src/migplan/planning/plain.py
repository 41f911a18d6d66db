"""The direct form: what no strategy claims is created, dropped, altered or rebuilt as its kind says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from migplan.core.changes import Alter, Create, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.sequence import Sequence
from migplan.kinds.table import Table
from migplan.kinds.trigger import Trigger, clones_left
from migplan.planning.attributes import GENERIC, attribute_steps
from migplan.planning.names.renamed_meanwhile import renamed_meanwhile
from migplan.planning.rebuilds.rebuilt_steps import rebuild_steps
from migplan.planning.rebuilds.side_by_side import (
    aside_where_kept,
    beside_parent,
    names_in,
)
from migplan.planning.rebuilds.validated_apart import validated_apart
from migplan.strategies.base import PLAIN, Context, Rebuild
from migplan.strategies.chosen_phase import contract_of
from migplan.strategies.column_types.cut_values import cut_values
from migplan.strategies.column_types.lost_values import missing_values
from migplan.strategies.column_types.unreadable_values import unreadable_values
from migplan.strategies.columns.always_numbered import always_behind, numbered_first
from migplan.strategies.constraints.offending_rows import rows_in_the_way
from migplan.strategies.indexes.attached_back import attached_ahead, part_back
from migplan.strategies.partitions.beside_default import hung_beside_default
from migplan.strategies.partitions.joined_tables import joined, reaching
from migplan.strategies.relations.backup import is_backed_up
from migplan.strategies.ways_back import constraint_back, not_null_back

_READERS: Final = frozenset({"view", "materialized_view", "policy", "trigger"})
"""Kinds that read columns and don't feel whether those may be NULL."""


def plain_steps(context: Context, claims: frozenset[ObjectId], fields: Mapping[ObjectId, frozenset[str]]) -> list[Step]:
    """Steps for every change and rebuild that isn't in ``claims``; ``fields`` are single fields claimed elsewhere."""
    steps: list[Step] = []
    for id, change in context.changes.items():
        if id in claims:
            continue
        match change:
            case Create():
                steps += (beside_parent(context, s, change.new) for s in create_steps(context, change.new))
            case Drop():
                steps += (beside_parent(context, s, change.old) for s in drop_steps(context, change.old))
            case Alter():
                rest = _without(change, fields.get(id, frozenset()))
                if rest is not None:
                    steps += alter_steps(context, rest)
    for id, rebuild in context.rebuilds.items.items():
        if id not in claims:
            steps += rebuild_steps(context, rebuild)
    return steps


def create_steps(context: Context, obj: DbObject) -> list[Step]:
    """Steps that create an object, one a part."""
    parts = context.pieces_after.of(obj.id)
    sentence = contract_of(context, obj.id, kind_of(obj.id).create_contract(obj, context.before))
    phase = Phase.EXPAND if sentence is None else Phase.CONTRACT
    steps = [
        Step(
            id=step_id("create", obj.id, number),
            title=f"create {obj.id}" if number == 0 else f"complete {obj.id}",
            object=obj.id,
            strategy=PLAIN,
            phase=phase,
            why="nothing uses it yet" if sentence is None else f"the application {sentence}",
            up=reaching(obj, part, context.before, context.after),
            down=part_back(context, obj, part),
            creates=part.provides,
            uses=part.uses,
            takes=names_in(part, context.after),
            deploy=sentence,
            new_objects=_is_new(obj, context.before),
            asserts=rows_in_the_way(context, obj) if number == 0 else (),
        )
        for number, part in enumerate(parts)
    ]
    return [hung_beside_default(context, obj, step) for step in steps] if isinstance(obj, Table) else steps


def drop_steps(context: Context, obj: DbObject) -> list[Step]:
    """Steps that drop an object: its parts undone in reverse order."""
    parts = context.pieces_before.of(obj.id)
    sentence = None if context.settings.offline else _drop_contract(context, obj)
    loses = None if is_backed_up(context, obj) else _lost(context, obj)
    missing = missing_values(context, obj) if _table_stays(context, obj) else ()
    contracts = context.settings.offline or sentence is not None
    steps = [
        Step(
            id=step_id("drop", obj.id, number),
            title=f"drop {obj.id}" if number == 0 else f"undo what completed {obj.id}",
            object=obj.id,
            strategy=PLAIN,
            phase=Phase.CONTRACT if contracts else Phase.EXPAND,
            why="no application notices" if sentence is None else f"the application {sentence}",
            up=joined(obj, context.before, context.after, part.drop),
            down=Down(part.create, loses, missing) if number == 0 else Down(part.create),
            destroys=part.provides,
            releases=_felt(context, obj, part.uses),
            frees=names_in(part, context.before),
            deploy=sentence,
            loses=loses if number == 0 else None,
        )
        for number, part in reversed(list(enumerate(parts)))
    ]
    return [s for step in steps for s in constraint_back(context, obj, step)] if isinstance(obj, Constraint) else steps


def _felt(context: Context, obj: DbObject, released: frozenset[ObjectId]) -> frozenset[ObjectId]:
    """What is altered only once the object has let go of it; a column that gets or loses its NOT NULL needn't wait."""
    if obj.id.kind not in _READERS:
        return released
    return frozenset(id for id in released if id in context.renamed_columns or not _only_nullable(context, id))


def _only_nullable(context: Context, id: ObjectId) -> bool:
    change = context.changes.get(id)
    return isinstance(change, Alter) and isinstance(change.new, Column) and change.fields == frozenset({"not_null"})


def _table_stays(context: Context, obj: DbObject) -> bool:
    """Where it is built again, so are its rows, and nothing is asked of them here."""
    return obj.table is not None and obj.table in context.after and obj.table not in context.rebuilds.items


def _lost(context: Context, obj: DbObject) -> str | None:
    if isinstance(obj, Sequence) and _counts_for_nothing(context, obj):
        return None
    loses = kind_of(obj.id).drop_loses(obj)
    return context.successions.rows_lost(obj) if loses is not None and isinstance(obj, Table) else loses


def _counts_for_nothing(context: Context, sequence: Sequence) -> bool:
    """Whether the values that it counted are lost as well, which is said of their column or table."""
    column = None if sequence.owned_by is None else context.before.get(sequence.owned_by, Column)
    if column is None or column.id in context.after:
        return False
    return not any(is_backed_up(context, kept) for kept in (column, context.before[column.relation]))


def _drop_contract(context: Context, obj: DbObject) -> str | None:
    """What the application must have left; the members of a table that is dropped go with it, and not before."""
    owner = context.changes.get(obj.table) if obj.table is not None else None
    whole = owner.old if isinstance(owner, Drop) else obj
    return kind_of(whole.id).drop_contract(whole)


def alter_steps(context: Context, change: Alter) -> list[Step]:
    """Steps for an alteration in place: the kind's own, then comment, owner and grants."""
    rebuilt = context.rebuilds.items.get(change.id)
    if rebuilt is not None and rebuilt.whole:
        return []
    steps: list[Step] = []
    if rebuilt is None:
        change, identity = _identity_apart(context, change)
        change, always = _always_apart(context, change)
        if change.fields - GENERIC:
            change, left = _clones_apart(context, change)
            numbers = _alteration(context, change)
            steps += [*_with_way_back(context, change, numbers), *(always_behind(*pair, numbers) for pair in always)]
            steps += left
        steps += identity
    elif (rest := _beside_parts(context, change, rebuilt)) is not None:
        steps.append(_with_halves(_alteration(context, rest), rebuild_steps(context, rebuilt)))
    return steps + attribute_steps(context, change)


def _with_way_back(context: Context, change: Alter, step: Step) -> list[Step]:
    if not isinstance(change.old, Column):
        return [step]
    steps = not_null_back(context, change.old, step)
    return steps if context.settings.offline else [made for each in steps for made in validated_apart(each)]


def _identity_apart(context: Context, change: Alter) -> tuple[Alter, list[Step]]:
    """A new replica identity waits for its index, and that for a table that is reshaped."""
    old, new, fields = change.old, change.new, change.fields
    if not isinstance(old, Table) or not isinstance(new, Table) or "replica_identity" not in fields:
        return change, []
    if not kind_of(new.id).reshapes(old, new):
        return change, []
    between = replace(new, replica_identity=old.replica_identity)
    step = _alteration(context, Alter(between, new, frozenset({"replica_identity"})))
    return Alter(old, between, fields - {"replica_identity"}), [replace(step, id=step_id("identify", new.id))]


def _always_apart(context: Context, change: Alter) -> tuple[Alter, list[tuple[Column, Column]]]:
    """A column that is numbered ALWAYS in the end, where no application can leave out its value until then."""
    if not isinstance(change.new, Column) or "identity" not in change.fields:
        return change, []
    first, *last = numbered_first(context, change.new)
    return replace(change, new=first), [(first, column) for column in last]


def _clones_apart(context: Context, change: Alter) -> tuple[Alter, list[Step]]:
    """Partitions that leave take the clones of a trigger along: the way back sets them once they are attached again,
    where those of partitions that come are long set."""
    old, new = change.old, change.new
    if not isinstance(old, Trigger) or not isinstance(new, Trigger):
        return change, []
    left = clones_left(old, context.before, context.after)
    between = replace(new, clones=tuple(sorted((*new.clones, *left))))
    fields = changed_fields(old, between)
    if not left or not fields - GENERIC:
        return change, []
    sentences = (_leaving_contract(context, ObjectId("table", clone[:2])) for clone in left)
    sentence = next((s for s in sentences if s is not None), None)
    leaving = replace(
        _alteration(context, Alter(between, new, frozenset({"clones"}))),
        id=step_id("leave", new.id),
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        deploy=sentence,
        after=(After(step_id("alter", new.id), "sets those that come"),),
    )
    return Alter(old, between, fields), [leaving]


def _leaving_contract(context: Context, partition: ObjectId) -> str | None:
    old, new = context.before[partition], context.after.get(partition, Table)
    return kind_of(partition).drop_contract(old) if new is None else kind_of(partition).contract(old, new)


def _with_halves(step: Step, halves: list[Step]) -> Step:
    """An alteration that leaves to the dropped and re-created parts what only they stand on."""
    return replace(
        step,
        after=tuple(After(half.id, "alters what is left") for half in halves if half.destroys),
        uses=step.uses - {id for half in halves for id in half.uses},
        releases=step.releases - {id for half in halves for id in half.releases},
    )


def _beside_parts(context: Context, change: Alter, rebuild: Rebuild) -> Alter | None:
    """What is left to alter of an object some of whose parts are dropped and made again."""
    kind = kind_of(change.id)
    known = {id for p in context.pieces_before.of(change.id) for id in p.provides}
    declared = {id for p in context.pieces_after.of(change.id) for id in p.provides}
    old = kind.without_parts(change.old, rebuild.parts)
    new = kind.without_parts(change.new, frozenset(declared & rebuild.parts | declared - known))
    if old is None or new is None:
        return None
    fields = changed_fields(old, new) - GENERIC
    return Alter(old, new, fields) if fields else None


def _alteration(context: Context, change: Alter) -> Step:
    kind = kind_of(change.id)
    up = kind.alter(change.old, change.new, context.before, context.after) or []
    back = kind.alter(change.new, change.old, context.after, context.before)
    unread = unreadable_values(context, change.new, change.old)
    ahead = attached_ahead(context, change.new)
    alone = not all(s.transactional for s in up)
    down = Down(tuple(back), asserts=unread) if back is not None else context.way_back(change.id, ahead, alone)
    if alone and back is None:
        down = renamed_meanwhile(down, change.id, context.before, context.renamed_columns)
    sentence = contract_of(context, change.id, kind.contract(change.old, change.new))
    old_uses = context.before.uses.get(change.id, frozenset())
    new_uses = context.after.uses.get(change.id, frozenset())
    shaped = kind.reshaped(change.old, change.new)
    held = frozenset[ObjectId]()
    if back is None:
        # The way back drops and re-creates every dependant: nobody else may touch one before this step.
        shaped = frozenset({change.id, *context.before.dependants({change.id})})
        held = shaped if alone else held
    return Step(
        id=step_id("alter", change.id),
        title=f"alter {change.id}: {', '.join(map(_said, sorted(change.fields - GENERIC)))}",
        object=change.id,
        strategy=PLAIN,
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="both versions of the application can live with it" if sentence is None else f"the application {sentence}",
        up=tuple(up),
        down=down,
        creates=shaped - _going(context, held),
        destroys=shaped - held,
        uses=new_uses | kind.alter_uses(change.old, change.new, context.after),
        releases=aside_where_kept(context, old_uses - new_uses) | kind.alter_releases(change.old, change.new) | held,
        takes=names_of(change.new) - names_of(change.old),
        frees=names_of(change.old) - names_of(change.new),
        together=context.rebuilds.groups.get(change.id),
        deploy=sentence,
        asserts=(*unreadable_values(context, change.old, change.new), *cut_values(context, change.old, change.new)),
        first=alone,
    )


def _going(context: Context, ids: Iterable[ObjectId]) -> frozenset[ObjectId]:
    """What of these the plan drops, for good or to make it anew: a step in no transaction, which can't come between a
    drop and what takes its place, comes before both."""
    items = context.rebuilds.items
    return frozenset(
        i for i in ids if any(o not in context.after or o in items for o in (i, context.before[i].table or i))
    )


def _said(field: str) -> str:
    return "NOT NULL" if field == "not_null" else field.replace("_", " ")


def _is_new(obj: DbObject, before: Catalog) -> bool:
    return (obj.table or obj.id) not in before


def _without(change: Alter, claimed: frozenset[str]) -> Alter | None:
    """The rest of an alteration, once some fields are taken care of elsewhere."""
    if not claimed:
        return change
    rest = change.fields - claimed
    if not rest:
        return None
    old = replace(change.old, **{f: getattr(change.new, f) for f in claimed})
    return Alter(old, change.new, rest)
