"""A table that leaves a parent: what it inherited can only be dropped once it has (manual: ALTER TABLE, NO INHERIT)."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, step_id
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy


class ChangeInheritance(Strategy):
    """Inherited columns and checks that go with the link to the parent."""

    name = "change_inheritance"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, _ in context.altered(Table):
            left = set(old.inherits) - set(new.inherits)
            if not left or new.id in context.rebuilds.items:
                continue
            behind = After(step_id("alter", new.id), f"{new.id} inherits it until then")
            gone = [m for m in _inherited(new.id, context.before) if m not in context.after]
            yield Expansion((), single={step_id(verb, m): behind for m in gone for verb in ("loosen", "drop")})
        for column in context.created(Column):
            yield from _behind_other_types(context, column)


def _behind_other_types(context: Context, column: Column) -> Iterable[Expansion]:
    """A column that a table which goes has with another type: its parent can't get it as long as that is there."""
    for user in sorted(context.before.used_by.get(column.relation, frozenset())):
        heir, own = context.before.get(user, Table), context.before.get(user.child("column", column.name), Column)
        if heir is None or own is None or user in context.after or column.relation not in heir.inherits:
            continue
        if own.type == column.type:
            continue
        if context.settings.offline:
            yield Expansion((), behind={column.id: After(step_id("drop", user), f"{own.id} is {own.type}")})
        else:
            why = f"inherits {column.relation}, goes, and has its new column {column.name} as {own.type}"
            yield Expansion((), blocked=(f"{user} {why}, not {column.type}: drop it in a plan before",))


def _inherited(table: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    members = (*catalog.members_of(table, Column), *catalog.members_of(table, Constraint))
    return (m.id for m in members if m.inherited)


STRATEGY = ChangeInheritance()
