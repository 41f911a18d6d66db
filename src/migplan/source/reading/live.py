"""Reading a database that others may change at the same time.

A snapshot fixes the catalogs' rows, but not what functions like pg_get_viewdef print, which is always the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from migplan.core.errors import TargetError
from migplan.core.model import Catalog
from migplan.source.connect import Connection
from migplan.source.reading.introspect import Scope, clear_errors, introspect

_ATTEMPTS: Final = 3
_SIGNATURE: Final = """
SELECT 'pg_attrdef', count(*), max(xmin::text::bigint) FROM pg_attrdef
UNION ALL SELECT 'pg_attribute', count(*), max(xmin::text::bigint) FROM pg_attribute
UNION ALL SELECT 'pg_class', count(*), max(xmin::text::bigint) FROM pg_class
UNION ALL SELECT 'pg_constraint', count(*), max(xmin::text::bigint) FROM pg_constraint
UNION ALL SELECT 'pg_enum', count(*), max(xmin::text::bigint) FROM pg_enum
UNION ALL SELECT 'pg_index', count(*), max(xmin::text::bigint) FROM pg_index
UNION ALL SELECT 'pg_namespace', count(*), max(xmin::text::bigint) FROM pg_namespace
UNION ALL SELECT 'pg_policy', count(*), max(xmin::text::bigint) FROM pg_policy
UNION ALL SELECT 'pg_proc', count(*), max(xmin::text::bigint) FROM pg_proc
UNION ALL SELECT 'pg_rewrite', count(*), max(xmin::text::bigint) FROM pg_rewrite
UNION ALL SELECT 'pg_trigger', count(*), max(xmin::text::bigint) FROM pg_trigger
UNION ALL SELECT 'pg_type', count(*), max(xmin::text::bigint) FROM pg_type
ORDER BY 1
"""
"""Changes with every DDL command; with TRUNCATE, REFRESH and temporary tables as well, so that two readings decide."""
_TRANSACTIONS: Final = "SELECT pg_current_snapshot()::text"
"""The same as before where no transaction that writes has ended meanwhile: then nothing can have changed."""


def introspect_live(
    connection: Connection, scope: Scope | None = None, *, meanwhile: Callable[[Connection], None] | None = None
) -> Catalog:
    """The catalog of a database in use, read again where something was changed meanwhile.

    ``meanwhile`` is called in the snapshot of each reading, so that the last call belongs to what is returned. Raises
    ``TargetError`` where the schema keeps changing, and like ``introspect``.
    """
    seen: Catalog | None = None
    why = "two readings differ"
    for _ in range(_ATTEMPTS):
        running, before = transactions(connection), _signature(connection)
        try:
            found = introspect(connection, scope, meanwhile=meanwhile)
        except Exception as error:  # whatever half an object leads to
            if _signature(connection) == before:
                raise
            why = str(error)
            continue
        if transactions(connection) == running or _signature(connection) == before:
            return found
        if seen is not None and seen.fingerprint == found.fingerprint:
            return found
        seen = found
    raise TargetError(
        f"the schema changed while it was read, {_ATTEMPTS} times in a row: {why}",
        hint="Run the command again when no other migration is running.",
    )


def transactions(connection: Connection) -> list[tuple[Any, ...]]:
    """Which transactions a query sees the work of: where they are the same, so is what it finds."""
    return connection.execute(_TRANSACTIONS).fetchall()


def _signature(connection: Connection) -> list[tuple[Any, ...]]:
    with clear_errors(connection):
        return connection.execute(_SIGNATURE).fetchall()
