"""A type change that rewrites a large table: a second column kept in step, then a swap by rename.

Expand: the new incarnation stands aside under a temporary name, and SYNC keeps it true. Migrate: it is filled, its
NOT NULL, indexes and checks are made. Checkpoint. Contract: both sides change places in one transaction, where what
stands on the columns (views, triggers, foreign keys, …) is carried over; then the old side is taken away. The way
back is the same, mirrored: the old side is built aside, filled, completed, and swapped in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Assertion, Down, LockMode, Phase, Statement, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.constraint import (
    PRIMARY_KEY,
    Constraint,
)
from migplan.kinds.identity import identity_extras
from migplan.kinds.registry import kind_of
from migplan.kinds.sequence import Sequence as DbSequence
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.column_types.cut_values import cut_values
from migplan.strategies.column_types.sides import Side, columns_in_step, pairs_of
from migplan.strategies.column_types.staging import NAME, build_key, stage
from migplan.strategies.column_types.swap import add_identity, swap_sides
from migplan.strategies.column_types.swap_foreign_keys import carried_foreign_keys
from migplan.strategies.column_types.swap_locks import locked, locked_first, tables_of_group
from migplan.strategies.column_types.unreadable_values import unreadable_values
from migplan.strategies.columns.always_numbered import always_behind, numbered_first
from migplan.strategies.columns.rename_column import last_step
from migplan.strategies.columns.set_not_null import finished_not_null
from migplan.strategies.names.routine_bodies import triggers_naming
from migplan.strategies.steps_undone import chain, only_on_the_way_back, undone
from migplan.strategies.sync.backfill import fill
from migplan.strategies.sync.sync import Pair, disagreement, stale_arriving, stale_leaving
from migplan.strategies.types.staged_checks import last_guard
from migplan.strategies.types.staged_types import (
    held_staged,
    kept_staged,
    labels_of,
    lost_attributes,
    staged_id,
    staged_sentence,
)


class SwapColumn(Strategy):
    """Expands every column in ``context.replaced``, one table at a time, and the foreign keys between them."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        columns = [c for id in sorted(context.replaced) if isinstance(c := context.after[id], Column)]
        for table in sorted({c.relation for c in columns}):
            old, new = _sides(context, table, [c for c in columns if c.relation == table])
            steps = [*_steps(context, old, new), *_late_identities(context, columns, table)]
            blocked = (*_moved_keys(context, new), *_numbered_otherwise(old, new))
            first = _joined(context, new) if blocked else frozenset[ObjectId]()
            behind = _behind(context, table, new.columns)
            yield Expansion(tuple(steps), old.carried | new.carried, blocked=blocked, first=first, behind=behind)
        yield from carried_foreign_keys(context)
        for group in sorted({context.rebuilds.groups[id] for id in context.replaced}):
            yield from _locked_first(context, group)


def _behind(context: Context, table: ObjectId, columns: Iterable[Column]) -> dict[ObjectId, After]:
    """Triggers that come or change: before the swap they'd write into the old columns as the new ones are."""
    naming = triggers_naming(table, {c.name for c in columns}, context.after)
    own = (id for id in sorted(naming) if id in context.changes and id not in context.rebuilds.items)
    return dict.fromkeys(own, After(step_id("swap", table), "its function names columns as they are from then on"))


def _moved_keys(context: Context, new: Side) -> Iterable[str]:
    """Keys that go over to columns which may hold NULLs until now: the application that runs knows neither."""
    for key in new.keys:
        old = context.before.get(key.id, Constraint)
        if old is None or old.columns == key.columns or key.type != PRIMARY_KEY:
            continue
        columns = ((context.before.get(key.relation.child("column", c), Column), c) for c in key.columns)
        if loose := [c for was, c in columns if was is not None and was.not_null is None]:
            yield (
                f"{key.id} goes over to {', '.join(loose)} while columns of {key.relation}, which is large, change"
                " their type: two plans, the key's after the types'"
            )


def _numbered_otherwise(old: Side, new: Side) -> Iterable[str]:
    """Columns that somebody else numbers from now on: between the swap and that, nobody would give them a value."""
    for was, column in _pairs(old, new):
        if (was.identity is None) != (column.identity is None) and column.not_null is not None:
            kind = "becomes" if was.identity is None else "is no longer"
            yield (
                f"{column.id} of {new.table}, which is large, changes its type and {kind} an identity: two plans, the"
                " type's first"
            )


def _joined(context: Context, side: Side) -> frozenset[ObjectId]:
    """The columns that get their types together: in a stage of their own, the key can go over behind them."""
    groups = {context.rebuilds.groups[c.id] for c in side.columns}
    return frozenset(id for id in context.replaced if context.rebuilds.groups[id] in groups and id.kind == "column")


