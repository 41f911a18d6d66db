"""A column moves to another table: both are kept in step until no application says the old one.

Expand: the new column, and triggers on both tables. Migrate: it is filled. Checkpoint. Contract: both are compared, the
triggers go, then the old column. The way back adds it again, with the triggers, and fills it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint
from migplan.kinds.default import drop_default, set_default
from migplan.kinds.equality import compared
from migplan.kinds.not_null import change_not_null
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.columns.add_column import add_bare
from migplan.strategies.columns.move_sync import Way, end, tables, ways
from migplan.strategies.columns.moved import Move, default_of, moves_wanted
from migplan.strategies.columns.set_not_null import fill_steps, tighten_steps
from migplan.strategies.patient_lock import lock_patiently
from migplan.strategies.steps_undone import chain
from migplan.strategies.sync.sync import no_default
from migplan.strategies.ways_back import not_null_back

NAME = "move_column"


class MoveColumn(Strategy):
    """Expands the directive ``moved-from``."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for move in moves_wanted(context):
            claims = frozenset(c.id for c in (move.come, move.gone) if c is not None and c.id in context.changes)
            if move.obstacle is not None or move.gone is None:
                yield Expansion((), claims, blocked=(move.obstacle or "",))
            else:
                yield Expansion(tuple(_steps(context, move, move.gone)), claims)


def _steps(context: Context, move: Move, gone: Column) -> list[Step]:
    there, back = ways(
        end(gone, compared(gone, context.before), move.other, _types(context, gone, move.other)),
        end(move.come, compared(move.come, context.after), move.key, _types(context, move.come, move.key)),
        fills=move.fills,
        required=move.is_new and move.come.not_null is not None,
    )
    used = not context.settings.offline
    sentence = f"reads and writes {move.come.id} instead of {gone.id}" if used else None
    rows = context.settings.batch_rows
    steps = [
        *(not_null_back(context, gone, _loosen(gone)) if gone.not_null is not None else []),
        _stage(context, move, there, back),
        replace(
            _step("fill", move.come, f"fill {move.come.id} out of {gone.id}", Phase.MIGRATE),
            up=(there.pour(rows),),
            batches=there.pouring,
            why="in short transactions, rows locked as their writers lock them",
            asserts=() if move.fills else (there.without_counterpart(),),
        ),
        replace(
            _step("compare", move.come, f"count the rows in which {gone.id} and {move.come.id} disagree"),
            asserts=(there.disagreement(back),),
            deploy=sentence,
        ),
        replace(
            _step("refill", gone, f"on the way back: fill {gone.id} out of {move.come.id}"),
            down=Down((back.pour(rows),)),
            undo_batches=back.pouring,
        ),
        replace(
            _step("release", gone, f"let {move.come.id} be the only one"),
            why="no application writes the old column any more",
            up=(*_alone(context, there, back), *_defaults(context, move)),
            down=Down((*_no_defaults(context, move), *_in_step(context, there, back))),
            releases=frozenset({gone.id}),
            creates=_later(context, move),
        ),
        *_tightened(context, move, sentence),
    ]
    release = next(s for s in steps if s.id.startswith("release:"))
    return [*chain(steps), *_drops(context, gone, release, sentence)]


def _later(context: Context, move: Move) -> frozenset[ObjectId]:
    """What an old table's new column gets once its values are there: a default looks like one."""
    default = None if move.is_new else default_of(context.after, move.come)
    return frozenset() if default is None else frozenset({default.id})


def _defaults(context: Context, move: Move) -> list[Statement]:
    default, none = default_of(context.after, move.come), no_default(move.come, context.after)
    if move.is_new or (default is None and none is None):
        return []
    return [set_default(default)] if default is not None else [drop_default(none)] if none is not None else []


def _no_defaults(context: Context, move: Move) -> list[Statement]:
    default, none = default_of(context.after, move.come), no_default(move.come, context.after)
    if move.is_new or (default is None and none is None):
        return []
    return [set_default(none)] if none is not None else [drop_default(default)] if default is not None else []


def _tightened(context: Context, move: Move, sentence: str | None) -> Iterable[Step]:
    """NOT NULL in an old table, once nothing but the application writes there."""
    if move.is_new or move.come.not_null is None:
        return
    own = frozenset({move.come.id})
    fills = [replace(s, id=f"{s.id}:nulls") for s in fill_steps(context, move.come, sentence)]
    after = tuple(After(s.id, "every row must have a value") for s in fills)
    for step in (*fills, *tighten_steps(context, move.come, sentence, after)):
        yield replace(
            step,
            uses=step.uses - own,
            creates=step.creates - own,
            destroys=step.destroys - own,
            releases=step.releases - own,
        )


