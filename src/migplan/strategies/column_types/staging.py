"""Building one side of a swap aside: its columns with SYNC, their values, NOT NULL, indexes, keys and checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import ident, sql
from migplan.core.steps import Down, LockMode, Phase, Statement, Step, Timing, step_id
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import add_column, column_extras
from migplan.kinds.column_indexes import of_columns
from migplan.kinds.constraint import Constraint, add_constraint, drop_constraint, validate_constraint
from migplan.kinds.index import Index, create_index, drop_index, index_extras
from migplan.kinds.registry import kind_of
from migplan.kinds.type_changes import keeps_rows
from migplan.strategies.base import Context
from migplan.strategies.column_types.sides import Side, columns_in_step
from migplan.strategies.columns.set_not_null import tighten_steps
from migplan.strategies.constraints.add_constraint import unique_index
from migplan.strategies.sync.backfill import Fill
from migplan.strategies.sync.sync import Pair, create_sync, drop_sync
from migplan.strategies.types.staged_types import staged_id

AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
NAME = "swap_column"


def stage(context: Context, side: Side, pairs: Sequence[Pair], filled: Fill) -> list[Step]:
    """The steps that build ``side`` aside, without its keys, each relying on those before it."""
    return [
        _add(context, side, pairs),
        _fill(side, filled),
        *(step for c in side.columns for step in _tighten(context, side, c)),
        *(_build_index(context, side, index) for index in side.indexes),
        *(step for check in side.checks for step in _add_check(context, side, check)),
    ]


def _add(context: Context, side: Side, pairs: Sequence[Pair]) -> Step:
    table = ident(*side.table.path)
    asides = [side.column_aside(c) for c in side.columns]
    adds = [
        s for column, aside in zip(side.columns, asides, strict=True) for s in _add_column(context, side, column, aside)
    ]
    drops = [Statement(sql("ALTER TABLE {} DROP COLUMN {}", table, ident(c.name)), AX) for c in asides]
    return Step(
        id=step_id("stage", side.table, 0) + f":{side.label}",
        title=f"add the {side.label} {columns_in_step(side.columns)} under a temporary name, kept in step by a trigger",
        object=side.table,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="the column and its trigger come in one transaction, so that no write is missed",
        up=(*adds, *create_sync(side.table, pairs)),
        down=Down((*drop_sync(side.table), *drops)),
        uses=_uses(context, side, (c.id for c in side.columns)) | {side.table},
        notes=("sessions with session_replication_role = replica skip the trigger",),
    )


def _add_column(context: Context, side: Side, column: Column, aside: Column) -> list[Statement]:
    bare = replace(aside, not_null=None)
    table, kind = ident(*side.table.path), kind_of(aside.id)
    add = add_column(bare, side.no_default(column), side.catalog_aside, side.unchecked(column))
    statements = [add, *column_extras(bare, table)]
    if bare.comment is not None:
        statements += kind.comment_statements(bare, bare.comment)
    if context.settings.grants and bare.grants:
        statements += kind.grant_statements(bare, (), bare.grants, bare.owner)
    return statements


def _fill(side: Side, filled: Fill) -> Step:
    return Step(
        id=step_id("fill", side.table) + f":{side.label}",
        title=f"fill the {side.label} {columns_in_step(side.columns)}",
        object=side.table,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why="row by row, in short transactions; what the application writes meanwhile is kept in step by the trigger",
        up=filled.statements,
        down=Down(()),
        backfill=filled.backfill,
    )


def _tighten(context: Context, side: Side, column: Column) -> Iterable[Step]:
    aside = side.column_aside(column)
    if aside.not_null is None:
        return
    steps = tighten_steps(context, aside, None, ())
    if not aside.not_null.valid:  # rows with NULLs stay
        steps = [replace(steps[0], asserts=())]
    for step in steps:
        nothing = frozenset[ObjectId]()
        yield replace(step, phase=Phase.MIGRATE, uses=nothing, creates=nothing, destroys=nothing, releases=nothing)


def _uses(context: Context, side: Side, ids: Iterable[ObjectId]) -> frozenset[ObjectId]:
    """What objects of a side stand on while they stand aside: of a type that is replaced, the one made aside."""
    used = frozenset(u for id in ids for u in side.catalog.uses.get(id, frozenset())) - side.carried
    return (used - context.staged) | {staged_id(u, side.label) for u in used & context.staged}


def _widened(context: Context, side: Side, id: ObjectId) -> set[ObjectId]:
    """Columns beside the side's own that are widened: an index of plain columns may be built before that, or after."""
    columns = (u for u in side.catalog.uses.get(id, frozenset()) if u.kind == "column")
    both = ((u, context.before.get(u, Column), context.after.get(u, Column)) for u in columns)
    return {u for u, old, new in both if old and new and old.type != new.type and keeps_rows(old.type, new.type)}


def _build_index(context: Context, side: Side, index: Index) -> Step:
    aside = side.index_aside(index)
    comment = [] if index.comment is None else kind_of(aside.id).comment_statements(aside, index.comment)
    return Step(
        id=step_id("build", index.id) + f":{side.label}",
        title=f"build {index.id} on the {side.label} columns",
        object=index.id,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why="reads and writes go on while it is built",
        up=(create_index(aside, concurrently=True), *index_extras(aside), *comment),
        down=Down((drop_index(aside, concurrently=True),)),
        uses=_uses(context, side, (index.id,)) - (_widened(context, side, index.id) if of_columns(index) else set()),
    )


def build_key(context: Context, side: Side, key: Constraint) -> Step:
    """The unique index of a primary key or unique constraint, under its temporary name."""
    aside = side.constraint_aside(key)
    name = ident(key.id.path[0], aside.name)
    comment = []
    if key.index_comment is not None:
        index = ObjectId("index", (key.id.path[0], aside.name))
        comment = kind_of(index).comment_statements(
            Index(id=index, relation=side.table, definition=""), key.index_comment
        )
    return Step(
        id=step_id("build", key.id) + f":{side.label}",
        title=f"build the index of {key.id} on the {side.label} columns",
        object=key.id,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why="reads and writes go on while it is built; the swap makes it the key",
        up=(
            Statement(unique_index(aside), SUE, scan=True, transactional=False, timing=Timing.LONG),
            *comment,
        ),
        down=Down((Statement(sql("DROP INDEX CONCURRENTLY {}", name), SUE, transactional=False),)),
        uses=_uses(context, side, (key.id,)) - _widened(context, side, key.id),
    )


def _add_check(context: Context, side: Side, check: Constraint) -> list[Step]:
    aside = replace(side.constraint_aside(check), validated=False)
    comment = [] if check.comment is None else kind_of(aside.id).comment_statements(aside, check.comment)
    add = Step(
        id=step_id("guard", check.id) + f":{side.label}",
        title=f"add {check.id} to the {side.label} columns, not validated",
        object=check.id,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why="new rows are checked from here; existing ones are not read",
        up=(add_constraint(aside), *comment),
        down=Down((drop_constraint(aside),)),
        uses=_uses(context, side, (check.id,)),
    )
    if not check.validated or not check.enforced:
        return [add]
    validate = Step(
        id=step_id("validate", check.id) + f":{side.label}",
        title=f"validate {check.id} on the {side.label} columns",
        object=check.id,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why="reads the table in a transaction of its own, under a lock that only DDL and vacuum feel",
        up=(validate_constraint(aside),),
        down=Down(()),
    )
    return [add, validate]
