"""Constraints that partitions get from their parents: they come and go along, and stay with what is detached.

Exclusions among them (17 and later) are made under names of PostgreSQL's own choice. They can be renamed, but neither
made beforehand nor attached: they are named and described as they are declared as soon as they are there. Foreign keys
bear their parent's name; where a table had one of its own before it was attached, that became the clone and kept its.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql import Sql, ident, join, literal, sql
from migplan.core.steps import After, Down, LockMode, Statement, Step
from migplan.kinds._descendants import changes_parents, stays_with_parent
from migplan.kinds.attachment import attached_indexes, attachment, detach_partition
from migplan.kinds.constraint import EXCLUSION, FOREIGN_KEY, Constraint, drop_constraint, key_extras, root_of
from migplan.kinds.not_null import object_name
from migplan.kinds.table import Table
from migplan.planning.names.attached_names import hangs_on
from migplan.strategies.pieces import Pieces
from migplan.strategies.steps_undone import AGAIN

_Named = dict[ObjectId, tuple[Statement, ...]]
_LIGHT: Final = LockMode.SHARE_UPDATE_EXCLUSIVE
_NAMED: Final = frozenset({EXCLUSION, FOREIGN_KEY})


def with_named_clones(steps: Iterable[Step], before: Pieces, after: Pieces) -> list[Step]:
    """The steps; each that makes PostgreSQL make such constraints, on either way, also gives them their names."""
    come, gone, clones = _by_maker(after), _by_maker(before), _by_attachment(before.catalog, after.catalog)
    behind = _behind_leaving(made := list(steps), before.catalog, after.catalog)
    named = (_with_named(_waiting(step, behind), come, gone) for step in made)
    moved = (_without_brought(step, before.catalog, after.catalog) for step in named)
    left = (_left_behind(step, before.catalog, after.catalog) for step in moved)
    gone_with = [_with_clones(_let_go(step, clones), before.catalog, after.catalog) for step in left]
    return _behind_detaching(gone_with, clones)


def _by_maker(side: Pieces) -> _Named:
    """The statements by what comes first, or last, of the parent's constraint and the partition's attachment."""
    found: _Named = {}
    for clone in _uppermost_first(side.catalog, _NAMED):
        statements = tuple(_statements(clone, side))
        for maker in (*_ancestors(clone, side.catalog), attachment(clone.relation)):
            found[maker] = (*found.get(maker, ()), *statements)
    return found


def _uppermost_first(catalog: Catalog, types: Container[str]) -> list[Constraint]:
    clones = [c for c in catalog.of(Constraint) if c.type in types and c.clone_of is not None]
    return sorted(clones, key=lambda c: (len(list(_ancestors(c, catalog))), c.id))


def _ancestors(clone: Constraint, catalog: Catalog) -> Iterator[ObjectId]:
    """What it comes with: the constraint above, and those above that."""
    parent = None if clone.clone_of is None else catalog.get(clone.clone_of, Constraint)
    if parent is not None:
        yield parent.id
        yield attachment(parent.relation)
        yield from _ancestors(parent, catalog)


def _statements(clone: Constraint, side: Pieces) -> Iterator[Statement]:
    further = [*key_extras(clone), *side.attributes(clone.id)]
    if further or clone.name != _given_name(clone):
        yield _named(clone, further)


def _given_name(clone: Constraint) -> str:
    """The one that PostgreSQL gives it, where it is free."""
    if clone.type == EXCLUSION or clone.clone_of is None:
        return object_name(clone.relation.path[-1], "_".join(clone.columns), "excl")
    return clone.clone_of.path[-1]


def _named(clone: Constraint, further: Iterable[Statement]) -> Statement:
    """If it is there: whether its parent's or the partition comes last is up to the plan."""
    assert clone.clone_of is not None
    parent, index = clone.clone_of, clone.type == EXCLUSION
    rename = "ALTER INDEX %I.%I RENAME TO %I" if index else "ALTER TABLE %I.%I RENAME CONSTRAINT %I TO %I"
    renamed = [clone.id.path[0], *([] if index else [clone.relation.path[-1]])]
    command = sql(
        """DO $migplan$
DECLARE
  given name := (
    SELECT k.conname FROM pg_constraint k JOIN pg_constraint p ON p.oid = k.conparentid
     WHERE k.conrelid = to_regclass({}) AND p.conrelid = to_regclass({}) AND p.conname = {});
BEGIN
  IF given <> {} THEN
    EXECUTE format({}, {}, given, {});
  END IF;
  IF given IS NOT NULL THEN
    {}
  END IF;
END
$migplan$""",
        literal(ident(*clone.relation.path)),
        literal(ident(*parent.path[:-1])),
        literal(parent.path[-1]),
        literal(clone.name),
        literal(rename),
        join(", ", (literal(name) for name in renamed)),
        literal(clone.name),
        join("\n    ", (sql("EXECUTE {};", literal(s.sql)) for s in further)) or Sql("NULL;"),
    )
    return Statement(command, _LIGHT if index else LockMode.ACCESS_EXCLUSIVE)


def _with_named(step: Step, come: _Named, gone: _Named) -> Step:
    up = tuple(s for id in sorted(step.creates) for s in come.get(id, ()))
    back = tuple(s for id in sorted(step.creates | step.destroys) for s in gone.get(id, ()))
    if not up and not back:
        return step
    down = replace(step.down, statements=(*step.down.statements, *back)) if isinstance(step.down, Down) else step.down
    return replace(step, up=(*step.up, *up), down=down)


