"""A temporary CHECK that says what a partition's bounds say: proved beforehand, it spares ATTACH its scan."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import After, Assertion, Down, LockMode, Phase, Statement, Step, Timing, step_id, temporary_name
from migplan.kinds._descendants import partitions
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Size

ATTACH_PARTITION = "attach_partition"
AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE


@record
class BoundsGuard:
    """A temporary CHECK of ``table``."""

    table: ObjectId
    condition: Sql
    name: str

    @property
    def add(self) -> Statement:
        clause = sql("ADD CONSTRAINT {} CHECK ({}) NOT VALID", ident(self.name), self.condition)
        return Statement(sql("ALTER TABLE {} {}", ident(*self.table.path), clause), AX)

    @property
    def validate(self) -> Statement:
        clause = sql("VALIDATE CONSTRAINT {}", ident(self.name))
        command = sql("ALTER TABLE {} {}", ident(*self.table.path), clause)
        return Statement(command, SUE, scan=True, timing=Timing.LONG)

    @property
    def drop(self) -> Statement:
        return Statement(sql("ALTER TABLE {} DROP CONSTRAINT {}", ident(*self.table.path), ident(self.name)), AX)


def guard_of(context: Context, table: Table) -> BoundsGuard | None:
    """The check of a large partition's bounds. Those of hash partitions name their parent by number: no text does."""
    condition = table.bound_condition
    if condition is None or "satisfies_hash_partition" in condition:
        return None
    if context.size(table.id) is not Size.LARGE:
        return None
    return BoundsGuard(table.id, deparsed(condition), temporary_name(table.id.path[-1], "bounds"))


def guard_of_default(context: Context, table: Table) -> BoundsGuard | None:
    """The same for a large default partition, none of whose rows may belong to the new one."""
    assert table.partition_of is not None
    default = default_partition(context, table.partition_of)
    if default is None or default in context.successions.successors or table.bound_condition is None:
        return None
    if context.size(default) is not Size.LARGE:
        return None
    condition = sql("NOT ({})", deparsed(table.bound_condition))
    return BoundsGuard(default, condition, temporary_name(default.path[-1], "bounds"))


def default_partition(context: Context, parent: ObjectId) -> ObjectId | None:
    """The live default partition of a table."""
    for id in partitions(parent, context.before):
        table = context.before.get(id, Table)
        if table is not None and table.bound == "DEFAULT":
            return id
    return None


def guard_steps(guard: BoundsGuard, partition: ObjectId, verb: str, phase: Phase, sentence: str | None) -> list[Step]:
    count = sql("SELECT count(*) FROM {} WHERE NOT ({})", ident(*guard.table.path), guard.condition)
    outside = "are outside of the bounds that it gets"
    met = outside if guard.table == partition else f"stand in the way of attaching {partition}"
    add = Step(
        id=step_id("guard", guard.table),
        title=f"{verb} {guard.table}",
        object=guard.table,
        strategy=ATTACH_PARTITION,
        phase=phase,
        why="NOT VALID: existing rows are not read",
        up=(guard.add,),
        down=Down((guard.drop,)),
        uses=frozenset({partition}),
        deploy=sentence,
        asserts=(Assertion(count, f"rows of {guard.table} {met}"),),
        late=True,
    )
    validate = Step(
        id=step_id("prove", guard.table),
        title=f"prove it of every row of {guard.table}",
        object=guard.table,
        strategy=ATTACH_PARTITION,
        phase=phase,
        why="reads the table under a lock that only DDL and vacuum feel, and spares the next step its scan",
        up=(guard.validate,),
        down=Down(()),
        after=(After(add.id, "validates it"),),
        late=True,
    )
    return [add, validate]
