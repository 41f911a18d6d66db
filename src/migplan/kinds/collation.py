"""Collations of every provider: libc, icu and (17) builtin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import Sql, ident, join, literal, sql
from migplan.core.steps import Part, Statement
from migplan.kinds.base import PG_COLLATION, Address, Found, Kind, Reading, made_by_users, not_of_extension, simple_part

_PROVIDERS: Final = {"c": "libc", "i": "icu", "b": "builtin", "d": "default"}


@packed
class Collation(DbObject):
    """A collation: ``locale`` where one name says it all, else ``lc_collate`` and ``lc_ctype``.

    ``rules`` are ICU's (16). The version of the library that made it is a fact of the server, not of the schema,
    and isn't read.
    """

    provider: str
    deterministic: bool
    locale: str | None = None
    lc_collate: str | None = None
    lc_ctype: str | None = None
    rules: str | None = None


class CollationKind(Kind[Collation]):
    """Rows of pg_collation that fit the database's encoding."""

    name = "collation"
    keyword = "COLLATION"
    holds = made_by_users("pg_collation")
    owned = True

    def query(self, major: int) -> str:
        locale = "c.colllocale" if major >= 17 else "c.colliculocale" if major >= 15 else "NULL"
        return f"""
SELECT c.oid, n.nspname::text, c.collname::text, c.collowner, c.collprovider::text, c.collisdeterministic,
       {locale}::text, c.collcollate::text, c.collctype::text, {"c.collicurules" if major >= 16 else "NULL::text"}
FROM pg_collation c
JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE n.oid = ANY(%(ns)s::oid[])
  AND c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))
  AND {not_of_extension(PG_COLLATION, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Collation]]:
        oid, schema, name, owner, provider, deterministic, locale, lc_collate, lc_ctype, rules = row
        if locale is None and lc_collate == lc_ctype:
            locale = lc_collate
        collation = Collation(
            id=ObjectId("collation", (schema, name)),
            comment=reading.comment(PG_COLLATION, oid),
            owner=reading.roles.get(owner, ""),
            provider=_PROVIDERS[provider],
            deterministic=deterministic,
            locale=locale,
            lc_collate=None if locale is not None else lc_collate,
            lc_ctype=None if locale is not None else lc_ctype,
            rules=rules,
        )
        yield Address(PG_COLLATION, oid), collation

    def parts(self, obj: Collation, catalog: Catalog) -> list[Part]:
        create = Statement(sql("CREATE COLLATION {} ({})", self.sql_name(obj), _options(obj)))
        drop = Statement(sql("DROP COLLATION {}", self.sql_name(obj)))
        return [simple_part(obj.id, [create], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Collation, new: Collation, before: Catalog, after: Catalog) -> list[Statement] | None:
        return None

    def drop_contract(self, obj: Collation) -> str | None:
        return f"doesn't sort or compare by {obj.id}"

    def set_aside(self, obj: Collation, name: str) -> list[Statement] | None:
        return [Statement(sql("ALTER COLLATION {} RENAME TO {}", self.sql_name(obj), ident(name)))]


def _options(collation: Collation) -> Sql:
    options = [sql("provider = {}", Sql(collation.provider))]
    if not collation.deterministic:
        options.append(Sql("deterministic = false"))
    named = (
        ("locale", collation.locale),
        ("lc_collate", collation.lc_collate),
        ("lc_ctype", collation.lc_ctype),
        ("rules", collation.rules),
    )
    options += [sql("{} = {}", Sql(name), literal(value)) for name, value in named if value is not None]
    return join(", ", options)


KINDS = (CollationKind(),)
