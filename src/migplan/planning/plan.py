"""From two catalogs to the ordered transactions of a plan; the pipeline, one named call a stage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import Final

from migplan.core.changes import Alter, Change, Drop, Rename
from migplan.core.directives import Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import Down, Irreversible, Step
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.kinds.registry import kind_of
from migplan.planning.column_order import with_column_orders
from migplan.planning.contexts import Way, context_of
from migplan.planning.conversions import with_conversions
from migplan.planning.counted_ahead import counted_once
from migplan.planning.diff import diff
from migplan.planning.expanded import expansions_of, steps_of
from migplan.planning.fold import fold
from migplan.planning.graph import (
    START,
    CycleError,
    Edge,
    edges_of,
    nodes_of,
    without_circles,
    without_long_transactions,
)
from migplan.planning.heirs.clones import with_named_clones
from migplan.planning.heirs.followers import without_followers
from migplan.planning.heirs.kept_columns import with_own_names
from migplan.planning.heirs.leaving_partitions import with_counted_references
from migplan.planning.heirs.stricter_children import with_stricter_children
from migplan.planning.keys_in_turn import with_keys_in_turn
from migplan.planning.mentions import with_mentions
from migplan.planning.names.attached_names import rename_attached
from migplan.planning.names.freed_names import behind_freed, free_names
from migplan.planning.names.moved_extensions import with_moves
from migplan.planning.names.renames import Renamed, with_renames
from migplan.planning.names.spelled_names import with_spelled_names
from migplan.planning.names.written_names import named_by_place, with_written_names
from migplan.planning.positions import with_positions
from migplan.planning.rebuilds.said_casts import with_said_casts
from migplan.planning.released_keys import behind_released, of_the_keys, release_keys
from migplan.planning.segments import Segment, segments
from migplan.planning.settle import settle
from migplan.planning.told_primary_keys import with_told_primary_keys
from migplan.planning.unidentified import refused_updates
from migplan.planning.widened_enums import widen_enums
from migplan.planning.windows import place
from migplan.strategies.base import PLAIN, Context, Expansion

_PARTS: Final = ("default", "index", "policy", "rule", "trigger")
"""Kinds of parts of a table that hold no values of their own."""


@record(slots=False)
class Draft:
    """A plan before it is written or proved: its changes, and its steps in transactions, phases and windows.

    ``gone`` is what it drops, for good or to make it anew, or replaces by a second incarnation; ``first`` are columns
    whose change, in a stage of its own ahead of it, would take away something that blocks it.
    """

    changes: tuple[Change, ...]
    segments: tuple[Segment, ...] = ()
    edges: tuple[Edge, ...] = ()
    blocked: tuple[str, ...] = field(default=())
    renames: tuple[Rename, ...] = ()
    gone: frozenset[ObjectId] = frozenset()
    first: frozenset[ObjectId] = frozenset()

    @property
    def steps(self) -> list[Step]:
        """All steps in the order in which they run."""
        return [step for segment in self.segments for step in segment.steps]


def draft(
    before: Catalog,
    after: Catalog,
    directives: Directives | None = None,
    settings: Settings | None = None,
    renamed: Renamed | None = None,
) -> Draft:
    """The plan that leads from one catalog to the other; ``renamed`` is the former after the renames ahead of it."""
    chosen = settings or Settings()
    renamed = renamed or Renamed(before)
    before = renamed.before
    after = with_conversions(settle(before, after), directives or Directives(), before, renamed.renames)
    said = directives or Directives()
    before, after = with_column_orders(before, after, said)
    attached = rename_attached(before, after)
    released = release_keys(attached.before, after, said, chosen, renamed)
    freed = free_names(released.before, after)
    back, online = _offline_way(chosen), not chosen.offline
    widened = widen_enums(freed.before, after, said, back, in_use=online, renamed=renamed.columns)
    before, after = with_spelled_names(widened.before, after), with_spelled_names(after, widened.before)
    found = diff(before, after, chosen)
    before, after = with_told_primary_keys(before, after, found), with_told_primary_keys(after, before, found)
    followed = without_followers(found, before, after)
    forced: frozenset[ObjectId] = frozenset()
    while True:
        context = context_of(before, after, followed.changes, said, chosen, forced, renamed, back)
        context = replace(context, added_labels=widened.added)
        expansions = expansions_of(context)
        made = [*attached.steps, *released.steps, *freed.steps, *widened.steps, *steps_of(context, expansions)]
        made = behind_freed(behind_released(made, released, after), freed)
        followed = followed.with_rebuilt(context.rebuilds.items, before, after)
        made = followed.extended(made, context.pieces_before, context.pieces_after)
        made = with_stricter_children(made, before, after)
        made = with_own_names(made, followed.changes, before, after)
        made = with_named_clones(made, context.pieces_before, context.pieces_after)
        made = with_counted_references(made, before, after)
        made = with_positions(made, before, after)
        joined = with_renames(renamed, after, made, chosen)
        made = with_moves(renamed.moved, joined.steps)
        made = with_keys_in_turn(with_mentions(_sorted(made), before, after), before, after)
        by_place = named_by_place(made, before, after)
        steps = with_written_names(with_said_casts(made, before, after), before, after)
        edges = edges_of(steps)
        try:
            arranged = _arranged_somehow(context, expansions, steps, without_long_transactions(steps, edges))
            refused = refused_updates(steps, before, after)
            return replace(
                arranged,
                changes=(*renamed.moved, *of_the_keys(arranged.changes, released)),
                blocked=(*renamed.blocked, *joined.blocked, *arranged.blocked, *by_place, *refused),
                renames=(*renamed.renames, *attached.renames),
                gone=arranged.gone | (released.before.objects.keys() - freed.before.objects.keys()),
            )
        except CycleError as cycle:
            more = frozenset(_rebuildable(cycle, context)) - forced
            blocked = (*renamed.blocked, *joined.blocked, *(reason for e in expansions for reason in e.blocked))
            if blocked and not more:
                return Draft(
                    of_the_keys(context.all_changes, released),
                    blocked=blocked,
                    renames=renamed.renames,
                    first=_first(expansions),
                )
            if not more:
                raise
            forced |= more


def _offline_way(settings: Settings) -> Way:
    """The direct statements from one catalog to another, for ways back; or what is in their way."""

    def way(source: Catalog, target: Catalog) -> Down | Irreversible:
        try:
            drafted = draft(source, target, settings=replace(settings, offline=True))
        except CycleError as cycle:
            return Irreversible(cycle.sentence)
        if drafted.blocked:
            return Irreversible("; ".join(drafted.blocked))
        return Down(tuple(statement for step in drafted.steps for statement in step.up))

    return way


def _rebuildable(cycle: CycleError, context: Context) -> Iterable[ObjectId]:
    """Objects altered in place that stand between what goes and what comes under its name: they can make room. So can
    types whose way back takes along what is replaced itself."""
    for step in cycle.steps:
        change = context.changes.get(step.object)
        in_place = step.strategy == PLAIN and step.creates == step.destroys
        if not isinstance(change, Alter) or not (in_place or step.object.kind == "index"):
            continue
        if step.object.kind in TYPE_KINDS or _makes_room(context.before[step.object]):
            yield step.object


def _makes_room(obj: DbObject) -> bool:
    """Whether it can be dropped and made again: it holds nothing that can't be computed anew."""
    if isinstance(obj, Column):
        return obj.generated is not None
    return obj.id.kind in _PARTS if obj.table is not None else kind_of(obj.id).set_aside(obj, "x") is None


