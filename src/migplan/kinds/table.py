"""Tables: ordinary, unlogged, partitioned, partitions and inheritance children. Columns are a kind of their own."""

from __future__ import annotations

from dataclasses import field

from migplan.core.ids import ObjectId
from migplan.core.model import UNTOLD, Catalog, DbObject
from migplan.core.packed import packed
from migplan.kinds.column import Column


@packed
class Table(DbObject):
    """A table.

    ``partition_key`` is the deparsed key of a partitioned table, ``bound`` the deparsed ``FOR VALUES …`` of a
    partition of ``partition_of``, and ``bound_condition`` what it says of every row, as an expression;
    ``inherits`` are plain parents, in order. ``replica_identity`` is d, f, n or the id of an index or constraint.
    ``of_type`` is the qualified composite type of a typed table. ``key_columns`` are those that the partition key
    names or computes from: PostgreSQL changes no type of theirs. ``column_order`` are the columns' names where a
    directive asks for the declared order, and it isn't there.
    """

    partition_key: str | None = None
    partition_of: ObjectId | None = None
    bound: str | None = None
    bound_condition: str | None = field(default=None, compare=False)
    inherits: tuple[ObjectId, ...] = ()
    unlogged: bool = False
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None
    access_method: str | None = None
    row_security: bool = False
    force_row_security: bool = False
    replica_identity: str | ObjectId = "d"
    of_type: str | None = None
    key_columns: tuple[str, ...] = field(default=(), compare=False)
    column_order: tuple[str, ...] = field(default=(), metadata=UNTOLD)


def columns_of(table: ObjectId, catalog: Catalog) -> list[Column]:
    """A relation's columns in the order of their numbers."""
    return sorted(catalog.members_of(table, Column), key=lambda c: c.position)