def _locked_first(context: Context, group: str) -> Iterable[Expansion]:
    """Where a swap takes more than its own table, it takes them all at once."""
    roots = sorted({id.parent("table") for id in context.replaced if context.rebuilds.groups[id] == group})
    before, after = (tables_of_group(context, group, catalog) for catalog in (context.before, context.after))
    if len(locked(context, group, before, context.before)) > 1:
        first, last = locked_first(context, group, roots, before, after)
        yield Expansion((replace(first, strategy=NAME), replace(last, strategy=NAME)), brackets=(first.id, last.id))


def _sides(context: Context, table: ObjectId, columns: Sequence[Column]) -> tuple[Side, Side]:
    users = {user for c in columns for w in (context.before, context.after) for user in w.used_by.get(c.id, ())}
    both = users & context.before.objects.keys() & context.after.objects.keys()
    kept = frozenset(id for id in both if not _owned_by_another(context, id))
    was = tuple(o for c in columns if isinstance(o := context.before[c.id], Column))
    staged = frozenset(type for c in was for type in held_staged(context, c.id))
    labels = {c.id: labels_of(context, type) for c in was for type in kept_staged(context, c.id)}
    names = [{str(ident(*t.path)): str(ident(*staged_id(t, label).path)) for t in staged} for label in ("old", "new")]
    come = tuple(_before_tightening(context, c) for c in columns)
    return (
        Side(table, "old", was, context.before, kept, names[0]),
        Side(table, "new", come, context.after, kept, names[1], labels),
    )


def _owned_by_another(context: Context, id: ObjectId) -> bool:
    """A sequence goes from column to column by a step of its own, which the swap must not repeat or undo."""
    old, new = context.before.get(id, DbSequence), context.after.get(id, DbSequence)
    return old is not None and new is not None and old.owned_by != new.owned_by


def _before_tightening(context: Context, column: Column) -> Column:
    """The new column as it is swapped in: NOT NULL that the old one hasn't comes afterwards, behind the checkpoint, and
    with it an identity, which PostgreSQL gives no other column."""
    old = context.before[column.id]
    nullable = isinstance(old, Column) and old.not_null is None
    return replace(column, not_null=None, identity=None) if nullable else column


def _late_identities(context: Context, columns: Iterable[Column], table: ObjectId) -> Iterable[Step]:
    for column in columns:
        if column.relation != table or column.identity is None or _before_tightening(context, column) == column:
            continue
        head = sql("ALTER TABLE {} ALTER COLUMN {}", ident(*table.path), ident(column.name))
        first, *last = numbered_first(context, column)
        identity = first.identity or column.identity
        number = Step(
            id=step_id("identity", column.id),
            title=f"let {column.id} number its rows",
            object=column.id,
            strategy=NAME,
            phase=Phase.CONTRACT,
            why="an identity is only for columns that are NOT NULL",
            up=(
                *add_identity(first, identity, None, head, context.before, context.after),
                *identity_extras(identity, column.type),
            ),
            down=Down((Statement(sql("{} DROP IDENTITY", head), LockMode.ACCESS_EXCLUSIVE),)),
            uses=frozenset({finished_not_null(column)}),
        )
        yield number
        yield from (always_behind(first, c, number) for c in last)


def _steps(context: Context, old: Side, new: Side) -> list[Step]:
    coming, gone = pairs_of(old, new, swapped=False), pairs_of(old, new, swapped=True)
    filled = fill(context, new.table, [(p.arriving, p.up) for p in coming], stale_arriving(coming))
    refilled = fill(context, old.table, [(p.leaving, p.down) for p in gone], stale_leaving(gone), context.after)
    swap = _swap(context, old, new, coming, gone)
    beside, *further = stage(context, new, coming, filled)
    unread = tuple(a for o, n in _pairs(old, new) for a in unreadable_values(context, o, _read_as(context, new, n)))
    unread_back = tuple(
        a for o, n in _pairs(old, new) for a in unreadable_values(context, n, _read_as(context, old, o))
    )
    cut = tuple(a for o, n in _pairs(old, new) for a in cut_values(context, o, n))
    renamed_first = tuple(After(last_step(new.table), "its columns are renamed first") for _ in _renames(context, new))
    first = chain(
        [
            replace(beside, asserts=(*unread, *cut)),
            *further,
            *(build_key(context, new, key) for key in new.keys),
            _agree(old, coming, cut, swap.deploy),
            *(only_on_the_way_back(build_key(context, new, key), swap.deploy, swap.together) for key in new.keys),
            swap,
            *(_again(build_key(context, old, key), swap) for key in old.keys),
        ],
        renamed_first[:1],
    )
    retired = [undone(step) for step in reversed(stage(context, old, gone, refilled))]
    staged = _types(old) & context.staged
    gone_types = frozenset(staged_id(t, "old") for t in staged)
    loses = "; ".join(_lost(context, new)) or None
    last = retired[-1]
    assert isinstance(last.down, Down)
    released = (_types(old) - _types(new) - staged) | gone_types | _operator_classes(context, old, new)
    down = replace(last.down, asserts=unread_back)
    uses = last.uses | (staged - _types(new))
    retired[-1] = replace(last, uses=uses, releases=released, down=down, loses=loses)
    return [*first, *chain(retired, _retirement(context, new, first[-1]))]


