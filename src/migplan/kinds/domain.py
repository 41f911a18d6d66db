"""Domains: base type, collation, default, NOT NULL and checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import LockMode, Part, Statement, Timing
from migplan.kinds import _acl
from migplan.kinds.base import (
    PG_CONSTRAINT,
    PG_TYPE,
    Address,
    Found,
    Kind,
    Reading,
    made_by_users,
    not_of_extension,
    simple_part,
)


@record
class DomainCheck:
    """A CHECK of a domain: its name, the deparsed expression over VALUE, and whether it was validated."""

    name: str
    expression: str
    valid: bool = True
    comment: str | None = None


@record
class DomainNotNull:
    """A domain's NOT NULL; a constraint from 17 on, with a name where it isn't the one that PostgreSQL makes up."""

    name: str | None = None
    comment: str | None = None


@packed
class Domain(DbObject):
    """A domain over ``type``; ``collation`` only where it isn't the type's, ``checks`` in order of name.

    ``default_of_type`` tells that the type has a default of its own, which a domain without one has to refuse.
    """

    type: str
    collation: str | None = None
    default: str | None = None
    default_of_type: bool = field(default=False, compare=False)
    not_null: DomainNotNull | None = None
    checks: tuple[DomainCheck, ...] = ()


class DomainKind(Kind[Domain]):
    """Rows of pg_type of typtype d, with their rows of pg_constraint."""

    name = "domain"
    keyword = "DOMAIN"
    holds = made_by_users("pg_type", "typtype = 'd'")
    privileges = _acl.TYPE
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT t.oid, n.nspname::text, t.typname::text, t.typowner, t.typacl::text[],
       format_type(t.typbasetype, t.typtypmod),
       CASE WHEN t.typcollation <> b.typcollation THEN
         (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
            FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = t.typcollation) END,
       coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)), b.typdefault IS NOT NULL, t.typnotnull,
       (SELECT jsonb_agg(jsonb_build_array(k.oid::bigint, k.conname, k.contype, pg_get_expr(k.conbin, 0),
                                           k.convalidated) ORDER BY k.conname COLLATE "C")
          FROM pg_constraint k WHERE k.contypid = t.oid)
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_type b ON b.oid = t.typbasetype
WHERE t.typtype = 'd' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_TYPE, "t.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Domain]]:
        oid, schema, name, owner, acl, type, collation, default, default_of_type, not_null, constraints = row
        rows: list[list[Any]] = constraints or []
        domain = Domain(
            id=ObjectId("domain", (schema, name)),
            comment=reading.comment(PG_TYPE, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            type=type,
            collation=collation,
            default=default,
            default_of_type=default_of_type,
            not_null=_not_null(name, rows, reading) if not_null else None,
            checks=tuple(
                DomainCheck(check, expression, valid, reading.comment(PG_CONSTRAINT, constraint))
                for constraint, check, type, expression, valid in rows
                if type == "c"
            ),
        )
        yield Address(PG_TYPE, oid), domain
        for constraint, *_ in rows:
            yield Address(PG_CONSTRAINT, constraint), domain

    def parts(self, obj: Domain, catalog: Catalog) -> list[Part]:
        """The domain; apart from it, a default and checks that call functions, which may come and go without it, but
        not where columns hold it inside of other types: they come once it has its checks."""
        uses = frozenset(catalog.uses.get(obj.id, ()))
        called = called_apart(obj, catalog)
        if not called:
            return [_whole_part(obj, uses)]
        bare = replace(obj, default=None, checks=())
        return [_whole_part(bare, uses - called), _rules_part(obj, called)]

    def alter(self, old: Domain, new: Domain, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new)
        if fields & {"type", "collation"} or (self.contract(old, new) and _in_containers(old.id, before)):
            return None
        statements: list[Statement] = []
        if "default" in fields:
            statements.append(_set_default(new))
        if "not_null" in fields:
            statements += _change_not_null(new, old.not_null, new.not_null)
        if "checks" in fields:
            statements += _change_checks(old, new)
        return statements

    def without_parts(self, obj: Domain, parts: frozenset[ObjectId]) -> Domain | None:
        return replace(obj, default=None, checks=()) if domain_rules(obj.id) in parts else obj

    def reshapes(self, old: Domain, new: Domain) -> bool:
        return False

    def contract(self, old: Domain, new: Domain) -> str | None:
        if changed_fields(old, new) & {"type", "collation"}:
            return f"tolerates both {old.type} and {new.type} as {new.id}"
        known = {(c.name, c.expression) for c in old.checks}
        tighter = [f"violates {c.name}" for c in new.checks if (c.name, c.expression) not in known]
        if new.not_null is not None and old.not_null is None:
            tighter.insert(0, "is NULL")
        return f"writes no value that {' or '.join(tighter)} as {new.id}" if tighter else None

    def set_aside(self, obj: Domain, name: str) -> list[Statement] | None:
        return [Statement(sql("ALTER DOMAIN {} RENAME TO {}", self.sql_name(obj), ident(name)))]


_BENEATH: Final = frozenset({"schema", "extension", "enum", "domain", "composite_type", "range", "table", "collation"})
"""What the type and collation of a domain may be made of."""


def called_apart(domain: Domain, catalog: Catalog) -> frozenset[ObjectId]:
    """What its default and checks call, where they come apart from it; nothing where it comes as a whole."""
    called = frozenset(id for id in catalog.uses.get(domain.id, ()) if id.kind not in _BENEATH)
    whole = domain.checks and _in_containers(domain.id, catalog) and not stand_on(called, domain.id, catalog)
    return frozenset() if whole else called


def _in_containers(id: ObjectId, catalog: Catalog) -> bool:
    """Whether a column holds values of the domain inside an array, a composite or a range: PostgreSQL can't check
    those and refuses to tighten the domain. So it does with a domain over this one that is held like that."""
    for user in catalog.used_by.get(id, frozenset()):
        if user.kind == "column" and getattr(catalog[user], "type", "") != ident(*id.path):
            return True
        if user.kind == "domain" and _in_containers(user, catalog):
            return True
        if user.kind in ("composite_type", "range") and _is_held(user, catalog):
            return True
    return False


def stand_on(ids: Iterable[ObjectId], beneath: ObjectId, catalog: Catalog) -> bool:
    """Whether one of them uses that object, directly or by way of others."""
    known, todo = set[ObjectId](), [*ids]
    while todo:
        if (id := todo.pop()) not in known:
            known.add(id)
            todo += catalog.uses.get(id, frozenset())
    return beneath in known


def _is_held(id: ObjectId, catalog: Catalog) -> bool:
    """Whether a column holds values of the type, directly or inside other types."""
    users = catalog.used_by.get(id, frozenset())
    return any(u.kind == "column" or (u.kind in _HOLDING and _is_held(u, catalog)) for u in users)


_HOLDING: Final = frozenset({"composite_type", "range", "domain"})


def domain_rules(id: ObjectId) -> ObjectId:
    """What is provided once the default and the checks are set that the domain was made without."""
    return ObjectId("domain_rules", id.path)


def _whole_part(domain: Domain, uses: frozenset[ObjectId]) -> Part:
    create = [_create(domain), *(_add_check(domain, c) for c in domain.checks if not c.valid)]
    create += [_comment(domain, c.name, c.comment) for c in domain.checks if c.comment is not None]
    if domain.not_null is not None and domain.not_null.comment is not None:
        create.append(_comment(domain, domain_not_null_name(domain, domain.not_null), domain.not_null.comment))
    drop = Statement(sql("DROP DOMAIN {}", ident(*domain.id.path)))
    return simple_part(domain.id, create, [drop], uses)


def _rules_part(domain: Domain, uses: frozenset[ObjectId]) -> Part:
    bare = replace(domain, default=None, checks=())
    create = _change_checks(bare, domain)
    drop = _change_checks(domain, bare)
    if domain.default is not None:
        create.append(_set_default(domain))
        drop.append(_set_default(bare))
    return simple_part(domain_rules(domain.id), create, drop, uses | {domain.id})


def _not_null(domain: str, rows: list[list[Any]], reading: Reading) -> DomainNotNull:
    for constraint, name, type, _, _ in rows:
        if type == "n":
            shown = None if name == _made_up_name(domain) else name
            return DomainNotNull(shown, reading.comment(PG_CONSTRAINT, constraint))
    return DomainNotNull()


def domain_not_null_name(domain: Domain, not_null: DomainNotNull) -> str:
    """The name that the constraint has from 17 on."""
    return not_null.name or _made_up_name(domain.id.path[-1])


def named_not_null(domain: Domain) -> Domain:
    """The domain with the name of its NOT NULL said: under another name PostgreSQL would make up another one."""
    if domain.not_null is None:
        return domain
    return replace(domain, not_null=replace(domain.not_null, name=domain_not_null_name(domain, domain.not_null)))


def with_domain_not_null_names(catalog: Catalog, ids: Iterable[ObjectId]) -> Catalog:
    """The catalog with the NOT NULL names of those domains spelled out: one that is set aside keeps its name."""
    named: dict[ObjectId, DbObject] = {id: named_not_null(d) for id in ids if (d := catalog.get(id, Domain))}
    if catalog.major < 17 or not named:
        return catalog
    return replace(catalog, objects={**catalog.objects, **named})


def _made_up_name(domain: str) -> str:
    """The name that PostgreSQL 17 gives a NOT NULL by itself: at most 63 bytes."""
    suffix = "_not_null"
    return domain.encode()[: 63 - len(suffix)].decode(errors="ignore") + suffix


def _create(domain: Domain) -> Statement:
    parts = [sql("CREATE DOMAIN {} AS {}", ident(*domain.id.path), deparsed(domain.type))]
    if domain.collation is not None:
        parts.append(sql("COLLATE {}", deparsed(domain.collation)))
    if domain.default is not None or domain.default_of_type:
        parts.append(sql("DEFAULT {}", deparsed(domain.default or "NULL")))
    if domain.not_null is not None:
        parts.append(_not_null_clause(domain.not_null))
    parts += [_check_clause(c) for c in domain.checks if c.valid]
    return Statement(join(" ", parts))


def _not_null_clause(not_null: DomainNotNull) -> Sql:
    return sql("{}NOT NULL", EMPTY if not_null.name is None else sql("CONSTRAINT {} ", ident(not_null.name)))


def _check_clause(check: DomainCheck) -> Sql:
    return sql("CONSTRAINT {} CHECK ({})", ident(check.name), deparsed(check.expression))


def _head(domain: Domain) -> Sql:
    return sql("ALTER DOMAIN {}", ident(*domain.id.path))


def _set_default(domain: Domain) -> Statement:
    if domain.default is None:
        return Statement(sql("{} DROP DEFAULT", _head(domain)))
    return Statement(sql("{} SET DEFAULT {}", _head(domain), deparsed(domain.default)))


def _change_not_null(domain: Domain, old: DomainNotNull | None, new: DomainNotNull | None) -> list[Statement]:
    if new is None:
        return [Statement(sql("{} DROP NOT NULL", _head(domain)))]
    statements: list[Statement] = []
    if old is None:
        clause = Sql("SET NOT NULL") if new.name is None else sql("ADD {}", _not_null_clause(new))
        # Every table with a column of the domain is locked and read (manual: ALTER DOMAIN).
        statements.append(Statement(sql("{} {}", _head(domain), clause), LockMode.SHARE, scan=True, timing=Timing.LONG))
    elif old.name != new.name:
        names = ident(domain_not_null_name(domain, old)), ident(domain_not_null_name(domain, new))
        statements.append(Statement(sql("{} RENAME CONSTRAINT {} TO {}", _head(domain), *names)))
    if (None if old is None else old.comment) != new.comment:
        statements.append(_comment(domain, domain_not_null_name(domain, new), new.comment))
    return statements


def _change_checks(old: Domain, new: Domain) -> list[Statement]:
    before = {c.name: c for c in old.checks}
    after = {c.name: c for c in new.checks}
    kept = {name for name, check in after.items() if name in before and _can_stay(before[name], check)}
    statements = [_drop_check(old, name) for name in before if name not in kept]
    for name, check in after.items():
        was = before[name] if name in kept else None
        if was is None:
            statements.append(_add_check(new, check))
        if check.valid and not (was is not None and was.valid):
            statements.append(_validate(new, name))
        if (None if was is None else was.comment) != check.comment:
            statements.append(_comment(new, name, check.comment))
    return statements


def _can_stay(old: DomainCheck, new: DomainCheck) -> bool:
    """Whether the old check needs at most to be validated."""
    return old.expression == new.expression and (new.valid or not old.valid)


def _add_check(domain: Domain, check: DomainCheck) -> Statement:
    return Statement(sql("{} ADD {} NOT VALID", _head(domain), _check_clause(check)))


def _validate(domain: Domain, name: str) -> Statement:
    command = sql("{} VALIDATE CONSTRAINT {}", _head(domain), ident(name))
    return Statement(command, LockMode.SHARE, scan=True, timing=Timing.LONG)


def _drop_check(domain: Domain, name: str) -> Statement:
    return Statement(sql("{} DROP CONSTRAINT {}", _head(domain), ident(name)))


def _comment(domain: Domain, constraint: str, comment: str | None) -> Statement:
    text = Sql("NULL") if comment is None else literal(comment)
    target = ident(*domain.id.path)
    return Statement(sql("COMMENT ON CONSTRAINT {} ON DOMAIN {} IS {}", ident(constraint), target, text))


KINDS = (DomainKind(),)
