"""The moment in which two incarnations of a table change places: each changes its schema, no row is read."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.sql import Sql, ident, literal, sql
from migplan.core.steps import LockMode, Statement
from migplan.kinds.column import Column, Identity
from migplan.kinds.table import Table
from migplan.strategies.rebuilds.change_log import ChangeLog
from migplan.strategies.rebuilds.family import Family, drop_empty_schemas, make_schemas
from migplan.strategies.rebuilds.replayed_log import replay

AX = LockMode.ACCESS_EXCLUSIVE


def swap_families(coming: ChangeLog, going: ChangeLog) -> list[Statement]:
    """``coming`` has kept the arriving incarnation up, and ``going`` keeps up the leaving one from then on."""
    leaving, arriving = coming.source, coming.copy
    return [
        replay(coming),
        *coming.unwatch(),
        *coming.drop(),
        *make_schemas(leaving),
        *set_row_security(leaving, on=False),
        *carry_sequences(leaving, arriving),
        *(move(ident(*id.path), leaving.moved(id).path[0]) for id in leaving.tables),
        *(move(ident(*arriving.moved(id).path), id.path[0]) for id in arriving.tables),
        *arriving.unproved,
        *set_row_security(arriving, on=True),
        *drop_empty_schemas(arriving),
        *going.create(),
        *going.watch(),
    ]


def move(table: Sql, schema: str) -> Statement:
    """A table changes its schema."""
    return Statement(sql("ALTER TABLE {} SET SCHEMA {}", table, ident(schema)), AX)


def set_row_security(family: Family, *, on: bool) -> Iterable[Statement]:
    """In force for the incarnation in use only: none of its policies may hide a row from the replay."""
    for id in family.tables:
        table = family.catalog[id]
        assert isinstance(table, Table)
        head = sql("ALTER TABLE {}", ident(*id.path))
        if table.row_security:
            yield Statement(sql("{} {} ROW LEVEL SECURITY", head, Sql("ENABLE" if on else "DISABLE")), AX)
        if table.force_row_security:
            yield Statement(sql("{} {} ROW LEVEL SECURITY", head, Sql("FORCE" if on else "NO FORCE")), AX)


def carry_sequences(leaving: Family, arriving: Family) -> Iterable[Statement]:
    """An identity's own sequence goes on where the one before stopped, or behind the largest value."""
    was = {c.name: c for c in leaving.columns}
    for column in arriving.columns:
        if column.identity is None:
            continue
        sequence = literal(ident(*_moved(arriving, column.identity)))
        old = was.get(column.name)
        yield Statement(
            sql("SELECT setval({}, last_value, is_called) FROM {}", sequence, ident(*old.identity.sequence))
            if old is not None and old.identity is not None
            else _behind_largest(sequence, column, arriving)
        )


def _behind_largest(sequence: Sql, column: Column, family: Family) -> Sql:
    return sql(
        "SELECT setval({}, max({}) + 1, false) FROM {} HAVING max({}) IS NOT NULL",
        sequence,
        ident(column.name),
        family.aside,
        ident(column.name),
    )


def _moved(family: Family, identity: Identity) -> tuple[str, str]:
    schema, name = identity.sequence
    return family.schemas.get(schema, schema), name
