"""An index that was there before its partitioned parent: attached going forwards, made again on the way back.

PostgreSQL can't detach an index. Dropping the parent's drops what is attached to it, so the way back has to build the
partition's own index once more. The same goes for a new partition: it has its index from its first row on, its parent's
waits for the deploy.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds._descendants import stays_with_parent
from migplan.kinds.attachment import attachment
from migplan.kinds.constraint import Constraint
from migplan.kinds.index import Index
from migplan.kinds.registry import kind_of
from migplan.kinds.settled_below import index_above
from migplan.strategies.base import Context, Expansion, Rebuild, Strategy
from migplan.strategies.indexes.attached_back import one_by_one


class AttachIndex(Strategy):
    """Adds, before the parent's creation, a step that only acts on the way back."""

    name = "attach_index"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        yield Expansion((), single=one_by_one(context))
        for model in (Index, Constraint):
            for old, new, _ in context.altered(model):
                parent = index_above(new)
                if index_above(old) is None and parent is not None and _comes_around(context, old, parent):
                    yield Expansion((_made_again(context, old, parent),))
            for new in context.created(model):
                rebuild = _replaced_above(context, new)
                if rebuild is not None and _stays_below(context, new):
                    yield Expansion((_made_again_beside(context, new, rebuild),))
                top = _above_new_partitions(context, new)
                sentence = None if top is None else _sentence(context, top)
                if top is not None and sentence is not None:
                    keep = _made_again_below(context, new, top, sentence)
                    yield Expansion((keep,), behind={top: After(keep.id, f"takes {new.id} along on the way back")})


def _comes_around(context: Context, old: DbObject, parent: ObjectId) -> bool:
    """Whether a partition that stays one of its table sees that one's index come; what is detached keeps its own."""
    return parent not in context.before and _stays_below(context, old)


def _stays_below(context: Context, index: DbObject) -> bool:
    return index.table is not None and stays_with_parent(index.table, context.before, context.after)


def _made_again(context: Context, old: DbObject, parent: ObjectId) -> Step:
    part = context.pieces_before.of(old.id)[0]
    sentence = _sentence(context, parent)
    return Step(
        id=step_id("keep", old.id),
        title=f"{old.id} is about to be attached to {parent}",
        object=old.id,
        strategy=AttachIndex.name,
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="only the way back does anything: dropping the parent's index drops this one too",
        up=(),
        down=Down(part.create),
        creates=frozenset({old.id}),
        deploy=sentence,
    )


def _sentence(context: Context, index: ObjectId) -> str | None:
    if context.settings.offline:
        return None
    return kind_of(index).create_contract(context.after[index], context.before)


def _above_new_partitions(context: Context, index: DbObject) -> ObjectId | None:
    """The new index of a table that was there, to which one of a new partition is attached, over whatever levels."""
    parent = index_above(index)
    if parent is None or parent not in context.after or parent in context.rebuilds.items:
        return None
    if index.table is None or index.table in context.before:
        return None
    above = context.after[parent]
    if above.table is not None and above.table in context.before:
        return parent if parent not in context.before else None
    return _above_new_partitions(context, above)


def _made_again_below(context: Context, new: DbObject, top: ObjectId, sentence: str) -> Step:
    """From the lowest level up, so that the way back makes them from the highest one down."""
    create, *attach = context.pieces_after.of(new.id)
    parts = [create] if index_above(new) == top else [create, *attach]
    below = sorted(context.after.index_children.get(new.id, ()))
    return Step(
        id=step_id("keep", new.id),
        title=f"{new.id} is about to be attached to {top}",
        object=new.id,
        strategy=AttachIndex.name,
        phase=Phase.CONTRACT,
        why="only the way back does anything: dropping the parent's index drops this one too",
        up=(),
        down=Down(tuple(statement for part in parts for statement in part.create)),
        uses=create.uses | {attachment(_table(new))},
        after=(
            After(step_id("create", new.id), "it must be there"),
            *(After(step_id("keep", id), "on the way back it hangs on this one") for id in below),
        ),
        deploy=sentence,
    )


def _table(index: DbObject) -> ObjectId:
    assert index.table is not None
    return index.table


def _replaced_above(context: Context, obj: DbObject) -> Rebuild | None:
    """The nearest replaced one of those that it hangs on."""
    parent = index_above(obj)
    if parent is None or parent not in context.after:
        return None
    return context.rebuilds.items.get(parent) or _replaced_above(context, context.after[parent])


def _made_again_beside(context: Context, new: DbObject, rebuild: Rebuild) -> Step:
    """For a parent's that is replaced: the partition's new one was built ahead of it, and is still there on the way
    back when the parent's has gone."""
    part = context.pieces_after.of(new.id)[0]
    return Step(
        id=step_id("keep", new.id),
        title=f"{new.id} is about to be attached to {rebuild.id}",
        object=new.id,
        strategy=AttachIndex.name,
        phase=Phase.EXPAND,
        why="only the way back does anything: dropping the parent's index drops this one too",
        up=(),
        down=Down(part.create),
        creates=frozenset({new.id}),
        uses=part.uses,
        after=(After(step_id("create", new.id), "it must be there"),),
        together=rebuild.group,
    )


STRATEGY = AttachIndex()
