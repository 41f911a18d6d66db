"""Tables as the catalog has them: read, altered, set aside and filled again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, changed_fields
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import LockMode, Part, Statement, Timing
from migplan.kinds import _acl
from migplan.kinds._replica_identity import (
    REPLICA_IDENTITY,
    identity_part,
    other_identity,
    replica_identity,
    set_replica_identity,
)
from migplan.kinds.attachment import (
    INDEX_KINDS,
    attach_partition,
    attached_indexes,
    attachment,
    detach_partition,
    ready_indexes,
)
from migplan.kinds.base import (
    PG_CLASS,
    PG_TYPE,
    Address,
    Found,
    Kind,
    Reading,
    not_of_extension,
    option_changes,
    options,
)
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.kinds.constraint import CHECK, EXCLUSION, Constraint
from migplan.kinds.inheritance import renamed_not_nulls
from migplan.kinds.persistence import persistence, sequences_apart
from migplan.kinds.settled_below import hang, identities_below, is_numbered, names_below, take_off
from migplan.kinds.table import Table, columns_of
from migplan.kinds.table_creation import creation, set_force_row_security, set_row_security
from migplan.kinds.type_casts import cast, cast_by_text

AX = LockMode.ACCESS_EXCLUSIVE


class TableKind(Kind[Table]):
    """Relations of relkind r and p."""

    name = "table"
    keyword = "TABLE"
    privileges = _acl.TABLE
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, n.nspname::text, c.relname::text, c.relowner, c.relacl::text[], c.reltype,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
       pg_get_expr(c.relpartbound, c.oid), pg_get_partition_constraintdef(c.oid),
       (SELECT array_agg(ARRAY[pn.nspname::text, p.relname::text] ORDER BY i.inhseqno)
          FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
         WHERE i.inhrelid = c.oid),
       c.relispartition, c.relpersistence = 'u',
       c.reloptions, (SELECT reloptions FROM pg_class t WHERE t.oid = c.reltoastrelid),
       ts.spcname::text, am.amname::text,
       c.relrowsecurity, c.relforcerowsecurity, {REPLICA_IDENTITY},
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
       CASE WHEN c.relkind = 'p' THEN
         (SELECT array_agg(a.attname::text ORDER BY a.attnum)
            FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.objid AND a.attnum = d.objsubid
           WHERE d.classid = {PG_CLASS} AND d.objid = c.oid AND d.objsubid > 0
             AND d.refclassid = {PG_CLASS} AND d.refobjid = c.oid AND d.refobjsubid = 0) END
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_am am ON am.oid = c.relam AND am.amname <> 'heap'
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Table]]:
        oid, schema, name, owner, acl, row_type, key, bound, condition, parents, is_partition = row[:11]
        unlogged, reloptions, toast, tablespace, method, rls, force, replica, replica_index = row[11:20]
        of_type, key_columns = row[20:]
        parent_ids = tuple(ObjectId("table", tuple(p)) for p in parents or ())
        id = ObjectId("table", (schema, name))
        table = Table(
            id=id,
            comment=reading.comment(PG_CLASS, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            partition_key=key,
            partition_of=parent_ids[0] if is_partition and parent_ids else None,
            bound=bound,
            bound_condition=condition,
            inherits=() if is_partition else parent_ids,
            unlogged=unlogged,
            options=options(reloptions) + tuple((f"toast.{k}", v) for k, v in options(toast)),
            tablespace=tablespace,
            access_method=method,
            row_security=rls,
            force_row_security=force,
            replica_identity=replica_identity(id, replica, replica_index),
            of_type=of_type,
            key_columns=tuple(key_columns or ()),
        )
        yield Address(PG_CLASS, oid), table
        yield Address(PG_TYPE, row_type), table

    def parts(self, obj: Table, catalog: Catalog) -> list[Part]:
        parts = [creation(obj, catalog)]
        if obj.partition_of is not None:
            numbered = identities_below(obj.id, catalog) if _has_equal_attached(obj.id, catalog) else []
            attach = [attach_partition(obj), *numbered, *names_below(obj.id, catalog)]
            detach = [*numbered, detach_partition(obj)]
            columns = {obj.partition_of.child("column", c.name) for c in columns_of(obj.id, catalog)}
            empty = bool(_above_first(obj.id, catalog))
            indexes = attached_indexes(obj.id, catalog) if empty else ready_indexes(obj.id, catalog)
            uses = frozenset({obj.id, obj.partition_of, *columns}) | indexes
            uses |= _above_first(obj.partition_of, catalog) | _checks_of_the_parent(obj.id, catalog)
            uses |= _exclusions_of_few(obj.id, catalog)
            parts.append(Part(tuple(attach), tuple(detach), frozenset({attachment(obj.id)}), uses))
        return [*parts, *identity_part(obj)]

    def alter(self, old: Table, new: Table, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        if fields & {"partition_key", "column_order"}:
            return None
        target = self.reference(new)
        statements: list[Statement] = []
        if old.partition_of is not None and fields & {"partition_of", "bound"}:
            statements += take_off(old, before)
        if "partition_of" in fields:
            statements += renamed_not_nulls(new.id, before, after)
        if "of_type" in fields:
            clause = sql("OF {}", deparsed(new.of_type)) if new.of_type else Sql("NOT OF")
            statements.append(Statement(sql("ALTER {} {}", target, clause), AX))
        if "unlogged" in fields:
            logged = Sql("UNLOGGED" if new.unlogged else "LOGGED")
            statements.append(Statement(sql("ALTER {} SET {}", target, logged), AX, rewrite=True, timing=Timing.LONG))
            statements += sequences_apart(new, before, after)
        if "tablespace" in fields:
            space = ident(new.tablespace or "pg_default")
            command = sql("ALTER {} SET TABLESPACE {}", target, space)
            statements.append(Statement(command, AX, rewrite=True, timing=Timing.LONG))
        if "access_method" in fields:
            method = ident(new.access_method or "heap")
            command = sql("ALTER {} SET ACCESS METHOD {}", target, method)
            statements.append(Statement(command, AX, rewrite=True, timing=Timing.LONG))
        statements += option_changes(target, old.options, new.options, _options_lock(old, new))
        if "row_security" in fields:
            statements.append(set_row_security(new))
        if "force_row_security" in fields:
            statements.append(set_force_row_security(new))
        if "replica_identity" in fields:
            statements += set_replica_identity(new)
        if new.partition_of is not None and fields & {"partition_of", "bound"}:
            statements += hang(new, after)
        return statements

    def without_parts(self, obj: Table, parts: frozenset[ObjectId]) -> Table | None:
        kinds = {id.kind for id in parts}
        if "attachment" in kinds:
            obj = replace(obj, partition_of=None, bound=None)
        return replace(obj, replica_identity="d") if "replica_identity" in kinds else obj

    def set_aside(self, obj: Table, name: str) -> list[Statement] | None:
        return [Statement(sql("ALTER TABLE {} RENAME TO {}", self.sql_name(obj), ident(name)), AX)]

    def refill(self, old: Table, new: Table, name: str, before: Catalog, after: Catalog) -> list[Statement]:
        kept = {c.name: c for c in columns_of(old.id, before)}
        known = [c for c in columns_of(new.id, after) if c.name in kept or c.using is not None]
        columns = [c for c in known if c.generated is None]
        if not columns:
            return []
        overriding = Sql(" OVERRIDING SYSTEM VALUE" if any(c.identity for c in columns) else "")
        names = join(", ", (ident(c.name) for c in columns))
        values = join(", ", (value_for(c, kept.get(c.name), before) for c in columns))
        source = ident(old.id.path[0], name)
        command = sql("INSERT INTO {} ({}){} SELECT {} FROM {}", self.sql_name(new), names, overriding, values, source)
        return [Statement(command, LockMode.ACCESS_SHARE, scan=True, timing=Timing.LONG)]

    def contract(self, old: Table, new: Table) -> str | None:
        if (new.row_security and not old.row_security) or (new.force_row_security and not old.force_row_security):
            return f"sets the context that the policies of {new.id} ask for"
        if old.column_order != new.column_order:
            return f"relies on no order of the columns of {new.id} (INSERT without their names, SELECT *)"
        if old.partition_of is not None and old.partition_of != new.partition_of:
            return f"doesn't expect the rows of {new.id} in {old.partition_of}"
        return None

    def reshapes(self, old: Table, new: Table) -> bool:
        return "of_type" in changed_fields(old, new)

    def reshaped(self, old: Table, new: Table) -> frozenset[ObjectId]:
        """Nobody but foreign keys and sequences sees whether it is logged."""
        turned = [persistence(new.id)] if old.unlogged != new.unlogged else []
        return super().reshaped(old, new).union(turned)

    def carried(self, old: Table, new: Table, before: Catalog) -> frozenset[ObjectId]:
        """A permanent table can't reference an unlogged one, so foreign keys make room while that changes."""
        if old.unlogged == new.unlogged:
            return frozenset()
        members = before.members_of(old.id, Constraint)
        keys = [*members, *(before[id] for id in before.used_by.get(old.id, ()))]
        return frozenset(k.id for k in keys if isinstance(k, Constraint) and k.type == "f")

    def alter_uses(self, old: Table, new: Table, after: Catalog) -> frozenset[ObjectId]:
        """A partition must have its parent's columns, checks and indexes before it can be linked to it."""
        identified = other_identity(new, old)
        if new.partition_of is None or not changed_fields(old, new) & {"partition_of", "bound"}:
            return identified
        checks = (c for c in after.members_of(new.id, Constraint) if c.type == CHECK)
        linked = frozenset(m.id for m in (*after.members_of(new.id, Column), *checks))
        linked |= {new.partition_of.child("column", c.name) for c in columns_of(new.id, after)}
        attached = attached_indexes(new.id, after)
        return (
            identified
            | linked
            | ready_indexes(new.id, after)
            | _exclusions_of_few(new.id, after)
            | {p for id in attached for p in after.uses.get(id, ()) if p.kind in INDEX_KINDS}
        )

    def alter_releases(self, old: Table, new: Table) -> frozenset[ObjectId]:
        return other_identity(old, new)

    def drop_contract(self, obj: Table) -> str | None:
        return f"doesn't use {obj.id}"

    def drop_loses(self, obj: Table) -> str | None:
        return None if obj.partition_key else f"the rows of {obj.id}"


