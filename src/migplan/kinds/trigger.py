"""Triggers of tables, views and foreign tables, constraint triggers among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds._firing import ORIGIN, firing_clause
from migplan.kinds.attachment import attachment
from migplan.kinds.base import (
    PG_CLASS,
    PG_CONSTRAINT,
    PG_TRIGGER,
    Address,
    Found,
    Kind,
    Reading,
    not_of_extension,
    simple_part,
)
from migplan.kinds.table import Table

AX, SRX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE
_RELATION_KINDS: Final = {"r": "table", "p": "table", "v": "view", "f": "foreign_table"}


@packed
class Trigger(DbObject):
    """A trigger of ``relation``: ``definition`` is pg_get_triggerdef from ``TRIGGER`` or ``CONSTRAINT TRIGGER`` on.

    ``enabled`` is O, D, R or A as in pg_trigger. PostgreSQL clones a partitioned table's row triggers to its
    partitions: ``clones`` are those partitions, as (schema, name, enabled), whose clone fires at other times.
    """

    relation: ObjectId = field(compare=False)
    definition: str
    constraint: bool = field(default=False, compare=False)
    enabled: str = ORIGIN
    clones: tuple[tuple[str, str, str], ...] = ()

    @property
    def table(self) -> ObjectId | None:
        return self.relation

    @property
    def name(self) -> str:
        """The trigger's raw name."""
        return self.id.path[-1]


class TriggerKind(Kind[Trigger]):
    """Rows of pg_trigger that users made: neither a constraint's own triggers nor a partition's clones."""

    name = "trigger"
    keyword = "TRIGGER"
    holds = "pg_trigger WHERE NOT tgisinternal"

    def query(self, major: int) -> str:
        return f"""
WITH RECURSIVE tree(root, enabled, clone, relation, clone_enabled) AS (
  SELECT t.oid, t.tgenabled, t.oid, t.tgrelid, t.tgenabled
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
   WHERE c.relkind = 'p' AND t.tgparentid = 0 AND NOT t.tgisinternal
  UNION ALL
  SELECT p.root, p.enabled, t.oid, t.tgrelid, t.tgenabled FROM tree p JOIN pg_trigger t ON t.tgparentid = p.clone
), clones AS (
  SELECT x.root, array_agg(ARRAY[n.nspname::text, c.relname::text, x.clone_enabled::text]
                           ORDER BY n.nspname, c.relname) AS list
    FROM tree x JOIN pg_class c ON c.oid = x.relation JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE x.clone_enabled <> x.enabled
   GROUP BY x.root
)
SELECT t.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relowner, t.tgname::text,
       pg_get_triggerdef(t.oid), t.tgconstraint, t.tgenabled::text, k.list
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN clones k ON k.root = t.oid
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND c.relpersistence <> 't' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")} AND {not_of_extension(PG_TRIGGER, "t.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Trigger]]:
        oid, schema, relation, relkind, owner, name, definition, constraint, enabled, clones = row
        trigger = Trigger(
            id=ObjectId("trigger", (schema, relation, name)),
            comment=reading.comment(PG_TRIGGER, oid),
            owner=reading.roles.get(owner, ""),
            relation=ObjectId(_RELATION_KINDS[relkind], (schema, relation)),
            definition=definition.removeprefix("CREATE "),
            constraint=constraint != 0,
            enabled=enabled,
            clones=tuple((c[0], c[1], c[2]) for c in clones or ()),
        )
        yield Address(PG_TRIGGER, oid), trigger
        if constraint:
            yield Address(PG_CONSTRAINT, constraint), trigger

    def parts(self, obj: Trigger, catalog: Catalog) -> list[Part]:
        create = [Statement(sql("CREATE {}", deparsed(obj.definition)), SRX)]
        if obj.enabled != ORIGIN:
            create.append(_enable(obj))
        drop = Statement(sql("DROP {}", self.reference(obj)), AX)
        uses = {*catalog.uses.get(obj.id, ()), obj.relation}
        parts = [simple_part(obj.id, create, [drop], uses)]
        return [*parts, _clones_part(obj)] if obj.clones else parts

    def alter(self, old: Trigger, new: Trigger, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        if "definition" in fields and (old.constraint or new.constraint):
            return None
        statements: list[Statement] = []
        if "definition" in fields:
            statements.append(Statement(sql("CREATE OR REPLACE {}", deparsed(new.definition)), SRX))
        if "enabled" in fields or ("definition" in fields and new.enabled != ORIGIN):
            statements.append(_enable(new))
        started_over = bool(statements)
        known: Mapping[tuple[str, str], str] = {} if started_over else _by_partition(old)
        wanted = _by_partition(new)
        returned = [p for p in known if p not in wanted and _is_partition(p, after)]
        statements += [_enable_clone(new, p, new.enabled) for p in returned]
        return statements + [_enable_clone(new, p, e) for p, e in wanted.items() if known.get(p) != e]

    def alter_uses(self, old: Trigger, new: Trigger, after: Catalog) -> frozenset[ObjectId]:
        """Partitions have their clones once they are attached."""
        return _attachments(new) - _attachments(old)

    def alter_releases(self, old: Trigger, new: Trigger) -> frozenset[ObjectId]:
        """The way back finds the clones of partitions that it has attached again."""
        return _attachments(old) - _attachments(new)

    def drop_contract(self, obj: Trigger) -> str | None:
        return f"doesn't rely on {obj.id}"

    def reference(self, obj: Trigger) -> Sql:
        return sql("TRIGGER {} ON {}", ident(obj.name), ident(*obj.relation.path))


def _enable(trigger: Trigger) -> Statement:
    """On a partitioned table, this sets the clones of every partition as well."""
    table, clause = ident(*trigger.relation.path), firing_clause(trigger.enabled)
    return Statement(sql("ALTER TABLE {} {} TRIGGER {}", table, clause, ident(trigger.name)), SRX)


def _enable_clone(trigger: Trigger, partition: tuple[str, str], enabled: str) -> Statement:
    table, clause = ident(*partition), firing_clause(enabled)
    return Statement(sql("ALTER TABLE ONLY {} {} TRIGGER {}", table, clause, ident(trigger.name)), SRX)


def _clones_part(trigger: Trigger) -> Part:
    partitions = [ObjectId("table", p) for p in _by_partition(trigger)]
    return Part(
        tuple(_enable_clone(trigger, p, e) for p, e in _by_partition(trigger).items()),
        tuple(_enable_clone(trigger, p, trigger.enabled) for p in _by_partition(trigger)),
        frozenset({trigger.id.child("clones", "")}),
        frozenset({trigger.id, *partitions, *map(attachment, partitions)}),
    )


def clones_left(trigger: Trigger, before: Catalog, after: Catalog) -> list[tuple[str, str, str]]:
    """Those of partitions that are none any more."""
    pairs = ((c, (c[0], c[1])) for c in trigger.clones)
    return [c for c, path in pairs if _is_partition(path, before) and not _is_partition(path, after)]


def _attachments(trigger: Trigger) -> frozenset[ObjectId]:
    """Of the partitions whose clones fire at other times."""
    return frozenset(attachment(ObjectId("table", p)) for p in _by_partition(trigger))


def _by_partition(trigger: Trigger) -> dict[tuple[str, str], str]:
    return {(schema, name): enabled for schema, name, enabled in trigger.clones}


def _is_partition(path: tuple[str, str], catalog: Catalog) -> bool:
    table = catalog.get(ObjectId("table", path), Table)
    return table is not None and table.partition_of is not None


KINDS = (TriggerKind(),)
