"""Dropping a column: first make room for inserts that no longer name it, then, after the deploy, drop it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, step_id
from migplan.kinds._descendants import parents_of
from migplan.kinds.column import Column
from migplan.kinds.declared_below import going
from migplan.kinds.kept_not_null import declared_first
from migplan.kinds.names import names_of
from migplan.kinds.not_null import change_not_null
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.column_types.lost_values import missing_nulls
from migplan.strategies.columns.loosened import kept_of_keys, loosened_columns, passing, regaining
from migplan.strategies.columns.set_not_null import tighten_steps
from migplan.strategies.relations.backup import is_backed_up
from migplan.strategies.ways_back import not_null_back

AX = LockMode.ACCESS_EXCLUSIVE


class DropColumn(Strategy):
    """Loosens NOT NULL columns without default first; other columns are dropped plainly."""

    name = "drop_column"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        loosened = {c.id: c for c in loosened_columns(context)}
        for column in loosened.values():
            above = (p.child("column", column.name) for p in parents_of(column.relation, context.before))
            loosen = _loosen(context, column, [id for id in above if id in loosened])
            gently = not_null_back(context, column, loosen)
            again = [s for left in regaining(context, column) for s in _regain(context, left, loosen)]
            behind = {id: After(loosen.id, why) for id, why in passing(context, column).items()}
            drop = replace(_drop(context, column), after=(After(loosen.id, "inserts must do without it first"),))
            yield Expansion((*gently, drop, *again), frozenset({column.id}), behind=behind)
        for column in kept_of_keys(context):
            yield Expansion((_drop(context, column),), frozenset({column.id}))


def _regain(context: Context, column: Column, loosen: Step) -> list[Step]:
    """The NOT NULL of a partition that leaves, which it keeps meanwhile."""
    own, lost = {column.id}, After(loosen.id, "it has lost it with its parent's")
    steps = tighten_steps(context, column, None, (lost,))
    return [replace(s, uses=s.uses - own, creates=s.creates - own, destroys=s.destroys - own) for s in steps]


def _loosen(context: Context, column: Column, above: Iterable[ObjectId]) -> Step:
    nullable = replace(column, not_null=None)
    below = going(column, context.pieces_before.catalog)
    loosened = (Statement(sql("ALTER {} ALTER COLUMN {} DROP NOT NULL", t, ident(c.name)), AX) for c, t in below)
    return Step(
        id=step_id("loosen", column.id),
        title=f"let inserts leave out {column.id}",
        object=column.id,
        strategy=DropColumn.name,
        phase=Phase.EXPAND,
        why="the next version of the application doesn't write it any more; the running one still may",
        up=(*declared_first(column, context.before, context.after), *loosened),
        down=Down(tuple(change_not_null(nullable, column)), asserts=missing_nulls(context, column)),
        frees=names_of(column) - names_of(nullable),
        after=tuple(After(step_id("loosen", id), "what is inherited can't be dropped") for id in above),
    )


def _drop(context: Context, column: Column) -> Step:
    """The drop, whose way back adds the column as it was left: nullable."""
    kind = kind_of(column.id)
    part = kind.parts(replace(column, not_null=None), context.pieces_before.catalog)[0]
    attributes = context.pieces_before.of(column.id)[0].create[
        len(kind.parts(column, context.pieces_before.catalog)[0].create) :
    ]
    sentence = None if context.settings.offline else kind.drop_contract(column)
    kept = context.empty(column.relation) or is_backed_up(context, column)
    loses = None if kept else kind.drop_loses(column)
    return Step(
        id=step_id("drop", column.id),
        title=f"drop {column.id}",
        object=column.id,
        strategy=DropColumn.name,
        phase=Phase.CONTRACT,
        why="the application neither reads nor writes it",
        up=part.drop,
        down=Down((*part.create, *attributes), loses=loses),
        destroys=part.provides,
        releases=part.uses,
        frees=names_of(replace(column, not_null=None)),
        deploy=sentence,
        loses=loses,
    )


STRATEGY = DropColumn()
