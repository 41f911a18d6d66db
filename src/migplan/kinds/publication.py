"""Publications of logical replication: what they publish of which tables and schemas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds.base import (
    PG_PUBLICATION,
    PG_PUBLICATION_NAMESPACE,
    PG_PUBLICATION_REL,
    Address,
    Found,
    Kind,
    Reading,
    not_of_extension,
    simple_part,
)
from migplan.kinds.persistence import persistence

SUE = LockMode.SHARE_UPDATE_EXCLUSIVE
_OPERATIONS = ("insert", "update", "delete", "truncate")
_GENERATED = {"n": "none", "s": "stored"}
_PARAMETERS = frozenset({"operations", "via_root", "generated_columns"})


@record(order=True)
class PublishedTable:
    """A table of a publication: ``columns`` are sorted names, None for all; ``where`` is the deparsed row filter."""

    table: ObjectId
    columns: tuple[str, ...] | None = None
    where: str | None = None


@packed
class Publication(DbObject):
    """A publication of ``all_tables``, or of ``tables`` and of all tables of ``schemas`` (both sorted).

    ``operations`` are some of insert, update, delete, truncate, in that order; ``generated_columns`` (18) is none
    or stored.
    """

    all_tables: bool
    operations: tuple[str, ...]
    via_root: bool
    generated_columns: str = "none"
    tables: tuple[PublishedTable, ...] = ()
    schemas: tuple[str, ...] = ()


class PublicationKind(Kind[Publication]):
    """Rows of pg_publication with those of pg_publication_rel and, from 15 on, pg_publication_namespace."""

    name = "publication"
    keyword = "PUBLICATION"
    holds = "pg_publication"
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT p.oid, p.pubname::text, p.pubowner, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
       p.pubviaroot, {"p.pubgencols::text" if major >= 18 else "'n'"}, t.entries, {_schemas(major)}
FROM pg_publication p
LEFT JOIN (
  SELECT r.prpubid,
         jsonb_agg(jsonb_build_array(r.oid::bigint, n.nspname, c.relname, {_list_and_filter(major)})) AS entries
  FROM pg_publication_rel r
  JOIN pg_class c ON c.oid = r.prrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  GROUP BY r.prpubid
) t ON t.prpubid = p.oid
WHERE {not_of_extension(PG_PUBLICATION, "p.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Publication]]:
        oid, name, owner, all_tables, *operations, via_root, generated, tables, schemas = row
        publication = Publication(
            id=ObjectId("publication", (name,)),
            comment=reading.comment(PG_PUBLICATION, oid),
            owner=reading.roles.get(owner, ""),
            all_tables=all_tables,
            operations=tuple(o for o, published in zip(_OPERATIONS, operations, strict=True) if published),
            via_root=via_root,
            generated_columns=_GENERATED[generated],
            tables=tuple(sorted(_table(entry) for entry in tables or ())),
            schemas=tuple(sorted(schema for _, schema in schemas or ())),
        )
        yield Address(PG_PUBLICATION, oid), publication
        for entry in tables or ():
            yield Address(PG_PUBLICATION_REL, entry[0]), publication
        for entry_oid, _ in schemas or ():
            yield Address(PG_PUBLICATION_NAMESPACE, entry_oid), publication

    def parts(self, obj: Publication, catalog: Catalog) -> list[Part]:
        """The publication, and each of its tables and schemas: one that is rebuilt leaves and comes back alone."""
        name = self.sql_name(obj)
        all_tables = Sql(" FOR ALL TABLES") if obj.all_tables else EMPTY
        create = Statement(sql("CREATE PUBLICATION {}{} WITH ({})", name, all_tables, _parameters(obj, catalog.major)))
        drop = Statement(sql("DROP PUBLICATION {}", name))
        return [
            simple_part(obj.id, [create], [drop], ()),
            *(_table_part(obj, table, catalog) for table in obj.tables),
            *(_schema_part(obj, schema) for schema in obj.schemas),
        ]

    def alter(self, old: Publication, new: Publication, before: Catalog, after: Catalog) -> list[Statement] | None:
        """What goes, the parameters, what comes: a row filter on a partitioned table needs via_root, and column lists
        don't bear schemas beside them."""
        fields = changed_fields(old, new)
        if "all_tables" in fields:
            return None
        statements = [_drop_table(new, t) for t in old.tables if t not in new.tables]
        statements += [_drop_schema(new, s) for s in old.schemas if s not in new.schemas]
        if fields & _PARAMETERS:
            statements.append(
                Statement(sql("ALTER PUBLICATION {} SET ({})", self.sql_name(new), _parameters(new, after.major)))
            )
        statements += [_add_table(new, t) for t in new.tables if t not in old.tables]
        statements += [_add_schema(new, s) for s in new.schemas if s not in old.schemas]
        return statements

    def without_parts(self, obj: Publication, parts: frozenset[ObjectId]) -> Publication | None:
        tables = {id.path[-2:] for id in parts if id.kind == "published_table"}
        schemas = {id.path[-1] for id in parts if id.kind == "published_schema"}
        return replace(
            obj,
            tables=tuple(t for t in obj.tables if t.table.path not in tables),
            schemas=tuple(s for s in obj.schemas if s not in schemas),
        )

    def reshapes(self, old: Publication, new: Publication) -> bool:
        return False

    def alter_uses(self, old: Publication, new: Publication, after: Catalog) -> frozenset[ObjectId]:
        """A table that isn't logged can't be published."""
        return _come(old, new)

    def alter_releases(self, old: Publication, new: Publication) -> frozenset[ObjectId]:
        return _come(new, old)

    def drop_contract(self, obj: Publication) -> str | None:
        return f"has no subscriber to {obj.id}"