def _left_behind(step: Step, before: Catalog, after: Catalog) -> Step:
    """A partition that is attached, and detached again on the way back, keeps what it got: that goes then. Its table
    may go in an earlier file, or later than what a foreign key refers to."""
    attached = [c for c in _uppermost_first(after, _NAMED) if attachment(c.relation) in step.creates]
    drops = tuple(drop_constraint(c) for c in attached if c.id not in before)
    if not drops or not isinstance(step.down, Down) or not any("DETACH" in s.sql for s in step.down.statements):
        return step
    return replace(step, down=replace(step.down, statements=(*step.down.statements, *drops)))


def _without_brought(step: Step, before: Catalog, after: Catalog) -> Step:
    """A partition that goes over to another table keeps the exclusions that it got of the first one, and ATTACH takes
    none of them for the second one's, but makes others: they go in between."""
    tables = [id.parent("table") for id in sorted(step.creates | step.destroys) if id.kind == "attachment"]
    up, down = step.up, step.down
    for table in (id for id in tables if changes_parents(id, before, after)):
        up = _without_exclusions(up, table, before)
        if isinstance(down, Down):
            down = replace(down, statements=_without_exclusions(down.statements, table, after))
    return step if up == step.up and down == step.down else replace(step, up=up, down=down)


def _without_exclusions(statements: tuple[Statement, ...], table: ObjectId, catalog: Catalog) -> tuple[Statement, ...]:
    """The statements; behind the one that detaches the partition, what drops what it keeps."""
    clones = [c for c in catalog.members_of(table, Constraint) if c.type == EXCLUSION and c.clone_of is not None]
    partition = catalog.get(table, Table)
    leaves = detach_partition(partition) if clones and partition is not None else None
    drops = tuple(drop_constraint(c) for c in clones)
    return tuple(found for s in statements for found in ((s, *drops) if s == leaves else (s,)))


def _let_go(step: Step, clones: Mapping[ObjectId, list[ObjectId]]) -> Step:
    """A partition that is detached keeps its constraints, foreign keys as well, which can be dropped from then on."""
    left = {clone for id in step.destroys for clone in clones.get(id, ())}
    return replace(step, releases=step.releases | left) if left else step


def _behind_detaching(steps: Sequence[Step], clones: Mapping[ObjectId, list[ObjectId]]) -> list[Step]:
    """The steps; what validates such a constraint on the way back comes before ATTACH, which takes valid ones only."""
    left = [(step, id) for step in steps for id in sorted(step.destroys) if id.parent("table") not in step.destroys]
    by = {clone: step.id for step, id in left for clone in clones.get(id, ())}
    return [
        replace(step, after=(*step.after, After(by[step.object], "the partition has it to itself from then on")))
        if step.id.startswith(AGAIN) and step.object in by
        else step
        for step in steps
    ]


def _waiting(step: Step, behind: Mapping[ObjectId, set[str]]) -> Step:
    """The step; if it drops something that a partition takes along, behind the one by which that leaves."""
    steps = sorted({other for id in step.destroys for other in behind.get(id, ())} - {step.id})
    waits = tuple(After(other, "a partition takes its own part along") for other in steps)
    return replace(step, after=(*step.after, *waits)) if waits else step


def _behind_leaving(steps: Sequence[Step], before: Catalog, after: Catalog) -> dict[ObjectId, set[str]]:
    """The steps by which partitions leave, or go over to other tables, by what of their former parents goes."""
    made = frozenset[ObjectId]().union(*(step.creates for step in steps))
    gone = frozenset[ObjectId]().union(*(step.destroys - step.creates for step in steps))
    kept = _kept_by_leaving(before, after, made, gone)
    found: dict[ObjectId, set[str]] = {}
    for step in steps if kept else ():
        for above in (id for left in (step.creates | step.destroys) & kept.keys() for id in kept[left]):
            found.setdefault(above, set()).add(step.id)
    return found


def _kept_by_leaving(
    before: Catalog, after: Catalog, made: frozenset[ObjectId], gone: frozenset[ObjectId]
) -> dict[ObjectId, frozenset[ObjectId]]:
    """By their attachments, the indexes and constraints above that go, be it for a while, of those that stay with their
    tables and aren't ``made`` again."""
    found: dict[ObjectId, frozenset[ObjectId]] = {}
    for table in before.of(Table):
        if table.partition_of is None or table.id not in after or stays_with_parent(table.id, before, after):
            continue
        kept = (before[m.id] for m in before.members.get(table.id, ()) if m.id in after and m.id not in made)
        above = frozenset(id for member in kept for id in _above(member, before) if id not in after or id in gone)
        if above:
            found[attachment(table.id)] = above
    return found


def _above(member: DbObject, catalog: Catalog) -> Iterator[ObjectId]:
    """What it hangs on, over whatever levels."""
    parent = hangs_on(member)
    if parent is not None and parent in catalog:
        yield parent
        yield from _above(catalog[parent], catalog)


def _with_clones(step: Step, before: Catalog, after: Catalog) -> Step:
    """What goes for good takes its clones with it, as long as their partitions hang on its table."""
    gone = {id for id in step.destroys if id.kind == "constraint" and id not in after}
    below = {attachment(c.relation) for c in before.of(Constraint) if gone and root_of(c, before) in gone}
    return replace(step, releases=step.releases | (below - step.destroys)) if below else step


def _by_attachment(before: Catalog, after: Catalog) -> dict[ObjectId, list[ObjectId]]:
    """Those whose root stays, and keys and indexes that hang on the parent's. A partition that goes keeps none."""
    found: dict[ObjectId, list[ObjectId]] = {}
    for clone in before.of(Constraint):
        root = root_of(clone, before)
        if root is not None and root in after and clone.relation in after:
            found.setdefault(attachment(clone.relation), []).append(clone.id)
    for table in before.of(Table):
        if table.partition_of is not None and table.id in after:
            found.setdefault(attachment(table.id), []).extend(attached_indexes(table.id, before))
    return found
