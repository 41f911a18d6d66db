"""Composite types that stand alone; the row types of tables belong to their tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds._named_type import NamedTypeKind
from migplan.kinds.base import PG_CLASS, PG_TYPE, Address, Found, Reading, made_by_users, not_of_extension, simple_part
from migplan.kinds.column import Column
from migplan.kinds.domain import Domain
from migplan.kinds.table import Table

_MADE_OF_TYPES: Final = frozenset({"composite_type", "domain", "range", "table", "view", "materialized_view"})
_READS_ATTRIBUTES: Final = frozenset(
    {"view", "materialized_view", "rule", "policy", "trigger", "function", "procedure", "index", "constraint"}
)


@record
class Attribute:
    """One attribute; ``collation`` only where it isn't the type's."""

    name: str
    type: str
    collation: str | None = None
    comment: str | None = None


@packed
class CompositeType(DbObject):
    """A composite type with its attributes in order."""

    attributes: tuple[Attribute, ...]


class CompositeTypeKind(NamedTypeKind[CompositeType]):
    """Relations of relkind c."""

    name = "composite_type"
    holds = made_by_users("pg_class", "relkind = 'c'")

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, t.oid, n.nspname::text, c.relname::text, t.typowner, t.typacl::text[],
       (SELECT jsonb_agg(jsonb_build_array(
                 a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
                 CASE WHEN a.attcollation <> at.typcollation THEN
                   quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END) ORDER BY a.attnum)
          FROM pg_attribute a
          JOIN pg_type at ON at.oid = a.atttypid
          LEFT JOIN pg_collation co ON co.oid = a.attcollation
          LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_class c
JOIN pg_type t ON t.oid = c.reltype
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'c' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_TYPE, "t.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[CompositeType]]:
        relation, oid, schema, name, owner, acl, attributes = row
        rows: list[tuple[int, str, str, str | None]] = attributes or []
        composite = CompositeType(
            id=ObjectId("composite_type", (schema, name)),
            comment=reading.comment(PG_TYPE, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            attributes=tuple(
                Attribute(attribute, type, collation, reading.comment(PG_CLASS, relation, number))
                for number, attribute, type, collation in rows
            ),
        )
        yield Address(PG_CLASS, relation), composite
        yield Address(PG_TYPE, oid), composite

    def parts(self, obj: CompositeType, catalog: Catalog) -> list[Part]:
        attributes = join(", ", map(_clause, obj.attributes))
        create = Statement(sql("CREATE TYPE {} AS ({})", self.sql_name(obj), attributes))
        comments = [_comment(obj, a) for a in obj.attributes if a.comment is not None]
        drop = Statement(sql("DROP TYPE {}", self.sql_name(obj)), LockMode.ACCESS_EXCLUSIVE)
        return [simple_part(obj.id, [create, *comments], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: CompositeType, new: CompositeType, before: Catalog, after: Catalog) -> list[Statement] | None:
        """Attributes are dropped, retyped and appended in place, as far as no stored value forbids it."""
        was, now = _by_name(old), _by_name(new)
        kept = [name for name in was if name in now]
        added = [a for a in new.attributes if a.name not in was]
        if [*kept, *(a.name for a in added)] != list(now):
            return None
        retyped = [now[name] for name in kept if _shape(was[name]) != _shape(now[name])]
        dropped = [a for a in old.attributes if a.name not in now]
        if _forbidden(old, new, before, after, adds=bool(added), drops=bool(dropped), retypes=bool(retyped)):
            return None
        head = sql("ALTER TYPE {}", self.sql_name(new))
        changes = [sql("{} DROP ATTRIBUTE {}", head, ident(a.name)) for a in dropped]
        changes += [sql("{} ALTER ATTRIBUTE {}", head, _typed(a)) for a in retyped]
        changes += [sql("{} ADD ATTRIBUTE {}", head, _clause(a)) for a in added]
        comments = [_comment(new, a) for a in new.attributes if a.comment != _comment_of(was.get(a.name))]
        return [*(Statement(change, LockMode.ACCESS_EXCLUSIVE) for change in changes), *comments]

    def carried(self, old: CompositeType, new: CompositeType, before: Catalog) -> frozenset[ObjectId]:
        """What may read an attribute that is dropped or retyped."""
        now = _by_name(new)
        if all(a.name in now and _shape(now[a.name]) == _shape(a) for a in old.attributes):
            return frozenset()
        return frozenset(id for id in before.used_by.get(old.id, frozenset()) if id.kind in _READS_ATTRIBUTES)

    def contract(self, old: CompositeType, new: CompositeType) -> str | None:
        was, now = _by_name(old), _by_name(new)
        touched = [a.name for a in old.attributes if a.name not in now or _shape(now[a.name]) != _shape(a)]
        added = [name for name in now if name not in was]
        said = [f"tolerates both forms of {', '.join(touched)} in {new.id}"] if touched else []
        # a row constructor and the text of a row have as many values as the type has attributes
        said += [f"writes and reads {new.id} with and without {', '.join(added)}"] if added else []
        return " and ".join(said) or None


def _by_name(composite: CompositeType) -> dict[str, Attribute]:
    return {a.name: a for a in composite.attributes}


def _shape(attribute: Attribute) -> tuple[str, str | None]:
    return attribute.type, attribute.collation


def _comment_of(attribute: Attribute | None) -> str | None:
    return None if attribute is None else attribute.comment


def _forbidden(
    old: CompositeType,
    new: CompositeType,
    before: Catalog,
    after: Catalog,
    *,
    adds: bool,
    drops: bool,
    retypes: bool,
) -> bool:
    """Whether PostgreSQL refuses the change because of tables that use the type.

    A typed table follows its type only by CASCADE; a stored value bears no retyped attribute, nor a new one of a
    constrained domain; a generated column may read what is dropped.
    """
    if not (adds or drops or retypes):
        return False
    direct = [before[id] for id in before.used_by.get(old.id, frozenset())]
    if any(isinstance(o, Table) and o.of_type is not None for o in direct):
        return True
    if drops and any(isinstance(o, Column) and o.generated is not None for o in direct):
        return True
    return (retypes or (adds and _checked_domains(old, new, before, after))) and _is_stored(old.id, before)


def _checked_domains(old: CompositeType, new: CompositeType, before: Catalog, after: Catalog) -> bool:
    added = after.uses.get(new.id, frozenset()) - before.uses.get(old.id, frozenset())
    domains = [d for id in added if (d := after.get(id, Domain)) is not None]
    return any(d.checks or d.not_null is not None for d in domains)


def _is_stored(id: ObjectId, catalog: Catalog) -> bool:
    """Whether a column holds values of the type, directly or inside another type's."""
    todo, seen = [id], {id}
    while todo:
        for user in catalog.used_by.get(todo.pop(), frozenset()) - seen:
            if user.kind in ("column", "materialized_view"):
                return True
            if user.kind in _MADE_OF_TYPES:
                seen.add(user)
                todo.append(user)
    return False


def _clause(attribute: Attribute) -> Sql:
    collation = EMPTY if attribute.collation is None else sql(" COLLATE {}", deparsed(attribute.collation))
    return sql("{} {}{}", ident(attribute.name), deparsed(attribute.type), collation)


def _typed(attribute: Attribute) -> Sql:
    collation = EMPTY if attribute.collation is None else sql(" COLLATE {}", deparsed(attribute.collation))
    return sql("{} SET DATA TYPE {}{}", ident(attribute.name), deparsed(attribute.type), collation)


def _comment(composite: CompositeType, attribute: Attribute) -> Statement:
    text = Sql("NULL") if attribute.comment is None else literal(attribute.comment)
    target = ident(*composite.id.path, attribute.name)
    return Statement(sql("COMMENT ON COLUMN {} IS {}", target, text), LockMode.SHARE_UPDATE_EXCLUSIVE)


KINDS = (CompositeTypeKind(),)
