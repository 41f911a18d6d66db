"""``backup = "table"`` for dropped tables that can't be moved aside: partitions, and those on what goes as well.

Their rows are copied, and the way back brings them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from migplan.core.changes import Drop
from migplan.core.ids import ObjectId
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, sql
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, Timing, step_id
from migplan.kinds.attachment import attachment
from migplan.kinds.column import Column
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table, columns_of
from migplan.kinds.trigger import Trigger
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.partitions.partition_rows import left_behind
from migplan.strategies.relations.backup import (
    DROP_EMPTY_SCHEMA,
    MAKE_SCHEMA,
    SCHEMA,
    backup_name,
    is_backed_up,
)
from migplan.strategies.relations.kept_values import kept_values
from migplan.strategies.relations.retire_table import is_retired

NAME: Final = "backup_table"


class BackupTable(Strategy):
    """Tables with rows that are dropped and don't move aside."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for table in context.dropped(Table):
            if is_backed_up(context, table) and not is_retired(context, table.id):
                group = _group(context, table)
                yield Expansion((replace(_keep(context, table), together=group),), company={table.id: group})


def _group(context: Context, table: Table) -> str:
    """The transaction that drops the table: whoever led back from in between would write its rows twice."""
    above: Table | None = table
    while above is not None:
        found = context.successions.exchanges.get(attachment(above.id))
        if found is not None:
            return found
        above = None if above.partition_of is None else context.before.get(above.partition_of, Table)
    return f"drop {table.id}"


def _keep(context: Context, table: Table) -> Step:
    """Runs right before the drop; its way back right after the table's, before keys and triggers come back."""
    columns = [c for c in columns_of(table.id, context.before) if c.generated is None]
    own, backup = ident(*table.id.path), ident(SCHEMA, backup_name(table.id))
    kept = kept_values(context, columns)
    left = left_behind(context, table)
    where = EMPTY if left is None else sql(" WHERE {}", left)
    copy = sql("CREATE TABLE {} AS SELECT {} FROM ONLY {}{}", backup, kept, own, where)
    return Step(
        id=step_id("backup", table.id),
        title=f"keep the rows of {table.id} in {backup}",
        object=ObjectId("table", (SCHEMA, backup_name(table.id))),
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="the way back brings them back",
        up=(MAKE_SCHEMA, Statement(copy, LockMode.ACCESS_SHARE, scan=True, timing=Timing.LONG)),
        down=Down(
            (_restore(own, backup, columns), Statement(sql("DROP TABLE {}", backup)), DROP_EMPTY_SCHEMA),
        ),
        releases=frozenset({table.id}),
        after=tuple(
            After(step_id("drop", t.id), "it must not fire for the rows that come back")
            for t in context.before.members_of(table.id, Trigger)
            if isinstance(context.changes.get(t.id), Drop)
        ),
        deploy=None if context.settings.offline else kind_of(table.id).drop_contract(table),
        notes=(f"drop {backup} once nobody wants to go back",),
    )


def _restore(table: Sql, backup: Sql, columns: list[Column]) -> Statement:
    names = join(", ", (ident(c.name) for c in columns))
    values = join(", ", (sql("{}::{}", ident(c.name), deparsed(c.type)) for c in columns))
    overriding = Sql(" OVERRIDING SYSTEM VALUE" if any(c.identity for c in columns) else "")
    command = sql("INSERT INTO {} ({}){} SELECT {} FROM {}", table, names, overriding, values, backup)
    return Statement(command, LockMode.ROW_EXCLUSIVE, timing=Timing.LONG)


STRATEGY = BackupTable()
