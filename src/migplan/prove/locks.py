"""What pg_locks and pg_class say of a session, asked by itself or by another one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import psycopg

from migplan.core.records import record
from migplan.core.steps import LockMode

Connection = psycopg.Connection[tuple[Any, ...]]

_KINDS: Final = "('r', 'p', 'm')"
_RELATIONS: Final = f"""
SELECT c.oid::bigint, n.nspname || '.' || c.relname, c.relfilenode::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN {_KINDS} AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^~.*~(new|old)$'
"""  # noqa: S608 - a constant
_LOCKS: Final = "SELECT relation::bigint, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation'"

_OWN: Final = """
SELECT l.relation::bigint, l.mode, c.relfilenode::bigint
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
"""


@record
class Relations:
    """The tables and materialized views at one moment: names by oid, and the files where their rows lie."""

    names: Mapping[int, str]
    files: Mapping[int, int]


def relations(connection: Connection) -> Relations:
    """Those of the connected database; not PostgreSQL's own, nor what a plan builds aside in a schema of its own."""
    rows = connection.execute(_RELATIONS).fetchall()
    return Relations({oid: name for oid, name, _ in rows}, {oid: file for oid, _, file in rows})


def locks_of(pid: int, watch: Connection, existing: Relations) -> dict[int, LockMode]:
    """The strongest lock that a session holds or waits for, by oid, on relations that existed."""
    return _strongest(watch.execute(_LOCKS, [pid]).fetchall(), existing)


def own_locks(work: Connection, existing: Relations) -> tuple[dict[int, LockMode], dict[int, int]]:
    """What a session holds in its transaction, and where the rows of these relations lie now as it sees them."""
    rows = work.execute(_OWN).fetchall()
    return _strongest(((oid, mode) for oid, mode, _ in rows), existing), {oid: file for oid, _, file in rows}


def _strongest(locks: Iterable[tuple[int, str]], existing: Relations) -> dict[int, LockMode]:
    found: dict[int, LockMode] = {}
    for oid, name in locks:
        if oid in existing.names:
            found[oid] = max(mode_named(name), found.get(oid, LockMode.NONE))
    return found


def files_now(connection: Connection, oids: Iterable[int]) -> dict[int, int]:
    """Where the rows of these relations lie now, as the connected session sees it."""
    query = "SELECT oid::bigint, relfilenode::bigint FROM pg_class WHERE oid = ANY(%s::bigint[]::oid[])"
    listed = list(oids)
    return dict(connection.execute(query, [listed]).fetchall()) if listed else {}


def mode_named(name: str) -> LockMode:
    """``AccessExclusiveLock`` as pg_locks writes it."""
    words = re.findall("[A-Z][a-z]+", name.removesuffix("Lock"))
    return LockMode["_".join(words).upper()]
