"""A large table is built a second time beside itself, kept up by a log of changes, and both change places.

Expand: the table in its declared form stands aside, and a trigger logs what changes. Migrate: the rows are copied along
a key, the log is replayed, indexes are built, both are compared. Contract: under the lock of one transaction the rest
of the log is replayed and both change their schemas, where everything that stands on the table (views, policies,
triggers, foreign keys, publications, …) is carried over; from then on a log keeps up the old form, until it goes. The
way back is the same, mirrored: the old form is built aside, filled, and takes its place again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain as joined

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.steps import After, Assertion, Down, Phase, Step, step_id
from migplan.kinds.constraint import FOREIGN_KEY, Constraint
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.column_types.cut_values import cut_values_of
from migplan.strategies.column_types.swap_locks import locked_first
from migplan.strategies.constraints.offending_rows import repeated_keys
from migplan.strategies.partitions.becoming_partition import becoming_partition
from migplan.strategies.partitions.fitting_partition import homeless_rows
from migplan.strategies.partitions.partition_in_place import InPlace
from migplan.strategies.rebuilds.carried_keys import carried_key
from migplan.strategies.rebuilds.change_log import ChangeLog
from migplan.strategies.rebuilds.family import Family
from migplan.strategies.rebuilds.log_key import log_key, unaided
from migplan.strategies.rebuilds.lookup_index import LookupIndex
from migplan.strategies.rebuilds.online_swap import swap_families
from migplan.strategies.rebuilds.rebuilt_online import families, root_of, sentences
from migplan.strategies.rebuilds.refused_rows import refused_at_once, refused_by_keys
from migplan.strategies.rebuilds.replayed_log import replay
from migplan.strategies.rebuilds.staged_form import NAME, kept_true, stage_form
from migplan.strategies.steps_undone import chain, undone


class OnlineRebuild(Strategy):
    """Expands every table in ``context.online``, those that change places in one transaction together."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        roots = sorted(
            {root_of(id, context.before) for id in context.online if id.kind == "table" and id in context.before}
        )
        groups: dict[str, list[ObjectId]] = {}
        for root in roots:
            groups.setdefault(context.rebuilds.groups[root], []).append(root)
        for group, members in groups.items():
            yield from _together(context, group, members)


@record(slots=False)
class _Rebuilt:
    """One table of a group, with its logs in both directions."""

    root: ObjectId
    coming: ChangeLog
    going: ChangeLog

    @property
    def old(self) -> Family:
        return self.coming.source

    @property
    def new(self) -> Family:
        return self.coming.copy

    @property
    def of_old(self) -> LookupIndex:
        return LookupIndex(self.old, unaided(self.root, self.old.catalog, self.new.catalog))

    @property
    def of_new(self) -> LookupIndex:
        return LookupIndex(self.new, unaided(self.root, self.new.catalog, self.old.catalog))


def _together(context: Context, group: str, roots: Sequence[ObjectId]) -> Iterable[Expansion]:
    obstacles = [found for root in roots if (found := _in_the_way(context, group, root)) is not None]
    claims = families(context, roots)
    if obstacles:
        first = frozenset[ObjectId]().union(*(ids for _, ids in obstacles))
        yield Expansion((), claims, blocked=tuple(reason for reason, _ in obstacles), first=first)
        return
    found = {root: becoming_partition(context, root) for root in roots}
    taken = [InPlace(context, becoming) for becoming in found.values() if becoming is not None]
    tables = [_rebuilt(context, root) for root, becoming in found.items() if becoming is None]
    said = "; ".join(sorted({s for root in roots for s in sentences(context, root)})) or None
    lock, unlock = _brackets(context, group, tables, taken, said)
    steps = [*joined.from_iterable(_steps(context, group, t, said, lock, unlock) for t in tables), lock, unlock]
    steps += joined.from_iterable(t.steps(group, said, lock) for t in taken)
    keys = [
        id for id, rebuild in context.rebuilds.items.items() if rebuild.group == group and _is_foreign_key(context, id)
    ]
    steps += [step for id in sorted(keys) for step in carried_key(context, id, NAME, said)]
    yield Expansion(tuple(steps), claims | frozenset(keys), brackets=(lock.id, unlock.id))


def _in_the_way(context: Context, group: str, root: ObjectId) -> tuple[str, frozenset[ObjectId]] | None:
    """What changes in the same transaction and can't stand on both incarnations, and what of it may go first."""
    family = families(context, [root])
    for side in (context.pieces_before, context.pieces_after):
        used = Family(root, "new", side).uses
        for id in sorted(used - family):
            rebuild = context.rebuilds.items.get(id)
            if rebuild is not None and rebuild.whole:
                reason = f"{root} is built a second time, and stands on {id}, which changes"
                return f"{reason}: let a plan of its own do that", frozenset({id})
    others = [id for id in context.replaced if context.rebuilds.groups.get(id) == group]
    if others:
        reason = f"{root} is built a second time together with a change of {others[0]}"
        return f"{reason}: let plans of their own do that", frozenset(others)
    return None


def _rebuilt(context: Context, root: ObjectId) -> _Rebuilt:
    old, new = Family(root, "old", context.pieces_before), Family(root, "new", context.pieces_after)
    there = log_key(root, context.before, context.after)
    back = log_key(root, context.after, context.before)
    assert there is not None
    assert back is not None
    return _Rebuilt(root, ChangeLog(old, new, there), ChangeLog(new, old, back))


