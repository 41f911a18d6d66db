"""Schemas. ``public`` comes with every database, so its initial state is what counts as nothing declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import OWNER, PUBLIC, Catalog, DbObject, Grant
from migplan.core.packed import packed
from migplan.core.sql import sql
from migplan.core.steps import Part, Statement
from migplan.kinds import _acl
from migplan.kinds.base import PG_NAMESPACE, Address, Found, Kind, Reading, not_of_extension, simple_part

PUBLIC_SCHEMA: Final = ObjectId("schema", ("public",))
STANDARD_COMMENT: Final = "standard public schema"


@packed
class Schema(DbObject):
    """A schema; all of it is in the fields that every object has.

    Of ``public``, ``comment`` and ``grants`` are None where they are as in a new database; a removed comment is "".
    """


class SchemaKind(Kind[Schema]):
    """Rows of pg_namespace in scope (PostgreSQL's own never are)."""

    name = "schema"
    keyword = "SCHEMA"
    privileges = _acl.SCHEMA
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT n.oid, n.nspname::text, n.nspowner, n.nspacl::text[]
FROM pg_namespace n
WHERE n.oid = ANY(%(ns)s::oid[]) AND {not_of_extension(PG_NAMESPACE, "n.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Schema]]:
        oid, name, owner, acl = row
        id = ObjectId("schema", (name,))
        comment = reading.comment(PG_NAMESPACE, oid)
        grants = reading.grants(acl, owner, self.privileges)
        if id == PUBLIC_SCHEMA:
            comment = _public_comment(comment)
            grants = _public_grants(acl, reading.roles.get(owner, ""), reading.major)
        yield (
            Address(PG_NAMESPACE, oid),
            Schema(id=id, comment=comment, owner=reading.roles.get(owner, ""), grants=grants),
        )

    def parts(self, obj: Schema, catalog: Catalog) -> list[Part]:
        """Where ``public`` itself is missing it is created like any other, and then made what a new database has."""
        create = [Statement(sql("CREATE SCHEMA {}", self.sql_name(obj)))]
        if obj.id == PUBLIC_SCHEMA and obj.comment is None:
            create += self.comment_statements(obj, None)
        drop = Statement(sql("DROP SCHEMA {}", self.sql_name(obj)))
        return [simple_part(obj.id, create, [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Schema, new: Schema, before: Catalog, after: Catalog) -> list[Statement] | None:
        return []

    def reshapes(self, old: Schema, new: Schema) -> bool:
        return False

    def comment_statements(self, obj: Schema, comment: str | None) -> list[Statement]:
        if obj.id == PUBLIC_SCHEMA:
            comment = STANDARD_COMMENT if comment is None else comment or None
        return super().comment_statements(obj, comment)

    def grant_statements(self, obj: Schema, old: Iterable[Grant], new: Iterable[Grant], owner: str) -> list[Statement]:
        """The owner of ``public`` is rarely the role that connects."""
        named = owner or (obj.owner if obj.id == PUBLIC_SCHEMA else "")
        return super().grant_statements(obj, old, new, named)

    def effective_grants(self, obj: Schema, major: int) -> tuple[Grant, ...]:
        if obj.id == PUBLIC_SCHEMA and obj.grants is None:
            return _initial_grants(major)
        return super().effective_grants(obj, major)


def _public_comment(comment: str | None) -> str | None:
    return None if comment == STANDARD_COMMENT else comment or ""


def _public_grants(acl: Sequence[str] | None, owner: str, major: int) -> tuple[Grant, ...] | None:
    """An ACL that says no more than the built-in default is still not what a new database's ``public`` has."""
    grants = _acl.read_acl(acl, owner, _acl.SCHEMA, major)
    spelled_out = _acl.grants_of(_acl.SCHEMA, major) if grants is None else grants
    return None if spelled_out == _initial_grants(major) else spelled_out


def _initial_grants(major: int) -> tuple[Grant, ...]:
    """Until 14 everybody may create objects in ``public``, from 15 on only look into it (manual: 5.10.6)."""
    privileges = ("USAGE", "CREATE") if major < 15 else ("USAGE",)
    everybody = [Grant(PUBLIC, p) for p in privileges]
    return tuple(sorted([Grant(OWNER, "USAGE"), Grant(OWNER, "CREATE"), *everybody]))


KINDS = (SchemaKind(),)
