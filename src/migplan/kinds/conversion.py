"""Conversions between encodings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, deparsed, literal, sql
from migplan.core.steps import Part, Statement
from migplan.kinds._catalog_names import function_name
from migplan.kinds.base import (
    PG_CONVERSION,
    Address,
    Found,
    Kind,
    Reading,
    made_by_users,
    not_of_extension,
    simple_part,
)


@packed
class Conversion(DbObject):
    """A conversion from one encoding to another by a function; ``default`` ones are chosen by PostgreSQL itself."""

    source: str
    target: str
    function: str
    default: bool


class ConversionKind(Kind[Conversion]):
    """Rows of pg_conversion."""

    name = "conversion"
    keyword = "CONVERSION"
    holds = made_by_users("pg_conversion")
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, n.nspname::text, c.conname::text, c.conowner,
       pg_encoding_to_char(c.conforencoding)::text, pg_encoding_to_char(c.contoencoding)::text,
       {function_name("c.conproc")}, c.condefault
FROM pg_conversion c
JOIN pg_namespace n ON n.oid = c.connamespace
WHERE n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CONVERSION, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Conversion]]:
        oid, schema, name, owner, source, target, function, default = row
        conversion = Conversion(
            id=ObjectId("conversion", (schema, name)),
            comment=reading.comment(PG_CONVERSION, oid),
            owner=reading.roles.get(owner, ""),
            source=source,
            target=target,
            function=function,
            default=default,
        )
        yield Address(PG_CONVERSION, oid), conversion

    def parts(self, obj: Conversion, catalog: Catalog) -> list[Part]:
        create = sql(
            "CREATE {}CONVERSION {} FOR {} TO {} FROM {}",
            Sql("DEFAULT ") if obj.default else EMPTY,
            self.sql_name(obj),
            literal(obj.source),
            literal(obj.target),
            deparsed(obj.function),
        )
        drop = Statement(sql("DROP CONVERSION {}", self.sql_name(obj)))
        return [simple_part(obj.id, [Statement(create)], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Conversion, new: Conversion, before: Catalog, after: Catalog) -> list[Statement] | None:
        return None


KINDS = (ConversionKind(),)
