"""Partitions that get other bounds or another parent, together those that take each other's place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Down, Statement, Step
from migplan.kinds.attachment import detach_partition
from migplan.kinds.bounds import in_the_way
from migplan.kinds.settled_below import hang, take_off
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion
from migplan.strategies.partitions.beside_default import left_to_default
from migplan.strategies.partitions.partition_links import ahead_of_attaching, away, detached, linked, not_null_renames
from migplan.strategies.partitions.partition_rows import exchanged, exchanged_back, exchanges, homeless, whole


def moved_together(context: Context, pairs: Sequence[tuple[Table, Table]]) -> Step:
    """Other bounds, or another parent: all that change places are detached, then attached, in one transaction."""
    (old, new), *others = pairs
    up = [
        *(s for o, _ in pairs for s in take_off(o, context.before)),
        *(s for _, n in pairs for s in not_null_renames(context, n.id)),
        *exchanged(context, pairs),
        *_hung(context, pairs),
    ]
    down = [
        *(detach_partition(n) for _, n in pairs),
        *(s for _, n in pairs for s in not_null_renames(context, n.id, back=True)),
        *exchanged_back(context, pairs),
        *(s for o, _ in pairs for s in hang(o, context.before)),
    ]
    first = linked(context, old, new, up, down, (), ())
    more = [linked(context, o, n, (), (), (), ()) for o, n in others]
    moved = {new.id for _, new in pairs}
    rows = exchanges(context, pairs)
    givers = {id for old, _ in rows if old.id not in moved for id in whole(context.before, old.id)}
    takers = {id for _, new in rows if new.id not in moved for id in whole(context.after, new.id)}
    return replace(
        first,
        creates=first.creates.union(*(m.creates for m in more)),
        uses=first.uses.union(*(m.uses for m in more), takers),
        releases=first.releases.union(*(m.releases for m in more), givers),
        asserts=(*homeless(context, pairs), *(a for _, new in pairs for a in left_to_default(context, new))),
    )


def _hung(context: Context, pairs: Iterable[tuple[Table, Table]]) -> tuple[Statement, ...]:
    return tuple(s for _, new in pairs for s in hang(new, context.after))


def changing_places(moved: Sequence[tuple[Table, Table]]) -> list[list[tuple[Table, Table]]]:
    """The moved partitions, together those of which one takes bounds that another has now."""
    groups: list[list[tuple[Table, Table]]] = []
    for pair in moved:
        joined = [g for g in groups if any(_in_the_way(one, pair) or _in_the_way(pair, one) for one in g)]
        groups = [g for g in groups if g not in joined]
        groups.append([*(p for g in joined for p in g), pair])
    return groups


def _in_the_way(one: tuple[Table, Table], other: tuple[Table, Table]) -> bool:
    old, new = one[0], other[1]
    return old.partition_of == new.partition_of and in_the_way(old.bound, new.bound)


def moved_apart(
    context: Context, pairs: Sequence[tuple[Table, Table]], changed: Iterable[ObjectId], behind: Iterable[ObjectId]
) -> Expansion:
    """The same in two steps of one transaction. Columns that are ``changed`` are so in between, as their new parents
    have others; what else waits for the detaching is ``behind`` it."""
    (old, new), *_ = pairs
    move, group = moved_together(context, pairs), f"move {new.id}"
    assert isinstance(move.down, Down)
    off = tuple(detach_partition(n) for _, n in pairs)
    hung = _hung(context, pairs)
    attach = replace(move, up=hung, down=Down(off), together=group)
    each = [detached(context, o, n, move.deploy, (), ()) for o, n in pairs]
    detach = replace(
        each[0],
        phase=move.phase,
        up=move.up[: -len(hung)],
        down=Down(move.down.statements[len(off) :]),
        destroys=frozenset[ObjectId]().union(*(e.destroys for e in each)),
        uses=frozenset[ObjectId]().union(*(e.uses for e in each)),
        releases=frozenset[ObjectId]().union(*(e.releases for e in each)),
        together=group,
    )
    attach = replace(attach, after=(*attach.after, After(detach.id, "it has one parent at a time")))
    columns = list(changed)
    waiting = dict.fromkeys(behind, group)
    return Expansion(
        (detach, attach),
        behind=away(columns, [detach], old),
        ahead=ahead_of_attaching(columns, attach.id),
        company=dict.fromkeys(columns, group) | waiting,
    )
