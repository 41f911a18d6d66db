"""New partitions beside a default one: none of its rows may belong to them; while that is looked at, it is locked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import deparsed, ident, join, sql
from migplan.core.steps import After, Assertion, Down, Phase, Step, step_id, temporary_name
from migplan.kinds.attachment import attachment
from migplan.kinds.column import Column
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.partitions.bounds_guard import BoundsGuard, default_partition, guard_steps

NAME = "beside_default"


class BesideDefault(Strategy):
    """New partitions beside a large default partition, which refuses their rows first: hanging them up reads only the
    new ones then, which are empty."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        guarded: dict[ObjectId, list[Table]] = defaultdict(list)
        for table in context.created(Table):
            default = _guarded_default(context, table)
            if default is not None:
                guarded[default].append(table)
        for default, tables in guarded.items():
            yield _guarded(default, tables)


def left_to_default(context: Context, table: Table) -> Iterable[Assertion]:
    """Rows of a default one that belong into a partition which is hung up beside it."""
    default = _default_beside(context, table)
    if default is not None and not context.empty(default):
        count = sql("SELECT count(*) FROM {} WHERE {}", ident(*default.path), deparsed(table.bound_condition or ""))
        yield Assertion(count, _belong(default, str(table.id)))


def hung_beside_default(context: Context, table: Table, step: Step) -> Step:
    """A step that makes a new partition, as it is beside a default one: rows that would have to move are counted before
    anything is made, and hanging it up is felt by whoever uses the default one."""
    default = _default_beside(context, table)
    if default is None or context.empty(default):
        return step
    guarded = _guarded_default(context, table) is not None
    if attachment(table.id) in step.creates:
        hung = replace(step, new_objects=False)
        spared = "reads only the new table: the check spares the default partition"
        return replace(hung, phase=Phase.CONTRACT, why=spared) if guarded else hung
    if guarded or table.id not in step.creates:
        return step
    return replace(step, asserts=(*step.asserts, *left_to_default(context, table)))


def _default_beside(context: Context, table: Table) -> ObjectId | None:
    """The live default partition beside which a new one is hung up; None where either side of it changes as well."""
    parent = table.partition_of
    if parent is None or table.bound == "DEFAULT" or table.bound_condition is None or parent in context.rebuilds.items:
        return None
    id = default_partition(context, parent)
    after = None if id is None else context.after.get(id, Table)
    if id is None or after is None or (after.partition_of, after.bound) != (parent, "DEFAULT"):
        return None
    return id if id not in context.successions.successors and _keeps_keys(context, parent, id) else None


def _keeps_keys(context: Context, parent: ObjectId, default: ObjectId) -> bool:
    """Whether the bounds can be said of the default partition's columns as they are."""
    table = context.after.get(parent, Table)
    columns = [default.child("column", name) for name in (table.key_columns if table else ())]
    pairs = [(context.before.get(c, Column), context.after.get(c, Column)) for c in columns]
    return all(old is not None and new is not None and old.type == new.type for old, new in pairs)


def _guarded_default(context: Context, table: Table) -> ObjectId | None:
    """The default partition, where it is too large to be read under a lock. One that others are attached beside, too,
    has its check from that."""
    default = None if context.settings.offline else _default_beside(context, table)
    if default is None or context.size(default) is not Size.LARGE:
        return None
    attached = (new for old, new, _ in context.altered(Table) if old.partition_of != new.partition_of)
    return None if any(new.partition_of == table.partition_of for new in attached) else default


def _guarded(default: ObjectId, tables: Sequence[Table]) -> Expansion:
    conditions = [sql("NOT ({})", deparsed(t.bound_condition or "")) for t in tables]
    guard = BoundsGuard(default, join(" AND ", conditions), temporary_name(default.path[-1], "bounds"))
    said = ", ".join(str(t.id) for t in tables)
    sentence = f"writes no rows of {said} into {default}"
    add, prove = guard_steps(guard, tables[0].id, "refuse rows of new partitions in", Phase.CONTRACT, sentence)
    counted = tuple(replace(a, message=_belong(default, said)) for a in add.asserts)
    before = [replace(add, strategy=NAME, uses=frozenset(), asserts=counted), replace(prove, strategy=NAME)]
    hung = {step_id("create", t.id, 1): After(before[-1].id, "the check must be valid") for t in tables}
    last = Step(
        id=step_id("unguard", default),
        title=f"drop the check of {default}",
        object=default,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="its bounds say the same now",
        up=(guard.drop,),
        down=Down((guard.add,)),
        after=tuple(After(id, "the check was made for it") for id in hung),
    )
    return Expansion((*before, last), single=hung)


def _belong(default: ObjectId, tables: str) -> str:
    return f"rows of {default} belong into {tables}: move them out of it first"


STRATEGY = BesideDefault()
