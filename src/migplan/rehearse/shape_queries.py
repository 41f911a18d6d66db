"""The catalog queries behind ``shapes``; each gives a table's oid in its first column."""

from __future__ import annotations

from typing import Final

_OF_USERS: Final = """
c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'migplan')
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                  AND e.deptype = 'e')
"""
TABLES: Final = f"""
SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
       CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid::bigint END,
       CASE WHEN c.relispartition AND c.relkind = 'r' THEN coalesce(pg_get_partition_constraintdef(c.oid), 'true') END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OF_USERS} ORDER BY 2, 3
"""
_BELOW: Final = """
below (oid, base, typmod, checks, required) AS (
  SELECT t.oid, t.oid, -1, ARRAY[]::text[] COLLATE "C", false FROM pg_type t
  UNION ALL
  SELECT b.oid, t.typbasetype, t.typtypmod, b.checks || ARRAY(
           SELECT pg_get_expr(k.conbin, 0) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'),
         b.required OR t.typnotnull
  FROM below b JOIN pg_type t ON t.oid = b.base AND t.typtype = 'd'
)"""
_TYPED: Final = """
       a.attname::text, format_type(a.atttypid, a.atttypmod),
       format_type(b.base, CASE WHEN b.base = a.atttypid THEN a.atttypmod ELSE b.typmod END),
       t.typname::text, t.typcategory::text, t.typtype::text, b.checks,
       CASE WHEN a.atttypid < 16384 THEN 0 ELSE a.atttypid::bigint END, t.oid::bigint,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e
             WHERE e.enumtypid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END ORDER BY e.enumsortorder)
"""
PARTS: Final = f"""
WITH RECURSIVE {_BELOW},
parts (type, attnum, attname, atttypid, atttypmod) AS (
  SELECT t.oid, a.attnum, a.attname, a.atttypid, a.atttypmod
  FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid
  WHERE t.typtype = 'c' AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT rngtypid, 1, 'bound', rngsubtype, -1 FROM pg_range
  UNION ALL
  SELECT rngmultitypid, 1, 'range', rngtypid, -1 FROM pg_range
  UNION ALL
  SELECT oid, 1, 'element', typelem, -1 FROM pg_type WHERE typcategory = 'A' AND typtype = 'b' AND typelem <> 0
)
SELECT a.type::bigint, {_TYPED}, b.required
FROM parts a JOIN below b ON b.oid = a.atttypid JOIN pg_type t ON t.oid = b.base AND t.typtype <> 'd'
WHERE a.type::bigint = ANY (%s) ORDER BY a.type, a.attnum
"""
COLUMNS: Final = f"""
WITH RECURSIVE {_BELOW}
SELECT a.attrelid::bigint, {_TYPED},
       a.attnotnull OR b.required, a.attidentity::text, a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN below b ON b.oid = a.atttypid JOIN pg_type t ON t.oid = b.base AND t.typtype <> 'd'
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND {_OF_USERS} ORDER BY a.attrelid, a.attnum
"""
_NAMES: Final = (
    "ARRAY(SELECT a.attname::text FROM unnest({}) WITH ORDINALITY u (n, o)"
    " JOIN pg_attribute a ON a.attrelid = {} AND a.attnum = u.n ORDER BY u.o)"
)
KEYS: Final = f"""
SELECT i.indrelid::bigint, {_NAMES.format("i.indkey[:i.indnkeyatts - 1]", "i.indrelid")}, i.indisprimary
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND {_OF_USERS}
ORDER BY 1, 2
"""
UNIQUE: Final = f"""
SELECT i.indrelid::bigint, ARRAY(
  SELECT DISTINCT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND (
    a.attnum = ANY(i.indkey[:i.indnkeyatts - 1]) OR EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum)) ORDER BY 1)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (i.indisunique OR i.indisexclusion) AND {_OF_USERS} ORDER BY 1, 2
"""
FOREIGN_KEYS: Final = f"""
SELECT k.conrelid::bigint, {_NAMES.format("k.conkey", "k.conrelid")}, k.confrelid::bigint,
       {_NAMES.format("k.confkey", "k.confrelid")}
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND {_OF_USERS} ORDER BY 1, cardinality(k.conkey) DESC, 2
"""
CHECKS: Final = f"""
SELECT k.conrelid::bigint, k.conname::text, pg_get_expr(k.conbin, k.conrelid), {_NAMES.format("k.conkey", "k.conrelid")}
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'c' AND {_OF_USERS} ORDER BY 1, 2
"""
