"""Rewrite rules of tables and views, except the ``_RETURN`` rule that is a view's query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds._firing import ORIGIN, firing_clause
from migplan.kinds.base import (
    PG_CLASS,
    PG_REWRITE,
    Address,
    Found,
    Kind,
    Reading,
    made_by_users,
    not_of_extension,
    simple_part,
)

AX = LockMode.ACCESS_EXCLUSIVE
_RELATION_KINDS: Final = {"r": "table", "p": "table", "v": "view", "m": "materialized_view"}


@packed
class Rule(DbObject):
    """A rule of ``relation``: ``definition`` is pg_get_ruledef from ``RULE`` on, ``enabled`` O, D, R or A."""

    relation: ObjectId = field(compare=False)
    definition: str
    enabled: str = ORIGIN

    @property
    def table(self) -> ObjectId | None:
        return self.relation

    @property
    def name(self) -> str:
        """The rule's raw name."""
        return self.id.path[-1]


class RuleKind(Kind[Rule]):
    """Rows of pg_rewrite."""

    name = "rule"
    keyword = "RULE"
    holds = made_by_users("pg_rewrite", "rulename <> '_RETURN'")

    def query(self, major: int) -> str:
        return f"""
SELECT r.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relowner, r.rulename::text,
       pg_get_ruledef(r.oid), r.ev_enabled::text
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND c.relpersistence <> 't' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Rule]]:
        oid, schema, relation, relkind, owner, name, definition, enabled = row
        rule = Rule(
            id=ObjectId("rule", (schema, relation, name)),
            comment=reading.comment(PG_REWRITE, oid),
            owner=reading.roles.get(owner, ""),
            relation=ObjectId(_RELATION_KINDS[relkind], (schema, relation)),
            definition=definition.removeprefix("CREATE ").removesuffix(";"),
            enabled=enabled,
        )
        yield Address(PG_REWRITE, oid), rule

    def parts(self, obj: Rule, catalog: Catalog) -> list[Part]:
        create = [Statement(sql("CREATE {}", deparsed(obj.definition)), AX)]
        if obj.enabled != ORIGIN:
            create.append(_enable(obj))
        drop = Statement(sql("DROP {}", self.reference(obj)), AX)
        return [simple_part(obj.id, create, [drop], {*catalog.uses.get(obj.id, ()), obj.relation})]

    def alter(self, old: Rule, new: Rule, before: Catalog, after: Catalog) -> list[Statement] | None:
        """CREATE OR REPLACE RULE leaves the rule as enabled as it was."""
        fields = changed_fields(old, new)
        statements: list[Statement] = []
        if "definition" in fields:
            statements.append(Statement(sql("CREATE OR REPLACE {}", deparsed(new.definition)), AX))
        if "enabled" in fields:
            statements.append(_enable(new))
        return statements

    def drop_contract(self, obj: Rule) -> str | None:
        return f"doesn't rely on {obj.id}"

    def reference(self, obj: Rule) -> Sql:
        return sql("RULE {} ON {}", ident(obj.name), ident(*obj.relation.path))


def _enable(rule: Rule) -> Statement:
    table, clause = ident(*rule.relation.path), firing_clause(rule.enabled)
    return Statement(sql("ALTER TABLE {} {} RULE {}", table, clause, ident(rule.name)), AX)


KINDS = (RuleKind(),)
