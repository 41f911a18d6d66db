"""Enums: their labels in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, join, literal, sql
from migplan.core.steps import Part, Statement
from migplan.kinds._named_type import NamedTypeKind
from migplan.kinds.base import PG_TYPE, Address, Found, Reading, made_by_users, not_of_extension, simple_part


@packed
class Enum(DbObject):
    """An enum with its ``labels`` in their sort order."""

    labels: tuple[str, ...]


class EnumKind(NamedTypeKind[Enum]):
    """Rows of pg_type of typtype e."""

    name = "enum"
    holds = made_by_users("pg_type", "typtype = 'e'")

    def query(self, major: int) -> str:
        return f"""
SELECT t.oid, n.nspname::text, t.typname::text, t.typowner, t.typacl::text[],
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_TYPE, "t.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Enum]]:
        oid, schema, name, owner, acl, labels = row
        enum = Enum(
            id=ObjectId("enum", (schema, name)),
            comment=reading.comment(PG_TYPE, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            labels=tuple(labels),
        )
        yield Address(PG_TYPE, oid), enum

    def parts(self, obj: Enum, catalog: Catalog) -> list[Part]:
        labels = join(", ", map(literal, obj.labels))
        create = Statement(sql("CREATE TYPE {} AS ENUM ({})", self.sql_name(obj), labels))
        drop = Statement(sql("DROP TYPE {}", self.sql_name(obj)))
        return [simple_part(obj.id, [create], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Enum, new: Enum, before: Catalog, after: Catalog) -> list[Statement] | None:
        """Labels can be added at any place; PostgreSQL neither removes nor moves one."""
        if [label for label in new.labels if label in old.labels] != list(old.labels):
            return None
        return [
            _add_value(self.sql_name(new), label, _place(new.labels, at, old.labels))
            for at, label in enumerate(new.labels)
            if label not in old.labels
        ]

    def reshapes(self, old: Enum, new: Enum) -> bool:
        return False

    def contract(self, old: Enum, new: Enum) -> str | None:
        gone = [label for label in old.labels if label not in new.labels]
        return f"no longer uses {', '.join(map(literal, gone))} of {new.id}" if gone else None


def _place(labels: tuple[str, ...], at: int, existing: tuple[str, ...]) -> Sql:
    """Where to add ``labels[at]``, once those before it are there; always said, for the order is part of the type."""
    if at > 0:
        return sql(" AFTER {}", literal(labels[at - 1]))
    following = next((label for label in labels if label in existing), None)
    return EMPTY if following is None else sql(" BEFORE {}", literal(following))


def _add_value(name: Sql, label: str, place: Sql) -> Statement:
    """Outside a transaction block, because the value can't be used in the transaction that adds it."""
    command = sql("ALTER TYPE {} ADD VALUE {}{}", name, literal(label), place)
    return Statement(command, transactional=False)


KINDS = (EnumKind(),)
