"""Labels that an enum loses: rows with one are moved to another, or there must be none; then the type is swapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import Sql, ident, join, literal, sql
from migplan.core.steps import After, Assertion, Down, LockMode, Phase, Statement, Step, Timing, step_id
from migplan.kinds.column import Column
from migplan.kinds.enum import Enum
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.sync.backfill import fill
from migplan.strategies.types.mapped_labels import mapped_labels
from migplan.strategies.types.staged_types import staged_sentence

NAME = "remap_labels"


class RemapLabels(Strategy):
    """Sees to the rows before an enum is replaced by one with fewer labels."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, _ in context.altered(Enum):
            gone = [label for label in old.labels if label not in new.labels]
            if gone and new.id in context.rebuilds.items:
                mapping = mapped_labels(context.directives, old, new)
                kept = (c for c in _columns(context.before, old) if old.id in context.after.uses.get(c.id, ()))
                steps = [s for c in kept for s in _steps(context, old, new, c, gone, mapping)]
                yield Expansion(tuple(steps))


def rows_back(catalog: Catalog, enum: Enum, mapping: Mapping[str, str]) -> list[Statement]:
    """Rows with a label that the plan added get the one that it removed, on the way back; only where one says so."""
    back = {new: old for old, new in mapping.items() if new not in enum.labels}
    if not back:
        return []
    return [
        Statement(_update(column, enum.id, back), LockMode.ROW_EXCLUSIVE, scan=True, timing=Timing.LONG)
        for column in _columns(catalog, enum)
    ]


def _columns(catalog: Catalog, enum: Enum) -> list[Column]:
    """Columns of tables that hold the enum's values themselves or in an array; a partition's come with its parent's."""
    names = {str(ident(*enum.id.path)), str(ident(*enum.id.path)) + "[]"}
    users = (catalog.get(id, Column) for id in sorted(catalog.used_by.get(enum.id, frozenset())))
    return [c for c in users if c is not None and c.relation.kind == "table" and c.type in names and not c.inherited]


def _steps(
    context: Context, old: Enum, new: Enum, column: Column, gone: Sequence[str], mapping: Mapping[str, str]
) -> list[Step]:
    sentence = None if context.settings.offline else staged_sentence(context, old.id)
    moved = [_move(context, old, column, mapping, sentence)] if mapping else []
    moved = [m for m in moved if m.up]
    if context.empty(column.relation) or column.id in context.replaced or column.id not in context.after:
        return []
    check = Step(
        id=step_id("unused", column.id),
        title=f"count the rows of {column.relation} that hold a label which {old.id} loses",
        object=column.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="they couldn't be read any more",
        up=(),
        down=Down(()),
        releases=frozenset({old.id, column.id}),
        deploy=sentence,
        asserts=(_held(column, old.id, gone),),
        after=tuple(After(m.id, "the mapped ones are moved first") for m in moved),
    )
    return [*moved, check]


def _move(context: Context, enum: Enum, column: Column, mapping: Mapping[str, str], sentence: str | None) -> Step:
    expression, where = _mapped(column, enum.id, mapping), _holds(column, enum.id, mapping)
    filled = fill(context, column.relation, [(column.name, expression)], where)
    said = ", ".join(f"{o} becomes {n}" for o, n in mapping.items())
    mixed = [o for o, n in mapping.items() if n not in context.added_labels.get(enum.id, frozenset())]
    loses = f"which rows of {column.id} held {', '.join(mixed)}" if mixed else None
    return Step(
        id=step_id("remap", column.id),
        title=f"move the rows of {column.id} to other labels: {said}",
        object=column.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="the application doesn't write the old ones any more",
        up=filled.statements,
        down=Down((), loses=loses),
        releases=frozenset({enum.id, column.id}),
        deploy=sentence,
        backfill=filled.backfill,
        loses=loses,
    )


def _update(column: Column, enum: ObjectId, mapping: Mapping[str, str]) -> Sql:
    expression, where = _mapped(column, enum, mapping), _holds(column, enum, mapping)
    return sql("UPDATE {} SET {} = {} WHERE {}", ident(*column.relation.path), ident(column.name), expression, where)


def _mapped(column: Column, enum: ObjectId, mapping: Mapping[str, str]) -> Sql:
    """The column's value with every label replaced, in arrays too."""
    name, type = ident(column.name), ident(*enum.path)
    if column.type.endswith("[]"):
        value = name
        for old, new in mapping.items():
            value = sql("array_replace({}, {}::{}, {}::{})", value, literal(old), type, literal(new), type)
        return value
    cases = (sql("WHEN {}::{} THEN {}::{}", literal(o), type, literal(n), type) for o, n in mapping.items())
    return sql("CASE {} {} END", name, join(" ", cases))


def _holds(column: Column, enum: ObjectId, labels: Iterable[str]) -> Sql:
    """The condition that a row's value is, or its array has, one of the labels."""
    name, type = ident(column.name), ident(*enum.path)
    listed = join(", ", (sql("{}::{}", literal(label), type) for label in labels))
    if column.type.endswith("[]"):
        return sql("{} && ARRAY[{}]", name, listed)
    return sql("{} IN ({})", name, listed)


def _held(column: Column, enum: ObjectId, gone: Sequence[str]) -> Assertion:
    count = sql("SELECT count(*) FROM {} WHERE {}", ident(*column.relation.path), _holds(column, enum, gone))
    return Assertion(count, f"{column.id} holds labels that are removed ({', '.join(gone)}): say what becomes of them")


STRATEGY = RemapLabels()
