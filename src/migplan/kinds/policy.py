"""Row-level security policies. Whether a table enforces them is a property of the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import PUBLIC, Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds import _acl
from migplan.kinds.base import (
    PG_CLASS,
    PG_POLICY,
    Address,
    Found,
    Kind,
    Reading,
    not_of_extension,
    simple_part,
)

AX = LockMode.ACCESS_EXCLUSIVE
_COMMANDS: Final = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "*": "ALL"}


@packed
class Policy(DbObject):
    """A policy of ``relation`` for one ``command`` (SELECT, INSERT, UPDATE, DELETE, ALL).

    ``roles`` are sorted names, "" for PUBLIC. ``using`` and ``check`` are deparsed expressions, None where absent.
    """

    relation: ObjectId = field(compare=False)
    command: str
    permissive: bool
    roles: tuple[str, ...]
    using: str | None
    check: str | None

    @property
    def table(self) -> ObjectId | None:
        return self.relation

    @property
    def name(self) -> str:
        """The policy's raw name."""
        return self.id.path[-1]


class PolicyKind(Kind[Policy]):
    """Rows of pg_policy."""

    name = "policy"
    keyword = "POLICY"
    holds = "pg_policy"

    def query(self, major: int) -> str:
        return f"""
SELECT p.oid, n.nspname::text, c.relname::text, c.relowner, p.polname::text, p.polcmd::text, p.polpermissive,
       p.polroles, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
FROM pg_policy p
JOIN pg_class c ON c.oid = p.polrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.oid = ANY(%(ns)s::oid[]) AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Policy]]:
        oid, schema, relation, owner, name, command, permissive, roles, using, check = row
        policy = Policy(
            id=ObjectId("policy", (schema, relation, name)),
            comment=reading.comment(PG_POLICY, oid),
            owner=reading.roles.get(owner, ""),
            relation=ObjectId("table", (schema, relation)),
            command=_COMMANDS[command],
            permissive=permissive,
            roles=tuple(sorted(reading.roles[role] if role else PUBLIC for role in roles)),
            using=using,
            check=check,
        )
        yield Address(PG_POLICY, oid), policy

    def roles(self, obj: Policy) -> frozenset[str]:
        return frozenset(obj.roles) - {PUBLIC}

    def parts(self, obj: Policy, catalog: Catalog) -> list[Part]:
        drop = Statement(sql("DROP {}", self.reference(obj)), AX)
        uses = {*catalog.uses.get(obj.id, ()), obj.relation}
        return [simple_part(obj.id, [_create(obj)], [drop], uses)]

    def alter(self, old: Policy, new: Policy, before: Catalog, after: Catalog) -> list[Statement] | None:
        """ALTER POLICY changes roles and expressions; it takes no expression away."""
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        vanishing = (old.using and not new.using) or (old.check and not new.check)
        if vanishing or fields - {"roles", "using", "check"}:
            return None
        clauses = sql(
            "{}{}{}",
            _to(new) if "roles" in fields else EMPTY,
            _clause("USING", new.using if "using" in fields else None),
            _clause("WITH CHECK", new.check if "check" in fields else None),
        )
        return [Statement(sql("ALTER {}{}", self.reference(new), clauses), AX)]

    def contract(self, old: Policy, new: Policy) -> str | None:
        """Only a change of roles can be told to loosen; any other may tighten."""
        if changed_fields(old, new) <= {"roles", "comment"}:
            wider, narrower = (new, old) if new.permissive else (old, new)
            if PUBLIC in wider.roles or set(narrower.roles) <= set(wider.roles):
                return None
        return _complies(new)

    def create_contract(self, obj: Policy, before: Catalog) -> str | None:
        """A permissive policy only adds to what may be seen and written; a restrictive one takes away."""
        return None if obj.permissive or obj.relation not in before else _complies(obj)

    def drop_contract(self, obj: Policy) -> str | None:
        return f"doesn't need what {obj.id} permits" if obj.permissive else None

    def reference(self, obj: Policy) -> Sql:
        return sql("POLICY {} ON {}", ident(obj.name), ident(*obj.relation.path))


def _complies(policy: Policy) -> str:
    return f"complies with {policy.id}"


def _create(policy: Policy) -> Statement:
    command = sql(
        "CREATE POLICY {} ON {}{}{}{}{}{}",
        ident(policy.name),
        ident(*policy.relation.path),
        EMPTY if policy.permissive else Sql(" AS RESTRICTIVE"),
        EMPTY if policy.command == "ALL" else Sql(f" FOR {policy.command}"),
        EMPTY if policy.roles == (PUBLIC,) else _to(policy),
        _clause("USING", policy.using),
        _clause("WITH CHECK", policy.check),
    )
    return Statement(command, AX)


def _to(policy: Policy) -> Sql:
    return sql(" TO {}", join(", ", (_acl.role(name, "") for name in policy.roles)))


def _clause(word: str, expression: str | None) -> Sql:
    return EMPTY if expression is None else sql(" {} ({})", Sql(word), deparsed(expression))


KINDS = (PolicyKind(),)