def _exclusions_of_few(partition: ObjectId, catalog: Catalog) -> frozenset[ObjectId]:
    """Exclusions above of which other partitions have no part: whoever has one gets it by being attached later."""
    clones = {c.clone_of for c in catalog.members_of(partition, Constraint) if c.type == EXCLUSION}
    above = (catalog.get(id, Constraint) for id in clones if id is not None)
    return frozenset(c.id for c in above if c is not None and c.alone)


def value_for(new: Column, old: Column | None, before: Catalog) -> Sql:
    """A column's value out of the row that was set aside: as a directive says, else cast. A type of one's own may have
    been replaced under its name, so its values go by way of text."""
    said = new.using or (None if old is None else old.reverse)
    if said is not None or old is None:
        return sql("({})", deparsed(said or "NULL"))
    own = any(id.kind in TYPE_KINDS for id in before.uses.get(old.id, ()))
    value = ident(old.name)
    return cast_by_text(value, old.type, new.type) if own else cast(value, old.type, new.type)


def _options_lock(old: Table, new: Table) -> LockMode:
    changed = {k for k, _ in set(old.options) ^ set(new.options)}
    light = all(k.startswith(("autovacuum", "toast.autovacuum")) or k in _LIGHT_OPTIONS for k in changed)
    return LockMode.SHARE_UPDATE_EXCLUSIVE if light else AX


