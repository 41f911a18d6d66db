"""What can't be altered in place: dropped and made again, in one transaction with its company."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Down, Part, Phase, Step, step_id
from migplan.kinds.attachment import attachment
from migplan.kinds.constraint import Constraint
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.planning.found_by_text import found_on_the_way_back, still_found
from migplan.planning.rebuilds.read_later import read_later, read_later_on_the_way_back
from migplan.planning.rebuilds.rebuilds import going_along
from migplan.planning.rebuilds.side_by_side import keeps_old, names_in, rebuild_contract, replacement_steps
from migplan.strategies.base import Context, Rebuild, Size, finished
from migplan.strategies.constraints.offending_rows import rows_in_the_way
from migplan.strategies.rebuilds.carried_keys import along_with, carried_key, taken_by_partitions


def rebuild_steps(context: Context, rebuild: Rebuild) -> list[Step]:
    """The drop and the re-creation of an object (or of some of its parts), in one transaction with its company."""
    dropped, created = context.rebuilt_parts(rebuild)
    if keeps_old(context, rebuild):
        detached, attached = (
            [
                _half(context, rebuild, verb, n, part)
                for n, part in enumerate(parts)
                if attachment(rebuild.id) in part.provides
            ]
            for verb, parts in (("drop", dropped), ("create", created))
        )
        return [*detached, *replacement_steps(context, rebuild), *attached]
    if (root := _of_large_partitions(context, rebuild.id)) is not None:
        return carried_key(context, root, "rebuild", rebuild_contract(context, rebuild)) if root == rebuild.id else []
    if rebuild.id in context.remade_before:
        dropped = []
    if rebuild.id in context.remade_after:
        created = []
    halves = (_half(context, rebuild, "drop", n, part) for n, part in reversed(list(enumerate(dropped))))
    steps = [step for half in halves for step in read_later_on_the_way_back(context, half)]
    made = (_half(context, rebuild, "create", n, part) for n, part in enumerate(created))
    return [*steps, *(step for half in made for step in read_later(context, half))]


def _of_large_partitions(context: Context, id: ObjectId) -> ObjectId | None:
    """The foreign key of a large partitioned table whose partitions get theirs one by one, which reads no rows under a
    lock: this one, or that which it comes with. Only where no partition comes, goes or is made anew."""
    whole = taken_by_partitions(context, id)
    if whole is None or context.settings.offline or context.size(whole.relation) is not Size.LARGE:
        return None
    if not whole.validated or whole != context.after.get(whole.id, Constraint):
        return None
    before, after = (
        {whole.relation, *(c.relation for c in along_with(whole, catalog))}
        for catalog in (context.before, context.after)
    )
    return whole.id if before == after and before.isdisjoint(context.rebuilds.items) else None


def _half(context: Context, rebuild: Rebuild, verb: str, number: int, part: Part) -> Step:
    old, new = context.before[rebuild.id], context.after[rebuild.id]
    dropping = verb == "drop"
    up, down = (part.drop, part.create) if dropping else (part.create, part.drop)
    sentence = rebuild_contract(context, rebuild)
    loses = kind_of(rebuild.id).drop_loses(old) if dropping and number == 0 and rebuild.whole else None
    if loses is not None and _is_empty(context, rebuild.id):
        loses = None
    moved = {cause for u in part.uses for cause in context.rebuilds.followers.get(u, ())}
    gone = frozenset(finished(u) for u in part.uses | moved if u in context.rebuilds.items)
    return Step(
        id=step_id(verb, rebuild.id, number),
        title=f"{verb} {rebuild.id}" + ("" if old != new else " as it is"),
        object=rebuild.id,
        strategy="rebuild",
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="it can't be changed in place" if rebuild.root else "it stands on something that is changed",
        up=up,
        down=Down(down, loses=loses),
        creates=frozenset() if dropping else _with_company(part, context.after),
        destroys=_with_company(part, context.before) if dropping else frozenset(),
        uses=frozenset() if dropping else part.uses | gone,
        releases=part.uses if dropping else frozenset(),
        takes=frozenset() if dropping else names_in(part, context.after) | still_found(context, rebuild.id),
        frees=names_in(part, context.before) | found_on_the_way_back(context, rebuild.id) if dropping else frozenset(),
        together=rebuild.group,
        deploy=sentence,
        loses=loses,
        new_objects=not dropping and number == 0 and rebuild.whole and isinstance(new, Table),
        asserts=rows_in_the_way(context, new) if not dropping and number == 0 and old != new else (),
    )


def _with_company(part: Part, catalog: Catalog) -> frozenset[ObjectId]:
    """What the part provides, and what comes and goes along with that."""
    return part.provides.union(*(going_along(id, catalog) for id in part.provides))


def _is_empty(context: Context, id: ObjectId) -> bool:
    """Whether the object is a table without rows, or belongs to one."""
    table = context.before[id].table or id
    return context.empty(table)
