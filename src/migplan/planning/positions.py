"""Sequences that come to a column which stays go on behind its values. PostgreSQL begins at their start, and the next
rows would meet the first ones' numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from migplan.core.model import Catalog
from migplan.core.sql import Sql
from migplan.core.steps import Down, Statement, Step
from migplan.kinds.behind_rows import behind_rows
from migplan.kinds.column import Column
from migplan.kinds.sequence import Sequence, owned_by
from migplan.strategies.columns.serial_to_identity import SerialToIdentity

_NUMBERS: Final = frozenset({"smallint", "integer", "bigint"})


def with_positions(steps: Iterable[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps; those that hang such a sequence on its column set it behind the rows as well, where they don't know
    its position."""
    come, back = dict(_positions(after, before)), dict(_positions(before, after))
    plain = (step if step.strategy == SerialToIdentity.name else _positioned(step, come, back) for step in steps)
    return list(plain) if come or back else list(steps)


def _positions(catalog: Catalog, other: Catalog) -> Iterator[tuple[Sql, Statement]]:
    for sequence in catalog.of(Sequence):
        if sequence.id in other or sequence.owned_by is None:
            continue
        column, former = (side.get(sequence.owned_by, Column) for side in (catalog, other))
        if column is not None and former is not None and {column.type, former.type} <= _NUMBERS:
            hung = owned_by(sequence, sequence.owned_by).sql
            yield hung, behind_rows(column, sequence.id.path, sequence, catalog, other)


def _positioned(step: Step, come: Mapping[Sql, Statement], back: Mapping[Sql, Statement]) -> Step:
    up = tuple(_followed(step.up, come))
    down = step.down
    if isinstance(down, Down):
        down = replace(down, statements=tuple(_followed(down.statements, back)))
    return step if up == step.up and down == step.down else replace(step, up=up, down=down)


def _followed(statements: Iterable[Statement], positions: Mapping[Sql, Statement]) -> Iterator[Statement]:
    for statement in statements:
        yield statement
        if statement.sql in positions:
            yield positions[statement.sql]
