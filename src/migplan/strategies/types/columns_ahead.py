"""New columns of a type that changes behind a deploy: they come ahead of it, of the type as it is, and move along.

The version that is deployed there says them. As the rest of the plan makes them, they would come with their type.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Strategy


class ColumnsAhead(Strategy):
    """New columns that a stage ahead of the rest of the plan adds."""

    name = "columns_ahead"

    def expand(self, context: Context) -> Iterable[Expansion]:
        both = {id for id in context.before.objects if id.kind in TYPE_KINDS and id in context.after}
        late = {id for id in both if _waits_for_a_deploy(context, id)}
        found = [c.id for c in context.created(Column) if c.relation in context.before and _uses(context, c.id) & late]
        if found:
            yield Expansion((), first=frozenset(found))


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
