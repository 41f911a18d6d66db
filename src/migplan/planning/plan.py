"""From two catalogs to the ordered transactions of a plan; the pipeline, one named call a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace

from migplan.core.changes import Alter, Change, Create, Drop, Rename
from migplan.core.directives import Directives
from migplan.core.errors import PlanningError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import After, Down, Irreversible, Step
from migplan.kinds.column import TYPE_KINDS
from migplan.kinds.default_privileges import in_force
from migplan.kinds.domain import with_domain_not_null_names
from migplan.kinds.not_null import with_not_null_names
from migplan.kinds.registry import kind_of
from migplan.planning.attached_names import rename_attached
from migplan.planning.attachments import Attachments
from migplan.planning.clones import with_named_clones
from migplan.planning.column_order import with_column_orders
from migplan.planning.conversions import with_conversions
from migplan.planning.diff import diff
from migplan.planning.fold import fold
from migplan.planning.followers import without_followers
from migplan.planning.freed_names import free_names
from migplan.planning.graph import START, CycleError, Edge, edges_of, nodes_of
from migplan.planning.kept_columns import with_kept_columns, with_own_names
from migplan.planning.leaving_partitions import with_counted_references
from migplan.planning.mentions import with_mentions
from migplan.planning.moved_extensions import with_moves
from migplan.planning.plain import PLAIN, plain_steps
from migplan.planning.rebuilds import find_rebuilds
from migplan.planning.renames import Renamed, with_renames
from migplan.planning.said_casts import with_said_casts
from migplan.planning.segments import Segment, segments
from migplan.planning.settle import settle
from migplan.planning.spelled_names import with_spelled_names
from migplan.planning.stricter_children import with_stricter_children
from migplan.planning.unidentified import refused_updates
from migplan.planning.widened_enums import widen_enums
from migplan.planning.windows import place
from migplan.strategies.base import Context, Expansion, Rebuilds
from migplan.strategies.index_concurrently import replaced_beside
from migplan.strategies.passing_partition import as_created, as_dropped
from migplan.strategies.pieces import Pieces
from migplan.strategies.rebuilt_online import families, rebuilt_online
from migplan.strategies.registry import strategies
from migplan.strategies.replaced import replaced_columns
from migplan.strategies.staged_types import staged_columns
from migplan.strategies.steps_undone import AGAIN
from migplan.strategies.successions import Successions


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
    freed = free_names(attached.before, after)
    back, online = _offline_way(chosen), not chosen.offline
    widened = widen_enums(freed.before, after, said, back, in_use=online, renamed=renamed.columns)
    before, after = with_spelled_names(widened.before, after), with_spelled_names(after, widened.before)
    followed = without_followers(diff(before, after, chosen), before, after)
    forced: frozenset[ObjectId] = frozenset()
    while True:
        context = _context(before, after, followed.changes, said, chosen, forced, renamed)
        context = replace(context, added_labels=widened.added)
        expansions = _expand(context)
        made = [*attached.steps, *freed.steps, *widened.steps, *_steps(context, expansions)]
        followed = followed.with_rebuilt(context.rebuilds.items, before, after)
        made = followed.extended(made, context.pieces_before, context.pieces_after)
        made = with_stricter_children(made, before, after)
        made = with_own_names(made, followed.changes, before, after)
        made = with_named_clones(made, context.pieces_before, context.pieces_after)
        made = with_counted_references(made, before, after)
        joined = with_renames(renamed, after, made, chosen)
        made = with_moves(renamed.moved, joined.steps)
        steps = with_said_casts(with_mentions(_sorted(made), before, after), before, after)
        edges = edges_of(steps)
        try:
            arranged = _arranged(context, expansions, steps, edges)
            return replace(
                arranged,
                changes=(*renamed.moved, *arranged.changes),
                blocked=(*renamed.blocked, *joined.blocked, *arranged.blocked, *refused_updates(steps, before, after)),
                renames=(*renamed.renames, *attached.renames),
                gone=arranged.gone | (attached.before.objects.keys() - freed.before.objects.keys()),
            )
        except CycleError as cycle:
            more = frozenset(_rebuildable(cycle, context)) - forced
            blocked = (*renamed.blocked, *joined.blocked, *(reason for e in expansions for reason in e.blocked))
            if blocked and not more:
                return Draft(
                    tuple(context.all_changes), blocked=blocked, renames=renamed.renames, first=_first(expansions)
                )
            if not more:
                raise
            forced |= more


def _offline_way(settings: Settings) -> Callable[[Catalog, Catalog], Down | Irreversible]:
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
        if isinstance(change, Alter) and step.strategy == PLAIN and step.creates == step.destroys:
            obj = context.before[step.object]
            if step.object.kind in TYPE_KINDS or (obj.table is None and kind_of(obj.id).set_aside(obj, "x") is None):
                yield step.object


def _arranged(context: Context, expansions: list[Expansion], steps: list[Step], edges: list[Edge]) -> Draft:
    nodes, node_edges = nodes_of(steps, edges)
    placed = fold(place(nodes, node_edges), edges, context.before)
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


def _context(
    before: Catalog,
    after: Catalog,
    changes: Sequence[Change],
    directives: Directives,
    settings: Settings,
    forced: frozenset[ObjectId],
    renamed: Renamed,
) -> Context:
    defaults = in_force(before, after)
    pieces_before, pieces_after = Pieces(before, settings, defaults), Pieces(after, settings, defaults)
    created = pieces_after.absorbed(c.id for c in changes if isinstance(c, Create))
    dropped = pieces_before.absorbed(c.id for c in changes if isinstance(c, Drop))
    passed_on = _passed_on(changes, pieces_before, pieces_after)
    own = {c.id: c for c in changes if not _absorbed(c, created, dropped) and c.id not in passed_on}
    sizing = Context(
        before,
        after,
        own,
        Rebuilds({}, {}, {}),
        pieces_before,
        pieces_after,
        directives,
        settings,
        all_changes=tuple(changes),
        renamed_columns=renamed.columns,
        renamed_tables=frozenset(h.final for h in renamed.hops if h.final.kind == "table"),
    )
    wanted = rebuilt_online(sizing)
    not_online = {root: why for root, why in wanted.items() if why is not None}
    online = families(sizing, (root for root in wanted if root not in not_online))
    sizing = replace(sizing, online=online, not_online=not_online)
    replaced = replaced_columns(sizing)
    forced |= {id for id in online if id.kind == "table" and id in before and id in after}
    rebuilds = find_rebuilds(before, after, own, pieces_before, forced, passed_on, replaced)
    second = staged_columns(replace(sizing, rebuilds=rebuilds))
    staged = frozenset(cause for id in second for cause in rebuilds.followers[id])
    if second:
        replaced |= second
        rebuilds = find_rebuilds(before, after, own, pieces_before, forced, passed_on, replaced)

    def way_back(id: ObjectId) -> Down | Irreversible:
        """From the world before with just this object altered, back to the world before, both without the dependants
        that are gone while it is altered, or have let go of it by then. An index that another one replaces beside it is
        there."""
        beside = {old.id for old, _ in replaced_beside(replace(sizing, rebuilds=rebuilds, replaced=replaced))}
        standing = before.dependants({id})
        left = {d for d in standing if d in after and id in before.uses[d] and id not in after.uses.get(d, frozenset())}
        gone = {d for d in standing - beside if d not in after or d in rebuilds.items} | left | before.dependants(left)
        kept = {i: o for i, o in before.objects.items() if i not in gone}
        world = replace(before, objects=kept, uses={i: u for i, u in before.uses.items() if i not in gone})
        altered = replace(
            world,
            objects={**world.objects, id: after[id]},
            uses={**world.uses, id: after.uses.get(id, frozenset())},
        )
        return _offline_way(settings)(altered, world)

    rebuilt = rebuilds.whole
    exchanged = Successions(before, after, rebuilt, frozenset(rebuilds.items)).exchanges
    going, coming = as_dropped(before, after, rebuilt), as_created(before, after, rebuilt, exchanged)
    going = with_kept_columns(going, (c.old for c in changes if isinstance(c, Drop)), after, rebuilt)
    coming = with_kept_columns(coming, (c.new for c in changes if isinstance(c, Create)), before, rebuilt)
    pieces_before = replace(pieces_before, catalog=_with_names(going, rebuilt))
    pieces_after = replace(pieces_after, catalog=_with_names(coming, rebuilt))
    remade_before = pieces_before.absorbed_by(rebuilt)
    remade_after = pieces_after.absorbed_by(rebuilt)
    remade = remade_before | remade_after
    return Context(
        before=before,
        after=after,
        changes={id: c for id, c in own.items() if id not in remade and id not in online},
        rebuilds=rebuilds,
        pieces_before=pieces_before,
        pieces_after=pieces_after,
        directives=directives,
        settings=settings,
        all_changes=tuple(changes),
        remade_before=remade_before,
        remade_after=remade_after,
        replaced=replaced,
        staged=staged,
        online=online,
        not_online=not_online,
        renamed_columns=renamed.columns,
        renamed_tables=frozenset(h.final for h in renamed.hops if h.final.kind == "table"),
        renamed_not_nulls={name.column: name for name in renamed.not_nulls if name.column in renamed.columns},
        dual_written=renamed.dual_written,
        vacated=renamed.vacated,
        left=renamed.left,
        renamed_labels=renamed.labels,
        way_back=way_back,
    )


def _with_names(catalog: Catalog, rebuilt: frozenset[ObjectId]) -> Catalog:
    return with_domain_not_null_names(with_not_null_names(catalog, rebuilt), rebuilt)


def _passed_on(changes: Sequence[Change], before: Pieces, after: Pieces) -> frozenset[ObjectId]:
    """What goes with an object that is dropped and comes with one that is created: the columns of a foreign table
    that becomes a table."""
    gone = before.absorbed_by(c.id for c in changes if isinstance(c, Drop))
    come = after.absorbed_by(c.id for c in changes if isinstance(c, Create))
    return gone & come


def _absorbed(change: Change, created: frozenset[ObjectId], dropped: frozenset[ObjectId]) -> bool:
    return (isinstance(change, Create) and change.id in created) or (isinstance(change, Drop) and change.id in dropped)


def _expand(context: Context) -> list[Expansion]:
    """Every strategy's expansions; two that claim one change are a bug and stop the plan."""
    found: list[Expansion] = []
    claimed: dict[object, str] = {}
    chosen = [s for s in strategies() if s.offline or not context.settings.offline]
    for strategy in chosen:
        for expansion in strategy.expand(context):
            for claim in _claims(expansion):
                if claim in claimed:
                    raise PlanningError(f"{strategy.name} and {claimed[claim]} both want {claim}")
                claimed[claim] = strategy.name
            found.append(expansion)
    return found


