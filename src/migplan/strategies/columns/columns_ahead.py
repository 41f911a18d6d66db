"""New columns that come ahead of a deploy, where the rest of the plan would bring them behind it, with their type that
changes there, or with the table's new form. The version that is deployed says them.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.changes import Create
from migplan.core.ids import ObjectId
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Strategy


class ColumnsAhead(Strategy):
    """New columns that a stage ahead of the rest of the plan adds."""

    name = "columns_ahead"

    def expand(self, context: Context) -> Iterable[Expansion]:
        found = frozenset(c.id for c in _new_columns(context) if _comes_late(context, c))
        if found:
            yield Expansion((), first=found)


def _new_columns(context: Context) -> Iterable[Column]:
    """Those of tables that are there."""
    changes = (c.new for c in context.all_changes if isinstance(c, Create))
    return (c for c in changes if isinstance(c, Column) and c.relation in context.before and not c.inherited)


def _comes_late(context: Context, column: Column) -> bool:
    types = (id for id in _uses(context, column.id) if id in context.before and id in context.after)
    return any(_waits_for_a_deploy(context, id) for id in types) or _comes_with_its_table(context, column)


def _comes_with_its_table(context: Context, column: Column) -> bool:
    """Whether the table is made anew, and the column needs neither that nor anything else that the plan makes."""
    rebuild = context.rebuilds.items.get(column.relation)
    if column.relation not in context.online and (rebuild is None or not rebuild.whole):
        return False
    used = {u for id in (column.id, ObjectId("default", column.id.path)) for u in context.after.uses.get(id, ())}
    return (column.generated is None or column.virtual) and used - {column.id} <= context.before.objects.keys()


def _uses(context: Context, id: ObjectId) -> frozenset[ObjectId]:
    """The types that it is made of, those inside of others as well."""
    used = frozenset(u for u in context.after.uses.get(id, ()) if u.kind in TYPE_KINDS)
    return used.union(*(_uses(context, u) for u in used))


def _waits_for_a_deploy(context: Context, id: ObjectId) -> bool:
    """Where columns go over to its new incarnation, sessions that know the old one by its number have to end."""
    old, new = context.before[id], context.after[id]
    if old == new:
        return False
    followed = any(id in causes for causes in context.rebuilds.followers.values())
    return id in context.staged or followed or kind_of(id).contract(old, new) is not None


STRATEGY = ColumnsAhead()
