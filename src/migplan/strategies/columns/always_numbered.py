"""Columns that become GENERATED ALWAYS AS IDENTITY under applications that must give them values until then.

BY DEFAULT takes a value and needs none, so both versions of the application can live with it: a checkpoint lies between
it and ALWAYS.
"""

from __future__ import annotations

from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds.column import Column, relation_clause
from migplan.kinds.identity import change_identity
from migplan.strategies.base import Context

NAME = "always_numbered"


def numbered_first(context: Context, column: Column) -> list[Column]:
    """What the column becomes, one form after the other: numbered BY DEFAULT first, where an INSERT must give it a
    value now and must not in the end."""
    old, identity = context.before.get(column.id, Column), column.identity
    if (
        context.settings.offline
        or old is None
        or old.identity is not None
        or identity is None
        or not identity.always
        or ObjectId("default", column.id.path) in context.before
    ):
        return [column]
    return [replace(column, identity=replace(identity, always=False)), column]


def always_behind(first: Column, last: Column, numbers: Step) -> Step:
    """The step from BY DEFAULT to ALWAYS, a checkpoint behind the one that lets the column number its rows."""
    assert first.identity is not None
    assert last.identity is not None
    head = sql("ALTER {} ALTER COLUMN {}", relation_clause(last), ident(last.name))
    sentence = f"gives {last.id} no value"
    return Step(
        id=step_id("always", last.id),
        title=f"let nobody give {last.id} a value",
        object=last.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why=f"the application {sentence}",
        up=tuple(change_identity(first.identity, last.identity, last.type, head)),
        down=Down(tuple(change_identity(last.identity, first.identity, last.type, head))),
        uses=frozenset({last.id}),
        after=(After(numbers.id, "it needs none from then on", deploy=True, contract=sentence),),
    )