def _come(old: Publication, new: Publication) -> frozenset[ObjectId]:
    return frozenset(persistence(t.table) for t in new.tables if t not in old.tables)


def _list_and_filter(major: int) -> str:
    if major < 15:
        return "NULL, NULL"
    return """
    (SELECT jsonb_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
      WHERE a.attrelid = r.prrelid AND a.attnum = ANY(r.prattrs::int2[])), pg_get_expr(r.prqual, r.prrelid)"""


def _schemas(major: int) -> str:
    if major < 15:
        return "NULL::jsonb"
    return """
       (SELECT jsonb_agg(jsonb_build_array(pn.oid::bigint, n.nspname))
          FROM pg_publication_namespace pn JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE pn.pnpubid = p.oid)"""


def _table(entry: list[Any]) -> PublishedTable:
    _, schema, name, columns, where = entry
    return PublishedTable(ObjectId("table", (schema, name)), None if columns is None else tuple(columns), where)


def _parameters(publication: Publication, major: int) -> Sql:
    items = [
        sql("publish = {}", literal(", ".join(publication.operations))),
        Sql(f"publish_via_partition_root = {str(publication.via_root).lower()}"),
    ]
    if major >= 18:
        items.append(Sql(f"publish_generated_columns = {publication.generated_columns}"))
    return join(", ", items)


def _table_part(publication: Publication, table: PublishedTable, catalog: Catalog) -> Part:
    uses = {publication.id, table.table, persistence(table.table)}
    if table.columns is not None or table.where is not None:
        recorded = catalog.uses.get(publication.id, frozenset())
        uses |= {u for u in recorded if u.kind == "column" and u.path[:2] == table.table.path}
    return Part(
        (_add_table(publication, table),),
        (_drop_table(publication, table),),
        frozenset({ObjectId("published_table", (*publication.id.path, *table.table.path))}),
        frozenset(uses),
    )


def _schema_part(publication: Publication, schema: str) -> Part:
    return Part(
        (_add_schema(publication, schema),),
        (_drop_schema(publication, schema),),
        frozenset({publication.id.child("published_schema", schema)}),
        frozenset({publication.id, ObjectId("schema", (schema,))}),
    )


def _add_table(publication: Publication, table: PublishedTable) -> Statement:
    columns = sql(" ({})", join(", ", map(ident, table.columns))) if table.columns is not None else EMPTY
    where = sql(" WHERE ({})", deparsed(table.where)) if table.where is not None else EMPTY
    name = ident(*table.table.path)
    return _alter(publication, sql("ADD TABLE ONLY {}{}{}", name, columns, where))


def _drop_table(publication: Publication, table: PublishedTable) -> Statement:
    return _alter(publication, sql("DROP TABLE ONLY {}", ident(*table.table.path)))


def _add_schema(publication: Publication, schema: str) -> Statement:
    return _alter(publication, sql("ADD TABLES IN SCHEMA {}", ident(schema)))


def _drop_schema(publication: Publication, schema: str) -> Statement:
    return _alter(publication, sql("DROP TABLES IN SCHEMA {}", ident(schema)))


def _alter(publication: Publication, clause: Sql) -> Statement:
    return Statement(sql("ALTER PUBLICATION {} {}", ident(*publication.id.path), clause), SUE)


KINDS = (PublicationKind(),)
