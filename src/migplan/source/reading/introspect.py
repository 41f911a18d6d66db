"""Reading a database's schema into a catalog: one snapshot, every kind's query in one round trip."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import Any, Final

import psycopg

from migplan.core.errors import TargetError
from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.model import Address, CastRule, Catalog, DbObject, TableSize, Unmodelled
from migplan.core.records import record
from migplan.kinds.base import Kind, Reading
from migplan.kinds.registry import kinds
from migplan.source.connect import Connection
from migplan.source.reading import references, unmodelled
from migplan.source.reading.kept_plans import kept_plans
from migplan.source.reading.reprinting import settled
from migplan.source.reading.row_aliases import with_columns_of_rows, without_row_aliases
from migplan.source.reading.streaming import Rows, streamed

_BEGIN = """
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL search_path = ''; SET LOCAL statement_timeout = 0; SET LOCAL intervalstyle = postgres;
SET LOCAL datestyle = ISO; SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 1;
SET LOCAL quote_all_identifiers = off; SET LOCAL enable_nestloop = off; SET LOCAL jit = off;
SET LOCAL idle_in_transaction_session_timeout = 0
"""
_SCHEMAS = """
SELECT oid, nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname !~ '^~.*~(new|old)$' AND nspname NOT IN ('information_schema', 'migplan')
ORDER BY nspname
"""
_ROLES = "SELECT oid, rolname FROM pg_roles"
_COMMENTS = (
    "SELECT classoid, objoid, objsubid, description FROM pg_description WHERE objoid >= 16384 OR classoid = 2615"
)
_CASTS = """
SELECT format_type(castsource, NULL), format_type(casttarget, NULL), castcontext::text, castmethod::text FROM pg_cast
"""
_SIZES = """
SELECT n.nspname::text, c.relname::text, c.reltuples::bigint, c.relpages * current_setting('block_size')::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relnamespace = ANY(%(ns)s::oid[])
"""
"""As the last VACUUM or ANALYZE saw them: to measure each takes a tenth of the reading, and a plan touches few."""

_RECORDED: Final = 15
"""From that version on PostgreSQL records which columns of a function's rows a query reads."""


@record
class Scope:
    """Which schemas are read: ``schemas`` by name, or every one that isn't PostgreSQL's or migplan's own."""

    schemas: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def __contains__(self, schema: str) -> bool:
        return schema not in self.without and (self.schemas is None or schema in self.schemas)


def introspect(
    connection: Connection,
    scope: Scope | None = None,
    *,
    again: bool = False,
    meanwhile: Callable[[Connection], None] | None = None,
) -> Catalog:
    """The catalog of the connected database, as of one snapshot; ``meanwhile`` is called in the same one.

    ``connection`` is left idle (its transaction is rolled back); ``again`` says that it reads its catalogs more than
    once. Raises ``TargetError`` for a server older than 14, for a missing privilege, or when a concurrent DDL command
    removed an object while it was read.
    """
    major = connection.info.server_version // 10000
    if major < 14:
        raise TargetError(
            f"PostgreSQL {major} is not supported", hint="migplan works with PostgreSQL 14 to 18; upgrade the server."
        )
    with clear_errors(connection), snapshot(connection), _collector_paused():
        found = _read(connection, scope or Scope(), major, again)
        if meanwhile is not None:
            meanwhile(connection)
        return found


