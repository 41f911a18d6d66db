"""The locks of a swap come first, all of them together, and on the way back as well.

Taken one by one, statement after statement, each would be waited for while those before it are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Down, Phase, Step, step_id
from migplan.kinds.constraint import FOREIGN_KEY, Constraint
from migplan.strategies.base import Context
from migplan.strategies.patient_lock import lock_patiently
from migplan.strategies.rebuilds.family import tables_of


def locked_first(
    context: Context,
    group: str,
    roots: Sequence[ObjectId],
    before: Sequence[ObjectId],
    after: Sequence[ObjectId],
    *,
    replayed: str = "",
) -> tuple[Step, Step]:
    """The first step of a group's transaction, and the last one, which comes first on the way back.

    ``before`` and ``after`` are the tables of ``roots``, which change places; what else the group locks is found.
    """
    root, names = roots[0], ", ".join(map(str, roots))
    lock = lock_patiently(locked(context, group, before, context.before), context.settings)
    unlock = lock_patiently(locked(context, group, after, context.after), context.settings)
    first = Step(
        id=step_id("lock", root),
        title=f"{replayed}lock {names} and what stands on it",
        object=root,
        strategy="swap_locks",
        phase=Phase.CONTRACT,
        why="a table that can't be had soon lets go of all, and is the first of the next try",
        up=tuple(lock),
        down=Down(()),
        together=group,
    )
    last = replace(
        first,
        id=step_id("unlock", root),
        title=f"on the way back: {first.title}",
        why="whoever leads back needs the same locks first",
        up=(),
        down=Down(tuple(unlock)),
    )
    return first, last


def locked(context: Context, group: str, tables: Sequence[ObjectId], catalog: Catalog) -> list[ObjectId]:
    """Views before what they stand on, because that is how queries lock them; then the tables; then those that foreign
    keys join with them."""
    views = _outermost_first([id for id in context.rebuilds.items if id.kind == "view" and id in catalog], catalog)
    views = [id for id in views if context.rebuilds.items[id].group == group]
    return [*views, *tables, *sorted(_joined(context, group, catalog) - set(tables))]


def _joined(context: Context, group: str, catalog: Catalog) -> set[ObjectId]:
    keys = (catalog.get(id, Constraint) for id, rebuild in context.rebuilds.items.items() if rebuild.group == group)
    sides = (side for key in keys if key is not None and key.type == FOREIGN_KEY for side in (key.relation, key.target))
    return {side for side in sides if side is not None and side in catalog}


def tables_of_group(context: Context, group: str, catalog: Catalog) -> list[ObjectId]:
    """Every table that has something in the group, with its partitions."""
    members = [id for id, name in context.rebuilds.groups.items() if name == group]
    owners = _tables(members, context.before) & _tables(members, context.after)
    return list(dict.fromkeys(t for id in sorted(owners) for t in tables_of(id, catalog)))


def _tables(members: Iterable[ObjectId], catalog: Catalog) -> set[ObjectId]:
    found = (catalog.objects[id].table or id for id in members if id in catalog)
    return {id for id in found if id.kind == "table"}


def _outermost_first(views: Iterable[ObjectId], catalog: Catalog) -> list[ObjectId]:
    listed = sorted(views)
    found: list[ObjectId] = []

    def visit(id: ObjectId) -> None:
        for user in sorted(catalog.used_by.get(id, ())):
            if user in listed and user not in found and user != id:
                visit(user)
        if id not in found:
            found.append(id)

    for id in listed:
        visit(id)
    return found
