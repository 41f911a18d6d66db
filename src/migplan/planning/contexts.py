"""What strategies look at: both sides of a plan, its changes, and what has to be built anew for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from migplan.core.changes import Change, Create, Drop
from migplan.core.directives import Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.core.steps import Down, Irreversible
from migplan.kinds.default_privileges import in_force
from migplan.kinds.domain import with_domain_not_null_names
from migplan.kinds.not_null import with_not_null_names
from migplan.planning.heirs.kept_columns import with_kept_columns
from migplan.planning.heirs.passing_heirs import with_passing_heirs
from migplan.planning.names.renames import Renamed
from migplan.planning.rebuilds.rebuilds import find_rebuilds
from migplan.strategies.base import Context, Rebuilds
from migplan.strategies.column_types.replaced import replaced_columns
from migplan.strategies.columns.loosened import with_loosened
from migplan.strategies.indexes.index_concurrently import replaced_beside
from migplan.strategies.partitions.passing_partition import as_created, as_dropped
from migplan.strategies.partitions.successions import Successions
from migplan.strategies.pieces import Pieces
from migplan.strategies.rebuilds.rebuilt_online import families, rebuilt_online
from migplan.strategies.types.staged_types import staged_columns

Way = Callable[[Catalog, Catalog], Down | Irreversible]
"""Direct statements from one catalog to another, or what is in their way."""


def context_of(
    before: Catalog,
    after: Catalog,
    changes: Sequence[Change],
    directives: Directives,
    settings: Settings,
    forced: frozenset[ObjectId],
    renamed: Renamed,
    way: Way,
) -> Context:
    """What strategies know: both sides, what changes, what is rebuilt for it, and where.

    ``way`` leads from one catalog to another when nobody is about; ``forced`` are rebuilt whatever else is said.
    """
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
    rebuilds = find_rebuilds(before, after, own, pieces_before, pieces_after, forced, passed_on, replaced)
    second = staged_columns(replace(sizing, rebuilds=rebuilds))
    staged = frozenset(cause for id in second for cause in rebuilds.followers[id])
    if second:
        replaced |= second
        rebuilds = find_rebuilds(before, after, own, pieces_before, pieces_after, forced, passed_on, replaced, staged)

    def way_back(id: ObjectId, ahead: Sequence[ObjectId], first: bool) -> Down | Irreversible:
        """From the world before with just this object altered, back to the world before, both without the dependants
        that are gone while it is altered, or have let go of it by then. An index that another one replaces beside it is
        there; so is what was altered or made ``ahead`` of it. Where it is altered ``first``, all are there again."""
        beside = {old.id for old, _ in replaced_beside(replace(sizing, rebuilds=rebuilds, replaced=replaced))}
        standing = before.dependants({id})
        left = {d for d in standing if d in after and id in before.uses[d] and id not in after.uses.get(d, frozenset())}
        gone = {d for d in standing - beside if d not in after or d in rebuilds.items} | left | before.dependants(left)
        gone = set[ObjectId]() if first else gone
        kept = {i: o for i, o in before.objects.items() if i not in gone} | {i: after[i] for i in ahead}
        uses = {i: u for i, u in before.uses.items() if i not in gone}
        uses |= {i: after.uses.get(i, frozenset()) for i in ahead}
        world = replace(before, objects=kept, uses=uses)
        altered = replace(
            world,
            objects={**world.objects, id: after[id]},
            uses={**world.uses, id: after.uses.get(id, frozenset())},
        )
        return way(altered, world)

    rebuilt = rebuilds.whole
    exchanged = Successions(before, after, rebuilt, frozenset(rebuilds.items)).exchanges
    going, coming = as_dropped(before, after, rebuilt), as_created(before, after, rebuilt, exchanged)
    going = with_kept_columns(going, (c.old for c in changes if isinstance(c, Drop)), after, rebuilt)
    coming = with_kept_columns(coming, (c.new for c in changes if isinstance(c, Create)), before, rebuilt)
    going, coming = with_passing_heirs(going, after), with_passing_heirs(coming, before)
    pieces_before = replace(pieces_before, catalog=_with_names(going, rebuilt))
    pieces_after = replace(pieces_after, catalog=_with_names(coming, rebuilt))
    remade_before = pieces_before.absorbed_by(rebuilt)
    remade_after = pieces_after.absorbed_by(rebuilt)
    remade = remade_before | remade_after
    context = Context(
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
    going, coming = (with_loosened(context, p.catalog) for p in (pieces_before, pieces_after))
    return replace(
        context,
        pieces_before=replace(pieces_before, catalog=going),
        pieces_after=replace(pieces_after, catalog=coming),
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
