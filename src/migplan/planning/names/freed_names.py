"""Names that no application sees, held by what is going to be dropped and wanted by what is going to be created.

A new table's ``users_pkey`` must not wait for the checkpoint after which the old table goes. So the holder (an index, a
key, the sequence of an identity column) is renamed out of the way first, and everything after that is planned for the
renamed one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.records import record
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.constraint import INDEXED, Constraint
from migplan.kinds.index import Index
from migplan.kinds.names import borne_names, names_of
from migplan.planning.names.exchanges import circles
from migplan.planning.names.freed_not_nulls import free_not_nulls

STRATEGY = "free_name"
AX = LockMode.ACCESS_EXCLUSIVE


@record
class Freed:
    """The live catalog after the renames, and the steps that make them."""

    before: Catalog
    steps: tuple[Step, ...] = ()


_WHY = "another object takes it before this one is dropped; no application sees the names of indexes and keys"


def free_names(before: Catalog, after: Catalog) -> Freed:
    """Rename the holders of wanted names; nothing else changes."""
    alone, not_nulls = free_not_nulls(before, after, STRATEGY)
    freed = _free_relations(alone, after)
    return replace(freed, steps=(*not_nulls, *freed.steps))


def behind_freed(steps: Iterable[Step], freed: Freed) -> list[Step]:
    """The steps, of which those of columns whose NOT NULL or sequence gives its name away come behind: their statements
    say the new one, and those of their ways back too."""
    behind = {id: After(s.id, "it says the name that is free then") for s in freed.steps for id in s.releases}
    ahead = {s.id for s in freed.steps}
    return [
        replace(s, after=(*s.after, behind[s.object])) if s.object in behind and s.id not in ahead else s for s in steps
    ]


def _free_relations(before: Catalog, after: Catalog) -> Freed:
    """Indexes, keys and the sequences of identity columns."""
    found = before.compared_with(after)
    wanted = {n for id in found.come for n in names_of(after[id]) if n.space == "relation"}
    exchanged = _exchanged_sequences(found.changed)
    if not wanted and not exchanged:
        return Freed(before)
    holding = (o for o in before if _holds(o, after) and any(n in wanted for n in names_of(o)))
    makes_room = {o.id for o in holding} | exchanged
    holders = [before[id] for id in sorted(makes_room)]
    if not holders:
        return Freed(before)
    sequences: dict[ObjectId, DbObject] = {o.id: _sequence_renamed(o) for o in holders if isinstance(o, Column)}
    renames = {o.id: _renamed_id(o) for o in holders if not isinstance(o, Column)}
    steps = tuple(_sequence_step(o) if isinstance(o, Column) else _step(o, renames[o.id]) for o in holders)
    return Freed(with_renamed(before, renames, sequences), steps)


def _exchanged_sequences(changed: Iterable[tuple[DbObject, DbObject]]) -> set[ObjectId]:
    """A column of each circle in which identities take each other's sequences' names."""
    pairs = [(old, new) for old, new in changed if isinstance(old, Column) and isinstance(new, Column)]
    numbered = [(o.id, o.identity.sequence, n.identity.sequence) for o, n in pairs if o.identity and n.identity]
    holders = {had: id for id, had, wanted in numbered if had != wanted}
    waits = {id: holders[wanted] for id, had, wanted in numbered if had != wanted and wanted in holders}
    return {min(circle) for circle in circles(waits)}


def _holds(obj: DbObject, after: Catalog) -> bool:
    """Whether the object bears a name that only the database sees, and is not declared any more; a column that stays
    may lose its identity, or take another sequence."""
    if isinstance(obj, Column) and obj.identity is not None:
        declared = after.get(obj.id, Column)
        kept = None if declared is None else declared.identity
        return kept is None or kept.sequence != obj.identity.sequence
    if obj.id in after:
        return False
    return isinstance(obj, Index) or (isinstance(obj, Constraint) and obj.type in INDEXED)


def _renamed_id(obj: DbObject) -> ObjectId:
    return ObjectId(obj.id.kind, (*obj.id.path[:-1], temporary_name(obj.id.path[-1], "gone")))


def _step(obj: DbObject, to: ObjectId) -> Step:
    schema = obj.id.path[0]
    old, new = obj.id.path[-1], to.path[-1]
    lock = LockMode.SHARE_UPDATE_EXCLUSIVE
    return Step(
        id=step_id("free", obj.id),
        title=f"free the name of {obj.id}",
        object=obj.id,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why=_WHY,
        up=(Statement(sql("ALTER INDEX {} RENAME TO {}", ident(schema, old), ident(new)), lock),),
        down=Down((Statement(sql("ALTER INDEX {} RENAME TO {}", ident(schema, new), ident(old)), lock),)),
        releases=frozenset({to}),
        frees=borne_names(obj),
    )


def _gone(sequence: tuple[str, ...]) -> tuple[str, ...]:
    return (*sequence[:-1], temporary_name(sequence[-1], "gone"))


def _sequence_renamed(column: Column) -> Column:
    assert column.identity is not None
    return replace(column, identity=replace(column.identity, sequence=_gone(column.identity.sequence)))


def _sequence_step(column: Column) -> Step:
    assert column.identity is not None
    (schema, old), (_, new) = column.identity.sequence, _gone(column.identity.sequence)
    # who writes locks the table before it draws a number
    locked = Statement(sql("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", ident(*column.relation.path)), AX)
    there = sql("ALTER SEQUENCE {} RENAME TO {}", ident(schema, old), ident(new))
    back = sql("ALTER SEQUENCE {} RENAME TO {}", ident(schema, new), ident(old))
    return Step(
        id=step_id("free", column.id),
        title=f"free the name of the sequence of {column.id}",
        object=column.id,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why="another object takes it before this one is dropped; the column finds its sequence by itself",
        up=(locked, Statement(there, AX)),
        down=Down((locked, Statement(back, AX))),
        releases=frozenset({column.id}),
        frees=names_of(column),
    )


def with_renamed(
    catalog: Catalog, renames: Mapping[ObjectId, ObjectId], replaced: Mapping[ObjectId, DbObject]
) -> Catalog:
    """The catalog after renames of objects, where ``replaced`` objects are known by other attributes."""
    objects = {renames.get(id, id): _rewritten(replaced.get(id, o), renames) for id, o in catalog.objects.items()}
    uses = {renames.get(id, id): frozenset(_each(used, renames)) for id, used in catalog.uses.items()}
    return replace(catalog, objects=objects, uses=uses)


def _each(ids: Iterable[ObjectId], renames: Mapping[ObjectId, ObjectId]) -> Iterable[ObjectId]:
    return (renames.get(id, id) for id in ids)


def _rewritten(obj: DbObject, renames: Mapping[ObjectId, ObjectId]) -> DbObject:
    """The object with every id in it that was renamed (its own, its parent index, a replica identity) exchanged."""
    changed = {
        f.name: renames[value]
        for f in fields(obj)
        if isinstance(value := getattr(obj, f.name), ObjectId) and value in renames
    }
    return replace(obj, **changed) if changed else obj