def _claims(expansion: Expansion) -> Iterable[object]:
    yield from expansion.claims
    for id, fields in expansion.fields.items():
        yield from ((id, f) for f in fields)


def _steps(context: Context, expansions: Sequence[Expansion]) -> list[Step]:
    claims = frozenset(id for e in expansions for id in e.claims)
    fields: dict[ObjectId, frozenset[str]] = {}
    for e in expansions:
        for id, names in e.fields.items():
            fields[id] = fields.get(id, frozenset()) | names
    steps = [*(s for e in expansions for s in e.steps), *plain_steps(context, claims, fields)]
    detached = frozenset(id for step in steps for id in step.destroys)
    attachments = Attachments(context.before, context.after, context.successions, detached)
    steps = [attachments.in_order(step) for step in steps]
    for e in expansions:
        steps = [_waiting(s, e) for s in steps] if e.behind else steps
        steps = [replace(s, after=(*s.after, e.single[s.id])) if s.id in e.single else s for s in steps]
        steps = _led(steps, e) if e.ahead else steps
    return _bracketed(steps, [e.brackets for e in expansions if e.brackets is not None])


def _bracketed(steps: list[Step], brackets: Sequence[tuple[str, str]]) -> list[Step]:
    """The steps, with the first and the last of some transactions before and behind all others of them; what only the
    way back does needs no such locks there."""
    by_id = {s.id: s for s in steps}
    for first, last in brackets:
        members = [s.id for s in steps if s.together == by_id[first].together and s.id not in (first, last)]
        inner = [id for id in members if not id.startswith(AGAIN)]
        for id in inner:
            by_id[id] = replace(by_id[id], after=(*by_id[id].after, After(first, "under its lock")))
        by_id[last] = replace(by_id[last], after=(*by_id[last].after, *(After(id, "comes last") for id in inner)))
    return list(by_id.values())


