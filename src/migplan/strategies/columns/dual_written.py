"""Which columns the application itself writes under two names: the new ones with the present ones that they take over
from, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.equality import compared
from migplan.kinds.table import Table
from migplan.strategies.base import Context
from migplan.strategies.sync.sync import Pair


@record
class Written:
    """``old`` is there, ``new`` takes over from it."""

    old: Column
    new: Column

    def pair(self, context: Context) -> Pair:
        """How the one is told out of the other: by the directives, else by a cast where the types differ."""
        up = _converted(context.directive(self.new, "using"), self.old, self.new)
        down = _converted(context.directive(self.new, "reverse"), self.new, self.old)
        by = compared(self.old, context.before), compared(self.new, context.after)
        return Pair(self.old.name, self.new.name, *by, up, down, up, down)


def dual_written(context: Context) -> list[Written]:
    """Those of tables that stay, in order."""
    found: list[Written] = []
    for id, name in sorted(context.dual_written.items()):
        old = context.before.get(id.parent("table").child("column", name), Column)
        new = context.after.get(id, Column)
        if old is not None and new is not None and new.relation not in context.rebuilds.items:
            found.append(Written(old, new))
    return found


def dual_written_columns(context: Context) -> frozenset[ObjectId]:
    """The columns that come or go so: nobody else adds or drops them."""
    return frozenset(id for w in dual_written(context) for id in (w.old.id, w.new.id))


def obstacles(context: Context, written: Written) -> Iterable[str]:
    """Why the application can't keep these two in step."""
    old, new = written.old, written.new
    table = context.before.get(old.relation, Table)
    if any(c.generated is not None or c.identity is not None for c in (old, new)):
        yield f"{old.id} is computed by PostgreSQL itself, and the application can't write it"
    if old.inherited or any(old.relation in t.inherits for t in context.before.of(Table)):
        yield f"{old.relation} inherits or has heirs"
    if table is not None and old.name in table.key_columns:
        yield f"{old.id} is in the partition key"
    if old.id in context.after:
        yield f"{old.id} is the name of another declared column"


def is_keyed(context: Context, column: Column) -> bool:
    """Whether the column is in its table's primary key."""
    keys = (c for c in context.before.members_of(column.relation, Constraint) if c.type == PRIMARY_KEY)
    return any(column.name in key.columns for key in keys)


def _converted(said: str | None, source: Column, target: Column) -> Sql:
    if said is not None:
        return deparsed(said)
    name = ident(source.name)
    return name if source.type == target.type else sql("{}::{}", name, deparsed(target.type))
