"""How large the tables that a plan touches really are: counted as far as it matters, not only estimated."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from migplan.core.errors import TargetError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, TableSize
from migplan.source.connect import Connection

_COUNT_UP_TO_BYTES = 256 * 1024 * 1024


def probe(connection: Connection, catalog: Catalog, tables: Iterable[ObjectId], limit: int) -> Catalog:
    """The catalog with exact row counts (up to ``limit`` + 1) for those of ``tables`` whose estimate isn't beyond it.

    A table that the role may not read keeps its estimate, and counts as not empty.
    """
    sizes = dict(catalog.sizes)
    for id in tables:
        size = sizes.get(id)
        if size is None or size.empty or size.rows > limit or size.bytes > _COUNT_UP_TO_BYTES:
            continue
        rows = _count(connection, id, limit)
        if rows is not None:
            sizes[id] = TableSize(rows, size.bytes, empty=rows == 0)
    return catalog.with_sizes(sizes)


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
