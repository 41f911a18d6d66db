"""Dropping a table: its foreign keys first, each by itself, because DROP TABLE would lock every table they join."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.steps import Down, Phase, Step, step_id
from migplan.kinds.constraint import FOREIGN_KEY, Constraint
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.column_types.lost_values import missing_values
from migplan.strategies.partitions.joined_tables import joined
from migplan.strategies.ways_back import constraint_back


class DropTable(Strategy):
    """Foreign keys from and to tables that go: they stay until the application lets go of the table."""

    name = "drop_table"

    def expand(self, context: Context) -> Iterable[Expansion]:
        gone = {table.id for table in context.dropped(Table) if table.id not in context.rebuilds.items}
        for key in context.dropped(Constraint):
            tables = [id for id in (key.target, key.relation) if id is not None and id in gone]
            if key.type == FOREIGN_KEY and tables:
                steps = constraint_back(context, key, _drop_key(context, key, tables[0]))
                yield Expansion(tuple(steps), frozenset({key.id}))


def _drop_key(context: Context, key: Constraint, table: ObjectId) -> Step:
    sentence = kind_of(table).drop_contract(context.before[table])
    (part,) = context.pieces_before.of(key.id)
    return Step(
        id=step_id("drop", key.id),
        title=f"drop {key.id}",
        object=key.id,
        strategy=DropTable.name,
        phase=Phase.CONTRACT,
        why=f"the drop of {table} would lock both of its tables; on its own it holds them for a moment",
        up=joined(key, context.before, context.after, part.drop),
        down=Down(part.create, asserts=missing_values(context, key)),
        destroys=part.provides,
        releases=part.uses,
        deploy=sentence,
    )


STRATEGY = DropTable()
