"""What PostgreSQL forgets below a partition that is attached: identities, and which of equal indexes hangs on which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql import Sql, ident, join, literal, sql
from migplan.core.steps import LockMode, Statement, Timing
from migplan.kinds._descendants import partitions
from migplan.kinds.attachment import attach_partition, detach_partition
from migplan.kinds.constraint import Constraint
from migplan.kinds.index import Index
from migplan.kinds.table import Table, columns_of

_INHERITED: Final = 17
"""The first major version where partitions have the identities of their parents."""
_ASIDE: Final = "~equal~old"


def hang(table: Table, catalog: Catalog, *, scan: bool = True) -> list[Statement]:
    """Attach a table whose own partitions, if it has some, hang on it already."""
    attach = replace(attach_partition(table), scan=scan)
    return [attach, *identities_below(table.id, catalog), *names_below(table.id, catalog)]


def take_off(table: Table, catalog: Catalog) -> list[Statement]:
    """Detach it with all that is below it."""
    return [*identities_below(table.id, catalog), detach_partition(table)]


def identities_below(table: ObjectId, catalog: Catalog) -> list[Statement]:
    """ATTACH gives the partition an identity, but none of those below it; DETACH wants it on all (17 and later). They
    get it as they are attached once more, the upper ones first; where nothing lacks, nothing happens."""
    if not partitions(table, catalog) or not is_numbered(table, catalog):
        return []
    block = sql(
        "DO $migplan$\nDECLARE\n  below record;\nBEGIN\n  LOOP\n"
        "    SELECT h.inhparent::regclass AS parent, c.oid::regclass AS partition,"
        " pg_get_expr(c.relpartbound, c.oid) AS bound INTO below\n"
        "    FROM pg_partition_tree({}) t JOIN pg_inherits h ON h.inhrelid = t.relid\n"
        "    JOIN pg_class c ON c.oid = t.relid\n"
        "    JOIN pg_attribute a ON a.attrelid = h.inhparent AND a.attidentity <> ''\n"
        "    JOIN pg_attribute b ON b.attrelid = h.inhrelid AND b.attname = a.attname AND b.attidentity = ''\n"
        "    WHERE t.level > 0 ORDER BY t.level, t.relid LIMIT 1;\n    EXIT WHEN NOT FOUND;\n"
        "    EXECUTE format('ALTER TABLE ONLY %s DETACH PARTITION %s', below.parent, below.partition);\n"
        "    EXECUTE format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', below.parent, below.partition,"
        " below.bound);\n"
        "  END LOOP;\nEND\n$migplan$",
        literal(ident(*table.path)),
    )
    return [Statement(block, LockMode.ACCESS_EXCLUSIVE, scan=True, timing=Timing.LONG)]


def is_numbered(table: ObjectId, catalog: Catalog) -> bool:
    """Whether a partition has an identity, its uppermost parent's."""
    if catalog.major < _INHERITED:
        return False
    parent = catalog.get(table, Table)
    while parent is not None and parent.partition_of is not None:
        parent = catalog.get(parent.partition_of, Table)
    return parent is not None and any(c.identity is not None for c in columns_of(parent.id, catalog))


def names_below(table: ObjectId, catalog: Catalog) -> list[Statement]:
    """Of equal indexes ATTACH takes the one that was made first. They are the same but for their names: those that hang
    elsewhere than declared change names, and those below them as well."""
    pairs = list(_equal_pairs(table, catalog))
    if not pairs:
        return []
    rows = join(",\n    ", (sql("[{}, {}, {}]", *map(literal, pair)) for pair in pairs))
    block = sql(
        "DO $migplan$\nDECLARE\n  wanted text[] := ARRAY[\n    {rows}\n  ];\n  pair text[];\n  hangs regclass;\n"
        "  own regclass;\n  name text;\n  space text;\nBEGIN\n  FOREACH pair SLICE 1 IN ARRAY wanted LOOP\n"
        "    own := to_regclass(pair[2]);\n"
        "    SELECT x.indexrelid, c.relname, c.relnamespace::regnamespace INTO hangs, name, space\n"
        "    FROM pg_inherits h JOIN pg_index x ON x.indexrelid = h.inhrelid JOIN pg_class c ON c.oid = x.indexrelid\n"
        "    JOIN pg_index w ON w.indexrelid = own AND w.indrelid = x.indrelid\n"
        "    WHERE h.inhparent = to_regclass(pair[1]) AND x.indexrelid <> own;\n    CONTINUE WHEN NOT FOUND;\n"
        "    EXECUTE format('ALTER INDEX %s RENAME TO %I', hangs, {aside});\n"
        "    EXECUTE format('ALTER INDEX %s RENAME TO %I', own, name);\n"
        "    EXECUTE format('ALTER INDEX %s.%I RENAME TO %I', space, {aside}, pair[3]);\n"
        "  END LOOP;\nEND\n$migplan$",
        rows=rows,
        aside=literal(_ASIDE),
    )
    return [Statement(block, LockMode.ACCESS_EXCLUSIVE)]


def _equal_pairs(table: ObjectId, catalog: Catalog) -> Iterator[tuple[Sql, Sql, str]]:
    """Each of them, on the partition and below, behind the one above that it is to hang on; of others that are equal,
    but hang on none, ATTACH could take one as well."""
    indexes = [o for o in catalog.members.get(table, ()) if isinstance(o, Index | Constraint)]
    shapes = [_shape(o) for o in indexes]
    for obj, shape in sorted(zip(indexes, shapes, strict=True), key=lambda pair: pair[0].id):
        above = index_above(obj)
        if above is not None and shapes.count(shape) > 1:
            upper, own = (ident(id.path[0], id.path[-1]) for id in (above, obj.id))
            yield upper, own, obj.id.path[-1]
    for below in partitions(table, catalog):
        yield from _equal_pairs(below, catalog)


def _shape(obj: DbObject) -> DbObject:
    bare = ObjectId(obj.id.kind, ())
    return replace(obj, id=bare, parent=None) if isinstance(obj, Index) else replace(obj, id=bare, index_parent=None)


def index_above(obj: DbObject) -> ObjectId | None:
    """The partitioned index or key that one of a partition hangs on."""
    if isinstance(obj, Index):
        return obj.parent
    return obj.index_parent if isinstance(obj, Constraint) else None
