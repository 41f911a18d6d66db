"""The steps by which a table becomes a partition, stops being one, or goes as one.

A valid CHECK that says what the bounds say spares ATTACH its scan (manual: ALTER TABLE, ATTACH PARTITION), and DETACH …
CONCURRENTLY the CHECK that it would otherwise leave behind under a name of its own. Valid foreign keys are adopted.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds.attachment import attachment, detach_partition
from migplan.kinds.column import Column
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.settled_below import hang
from migplan.kinds.table import Table
from migplan.strategies.base import Context
from migplan.strategies.constraints.offending_rows import orphans_of_partition
from migplan.strategies.constraints.partitioned_foreign_key import ready_to_be_adopted
from migplan.strategies.partitions.beside_default import left_to_default
from migplan.strategies.partitions.bounds_guard import ATTACH_PARTITION, guard_of, guard_of_default, guard_steps
from migplan.strategies.partitions.partition_links import (
    concurrently,
    detach_concurrently,
    detached,
    linked,
    not_null_renames,
)
from migplan.strategies.partitions.partition_rows import misplaced
from migplan.strategies.relations.backup import is_backed_up
from migplan.strategies.steps_undone import AGAIN


def attach_steps(context: Context, old: Table, new: Table) -> list[Step]:
    guard, default_guard = guard_of(context, new), guard_of_default(context, new)
    sentence = None if default_guard is None else f"writes no rows of {new.id} into {default_guard.table}"
    steps: list[Step] = []
    if guard is not None:
        late = attachment(new.id) in context.successions.exchanges or bool(lacking_columns(context, old, new))
        kept = f"writes no rows outside the bounds of {new.id} into it" if late else sentence
        phase = Phase.MIGRATE if kept is None else Phase.CONTRACT  # in one window with what attaches it
        steps += guard_steps(guard, new.id, "refuse rows outside its bounds in", phase, kept)
    if default_guard is not None:
        steps += guard_steps(default_guard, new.id, "refuse its rows in", Phase.CONTRACT, sentence)
    guards = [g for g in (guard, default_guard) if g is not None]
    attach = [*not_null_renames(context, new.id), *hang(new, context.after, scan=guard is None)]
    back = [detach_partition(new), *not_null_renames(context, new.id, back=True)]
    adopted = ready_to_be_adopted(context, new)
    link = linked(context, old, new, attach, back, guards, [*steps, *adopted])
    counted = (
        *(misplaced(context, new) if guard is None else ()),
        *(left_to_default(context, new) if default_guard is None else ()),
        *(() if adopted else orphans_of_partition(context, new)),
    )
    return [*steps, *adopted, replace(link, asserts=counted)]


def detach_steps(context: Context, old: Table, new: Table) -> list[Step]:
    sentence = None if context.settings.offline else kind_of(new.id).contract(old, new)
    guard = guard_of(context, old)
    if guard is None or not concurrently(context, old):
        return [detached(context, old, new, sentence, (), ())]
    steps = guard_steps(guard, new.id, "keep rows outside its bounds out of", Phase.CONTRACT, sentence)
    steps = [replace(s, asserts=()) for s in steps]
    detach = detached(context, old, new, sentence, (guard,), steps)
    renames, back = not_null_renames(context, old.id), not_null_renames(context, old.id, back=True)
    again = Step(
        id=f"{AGAIN}{step_id('prove', old.id)}",
        title=f"on the way back: prove the bounds of every row of {old.id}",
        object=old.id,
        strategy=ATTACH_PARTITION,
        phase=Phase.CONTRACT,
        why="only the way back does anything: it reads the table under a lock that only DDL and vacuum feel",
        up=(),
        down=Down((guard.validate,)),
        after=(After(detach.id, "the way back attaches it then"),),
    )
    last = Step(
        id=step_id("unguard", old.id),
        title=f"let {old.id} take any row",
        object=old.id,
        strategy=ATTACH_PARTITION,
        phase=Phase.CONTRACT,
        why="metadata only",
        up=(guard.drop, *renames),
        down=Down((*back, guard.add)),
        after=(After(detach.id, "it is a table of its own now"), After(again.id, "the way back proves it")),
    )
    return [*steps, detach, again, last]


def drop_steps(context: Context, table: Table) -> list[Step]:
    """DROP TABLE of a partition would lock its parent: detached first, it is nobody's business any more."""
    kind = kind_of(table.id)
    sentence = kind.drop_contract(table)
    loses = None if is_backed_up(context, table) or table.partition_key else context.successions.rows_lost(table)
    parts = context.pieces_before.of(table.id)
    steps = [
        Step(
            id=step_id("drop", table.id, number),
            title=f"drop {table.id}" if number == 0 else f"undo what completed {table.id}",
            object=table.id,
            strategy=ATTACH_PARTITION,
            phase=Phase.CONTRACT,
            why=f"the application {sentence}",
            up=part.drop,
            down=Down(part.create, loses=loses if number == 0 else None),
            destroys=part.provides,
            releases=part.uses,
            frees=names_of(table) if number == 0 else frozenset(),
            deploy=sentence,
            loses=loses if number == 0 else None,
        )
        for number, part in reversed(list(enumerate(parts)))
    ]
    attached = attachment(table.id)
    return [_let_go(s, table) if attached in s.destroys else s for s in steps]


def _let_go(step: Step, table: Table) -> Step:
    return replace(
        step,
        id=step_id("detach", table.id),
        title=f"detach {table.id} from {table.partition_of}",
        why="waits for the queries that read it, instead of stopping them",
        up=(detach_concurrently(table),),
    )


def tables_above(catalog: Catalog, table: Table) -> Iterable[ObjectId]:
    parent = catalog.get(table.partition_of, Table) if table.partition_of else None
    if parent is not None:
        yield parent.id
        yield from tables_above(catalog, parent)


def dropped_from(context: Context, tables: Container[ObjectId]) -> Iterable[Column]:
    return (c for c in context.dropped(Column) if c.relation in tables)


def lacking_columns(context: Context, old: Table, new: Table) -> list[ObjectId]:
    """Columns that those above it lose, and that it never had."""
    dropped = dropped_from(context, set(tables_above(context.after, new)))
    return [c.id for c in dropped if old.id.child("column", c.name) not in context.before]
