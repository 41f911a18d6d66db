"""Foreign keys on columns that change places: dropped and made again in the swap's transaction, validated behind it."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.kinds.constraint import FOREIGN_KEY, Constraint
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion
from migplan.strategies.column_types.staging import NAME
from migplan.strategies.rebuilds.carried_keys import carried_key, taken_by_partitions


def carried_foreign_keys(context: Context) -> Iterable[Expansion]:
    """The steps of each that stands on a replaced column, or refers to one."""
    for id, rebuild in sorted(context.rebuilds.items.items()):
        key = context.after.get(id, Constraint)
        if key is None or key.type != FOREIGN_KEY or not _on_replaced(context, id):
            continue
        whole = taken_by_partitions(context, id)
        goes_along = whole is not None and whole.id != id
        steps = [] if goes_along else carried_key(context, id, NAME, _sentence(context, rebuild.group))
        yield Expansion(tuple(steps), frozenset({id}))


def _on_replaced(context: Context, foreign_key: ObjectId) -> bool:
    key = context.before.get(foreign_key, Constraint)
    if key is None or key.target is None:
        return False
    columns = {key.relation.child("column", c) for c in key.columns}
    return bool((columns | {key.target.child("column", c) for c in key.target_columns}) & context.replaced)


def _sentence(context: Context, group: str) -> str | None:
    """What the checkpoint before a swap says."""
    for id in sorted(context.replaced):
        if context.rebuilds.groups.get(id) == group:
            return kind_of(id).contract(context.before[id], context.after[id])
    return None