def _steps(context: Context, group: str, table: _Rebuilt, said: str | None, lock: Step, unlock: Step) -> list[Step]:
    swap = _swap(group, table, said)
    first, logged, *others = stage_form(context, table.coming, table.of_new)
    counted = (*homeless_rows(table.old, table.new), *_repeated_keys(table.coming), *refused_at_once(table.coming))
    first = replace(first, asserts=(*counted, *cut_values_of(context, table.root)))
    helped = [table.of_old.made(NAME)] if table.of_old.columns else []
    replayed, *compared = kept_true(table.coming)
    replayed = replace(replayed, deploy=said, asserts=tuple(refused_by_keys(table.coming)))
    built = chain([first, logged, *helped, *others, replayed, *compared])
    swap = replace(swap, after=(After(lock.id, "under its lock"), After(built[-1].id, "relies on it")))
    checked = chain(
        [_counted_on_the_way_back(step) for step in reversed(kept_true(table.going))],
        (After(unlock.id, "whoever leads back counts before the locks"),),
    )
    group = f"retire {table.root}"
    retired = [
        replace(undone(_with_its_table(s)), together=group)
        for s in reversed(stage_form(context, table.going, table.of_old))
    ]
    held = frozenset(u for u in table.old.uses if u not in context.after)
    retired[-1] = replace(retired[-1], releases=retired[-1].releases | held)
    unaided_again = [undone(table.of_new.made(NAME))] if table.of_new.columns else []
    last = chain([*retired, *unaided_again], _retirement(context, table, checked[-1]))
    counted_back = (*_repeated_keys(table.going), *refused_at_once(table.going))
    return [*built, swap, *checked, *last[:-1], _counted_first(last[-1], counted_back)]


def _counted_first(step: Step, asserts: Iterable[Assertion]) -> Step:
    """The first step of a way back, which stops at rows that don't find it."""
    assert isinstance(step.down, Down)
    return replace(step, down=replace(step.down, asserts=(*step.down.asserts, *asserts)))


def _repeated_keys(log: ChangeLog) -> Iterable[Assertion]:
    """Rows that can't be told apart by the key of the form that they go over to."""
    if log.found_by.repeatable:
        yield repeated_keys(log.source.root, log.source.catalog, log.found_by.names)


def _with_its_table(step: Step) -> Step:
    """Nothing is taken out of a table that goes as a whole."""
    return replace(step, down=Down(())) if step.phase is Phase.MIGRATE else step


def _counted_on_the_way_back(step: Step) -> Step:
    mirrored = undone(step)
    assert isinstance(mirrored.down, Down)
    return replace(mirrored, down=replace(mirrored.down, asserts=step.asserts))


def _swap(group: str, table: _Rebuilt, said: str | None) -> Step:
    old, new = table.old, table.new
    return Step(
        id=step_id("swap", table.root),
        title=f"let the new form of {table.root} take the place of the old",
        object=table.root,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="both change their schemas in one transaction: no row is read but those that changed a moment ago",
        up=tuple(swap_families(table.coming, table.going)),
        down=Down(tuple(swap_families(table.going, table.coming))),
        creates=new.provides,
        destroys=old.provides,
        uses=new.uses,
        releases=old.uses - new.uses,
        takes=new.names,
        frees=old.names,
        together=group,
        deploy=said,
    )


def _brackets(
    context: Context, group: str, tables: Sequence[_Rebuilt], taken: Sequence[InPlace], said: str | None
) -> tuple[Step, Step]:
    """The locks of the swap, and those of the way back, which come first there."""
    olds, news = (
        [*(t.old for t in tables), *(t.old for t in taken)],
        [*(t.new for t in tables), *(t.new for t in taken)],
    )
    replayed = "replay what is logged, then " if tables else ""
    first, last = locked_first(
        context,
        group,
        [f.root for f in olds],
        [t for f in olds for t in f.tables],
        [t for f in news for t in f.tables],
        replayed=replayed,
    )
    back = last.down
    assert isinstance(back, Down)
    replays_back = tuple(replay(t.going) for t in tables)
    return (
        replace(first, strategy=NAME, up=(*(replay(t.coming) for t in tables), *first.up), deploy=said),
        replace(last, strategy=NAME, down=Down((*replays_back, *back.statements)), deploy=said),
    )


def _retirement(context: Context, table: _Rebuilt, last: Step) -> tuple[After, ...]:
    """The old form goes at once, or, where the settings or a directive say so, behind one more checkpoint."""
    bakes = context.settings.keep_old or any(
        context.directives.get(table.root, name) is not None for name in ("keep-old", "bake")
    )
    if not bakes:
        return (After(last.id, "the new form must stand first"),)
    sentence = f"has proved itself with the new form of {table.root}: the old one goes now"
    return (After(last.id, "the old form is kept up until then", deploy=True, contract=sentence),)


def _is_foreign_key(context: Context, id: ObjectId) -> bool:
    return all(
        (key := catalog.get(id, Constraint)) is not None and key.type == FOREIGN_KEY
        for catalog in (context.before, context.after)
    )


STRATEGY = OnlineRebuild()
