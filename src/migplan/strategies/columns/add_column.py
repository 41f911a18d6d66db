"""Adding a column that existing rows or running inserts can't take as it is declared.

NOT NULL without default: nullable first, filled, tightened once every version writes it. A volatile default, a serial
or an identity would rewrite the table: nullable first, the default for new rows, a backfill for the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, deparsed, ident, literal, sql
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import add_column, column_extras
from migplan.kinds.column_domains import refuses_null
from migplan.kinds.default import Default, drop_default, is_volatile, set_default
from migplan.kinds.identity import change_identity
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.columns.own_ways import with_own_ways
from migplan.strategies.columns.sequence_position import kept_position, taken_position
from migplan.strategies.columns.set_not_null import fill_expression, fill_steps, tighten_steps
from migplan.strategies.pieces import Pieces
from migplan.strategies.sync.backfill import fill
from migplan.strategies.sync.sync import no_default

AX = LockMode.ACCESS_EXCLUSIVE


class AddColumn(Strategy):
    """Columns that a single ADD COLUMN would make fail, rewrite, or demand too early; offline only those that fail."""

    name = "add_column"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        taken = with_own_ways(context)
        for column in context.created(Column):
            if column.relation not in context.before or column.relation.kind != "table":
                continue
            if column.relation in context.rebuilds.items or column.generated is not None:
                continue
            if column.inherited:
                yield from _joining(context, column)
                continue
            if column.id in taken or (context.settings.offline and context.empty(column.relation)):
                continue
            if refuses_null(column, context.after) and not _filled_by_default(context, column):
                yield from _unfilled(context, column)
            elif _required(context, column):
                yield _expand_required(context, column)
            elif context.size(column.relation) is Size.LARGE and _rewrites(context, column):
                yield _expand_volatile(context, column)


def _default(context: Context, column: Column) -> Default | None:
    return context.after.get(ObjectId("default", column.id.path), Default)


def _required(context: Context, column: Column) -> bool:
    """Whether a running INSERT that doesn't know the column would fail."""
    return column.not_null is not None and column.identity is None and not _filled_by_default(context, column)


def _filled_by_default(context: Context, column: Column) -> bool:
    """Its own, or its domain's."""
    return _default(context, column) is not None or no_default(column, context.after) is not None


def _rewrites(context: Context, column: Column) -> bool:
    default = _default(context, column)
    return column.identity is not None or (default is not None and is_volatile(default))


def _unfilled(context: Context, column: Column) -> Iterable[Expansion]:
    """A domain that is NOT NULL leaves no time between the column and its values."""
    if not context.empty(column.relation):
        reason = f"{column.id} has a domain that is NOT NULL, and {column.relation} has rows: give it a default"
        yield Expansion((), blocked=(reason,))


def _joining(context: Context, column: Column) -> Iterable[Expansion]:
    """A table that joins a parent gets its columns at once."""
    if _required(context, column) and not context.empty(column.relation):
        lacks = f"is NOT NULL without a default, and {column.relation}, which joins a parent that has it, has rows"
        yield Expansion((), blocked=(f"{column.id} {lacks}: add it in a plan before",))


def _expand_required(context: Context, column: Column) -> Expansion:
    sentence = None if context.settings.offline else f"writes {column.id} in every INSERT"
    add = _add_nullable(context, column, None)
    blocked = ()
    if not context.empty(column.relation) and fill_expression(context, column) is None:
        blocked = (
            f"{column.id} is NOT NULL without a default, and {column.relation} has rows: write what they get beside "
            "the column, as '-- migplan: backfill EXPRESSION', or give it a default",
        )
    fills = [
        replace(s, after=(After(add.id, "the column must be there"),)) for s in fill_steps(context, column, sentence)
    ]
    after = tuple(After(s.id, "every row must have a value") for s in (add, *fills))
    steps = (add, *fills, *_tighten(context, column, sentence, after))
    return Expansion(steps, frozenset({column.id}), blocked=blocked)


def _tighten(context: Context, column: Column, sentence: str | None, after: tuple[After, ...]) -> list[Step]:
    """The last step stands for the declared column; those before it for the nullable one."""
    return [
        replace(s, uses=s.uses - {column.id}, creates=s.creates - {column.id}, destroys=s.destroys - {column.id})
        for s in tighten_steps(context, column, sentence, after)
    ]