def _step(verb: str, column: Column, title: str, phase: Phase = Phase.CONTRACT) -> Step:
    return Step(
        id=step_id(verb, column.id),
        title=title,
        object=column.id,
        strategy=NAME,
        phase=phase,
        why="the plan's own: no application notices",
        up=(),
        down=Down(()),
    )


def _types(context: Context, column: Column, names: tuple[str, ...]) -> tuple[str, ...]:
    catalog = context.before if column.relation in context.before else context.after
    found = (catalog.get(column.relation.child("column", name), Column) for name in names)
    return tuple("" if key is None else key.type for key in found)


def _stage(context: Context, move: Move, there: Way, back: Way) -> Step:
    if move.is_new:
        return replace(
            _step("watch", move.come, f"keep {move.come.id} in step with {there.source.column.id}", Phase.EXPAND),
            why="the new table's rows come from the old column until applications write them",
            up=_in_step(context, there, back),
            down=Down(_alone(context, there, back)),
            uses=frozenset({move.come.id, *(move.come.relation.child("column", k) for k in move.key)})
            | _keys_of(context, move),
        )
    part = context.pieces_after.of(move.come.id)[0]
    bare = add_bare(move.come, context.pieces_after, no_default(move.come, context.after))
    return replace(
        _step("create", move.come, f"add {move.come.id}, kept in step with {there.source.column.id}", Phase.EXPAND),
        why="the column and the triggers come in one transaction, so that no write is missed",
        up=(*_locked(context, there), *bare, *_in_step(context, there, back)),
        down=Down((*_alone(context, there, back), *part.drop)),
        creates=part.provides - _later(context, move),
        uses=part.uses,
        notes=("sessions with session_replication_role = replica skip the triggers",),
    )


def _keys_of(context: Context, move: Move) -> frozenset[ObjectId]:
    """The keys of the new table, which its rows are told by."""
    return frozenset(c.id for c in context.after.members_of(move.come.relation, Constraint))


def _in_step(context: Context, there: Way, back: Way) -> tuple[Statement, ...]:
    if context.settings.offline:
        return ()
    triggers = (*there.create(), *there.create_first(), *back.create(), *back.create_first())
    return (*_locked(context, there, LockMode.SHARE_ROW_EXCLUSIVE), *triggers)


def _locked(context: Context, there: Way, mode: LockMode = LockMode.ACCESS_EXCLUSIVE) -> list[Statement]:
    """Both tables at once: one that is held while the other is waited for deadlocks with who writes both."""
    if context.settings.offline:
        return []
    return lock_patiently(tables(there.source, there.target), context.settings, mode)


def _alone(context: Context, there: Way, back: Way) -> tuple[Statement, ...]:
    if context.settings.offline:
        return ()
    drops = (*there.drop(), *there.drop_first(), *back.drop(), *back.drop_first())
    return (*_locked(context, there), *drops)


def _loosen(gone: Column) -> Step:
    nullable = replace(gone, not_null=None)
    return replace(
        _step("loosen", gone, f"let inserts leave out {gone.id}", Phase.EXPAND),
        why="the next version of the application doesn't write it any more; the running one still may",
        up=tuple(change_not_null(gone, nullable)),
        down=Down(tuple(change_not_null(nullable, gone))),
    )


def _drops(context: Context, gone: Column, release: Step, sentence: str | None) -> list[Step]:
    """The old column goes; what it held is in the other table, so that nothing is lost."""
    bare = replace(gone, not_null=None)
    first, *others = context.pieces_before.of(gone.id)
    attributes = first.create[len(kind_of(gone.id).parts(gone, context.before)[0].create) :]
    parts = [replace(first, create=(*kind_of(gone.id).parts(bare, context.before)[0].create, *attributes)), *others]
    return [
        replace(
            _step("drop", gone, f"drop {gone.id}"),
            id=step_id("drop", gone.id, number),
            why="its values are in the other table",
            up=part.drop,
            down=Down(part.create),
            destroys=part.provides,
            releases=part.uses,
            deploy=sentence,
            after=(After(release.id, "its triggers go first"),),
        )
        for number, part in reversed(list(enumerate(parts)))
    ]


STRATEGY = MoveColumn()