def _arranged_somehow(context: Context, expansions: list[Expansion], steps: list[Step], edges: list[Edge]) -> Draft:
    """With every order that is wished, or where that makes circles, with as many as make none."""
    try:
        return _arranged(context, expansions, steps, edges)
    except CycleError:
        fewer = without_circles(edges)
        if len(fewer) == len(edges):
            raise
        return _arranged(context, expansions, steps, fewer)


def _arranged(context: Context, expansions: list[Expansion], steps: list[Step], edges: list[Edge]) -> Draft:
    nodes, node_edges = nodes_of(steps, edges)
    placed = counted_once(fold(place(nodes, node_edges), edges, context.before))
    kept = {START, *(s.id for p in placed for s in p.node.steps)}
    return Draft(
        changes=tuple(context.all_changes),
        segments=tuple(segments(placed, context.settings)),
        edges=tuple(e for e in edges if e.source in kept and e.target in kept),
        blocked=tuple(reason for e in expansions for reason in e.blocked),
        gone=_gone(context),
        first=_first(expansions),
    )


def _first(expansions: Iterable[Expansion]) -> frozenset[ObjectId]:
    return frozenset[ObjectId]().union(*(e.first for e in expansions))


def _gone(context: Context) -> frozenset[ObjectId]:
    """What no longer is what it was for whoever stands on it."""
    dropped = {c.id for c in context.all_changes if isinstance(c, Drop)}
    rebuilt = {id for rebuild in context.rebuilds.items.values() for id in rebuild.parts}
    return context.replaced | context.staged | context.online | dropped | rebuilt


def _sorted(steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda s: (s.object, s.id))