def _led(steps: list[Step], expansion: Expansion) -> list[Step]:
    """The steps, with those of the expansion behind whatever goes ahead of them."""
    own = {s.id for s in expansion.steps}
    waits: dict[str, set[After]] = {}
    for step in steps:
        for id in (step.creates | step.destroys | {step.object}) & expansion.ahead.keys():
            if step.id not in own:
                said = expansion.ahead[id]
                waits.setdefault(said.step, set()).add(replace(said, step=step.id))
    return [replace(s, after=(*s.after, *sorted(waits.get(s.id, ()), key=lambda a: a.step))) for s in steps]


def _waiting(step: Step, expansion: Expansion) -> Step:
    """The step behind what it has to wait for, unless it belongs to the expansion itself."""
    if any(step.id == own.id for own in expansion.steps) or step.together in expansion.within:
        return step
    early = expansion.early.get(step.object)
    if early is not None:
        return replace(step, uses=step.uses - expansion.behind.keys(), after=(*step.after, early))
    group = expansion.company.get(step.object)
    if group is not None and step.together is None and step.transactional:
        step = replace(step, together=group)
    if step.object in expansion.told:
        step = replace(step, deploy=None)
    touched = step.uses | step.releases | step.creates | step.destroys | {step.object}
    waits = {after for id in touched & expansion.behind.keys() if (after := expansion.behind[id]).step != step.id}
    return replace(step, after=(*step.after, *sorted(waits, key=lambda a: a.step))) if waits else step


def _sorted(steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda s: (s.object, s.id))
