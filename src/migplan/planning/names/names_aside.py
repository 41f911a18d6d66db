"""What bears a name of the schema's beside a table that stands in two incarnations: indexes of keys, and sequences of
identity columns, whose new ones go on where the old ones stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import Sql, ident, literal, sql
from migplan.core.steps import LockMode, Part, Statement, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.constraint import INDEXED, Constraint
from migplan.kinds.identity import Identity
from migplan.kinds.table import Table, columns_of


def names_aside(table: ObjectId, parts: Iterable[Part], catalog: Catalog) -> Iterator[Statement]:
    """Renames that make room for the new incarnation, of what comes and goes in these parts of the old one."""
    for _, identity in _identities(table, catalog):
        command = sql("ALTER SEQUENCE {} RENAME TO {}", ident(*identity.sequence), ident(_aside(identity)))
        yield Statement(command, LockMode.ACCESS_EXCLUSIVE)
    provided = sorted({id for part in parts for id in part.provides})
    for key in (catalog.get(id, Constraint) for id in provided):
        if key is not None and key.type in INDEXED:
            name = ident(key.relation.path[0], key.name)
            command = sql("ALTER INDEX {} RENAME TO {}", name, ident(temporary_name(key.name, "old")))
            yield Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE)


def sequences_carried(table: ObjectId, old: Catalog, new: Catalog) -> Iterator[Statement]:
    """Their positions, once the rows are there: out of the one that was set aside, or behind the largest value."""
    was = {column.name: identity for column, identity in _identities(table, old)}
    for column, identity in _identities(table, new):
        target, before = literal(ident(*identity.sequence)), was.get(column.name)
        yield Statement(_behind_largest(target, column) if before is None else _like(target, before))


def _like(target: Sql, before: Identity) -> Sql:
    return sql("SELECT setval({}, last_value, is_called) FROM {}", target, ident(before.sequence[0], _aside(before)))


def _behind_largest(target: Sql, column: Column) -> Sql:
    name, table = ident(column.name), ident(*column.relation.path)
    return sql("SELECT setval({}, max({}) + 1, false) FROM {} HAVING max({}) IS NOT NULL", target, name, table, name)


def _identities(table: ObjectId, catalog: Catalog) -> Iterable[tuple[Column, Identity]]:
    """Those of its own: a partition's, from 17 on, are its parent's."""
    obj = catalog.get(table, Table)
    if obj is not None and obj.partition_of is None:
        yield from ((c, c.identity) for c in columns_of(table, catalog) if c.identity is not None)


def _aside(identity: Identity) -> str:
    return temporary_name(identity.sequence[1], "old")
