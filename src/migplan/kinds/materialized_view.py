"""Materialized views; their indexes and columns are kinds of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement, Timing
from migplan.kinds import _acl
from migplan.kinds._replica_identity import set_replica_identity
from migplan.kinds.base import (
    PG_CLASS,
    PG_TYPE,
    Address,
    Found,
    Kind,
    Reading,
    made_by_users,
    not_of_extension,
    option_changes,
    option_list,
    options,
)
from migplan.kinds.view_column import (
    OUTPUT_COLUMNS,
    OutputColumn,
    column_settings,
    columns_of_view,
    output_columns,
    removed_or_retyped,
)

AX = LockMode.ACCESS_EXCLUSIVE


@packed
class MaterializedView(DbObject):
    """A materialized view: ``definition`` is its query as pg_get_viewdef prints it, without the semicolon.

    ``populated`` says whether it holds rows to read; a re-creation fills it only then. ``tablespace`` and
    ``access_method`` are None for the database's and for heap; options of its TOAST table are named ``toast.…``.
    ``replica_identity`` is d, f or n: its columns can hold NULL, so that no index tells its rows.
    """

    definition: str
    columns: tuple[OutputColumn, ...]
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None
    access_method: str | None = None
    replica_identity: str = "d"
    populated: bool = field(default=True, compare=False)


class MaterializedViewKind(Kind[MaterializedView]):
    """Relations of relkind m."""

    name = "materialized_view"
    keyword = "MATERIALIZED VIEW"
    holds = made_by_users("pg_class", "relkind = 'm'")
    privileges = _acl.TABLE
    grant_keyword = "TABLE"
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, n.nspname::text, c.relname::text, c.relowner, c.relacl::text[], c.reltype,
       pg_get_viewdef(c.oid), c.reloptions, t.reloptions, ts.spcname::text, am.amname::text, c.relispopulated,
       c.relreplident::text,
       {OUTPUT_COLUMNS}
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_am am ON am.oid = c.relam AND am.amname <> 'heap'
WHERE c.relkind = 'm' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[MaterializedView]]:
        oid, schema, name, owner, acl, row_type, definition, reloptions, toast_options = row[:9]
        tablespace, access_method, populated, replica_identity, columns = row[9:]
        view = MaterializedView(
            id=ObjectId("materialized_view", (schema, name)),
            comment=reading.comment(PG_CLASS, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            definition=definition.removesuffix(";"),
            columns=output_columns(columns),
            options=options(reloptions) + tuple((f"toast.{k}", v) for k, v in options(toast_options)),
            tablespace=tablespace,
            access_method=access_method,
            replica_identity=replica_identity,
            populated=populated,
        )
        yield Address(PG_CLASS, oid), view
        yield Address(PG_TYPE, row_type), view

    def parts(self, obj: MaterializedView, catalog: Catalog) -> list[Part]:
        columns = columns_of_view(obj.id, catalog)
        provided = frozenset({obj.id, *(c.id for c in columns)})
        settings = [s for c in columns for s in column_settings(c)]
        drop = Statement(sql("DROP MATERIALIZED VIEW {}", self.sql_name(obj)), AX)
        uses = frozenset(catalog.uses.get(obj.id, ()))
        if obj.replica_identity != "d":
            settings += set_replica_identity(obj)
        return [Part((create_materialized_view(obj), *settings), (drop,), provided, uses - provided)]

    def alter(
        self, old: MaterializedView, new: MaterializedView, before: Catalog, after: Catalog
    ) -> list[Statement] | None:
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        if fields & {"definition", "columns"} or ("access_method" in fields and after.major < 15):
            return None
        target = self.reference(new)
        statements = option_changes(target, old.options, new.options)
        if "tablespace" in fields:
            space = ident(new.tablespace or "pg_default")
            statements.append(_rewriting(sql("ALTER {} SET TABLESPACE {}", target, space)))
        if "access_method" in fields:
            method = ident(new.access_method or "heap")
            statements.append(_rewriting(sql("ALTER {} SET ACCESS METHOD {}", target, method)))
        if "replica_identity" in fields:
            statements += set_replica_identity(new)
        return statements

    def contract(self, old: MaterializedView, new: MaterializedView) -> str | None:
        gone = removed_or_retyped(old.columns, new.columns)
        return f"doesn't need {', '.join(gone)} of {new.id} as before" if gone else None

    def reshapes(self, old: MaterializedView, new: MaterializedView) -> bool:
        return old.columns != new.columns


def create_materialized_view(view: MaterializedView) -> Statement:
    """``CREATE MATERIALIZED VIEW``, which reads its tables where it is to hold rows."""
    command = sql(
        "CREATE MATERIALIZED VIEW {}{}{}{} AS\n{}\n{}",
        ident(*view.id.path),
        sql(" USING {}", ident(view.access_method)) if view.access_method else EMPTY,
        sql(" WITH ({})", option_list(view.options)) if view.options else EMPTY,
        sql(" TABLESPACE {}", ident(view.tablespace)) if view.tablespace else EMPTY,
        deparsed(view.definition),
        Sql("WITH DATA" if view.populated else "WITH NO DATA"),
    )
    timing = Timing.LONG if view.populated else Timing.QUICK
    return Statement(command, LockMode.ACCESS_SHARE, scan=view.populated, timing=timing)


def _rewriting(command: Sql) -> Statement:
    return Statement(command, AX, rewrite=True, timing=Timing.LONG)


KINDS = (MaterializedViewKind(),)
