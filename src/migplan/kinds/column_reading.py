"""Columns as the catalogs hold them: the query, and a column out of each of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern
from typing import Any, Final

from migplan.kinds import _acl
from migplan.kinds.base import PG_ATTRDEF, PG_CLASS, PG_CONSTRAINT, Found, Reading, not_of_extension, options
from migplan.kinds.column import Column, NotNull
from migplan.kinds.identity import read_identity
from migplan.kinds.not_null import is_made_up

_STORAGE: Final = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
_COMPRESSION: Final = {"p": "pglz", "l": "lz4"}
_DOMAIN: Final = """
WITH RECURSIVE d AS (
  SELECT 1 AS depth, t.oid, t.typbasetype, t.typtypmod, t.typnotnull
  UNION ALL
  SELECT d.depth + 1, b.oid, b.typbasetype, b.typtypmod, b.typnotnull
    FROM d JOIN pg_type b ON b.oid = d.typbasetype AND b.typtype = 'd')
SELECT json_build_array(
  bool_or(d.typnotnull OR EXISTS (SELECT FROM pg_constraint k WHERE k.contypid = d.oid)),
  (array_agg(format_type(d.typbasetype, d.typtypmod) ORDER BY d.depth DESC))[1], bool_or(d.typnotnull)) FROM d
"""
"""Of the domain ``t`` and those beneath it: whether they have constraints, the type below, whether they refuse NULL."""


def column_query(major: int) -> str:
    """One row for each column of a table, partitioned table or foreign table."""
    not_null, join_not_null = _not_null_sql(major)
    return f"""
SELECT a.attrelid, a.attnum, n.nspname::text, c.relname::text, c.relkind::text, c.relowner, a.attname::text,
       format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attcollation <> t.typcollation THEN
         (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
            FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,
       a.attnotnull, {not_null},
       a.attidentity::text, s.seq,
       a.attgenerated::text, d.oid, CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, a.attcompression::text,
       nullif(a.attstattarget, -1)::int, a.attoptions, a.attfdwoptions, a.attacl::text[],
       a.attinhcount > 0, a.attislocal, c.relispartition, CASE WHEN t.typtype = 'd' THEN ({_DOMAIN}) END
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
LEFT JOIN (
  SELECT dep.refobjid, dep.refobjsubid,
         json_build_array(sn.nspname, sc.relname, format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin,
                          q.seqmax, q.seqcache, q.seqcycle, sc.relpersistence,
                          sc.relpersistence <> (SELECT r.relpersistence FROM pg_class r WHERE r.oid = dep.refobjid),
                          sc.relacl::text[], sc.oid::bigint) AS seq
  FROM pg_depend dep
  JOIN pg_sequence q ON q.seqrelid = dep.objid
  JOIN pg_class sc ON sc.oid = dep.objid
  JOIN pg_namespace sn ON sn.oid = sc.relnamespace
  WHERE dep.classid = {PG_CLASS} AND dep.refclassid = {PG_CLASS} AND dep.deptype = 'i'
) s ON a.attidentity <> '' AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum
{join_not_null}
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
  AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
ORDER BY a.attrelid, a.attnum
"""


def built_column(row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Column]]:
    """The column of a row, also by the rows of its default and NOT NULL, which others depend on."""
    relid, number, schema, relation, relkind, owner, name, type, collation = row[:9]
    not_null, nn_oid, nn_name, nn_no_inherit, nn_valid, nn_local, identity, sequence = row[9:17]
    generated, default_oid, expression, storage, compression, statistics = row[17:23]
    attoptions, fdw_options, acl, inherited, local, is_partition, domain = row[23:]
    constrained, beneath, required = domain or (False, None, False)
    owner_name = reading.roles.get(owner, "")
    constraint = None
    if not_null:
        constraint = NotNull(
            name=None if inherited or is_made_up(nn_name, relation, name) else nn_name,
            given=nn_name,
            local=nn_local is not False,
            no_inherit=bool(nn_no_inherit),
            valid=nn_valid is not False,
            comment=None if nn_oid is None else reading.comment(PG_CONSTRAINT, nn_oid),
        )
    table = reading.relation("foreign_table" if relkind == "f" else "table", schema, relation)
    column = Column(
        id=table.child("column", name),
        comment=reading.comment(PG_CLASS, relid, number),
        owner=owner_name,
        grants=reading.grants(acl, owner_name, _acl.NOTHING) if acl else None,
        relation=table,
        position=number,
        type=intern(type),
        collation=collation,
        not_null=constraint,
        identity=read_identity(identity, sequence, owner_name, reading)
        if sequence is not None and not (is_partition and inherited)
        else None,
        generated=expression,
        virtual=generated == "v",
        storage=_STORAGE[storage] if storage else None,
        compression=_COMPRESSION.get(compression),
        statistics=statistics,
        options=options(attoptions),
        fdw_options=options(fdw_options),
        inherited=inherited,
        local=local,
        unconstrained=beneath if constrained else None,
        required=required,
    )
    yield (PG_CLASS, relid, number), column
    if default_oid is not None:
        yield (PG_ATTRDEF, default_oid, 0), column
    if nn_oid is not None:
        yield (PG_CONSTRAINT, nn_oid, 0), column


def _not_null_sql(major: int) -> tuple[str, str]:
    if major < 18:
        return "NULL::oid, NULL::text, false, true, true", ""
    return (
        "nn.oid, nn.conname::text, nn.connoinherit, nn.convalidated, nn.conislocal",
        "LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[a.attnum]",
    )