def _add_nullable(context: Context, column: Column, default: Default | None) -> Step:
    """ADD COLUMN without NOT NULL and identity; a default only for new rows, set in the same transaction."""
    part = context.pieces_after.of(column.id)[0]
    up = (
        *add_bare(column, context.pieces_after),
        *([set_default(default)] if default is not None else []),
    )
    return Step(
        id=step_id("create", column.id),
        title=f"add {column.id}, nullable for now",
        object=column.id,
        strategy=AddColumn.name,
        phase=Phase.EXPAND,
        why="no row is written and no running INSERT fails",
        up=up,
        down=Down(part.drop),
        creates=part.provides,
        uses=part.uses,
    )


def add_bare(column: Column, pieces: Pieces, default: Default | None = None) -> tuple[Statement, ...]:
    """ADD COLUMN without NOT NULL, identity and its own default, but with comment and grants."""
    bare = replace(column, not_null=None, identity=None)
    table = ident(*column.relation.path)
    attributes = pieces.of(column.id)[0].create[len(kind_of(column.id).parts(column, pieces.catalog)[0].create) :]
    return (add_column(bare, default, pieces.catalog), *column_extras(bare, table), *attributes)


def _expand_volatile(context: Context, column: Column) -> Expansion:
    default = _default(context, column)
    if column.identity is not None:
        return _expand_identity(context, column)
    add = _add_nullable(context, column, default)
    fills = [replace(s, after=(After(add.id, "the column must be there"),)) for s in fill_steps(context, column, None)]
    steps = [add, *fills]
    if column.not_null is not None:
        after = tuple(After(s.id, "every row must have a value") for s in steps)
        tighten = _tighten(context, column, None, after)
        steps += [replace(s, phase=Phase.MIGRATE) for s in tighten]
    return Expansion(tuple(steps), frozenset({column.id}))


def _expand_identity(context: Context, column: Column) -> Expansion:
    """A sequence serves new rows and the backfill; at the end the identity's own takes over where it stopped."""
    assert column.identity is not None
    table, name = ident(*column.relation.path), ident(column.name)
    sequence = column.identity.sequence
    stand_in = Default(
        id=ObjectId("default", column.id.path),
        relation=column.relation,
        expression=f"nextval({literal(ident(*sequence))}::regclass)",
    )
    create = Statement(sql("CREATE SEQUENCE {} AS {}", ident(*sequence), deparsed(column.identity.type)))
    drop = Statement(sql("DROP SEQUENCE {}", ident(*sequence)))
    add = _add_nullable(context, column, stand_in)
    assert isinstance(add.down, Down)
    add = replace(add, up=(create, *add.up), down=Down((*add.down.statements, drop)))
    filled = _fill_identity(context, column, stand_in, add)
    after = tuple(After(s.id, "every row must have a value") for s in (add, *filled))
    tighten = [replace(s, phase=Phase.MIGRATE) for s in _tighten(context, column, None, after)]
    stopped, go_on = kept_position(ident(*sequence)), taken_position(ident(*sequence))
    attach = Step(
        id=step_id("identity", column.id),
        title=f"make {column.id} an identity",
        object=column.id,
        strategy=AddColumn.name,
        phase=Phase.MIGRATE,
        why="metadata only; the values go on where the stand-in stopped",
        up=(
            drop_default(stand_in),
            stopped,
            drop,
            *change_identity(None, column.identity, column.type, sql("ALTER TABLE {} ALTER COLUMN {}", table, name)),
            go_on,
        ),
        down=Down(
            (
                Statement(sql("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table), AX),
                stopped,
                Statement(sql("ALTER TABLE {} ALTER COLUMN {} DROP IDENTITY", table, name), AX),
                create,
                set_default(stand_in),
                go_on,
            )
        ),
        after=tuple(After(s.id, "an identity column is NOT NULL") for s in tighten),
    )
    return Expansion((add, *filled, *tighten, attach), frozenset({column.id}))


def _fill_identity(context: Context, column: Column, stand_in: Default, add: Step) -> list[Step]:
    where = sql("{} IS NULL", ident(column.name))
    filled = fill(context, column.relation, [(column.name, Sql(stand_in.expression))], where)
    return [
        Step(
            id=step_id("fill", column.id),
            title=f"number the rows of {column.relation}",
            object=column.id,
            strategy=AddColumn.name,
            phase=Phase.MIGRATE,
            why="row by row, in short transactions; the application goes on",
            up=filled.statements,
            down=Down(()),
            backfill=filled.backfill,
            after=(After(add.id, "the column must be there"),),
        )
    ]


STRATEGY = AddColumn()
