"""What stands in the server's catalogs, as one number: as long as it stays the same, a second reading finds the same.

Objects are printed one by one, which takes the server most of the time that a reading takes; to hash the rows that they
are made of takes a third of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.source.connect import Connection
from migplan.source.reading.streaming import streamed

_FIRST_USER_OID: Final = 16384
"""What initdb made has smaller ones (PostgreSQL's access/transam.h)."""
LEFT_OUT: Final = frozenset(
    # rows of the data, and what was found out about them
    "pg_largeobject pg_largeobject_metadata pg_statistic pg_statistic_ext_data"
    # what every database of the server has in common, and changes with each scratch database
    " pg_database pg_shdepend pg_shdescription pg_replication_origin"
    # read through views that everybody may read, or known from the settings that they lead to
    " pg_authid pg_user_mapping pg_db_role_setting".split()
)
"""Catalogs that no object is made of."""
_RESTLESS: Final = (
    *("relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid"),
    *("relfilenode", "indcheckxmin"),
)
"""Columns that change by VACUUM, ANALYZE, TRUNCATE or REINDEX."""
_SYSTEM_LEFT_OUT: Final = {
    "pg_aggregate": "aggfnoid::oid",
    "pg_attribute": "attrelid",
    "pg_operator": "oid",
    "pg_proc": "oid",
    "pg_rewrite": "oid",
    "pg_type": "oid",
}
"""Catalogs that are mostly PostgreSQL's own, with the column that tells: nobody reads those objects."""
_HASHABLE: Final = ("oid", "name", "boolean", "smallint", "integer", "bigint", "text", '"char"', "regproc")
"""Types of a column that are hashed as they are; the others' text is."""
_COLUMNS: Final = """
SELECT c.relname::text, c.oid::int8, ARRAY(
  SELECT quote_ident(a.attname) || CASE WHEN a.atttypid::regtype::text = ANY(%s) THEN '' ELSE '::text' END
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL(%s)
    AND has_column_privilege(c.oid, a.attnum, 'SELECT')
  ORDER BY a.attnum
)
FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.relname <> ALL(%s)
ORDER BY c.oid
"""
_OTHERS: Final = (
    "SELECT sum(hashtextextended(r::text, 1)) FROM pg_catalog.pg_roles r",
    "SELECT sum(hashtextextended(m::text, 2)) FROM pg_catalog.pg_user_mappings m",
    "SELECT sum(hashtextextended(concat_ws('=', name, setting), 3)) FROM pg_catalog.pg_settings"
    " WHERE context IN ('internal', 'user', 'superuser')",
    "SELECT hashtextextended(concat_ws(' ', datname, datcollate, encoding, pg_catalog.version()), 4)"
    " FROM pg_catalog.pg_database WHERE datname = current_database()",
)


def catalog_state(connection: Connection) -> str:
    """A number of some twenty digits that changes with whatever an object is read from, catalogs and settings.

    To be called in the snapshot of which it is to tell. By chance two states have the same one in 2 to the 64th cases.
    """
    catalogs = connection.execute(_COLUMNS, [list(_HASHABLE), list(_RESTLESS), sorted(LEFT_OUT)]).fetchall()
    queries = [*(_hashed(*catalog) for catalog in catalogs if catalog[2]), *_OTHERS]
    with streamed(connection, queries, ()) as results:
        return str(sum(number or 0 for ((number,),) in results))


def _hashed(name: str, oid: int, columns: Sequence[str]) -> str:
    """A catalog's own oid is the seed, so that the same row elsewhere counts as another."""
    telling = _SYSTEM_LEFT_OUT.get(name)
    rows = f"pg_catalog.{name}" if telling is None else f"pg_catalog.{name} WHERE {telling} >= {_FIRST_USER_OID}"
    return f"SELECT sum(hash_record_extended(ROW({', '.join(columns)}), {oid})) FROM {rows}"  # noqa: S608
