"""Partitions that leave a table which foreign keys refer to: PostgreSQL refuses while a row refers to one of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import Sql, ident, join, sql
from migplan.core.steps import Assertion, Step
from migplan.kinds.attachment import attachment
from migplan.kinds.constraint import FOREIGN_KEY, Constraint
from migplan.kinds.table import Table


def with_counted_references(steps: Sequence[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps; those that detach such a partition first count the rows in their way. A key that is dropped meanwhile,
    as where the tables are made anew with their rows, is not in it."""
    going = {t for t in before.of(Table) if _leaves(t, after)}
    if not going:
        return list(steps)
    dropped = frozenset(id for step in steps for id in step.destroys)
    leaving = {attachment(t.id): list(_references(t, before, after, dropped)) for t in going}
    if not any(leaving.values()):
        return list(steps)
    return [_counting(step, leaving) for step in steps]


def _leaves(table: Table, after: Catalog) -> bool:
    new = after.get(table.id, Table)
    return table.partition_of is not None and (new is None or new.partition_of != table.partition_of)


def _counting(step: Step, leaving: dict[ObjectId, list[Assertion]]) -> Step:
    found = [a for id in sorted((step.creates | step.destroys) & leaving.keys()) for a in leaving[id]]
    return replace(step, asserts=(*step.asserts, *found)) if found else step


def _references(table: Table, before: Catalog, after: Catalog, dropped: frozenset[ObjectId]) -> Iterable[Assertion]:
    above = set(_ancestors(table, before))
    for key in before.of(Constraint):
        stays = key.id in after and key.target is not None and key.target in after and key.clone_of is None
        if key.type == FOREIGN_KEY and key.enforced and key.target in above and stays and key.id not in dropped:
            match = (_equal(*pair) for pair in zip(key.target_columns, key.columns, strict=True))
            count = sql(
                "SELECT count(*) FROM {} AS r WHERE EXISTS (SELECT FROM {} AS p WHERE {})",
                ident(*key.relation.path),
                ident(*table.id.path),
                join(" AND ", match),
            )
            yield Assertion(count, f"rows of {key.relation} refer by {key.id} to rows of {table.id}, which leaves")


def _equal(target: str, column: str) -> Sql:
    return sql("p.{} = r.{}", ident(target), ident(column))


def _ancestors(table: Table, catalog: Catalog) -> Iterator[ObjectId]:
    parent = None if table.partition_of is None else catalog.get(table.partition_of, Table)
    if parent is not None:
        yield parent.id
        yield from _ancestors(parent, catalog)
