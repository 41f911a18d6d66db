"""The way back of an attachment: PostgreSQL lets go of no index that hangs on another one (manual: ALTER INDEX)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.steps import After, Down, Irreversible, Part, step_id
from migplan.kinds._descendants import stays_with_parent
from migplan.kinds.settled_below import index_above
from migplan.strategies.base import Context


def part_back(context: Context, obj: DbObject, part: Part) -> Down | Irreversible:
    """How a part of a new object is taken back: where what a partition's index was attached to was there before and
    stays, the whole tree is made again without it."""
    late = obj.id in _attached_late(context, index_above(obj)) and not part.drop
    return context.way_back(obj.id, attached_ahead(context, obj), False) if late else Down(part.drop)


def attached_ahead(context: Context, obj: DbObject) -> list[ObjectId]:
    """Those that were attached to the same one by then: the tree is made again with them."""
    return [id for id in _attached_late(context, index_above(obj)) if id < obj.id]


def one_by_one(context: Context) -> dict[str, After]:
    """They are attached in a known order, so that each way back knows who is there."""
    found: dict[str, After] = {}
    for parent in sorted(context.after.index_children):
        for former, latter in pairwise(_attached_late(context, parent)):
            found[_attaching(context, latter)] = After(
                _attaching(context, former), "the way back knows who hangs there"
            )
    return found


def _attached_late(context: Context, parent: ObjectId | None) -> list[ObjectId]:
    """The indexes of partitions that stay, attached to one that was there before them."""
    if parent is None or parent not in context.before or parent in context.rebuilds.items:
        return []
    changed = (id for id in _newly_below(context, parent) if id in context.changes and id not in context.rebuilds.items)
    return sorted(id for id in changed if _stays(context, id))


def _newly_below(context: Context, parent: ObjectId) -> Iterable[ObjectId]:
    children = context.after.index_children.get(parent, frozenset())
    return (id for id in children if id not in context.before or index_above(context.before[id]) is None)


def _stays(context: Context, index: ObjectId) -> bool:
    table = context.after[index].table
    return table is not None and stays_with_parent(table, context.before, context.after)


def _attaching(context: Context, index: ObjectId) -> str:
    return step_id("alter", index) if index in context.before else step_id("create", index, 1)
