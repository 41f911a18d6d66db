"""A type that is replaced while large tables hold it: made aside under a temporary name, then the names change places.

Expand: the new type, and second columns of it (``swap_column``). Checkpoint. Contract: columns
and types swap in one transaction, in which columns of small tables move over in place; when the old columns are gone,
the old type goes. The way back is the same, mirrored: it swaps the names before what stands on the type is made again,
and so in a step of its own that has nothing to do going forwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.steps import After, Down, Phase, Statement, Step, step_id
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Strategy, aside_id, finished
from migplan.strategies.column_types.moved_values import moves, moving
from migplan.strategies.types.staged_checks import enforced, enforced_back, without_checks
from migplan.strategies.types.staged_types import default_statements, staged_id, staged_parts, staged_sentence

NAME = "swap_type"


class SwapType(Strategy):
    """Every type in ``context.staged``."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for id in sorted(context.staged):
            guards, settle = enforced(context, id), _settle(context, id)
            swap = _swap(context, id)
            if guards:
                swap = replace(swap, after=(After(guards[-1].id, "its checks must hold"),))
            back = enforced_back(context, id, settle)
            steps = (_stage(context, id), *guards, swap, settle, *back, _finish(context, id))
            yield Expansion(steps, frozenset({id}))


def _stage(context: Context, id: ObjectId) -> Step:
    parts = staged_parts(id, "new", context.after, context.settings)
    return Step(
        id=step_id("stage", id),
        title=f"create the new {id} under a temporary name",
        object=id,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="second columns of large tables get it; nothing else uses it yet",
        up=tuple(s for part in parts for s in part.create),
        down=Down(tuple(s for part in reversed(parts) for s in part.drop)),
        creates=frozenset({staged_id(id, "new")}),
        uses=frozenset(u for part in parts for u in part.uses - part.provides),
    )


def _swap(context: Context, id: ObjectId) -> Step:
    before, after = context.before, context.after
    followers = moving(context, id)
    moved = frozenset(followers)
    parts_before, parts_after = context.pieces_before.of(id), context.pieces_after.of(id)
    provided = frozenset(p for part in parts_after for p in part.provides)
    replaced = frozenset(p for part in parts_before for p in part.provides)
    return Step(
        id=step_id("replace", id),
        title=f"let the new {id} take the name of the old",
        object=id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="renames, in the transaction in which the columns change places",
        up=(
            *default_statements(before[id], before, after, back=True),
            *_names_swapped(before[id], "old", after[id], "new"),
            *without_checks(before[id], before, label="old"),
            *default_statements(after[id], before, after, back=False),
            *moves(followers, before, after),
        ),
        down=Down(()),
        creates=provided | moved,
        destroys=replaced | moved,
        uses=frozenset(u for part in parts_after for u in part.uses) - provided - moved,
        releases=frozenset(u for part in parts_before for u in part.uses) - replaced - moved,
        together=context.rebuilds.groups.get(id),
        deploy=staged_sentence(context, id),
    )


def _settle(context: Context, id: ObjectId) -> Step:
    before, after = context.before, context.after
    followers = moving(context, id)
    return Step(
        id=step_id("settle", id),
        title=f"let the old {id} take its name again on the way back",
        object=id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="what stands on it is made again behind it, in both directions",
        up=(),
        down=Down(
            (
                *default_statements(after[id], after, before, back=True),
                *_names_swapped(after[id], "new", before[id], "old"),
                *without_checks(after[id], after, label="new"),
                *default_statements(before[id], after, before, back=False),
                *moves(followers, after, before),
            )
        ),
        creates=frozenset({finished(id)}),
        destroys=frozenset({aside_id(id)}),
        uses=frozenset({id}),
        together=context.rebuilds.groups.get(id),
    )


def _names_swapped(leaving: DbObject, aside: str, arriving: DbObject, staged: str) -> list[Statement]:
    """One type goes to its temporary name, the other comes from its own."""
    kind = kind_of(leaving.id)
    goes = kind.set_aside(leaving, staged_id(leaving.id, aside).path[-1])
    comes = kind.set_aside(replace(arriving, id=staged_id(arriving.id, staged)), arriving.id.path[-1])
    assert goes is not None
    assert comes is not None
    return [*goes, *comes]


def _finish(context: Context, id: ObjectId) -> Step:
    parts = staged_parts(id, "old", context.before, context.settings)
    asides = frozenset(aside_id(u) for part in parts for u in part.uses if u in context.rebuilds.items)
    return Step(
        id=step_id("finish", id),
        title=f"drop the old {id}",
        object=id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="no column holds it any more",
        up=tuple(s for part in reversed(parts) for s in part.drop),
        down=Down(tuple(s for part in parts for s in part.create)),
        destroys=frozenset({staged_id(id, "old")}),
        uses=frozenset({id, finished(id)}),
        releases=asides | frozenset(u for part in parts for u in part.uses - part.provides),
    )


STRATEGY = SwapType()