def _again(build: Step, swap: Step) -> Step:
    """An old key's index, for the way back: columns that go as well must be there again by then."""
    columns = frozenset(id for id in build.uses if id.kind == "column")
    again = only_on_the_way_back(build, swap.deploy, swap.together)
    return replace(again, uses=frozenset(), releases=columns)


def _pairs(old: Side, new: Side) -> Iterable[tuple[Column, Column]]:
    return zip(old.columns, new.columns, strict=True)


def _read_as(context: Context, side: Side, column: Column) -> Column:
    """The column as the text of another type's values is read into it: its own stands aside until the names change
    places. Where both hold the type that is replaced, its values go over by their labels or attributes."""
    return column if kept_staged(context, column.id) else replace(column, type=side.type_aside(column.type))


def _lost(context: Context, new: Side) -> Iterable[str]:
    """What goes with the old columns and is in none of the new ones."""
    yield from (f"which rows of {id} held {', '.join(labels)}" for id, labels in _mixed(context, new))
    for column in new.columns:
        if attributes := lost_attributes(context, column):
            yield f"the values of {', '.join(attributes)} in {column.id}"


def _mixed(context: Context, new: Side) -> Iterable[tuple[ObjectId, list[str]]]:
    """The columns whose rows get a label that others had before."""
    for column in new.columns:
        for type in sorted(kept_staged(context, column.id)):
            own = context.added_labels.get(type, frozenset())
            lost = [old for old, label in new.mapping.get(column.id, {}).items() if label not in own]
            if lost:
                yield column.id, lost


def _renames(context: Context, side: Side) -> list[ObjectId]:
    return [id for id in context.renamed_columns if id.parent("table") == side.table]


def _types(side: Side) -> frozenset[ObjectId]:
    return frozenset(u for c in side.columns for u in side.catalog.uses.get(c.id, ()))


def _operator_classes(context: Context, old: Side, new: Side) -> frozenset[ObjectId]:
    """Those that the old indexes stand on and the new ones don't, or that are made anew."""
    used, still = (
        {u for id in side.carried for u in side.catalog.uses.get(id, ()) if u.kind == "operator_class"}
        for side in (old, new)
    )
    return frozenset(id for id in used if id not in still or id in context.rebuilds.items)


def _agree(old: Side, pairs: Sequence[Pair], cut: tuple[Assertion, ...], sentence: str | None) -> Step:
    return Step(
        id=step_id("compare", old.table),
        title=f"count the rows whose old and new {columns_in_step(old.columns)} disagree",
        object=old.table,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="the plan stops here if the trigger was circumvented",
        up=(),
        down=Down(()),
        deploy=sentence,
        asserts=(disagreement(old.table, pairs), *cut),
    )


def _swap(context: Context, old: Side, new: Side, coming: Sequence[Pair], gone: Sequence[Pair]) -> Step:
    sentences = [kind_of(n.id).contract(o, n) for o, n in zip(old.columns, new.columns, strict=True)]
    sentences += [staged_sentence(context, type) for type in sorted((_types(old) | _types(new)) & context.staged)]
    later = context.rebuilds.items.keys() | _of_staged_types(context)
    return Step(
        id=step_id("swap", new.table),
        title=f"let the new {columns_in_step(new.columns)} take the place of the old",
        object=new.table,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="renames in one transaction, with all that stands on the columns: no row is read",
        up=tuple(swap_sides(old, new, gone, later)),
        down=Down(tuple(swap_sides(new, old, coming, later))),
        creates=new.carried,
        destroys=old.carried,
        together=context.rebuilds.groups.get(new.columns[0].id),
        deploy="; ".join(s for s in sentences if s is not None) or None,
    )


def _of_staged_types(context: Context) -> frozenset[ObjectId]:
    """What is new and stands on types that change their names in the swap's transaction: it comes afterwards."""
    users = (context.after.used_by.get(type, frozenset()) for type in context.staged)
    return frozenset(id for found in users for id in found if id not in context.before)


def _retirement(context: Context, new: Side, last: Step) -> tuple[After, ...]:
    """The old side goes at once, or, where a column says ``keep-old`` or ``bake``, behind one more checkpoint."""
    bakes = any(context.directive(c, name) is not None for c in new.columns for name in ("keep-old", "bake"))
    guards = (last_guard(context, id) for c in new.columns for id in sorted(_held(context, c)))
    guarded = tuple(After(g, "the way back needs the old column first") for g in guards if g is not None)
    if not bakes:
        return (After(last.id, "the new side must stand first"), *guarded)
    sentence = f"has proved itself with the new {columns_in_step(new.columns)}: the old values go now"
    return (After(last.id, "the old side is kept until then", deploy=True, contract=sentence), *guarded)


def _held(context: Context, column: Column) -> frozenset[ObjectId]:
    return context.before.uses.get(column.id, frozenset()) & context.staged


STRATEGY = SwapColumn()