@contextmanager
def clear_errors(connection: Connection) -> Generator[None]:
    """What reading catalogs may meet, as ``TargetError``."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InternalError_) as error:
        raise TargetError(
            f"the schema changed while it was read: {error.diag.message_primary}",
            hint="Run the command again when no other migration is running.",
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise TargetError(
            f"the role {connection.info.user!r} may not read the catalogs: {error.diag.message_primary}",
            hint="Connect as the owner of the schema, or grant it that role.",
        ) from error


@contextmanager
def snapshot(connection: Connection) -> Generator[None]:
    """One read-only REPEATABLE READ transaction with an empty search_path, so that every name is printed qualified.

    Without nested loops: nobody has gathered statistics of a new database's catalogs, the planner takes its objects for
    a few, and would go through all of one catalog for each row of another.
    """
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        connection.rollback()
    connection.execute(_BEGIN)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")


def _read(connection: Connection, scope: Scope, major: int, again: bool) -> Catalog:
    kept = kept_plans(connection) if again else None
    places = [*(kind.holds for kind in kinds().values()), *(place for place, _ in unmodelled.queries())]
    with streamed(connection, [_SCHEMAS, _filled(places)], (), kept) as (found_schemas, ((filled,),)):
        schemas = [oid for oid, name in found_schemas if name in scope]
        there = {place for place, has_rows in zip(_asked(places), filled, strict=True) if has_rows} | {""}
    readers = [kind for kind in kinds().values() if major >= kind.since and kind.holds in there]
    others = [query for place, query in unmodelled.queries() if place in there]
    first, rest = _by_weight(readers)
    queries = [
        *(_ROLES, _COMMENTS, _CASTS),
        *(k.query(major) for k in first),
        references.query(major),
        *(k.query(major) for k in rest),
        *(_SIZES, *others),
    ]
    with streamed(connection, queries, schemas, kept) as results:
        roles, comments, casts = (next(results) for _ in range(3))
        reading = Reading(major=major, roles=dict(roles), comments={row[:3]: row[3] for row in comments})
        built = _Built()
        for kind in first:
            built.take(kind, next(results), reading)
        resolving = references.Resolving(built.addresses)
        resolving.take(next(results))
        for kind in rest:
            built.take(kind, next(results), reading)
        objects = built.objects(readers)
        found_references = resolving.finished(objects)
        sizes = _sizes(next(results), objects)
        found = [Unmodelled(*row) for rows in results for row in rows]
    return Catalog(
        server_version=connection.info.server_version,
        objects=without_row_aliases(objects),
        uses=with_columns_of_rows(objects, found_references.uses) if major < _RECORDED else found_references.uses,
        sizes=sizes,
        unmodelled=tuple(sorted([*found, *unmodelled.unread_options(objects.values())])),
        casts=frozenset(CastRule(*row) for row in casts),
        role=connection.info.user,
        outsiders=found_references.outsiders,
    )


def _asked(places: Iterable[str]) -> list[str]:
    return sorted({place for place in places if place})


def _filled(places: Sequence[str]) -> str:
    """A query for whether there are rows, place by place, in one array."""
    return f"SELECT ARRAY[{', '.join(f'EXISTS (SELECT FROM {place})' for place in _asked(places))}]"


_MANY: Final = ("column", "default", "table")
"""Kinds whose rows are quickly read and slowly made into objects; they come first, and references behind them, so that
this goes on while the server prints constraints and indexes, one by one."""


def _by_weight(readers: Sequence[Kind[Any]]) -> tuple[list[Kind[Any]], list[Kind[Any]]]:
    return [k for k in readers if k.name in _MANY], [k for k in readers if k.name not in _MANY]


@record
class _Built:
    """Objects by kind, and by their addresses."""

    of_kind: dict[str, dict[ObjectId, DbObject]] = field(default_factory=dict[str, dict[ObjectId, DbObject]])
    addresses: dict[Address, ObjectId] = field(default_factory=dict[Address, ObjectId])

    def take(self, kind: Kind[Any], rows: Rows, reading: Reading) -> None:
        """Makes the objects of one kind's rows."""
        objects = self.of_kind[kind.name] = dict[ObjectId, DbObject]()
        for row in rows if kind.name in CALLABLE else settled(rows, kind.printed):
            for address, obj in kind.build(row, reading):
                objects[obj.id] = obj
                self.addresses[address] = obj.id

    def objects(self, readers: Iterable[Kind[Any]]) -> dict[ObjectId, DbObject]:
        """All of them, in the order of ``readers``, whatever order they were read in."""
        found: dict[ObjectId, DbObject] = {}
        for kind in readers:
            found.update(self.of_kind[kind.name])
        return found


def estimated_sizes(connection: Connection, catalog: Catalog) -> dict[ObjectId, TableSize]:
    """What PostgreSQL takes the sizes of the catalog's relations for, in the snapshot that the connection is in."""
    with streamed(connection, [_SCHEMAS], ()) as (schemas,):
        oids = [oid for oid, name in schemas if ObjectId("schema", (name,)) in catalog]
    with streamed(connection, [_SIZES], oids) as (rows,):
        return _sizes(rows, catalog.objects)


def _sizes(rows: Rows, objects: Mapping[ObjectId, DbObject]) -> dict[ObjectId, TableSize]:
    sizes: dict[ObjectId, TableSize] = {}
    for schema, name, tuples, size in rows:
        for kind in ("table", "materialized_view"):
            if (id := ObjectId(kind, (schema, name))) in objects:
                sizes[id] = TableSize(rows=tuples, bytes=size, empty=False)
    return sizes


@contextmanager
def _collector_paused() -> Generator[None]:
    """Tens of thousands of new objects make the cyclic collector scan for nothing: 5.4 s instead of 1.4 s."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
