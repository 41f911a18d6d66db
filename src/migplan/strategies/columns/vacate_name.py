"""A column that goes while another one of its table takes its name: first the name, behind a deploy, then the column.

Under a name that no application says it waits for its drop, with everything that stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Assertion, Down, Phase, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.not_null import change_not_null
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.names.rename import rename_statements, under
from migplan.strategies.ways_back import not_null_back

NAME = "vacate_name"


class VacateName(Strategy):
    """Expands ``context.vacated``."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for to, column in sorted(context.vacated.items()):
            left = context.before.get(to, Column)
            asks = column.not_null is not None and left is not None and left.not_null is None
            loosen = _loosen(column) if asks else None
            loosened = [] if loosen is None else not_null_back(context, column, loosen)
            steps = (*loosened, _leave(column, to, loosen))
            yield Expansion(steps, behind={to: After(steps[-1].id, "speaks of it by the name that it leaves for")})


def keeps_inserts_out(column: Column, catalog: Catalog) -> bool:
    """Whether an INSERT that leaves the column out fails, and needn't: a primary key's column can't lose NOT NULL."""
    filled = column.identity is not None or column.generated is not None
    default = ObjectId("default", column.id.path) in catalog
    keys = (c for c in catalog.members_of(column.relation, Constraint) if c.type == PRIMARY_KEY)
    keyed = any(column.name in key.columns for key in keys)
    return column.not_null is not None and not (filled or default or keyed)


def _loosen(column: Column) -> Step:
    nullable = replace(column, not_null=None)
    count = sql("SELECT count(*) FROM {} WHERE {} IS NULL", ident(*column.relation.path), ident(column.name))
    missing = Assertion(count, f"rows of {column.relation} have no value for {column.id}, which was NOT NULL")
    return Step(
        id=step_id("loosen", column.id),
        title=f"let inserts leave out {column.id}",
        object=column.id,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="the next version of the application doesn't write it any more; the running one still may",
        up=tuple(change_not_null(column, nullable)),
        down=Down(tuple(change_not_null(nullable, column)), asserts=(missing,)),
    )


def _leave(column: Column, to: ObjectId, loosen: Step | None) -> Step:
    sentence = kind_of(column.id).drop_contract(column)
    return Step(
        id=step_id("leave", column.id),
        title=f"let {column.id} leave its name, which another column takes",
        object=to,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why=f"the application {sentence}",
        up=tuple(rename_statements(column, to)),
        down=Down(tuple(rename_statements(under(column, to), column.id))),
        deploy=sentence,
        after=() if loosen is None else (After(loosen.id, "inserts must do without it first"),),
    )


STRATEGY = VacateName()