_LIGHT_OPTIONS = {
    "fillfactor",
    "toast_tuple_target",
    "parallel_workers",
    "log_autovacuum_min_duration",
    "vacuum_truncate",
}


def _checks_of_the_parent(table: ObjectId, catalog: Catalog) -> frozenset[ObjectId]:
    """ATTACH wants them on the partition."""
    return frozenset(c.id for c in catalog.members_of(table, Constraint) if c.type == CHECK and c.inherited)


def _above_first(parent: ObjectId, catalog: Catalog) -> frozenset[ObjectId]:
    """ATTACH gives the partition an identity (17 and later), but none of those below it; DETACH wants it on all.

    Not where equal keys or indexes of the partition have to be told apart, which takes the partitions below it first.
    """
    table = catalog.get(parent, Table)
    if table is None or table.partition_of is None or _has_equal_attached(parent, catalog):
        return frozenset()
    return frozenset({attachment(parent)} if is_numbered(parent, catalog) else ())


def _has_equal_attached(table: ObjectId, catalog: Catalog) -> bool:
    """Whether two of its keys or indexes that hang on its parent's say the same."""
    attached = [catalog[id] for id in sorted(attached_indexes(table, catalog))]
    said = [o.columns if isinstance(o, Constraint) else getattr(o, "definition", None) for o in attached]
    return len(set(said)) < len(said)


KINDS = (TableKind(),)
