"""Columns of views and materialized views: their comments, grants and, of the latter, storage settings.

What a column is called and its type belong to the relation's model, which is what changes with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from typing import Any, Final, NamedTuple

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, Grant, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import Sql, ident, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds import _acl
from migplan.kinds.base import (
    PG_CLASS,
    Address,
    Found,
    Kind,
    Reading,
    made_by_users,
    not_of_extension,
    option_changes,
    options,
    simple_part,
)
from migplan.kinds.type_changes import keeps_rows

AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
PG_ATTRIBUTE: Final = 1249
_STORAGE: Final = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
_COMPRESSION: Final = {"p": "pglz", "l": "lz4"}
_RELATION_KINDS: Final = {"v": "view", "m": "materialized_view"}


class OutputColumn(NamedTuple):
    """What a query yields in one column; ``collation`` only where it isn't the type's own."""

    name: str
    type: str
    collation: str | None


OUTPUT_COLUMNS: Final = """
(SELECT array_agg(ARRAY[a.attname::text, format_type(a.atttypid, a.atttypmod),
          CASE WHEN a.attcollation <> t.typcollation THEN
            (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
               FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
              WHERE co.oid = a.attcollation) END] ORDER BY a.attnum)
   FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = c.oid AND a.attnum > 0)
"""
"""The columns of the relation ``c`` as a catalog query reads them for :func:`output_columns`."""


def output_columns(read: Sequence[Sequence[Any]] | None) -> tuple[OutputColumn, ...]:
    """What :data:`OUTPUT_COLUMNS` yielded; None for a relation without columns."""
    return tuple(OutputColumn(*column) for column in read or ())


def removed_or_retyped(old: Iterable[OutputColumn], new: Iterable[OutputColumn]) -> list[str]:
    """Names of old columns that are gone or of another type, in their order; a wider one is no other for who reads."""
    after = {c.name: c for c in new}
    return [c.name for c in old if not _reads_as(after.get(c.name), c)]


def _reads_as(new: OutputColumn | None, old: OutputColumn) -> bool:
    return new is not None and new.collation == old.collation and keeps_rows(old.type, new.type)


@packed
class ViewColumn(DbObject):
    """A column of ``relation``. ``storage`` only where it isn't the type's, which is ``type_storage``."""

    relation: ObjectId = field(compare=False)
    position: int = field(compare=False)
    storage: str | None = None
    type_storage: str = field(compare=False)
    compression: str | None = None
    statistics: int | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def table(self) -> ObjectId | None:
        return self.relation

    @property
    def name(self) -> str:
        """The column's raw name."""
        return self.id.path[-1]


class ViewColumnKind(Kind[ViewColumn]):
    """Rows of pg_attribute of views and materialized views.

    Their addresses are not those of pg_depend, so that a reference to such a column counts as one to its relation.
    """

    name = "view_column"
    keyword = "COLUMN"
    holds = made_by_users("pg_class", "relkind IN ('v', 'm')")

    def query(self, major: int) -> str:
        return f"""
SELECT a.attrelid, a.attnum::int, n.nspname::text, c.relname::text, c.relkind::text, c.relowner, a.attname::text,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, t.typstorage::text, a.attcompression::text,
       nullif(a.attstattarget, -1)::int, a.attoptions, a.attacl::text[]
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND n.oid = ANY(%(ns)s::oid[])
  AND a.attrelid = ANY (ARRAY(SELECT v.oid FROM pg_class v WHERE v.relkind IN ('v', 'm')
                                 AND v.relnamespace = ANY(%(ns)s::oid[])))
  AND {not_of_extension(PG_CLASS, "c.oid")}
ORDER BY a.attrelid, a.attnum
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[ViewColumn]]:
        relid, number, schema, relation, relkind, owner, name = row[:7]
        storage, type_storage, compression, statistics, attoptions, acl = row[7:]
        column = ViewColumn(
            id=ObjectId("view_column", (schema, relation, name)),
            comment=reading.comment(PG_CLASS, relid, number),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges) if acl else None,
            relation=ObjectId(_RELATION_KINDS[relkind], (schema, relation)),
            position=number,
            storage=_STORAGE[storage] if storage else None,
            type_storage=_STORAGE[type_storage],
            compression=_COMPRESSION.get(compression),
            statistics=statistics,
            options=options(attoptions),
        )
        yield Address(PG_ATTRIBUTE, relid, number), column

    def parts(self, obj: ViewColumn, catalog: Catalog) -> list[Part]:
        """The column comes and goes with its relation's query."""
        return [simple_part(obj.id, column_settings(obj), (), {obj.relation})]

    def alter(self, old: ViewColumn, new: ViewColumn, before: Catalog, after: Catalog) -> list[Statement] | None:
        return _changed_settings(old, new)

    def drop_contract(self, obj: ViewColumn) -> str | None:
        """The relation's change says it."""
        return None

    def grant_statements(
        self, obj: ViewColumn, old: Iterable[Grant], new: Iterable[Grant], owner: str
    ) -> list[Statement]:
        target = sql("TABLE {}", ident(*obj.relation.path))
        return [
            Statement(s, LockMode.ACCESS_SHARE) for s in _acl.change_grants(target, old, new, owner, ident(obj.name))
        ]


def columns_of_view(relation: ObjectId, catalog: Catalog) -> list[ViewColumn]:
    """The columns of a view or materialized view in their order."""
    return sorted(catalog.members_of(relation, ViewColumn), key=lambda c: c.position)


def column_settings(column: ViewColumn) -> list[Statement]:
    """What a new materialized view's column needs beyond its query."""
    fresh = replace(column, storage=None, compression=None, statistics=None, options=())
    return _changed_settings(fresh, column)


def _changed_settings(old: ViewColumn, new: ViewColumn) -> list[Statement]:
    fields = changed_fields(old, new)
    relation = sql("MATERIALIZED VIEW {}", ident(*new.relation.path))
    column = sql("{} ALTER COLUMN {}", relation, ident(new.name))
    statements: list[Statement] = []
    if "storage" in fields:
        storage = Sql(new.storage or new.type_storage)
        statements.append(Statement(sql("ALTER {} SET STORAGE {}", column, storage), AX))
    if "compression" in fields:
        compression = Sql(new.compression or "default")
        statements.append(Statement(sql("ALTER {} SET COMPRESSION {}", column, compression), AX))
    if "statistics" in fields:
        target = -1 if new.statistics is None else new.statistics
        statements.append(Statement(sql("ALTER {} SET STATISTICS {}", column, target), SUE))
    return [*statements, *option_changes(column, old.options, new.options, SUE)]


KINDS = (ViewColumnKind(),)
