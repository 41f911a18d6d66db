"""Views: their query, options and check option. Their columns' comments and grants are a kind of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds import _acl
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
    columns_of_view,
    output_columns,
    removed_or_retyped,
)

AX, READS = LockMode.ACCESS_EXCLUSIVE, LockMode.ACCESS_SHARE
_TRUE: Final = frozenset({"true", "on", "yes", "1"})
_TYPES: Final = frozenset(
    {"schema", "extension", "enum", "domain", "range", "composite_type", "base_type", "table", "collation"}
)


@packed
class View(DbObject):
    """A view: ``definition`` is its query as pg_get_viewdef prints it, without the semicolon.

    ``options`` are security_barrier, security_invoker and check_option.
    """

    definition: str
    columns: tuple[OutputColumn, ...]
    options: tuple[tuple[str, str], ...] = ()


class ViewKind(Kind[View]):
    """Relations of relkind v."""

    name = "view"
    keyword = "VIEW"
    holds = made_by_users("pg_class", "relkind = 'v'")
    privileges = _acl.TABLE
    grant_keyword = "TABLE"
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, n.nspname::text, c.relname::text, c.relowner, c.relacl::text[], c.reltype,
       pg_get_viewdef(c.oid), c.reloptions, {OUTPUT_COLUMNS}
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND c.relpersistence <> 't' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[View]]:
        oid, schema, name, owner, acl, row_type, definition, reloptions, columns = row
        view = View(
            id=ObjectId("view", (schema, name)),
            comment=reading.comment(PG_CLASS, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            definition=definition.removesuffix(";"),
            columns=output_columns(columns),
            options=options(reloptions),
        )
        yield Address(PG_CLASS, oid), view
        yield Address(PG_TYPE, row_type), view

    def parts(self, obj: View, catalog: Catalog) -> list[Part]:
        provided = frozenset({obj.id, *(c.id for c in columns_of_view(obj.id, catalog))})
        uses = frozenset(catalog.uses.get(obj.id, ()))
        return [Part((_create(obj),), (_drop(obj),), provided, uses - provided)]

    def alter(self, old: View, new: View, before: Catalog, after: Catalog) -> list[Statement] | None:
        if changed_fields(old, new) & {"definition", "columns"}:
            return [replace_view(new)] if extends(old.columns, new.columns) else None
        return option_changes(sql("VIEW {}", self.sql_name(new)), old.options, new.options)

    def contract(self, old: View, new: View) -> str | None:
        if gone := removed_or_retyped(old.columns, new.columns):
            return f"doesn't need {', '.join(gone)} of {new.id} as before"
        was, becomes = dict(old.options), dict(new.options)
        if becomes.get("security_invoker") in _TRUE and was.get("security_invoker") not in _TRUE:
            return f"may itself read what {new.id} reads"
        if "check_option" in becomes and was.get("check_option") not in ("cascaded", becomes["check_option"]):
            return f"writes through {new.id} only rows that it shows"
        return None

    def reshapes(self, old: View, new: View) -> bool:
        return old.columns != new.columns


def extends(old: tuple[OutputColumn, ...], new: tuple[OutputColumn, ...]) -> bool:
    """Whether CREATE OR REPLACE VIEW accepts the new columns: the old ones as they are, more of them at the end."""
    return new[: len(old)] == old


def placeholder(view: View, catalog: Catalog) -> tuple[Part, Part]:
    """The view in two parts, for when what it selects from can only be made after it.

    The first creates it with the same columns out of nothing, the second replaces its query.
    """
    uses = frozenset(catalog.uses.get(view.id, ()))
    provided = frozenset({view.id, *(c.id for c in columns_of_view(view.id, catalog))})
    hollow = sql("VIEW {} AS\n SELECT {}", ident(*view.id.path), join(",\n    ", map(_null, view.columns)))
    first = Part(
        (Statement(sql("CREATE {}", hollow)),),
        (_drop(view),),
        provided,
        frozenset(u for u in uses if u.kind in _TYPES and u != view.id),
    )
    second = Part(
        (replace_view(view),),
        (Statement(sql("CREATE OR REPLACE {}", hollow), AX),),
        frozenset({view.id.child("definition", "")}),
        uses | {view.id},
    )
    return first, second


def _null(column: OutputColumn) -> Sql:
    collate = EMPTY if column.collation is None else sql(" COLLATE {}", deparsed(column.collation))
    return sql("NULL::{}{} AS {}", deparsed(column.type), collate, ident(column.name))


def _create(view: View) -> Statement:
    return Statement(sql("CREATE {}", _body(view)), READS)


def replace_view(view: View) -> Statement:
    """``CREATE OR REPLACE VIEW``, which also resets every option that it doesn't name."""
    return Statement(sql("CREATE OR REPLACE {}", _body(view)), AX)


def _drop(view: View) -> Statement:
    return Statement(sql("DROP VIEW {}", ident(*view.id.path)), AX)


def _body(view: View) -> Sql:
    with_options = sql(" WITH ({})", option_list(view.options)) if view.options else EMPTY
    return sql("VIEW {}{} AS\n{}", ident(*view.id.path), with_options, deparsed(view.definition))


KINDS = (ViewKind(),)
