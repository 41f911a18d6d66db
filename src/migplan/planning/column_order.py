"""The directive ``column-order``: columns are to stand as they are declared, which only a new table can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migplan.core.directives import Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds.table import Table, columns_of


def with_column_orders(before: Catalog, after: Catalog, directives: Directives) -> tuple[Catalog, Catalog]:
    """Both catalogs, whose tables know the order of their columns where it is asked for and isn't there yet."""
    old: dict[ObjectId, DbObject] = {}
    new: dict[ObjectId, DbObject] = {}
    for directive in directives.named("column-order"):
        if directive.target is None:
            continue
        live, declared = before.get(directive.target, Table), after.get(directive.target, Table)
        if live is None or declared is None or declared.partition_of is not None:
            continue
        was, wanted = (tuple(c.name for c in columns_of(live.id, side)) for side in (before, after))
        if not _comes_by_itself(was, wanted):
            old[live.id] = replace(live, column_order=was)
            new[live.id] = replace(declared, column_order=wanted)
    if not old:
        return before, after
    return (
        replace(before, objects={**before.objects, **old}),
        replace(after, objects={**after.objects, **new}),
    )


def _comes_by_itself(was: Sequence[str], wanted: Sequence[str]) -> bool:
    """What ADD COLUMN adds stands last."""
    kept = [name for name in was if name in wanted]
    return [*kept, *(name for name in wanted if name not in kept)] == list(wanted)
