"""Casts that users made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import Sql, deparsed, sql
from migplan.core.steps import Part, Statement
from migplan.kinds._catalog_names import function_signature
from migplan.kinds.base import FIRST_OF_USERS, PG_CAST, Address, Found, Kind, Reading, made_by_users, simple_part

_CONTEXTS: Final = {"e": "", "a": " AS ASSIGNMENT", "i": " AS IMPLICIT"}
_PG_CATALOG = 11


@packed
class Cast(DbObject):
    """A cast; its path is the one text ``source AS target``, because its name is made of two types' names.

    ``function`` has its argument types; ``method`` is f, i (WITH INOUT) or b (WITHOUT FUNCTION); ``context`` is
    e explicit, a assignment or i implicit.
    """

    source: str
    target: str
    function: str | None
    method: str
    context: str


class CastKind(Kind[Cast]):
    """Rows of pg_cast that touch a schema in scope, or none that is out of it; a range's casts come with the range."""

    name = "cast"
    keyword = "CAST"
    holds = made_by_users("pg_cast")

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, format_type(c.castsource, NULL), format_type(c.casttarget, NULL), {function_signature("c.castfunc")},
       c.castmethod::text, c.castcontext::text
FROM pg_cast c
JOIN pg_type s ON s.oid = c.castsource
JOIN pg_type t ON t.oid = c.casttarget
LEFT JOIN pg_proc p ON p.oid = c.castfunc
WHERE c.oid >= {FIRST_OF_USERS}
  AND (s.typnamespace = ANY(%(ns)s::oid[]) OR t.typnamespace = ANY(%(ns)s::oid[])
       OR p.pronamespace = ANY(%(ns)s::oid[])
       OR (s.typnamespace = {_PG_CATALOG} AND t.typnamespace = {_PG_CATALOG}
           AND coalesce(p.pronamespace, {_PG_CATALOG}) = {_PG_CATALOG}))
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = {PG_CAST} AND d.objid = c.oid AND d.deptype IN ('e', 'i'))
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Cast]]:
        oid, source, target, function, method, context = row
        cast = Cast(
            id=ObjectId("cast", (f"{source} AS {target}",)),
            comment=reading.comment(PG_CAST, oid),
            source=source,
            target=target,
            function=function,
            method=method,
            context=context,
        )
        yield Address(PG_CAST, oid), cast

    def parts(self, obj: Cast, catalog: Catalog) -> list[Part]:
        create = sql("CREATE CAST {} {}{}", self.sql_name(obj), _method(obj), Sql(_CONTEXTS[obj.context]))
        drop = Statement(sql("DROP CAST {}", self.sql_name(obj)))
        return [simple_part(obj.id, [Statement(create)], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Cast, new: Cast, before: Catalog, after: Catalog) -> list[Statement] | None:
        return None

    def drop_contract(self, obj: Cast) -> str | None:
        return f"doesn't cast {obj.source} to {obj.target}"

    def sql_name(self, obj: Cast) -> Sql:
        return sql("({} AS {})", deparsed(obj.source), deparsed(obj.target))


def _method(cast: Cast) -> Sql:
    if cast.function is not None:
        return sql("WITH FUNCTION {}", deparsed(cast.function))
    return Sql("WITH INOUT" if cast.method == "i" else "WITHOUT FUNCTION")


KINDS = (CastKind(),)
