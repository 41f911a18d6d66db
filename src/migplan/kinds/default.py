"""Column defaults: apart from their columns, because what they call may itself stand on the table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds.attachment import attachment
from migplan.kinds.base import (
    PG_ATTRDEF,
    PG_CLASS,
    Found,
    Kind,
    Reading,
    made_by_users,
    not_of_extension,
    simple_part,
)

_RELATION_KINDS = {"r": "table", "p": "table", "f": "foreign_table", "v": "view"}


@packed
class Default(DbObject):
    """The default of a column of ``relation``; its path is the column's."""

    relation: ObjectId = field(compare=False)
    expression: str

    @property
    def table(self) -> ObjectId | None:
        return self.relation

    @property
    def column(self) -> ObjectId:
        """The column that the default belongs to."""
        return ObjectId("column", self.id.path)


class DefaultKind(Kind[Default]):
    """Rows of pg_attrdef that aren't generation expressions."""

    name = "default"
    keyword = "DEFAULT"
    holds = made_by_users("pg_attrdef")

    def query(self, major: int) -> str:
        return f"""
SELECT d.oid, n.nspname::text, c.relname::text, a.attname::text, c.relkind::text, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attrdef d
JOIN pg_class c ON c.oid = d.adrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE a.attgenerated = '' AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v')
  AND c.relpersistence <> 't' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Default]]:
        oid, schema, relation, column, relkind, expression = row
        parent = reading.relation(_RELATION_KINDS[relkind], schema, relation)
        yield (
            (PG_ATTRDEF, oid, 0),
            Default(id=parent.child("default", column), relation=parent, expression=expression),
        )

    def parts(self, obj: Default, catalog: Catalog) -> list[Part]:
        uses = {*catalog.uses.get(obj.id, ()), obj.relation, obj.column, *_of_the_parent(obj, catalog)}
        return [simple_part(obj.id, [set_default(obj)], [drop_default(obj)], uses)]

    def alter(self, old: Default, new: Default, before: Catalog, after: Catalog) -> list[Statement] | None:
        return [set_default(new)]

    def drop_contract(self, obj: Default) -> str | None:
        return f"names {obj.column} in every INSERT that needs a value there"


def _of_the_parent(default: Default, catalog: Catalog) -> Iterable[ObjectId]:
    """A partition's column has its parent's identity as long as that has one, or as the partition hangs on another."""
    parent: ObjectId | None = getattr(catalog.objects.get(default.relation), "partition_of", None)
    if parent is not None and parent.child("column", default.id.path[-1]) in catalog:
        yield parent.child("column", default.id.path[-1])
        yield attachment(default.relation)


def set_default(default: Default) -> Statement:
    """``ALTER TABLE ONLY … SET DEFAULT …`` (children have defaults of their own)."""
    return _alter(default, "SET DEFAULT {}", default.expression)


def drop_default(default: Default) -> Statement:
    """``ALTER TABLE ONLY … DROP DEFAULT``."""
    column = ident(default.id.path[-1])
    head = _head(default)
    return Statement(sql("{} ALTER COLUMN {} DROP DEFAULT", head, column), LockMode.ACCESS_EXCLUSIVE)


def _alter(default: Default, clause: str, expression: str) -> Statement:
    column = ident(default.id.path[-1])
    command = sql("{} ALTER COLUMN {} SET DEFAULT {}", _head(default), column, deparsed(expression))
    return Statement(command, LockMode.ACCESS_EXCLUSIVE)


def _head(default: Default):
    relation = ident(*default.relation.path)
    match default.relation.kind:
        case "view":
            return sql("ALTER VIEW {}", relation)
        case "foreign_table":
            return sql("ALTER FOREIGN TABLE ONLY {}", relation)
        case _:
            return sql("ALTER TABLE ONLY {}", relation)


_STABLE: Final = frozenset(
    """
    now current_timestamp current_date current_time localtimestamp localtime transaction_timestamp
    statement_timestamp timezone date_trunc to_char to_date to_timestamp make_interval current_setting
    current_schema concat coalesce nullif lower upper array_append json_build_object jsonb_build_object
    json_build_array jsonb_build_array to_jsonb to_json row_to_json length replace md5 abs round date_part
    extract numeric varchar bpchar char bit varbit timestamp timestamptz time interval in any all not and or
    array row ceil floor greatest least trim btrim substring left right encode decode int4range int8range
    numrange tsrange tstzrange daterange make_date to_tsvector
    """.split()
)
_CALL: Final = re.compile(r'("(?:[^"]|"")+"|[A-Za-z_][\w$]*)\s*\(')


def is_volatile(default: Default) -> bool:
    """Whether a default's value differs from row to row, so that ADD COLUMN would rewrite the table.

    Judged by the functions that its text calls: what isn't known to be stable counts as volatile, which costs a
    backfill and no harm.
    """
    text = re.sub(r"'(?:[^']|'')*'", "''", default.expression)
    called = {name.strip('"').lower() for name in _CALL.findall(text)}
    return bool(called - _STABLE)


KINDS = (DefaultKind(),)
