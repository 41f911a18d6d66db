"""How large the tables that a plan touches really are: measured, and counted as far as it matters."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from migplan.core.errors import TargetError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, TableSize
from migplan.source.connect import Connection

_COUNT_UP_TO_BYTES = 256 * 1024 * 1024
_BYTES = """
SELECT n.nspname::text, c.relname::text, pg_table_size(c.oid) + pg_indexes_size(c.oid), pg_relation_size(c.oid) = 0
FROM unnest(%s::text[], %s::text[]) asked(schema, name)
JOIN pg_namespace n ON n.nspname = asked.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.name
"""


def probe(connection: Connection, catalog: Catalog, tables: Iterable[ObjectId], limit: int) -> Catalog:
    """The catalog with the size of all of ``tables`` and their partitions, indexes and TOAST included, and with exact
    row counts (up to ``limit`` + 1) for those of ``tables`` whose estimate isn't beyond it.

    A table that the role may not read keeps its estimate, and counts as not empty.
    """
    asked = list(tables)
    sizes = {**catalog.sizes, **_measured(connection, catalog, _with_partitions(asked, catalog))}
    for id in asked:
        size = sizes.get(id)
        if size is None or size.empty or size.rows > limit or size.bytes > _COUNT_UP_TO_BYTES:
            continue
        rows = _count(connection, id, limit)
        if rows is not None:
            sizes[id] = TableSize(rows, size.bytes, empty=rows == 0)
    return catalog.with_sizes(sizes)


def without_rows(catalog: Catalog) -> Catalog:
    """The catalog of a database that holds no rows at all, such as a shadow."""
    return catalog.with_sizes(dict.fromkeys(catalog.sizes, TableSize(rows=0, bytes=0, empty=True)))


def _with_partitions(tables: Iterable[ObjectId], catalog: Catalog) -> set[ObjectId]:
    """The tables with their partitions, at any depth."""
    children: dict[ObjectId, list[ObjectId]] = {}
    for id in catalog.sizes:
        parent: ObjectId | None = getattr(catalog[id], "partition_of", None)
        while parent is not None and parent in catalog:
            children.setdefault(parent, []).append(id)
            parent = getattr(catalog[parent], "partition_of", None)
    return {id for table in tables for id in (table, *children.get(table, ()))}


def _measured(connection: Connection, catalog: Catalog, tables: set[ObjectId]) -> dict[ObjectId, TableSize]:
    """What of the tables has a size, with the bytes of everything that belongs to it."""
    known = {id.path: id for id in tables if id in catalog.sizes}
    if not known:
        return {}
    rows = connection.execute(_BYTES, [[path[0] for path in known], [path[1] for path in known]]).fetchall()
    found = ((known[schema, name], bytes, empty) for schema, name, bytes, empty in rows if bytes is not None)
    return {
        id: TableSize(rows=0 if empty else catalog.sizes[id].rows, bytes=bytes, empty=empty)
        for id, bytes, empty in found
    }


def _count(connection: Connection, table: ObjectId, limit: int) -> int | None:
    query = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}) counted").format(
        sql.Identifier(*table.path), sql.Literal(limit + 1)
    )
    try:
        row = connection.execute(query).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
    except psycopg.Error as error:
        raise TargetError(
            f"can't count the rows of {table}: {error.diag.message_primary or error}",
            hint="Run the command again when no other migration is running.",
        ) from error
    return int(row[0]) if row is not None else None
