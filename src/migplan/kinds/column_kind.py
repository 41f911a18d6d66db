"""Columns as the catalog has them: read, created, altered and dropped, with what stands in the way of their types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from sys import intern
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, Grant, changed_fields
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement, Timing
from migplan.kinds import _acl
from migplan.kinds._descendants import descendants, heirs, parents_of
from migplan.kinds._foreign_options import fdw_option_changes
from migplan.kinds.base import PG_ATTRDEF, PG_CLASS, PG_CONSTRAINT, Found, Kind, Reading, not_of_extension, options
from migplan.kinds.column import TYPE_KINDS, Column, NotNull, relation_clause
from migplan.kinds.column_clauses import (
    add_column,
    change_type,
    column_extras,
    comes_with_its_parents,
    conversion,
    kept_by_no_type,
    set_attribute_options,
    set_compression,
)
from migplan.kinds.column_expressions import set_expressions, used_below
from migplan.kinds.declared_below import going, local_below
from migplan.kinds.default import Default
from migplan.kinds.default_privileges import in_force
from migplan.kinds.identity import change_identity, numbering, read_identity, sequence_grants
from migplan.kinds.kept_not_null import drop_not_null
from migplan.kinds.not_null import change_not_null, is_made_up
from migplan.kinds.persistence import persistence
from migplan.kinds.stricter_not_null import loosened
from migplan.kinds.type_casts import cast_by_text
from migplan.kinds.type_changes import keeps_rows

AX = LockMode.ACCESS_EXCLUSIVE


_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}


_OF_STORAGE = frozenset(
    {"storage", "compression", "statistics", "options", "fdw_options", "comment", "grants", "owner"}
)


_COMPRESSION = {"p": "pglz", "l": "lz4"}


_DOMAIN = """
WITH RECURSIVE d AS (
  SELECT 1 AS depth, t.oid, t.typbasetype, t.typtypmod, t.typnotnull
  UNION ALL
  SELECT d.depth + 1, b.oid, b.typbasetype, b.typtypmod, b.typnotnull
    FROM d JOIN pg_type b ON b.oid = d.typbasetype AND b.typtype = 'd')
SELECT json_build_array(
  bool_or(d.typnotnull OR EXISTS (SELECT FROM pg_constraint k WHERE k.contypid = d.oid)),
  (array_agg(format_type(d.typbasetype, d.typtypmod) ORDER BY d.depth DESC))[1], bool_or(d.typnotnull)) FROM d
"""
"""Of the domain ``t`` and those beneath it: whether they have constraints, the type below, whether they refuse NULL."""


class ColumnKind(Kind[Column]):
    """Rows of pg_attribute of tables, partitioned tables and foreign tables."""

    name = "column"
    keyword = "COLUMN"
    printed = 19

    def query(self, major: int) -> str:
        not_null, join_not_null = _not_null_sql(major)
        return f"""
SELECT a.attrelid, a.attnum, n.nspname::text, c.relname::text, c.relkind::text, c.relowner, a.attname::text,
       format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attcollation <> t.typcollation THEN
         (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
            FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,
       a.attnotnull, {not_null},
       a.attidentity::text, s.seq,
       a.attgenerated::text, d.oid, CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, a.attcompression::text,
       nullif(a.attstattarget, -1)::int, a.attoptions, a.attfdwoptions, a.attacl::text[],
       a.attinhcount > 0, a.attislocal, c.relispartition, CASE WHEN t.typtype = 'd' THEN ({_DOMAIN}) END
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
LEFT JOIN (
  SELECT dep.refobjid, dep.refobjsubid,
         json_build_array(sn.nspname, sc.relname, format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin,
                          q.seqmax, q.seqcache, q.seqcycle, sc.relpersistence,
                          sc.relpersistence <> (SELECT r.relpersistence FROM pg_class r WHERE r.oid = dep.refobjid),
                          sc.relacl::text[], sc.oid::bigint) AS seq
  FROM pg_depend dep
  JOIN pg_sequence q ON q.seqrelid = dep.objid
  JOIN pg_class sc ON sc.oid = dep.objid
  JOIN pg_namespace sn ON sn.oid = sc.relnamespace
  WHERE dep.classid = {PG_CLASS} AND dep.refclassid = {PG_CLASS} AND dep.deptype = 'i'
) s ON a.attidentity <> '' AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum
{join_not_null}
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
  AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
ORDER BY a.attrelid, a.attnum
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Column]]:
        relid, number, schema, relation, relkind, owner, name, type, collation = row[:9]
        not_null, nn_oid, nn_name, nn_no_inherit, nn_valid, nn_local, identity, sequence = row[9:17]
        generated, default_oid, expression, storage, compression, statistics = row[17:23]
        attoptions, fdw_options, acl, inherited, local, is_partition, domain = row[23:]
        constrained, beneath, required = domain or (False, None, False)
        owner_name = reading.roles.get(owner, "")
        constraint = None
        if not_null:
            constraint = NotNull(
                name=None if inherited or is_made_up(nn_name, relation, name) else nn_name,
                given=nn_name,
                local=nn_local is not False,
                no_inherit=bool(nn_no_inherit),
                valid=nn_valid is not False,
                comment=None if nn_oid is None else reading.comment(PG_CONSTRAINT, nn_oid),
            )
        table = reading.relation("foreign_table" if relkind == "f" else "table", schema, relation)
        column = Column(
            id=table.child("column", name),
            comment=reading.comment(PG_CLASS, relid, number),
            owner=owner_name,
            grants=reading.grants(acl, owner_name, _acl.NOTHING) if acl else None,
            relation=table,
            position=number,
            type=intern(type),
            collation=collation,
            not_null=constraint,
            identity=read_identity(identity, sequence, owner_name, reading)
            if sequence is not None and not (is_partition and inherited)
            else None,
            generated=expression,
            virtual=generated == "v",
            storage=_STORAGE[storage] if storage else None,
            compression=_COMPRESSION.get(compression),
            statistics=statistics,
            options=options(attoptions),
            fdw_options=options(fdw_options),
            inherited=inherited,
            local=local,
            unconstrained=beneath if constrained else None,
            required=required,
        )
        yield (PG_CLASS, relid, number), column
        if default_oid is not None:
            yield (PG_ATTRDEF, default_oid, 0), column
        if nn_oid is not None:
            yield (PG_CONSTRAINT, nn_oid, 0), column

    def roles(self, obj: Column) -> frozenset[str]:
        own = _acl.grantees(obj.grants)
        return own if obj.identity is None else own | _acl.grantees(obj.identity.grants)

    def parts(self, obj: Column, catalog: Catalog) -> list[Part]:
        default = catalog.get(ObjectId("default", obj.id.path), Default)
        provided = {obj.id, default.id} if default else {obj.id}
        uses = {u for id in provided for u in catalog.uses.get(id, ())} - provided
        if obj.identity is not None:
            uses.add(persistence(obj.relation))
        declared = local_below(obj, catalog)
        name = ident(*obj.relation.path)
        added = _added(obj, default, catalog)
        return [
            Part(
                (
                    *(_merged(s, declared) if s.rewrite or len(added) == 1 else s for s in added),
                    *column_extras(obj, name),
                ),
                tuple(s for c, table in going(obj, catalog) for s in _drop(c, table, catalog)),
                frozenset(provided),
                frozenset(uses | {c.id for c in declared}),
            )
        ]

    def alter(self, old: Column, new: Column, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        if "generated" in fields or "virtual" in fields:
            return self._alter_generated(old, new, before, after)
        head = sql("ALTER {} ALTER COLUMN {}", relation_clause(new), ident(new.name))
        statements: list[Statement] = []
        if old.identity is not None and new.identity is None:
            statements.append(Statement(sql("{} DROP IDENTITY", head), AX))
        if fields & {"type", "collation"}:
            statements += _changed_type(old, new, before)
            below = (after.get(id, Column) for id in sorted(self.below(new, after)) if id in before)
            statements += [s for c in below if c is not None for s in kept_by_no_type(c)]
            fields -= {"storage", "compression"}
        if "not_null" in fields:
            above = loosened(new, after) if _no_longer_valid(old, new) else []
            gone = old.not_null is not None and new.not_null is None
            statements += above or (drop_not_null(old, before, after) if gone else change_not_null(old, new))
        if new.identity is not None and ("identity" in fields or ("type" in fields and new.identity.type != new.type)):
            statements += change_identity(old.identity, new.identity, new.type, head)
            if old.identity is None:
                statements += sequence_grants(new.identity, in_force(before, after))
        if fields & {"storage"}:
            storage = Sql(new.storage or "DEFAULT") if new.storage or after.major >= 16 else None
            if storage is None:
                storage = deparsed(_type_storage(new))
            statements.append(Statement(sql("{} SET STORAGE {}", head, storage), AX))
        if "compression" in fields:
            statements.append(set_compression(new))
        if "statistics" in fields:
            target = -1 if new.statistics is None else new.statistics
            statements.append(Statement(sql("{} SET STATISTICS {}", head, target), LockMode.SHARE_UPDATE_EXCLUSIVE))
        statements += set_attribute_options(head, old, new)
        if "fdw_options" in fields:
            statements.append(Statement(sql("{} {}", head, fdw_option_changes(old.fdw_options, new.fdw_options)), AX))
        return statements

    def alter_uses(self, old: Column, new: Column, after: Catalog) -> frozenset[ObjectId]:
        """An inherited column has its parents' type by then. Its own NOT NULL stands by itself."""
        fields = changed_fields(old, new)
        below = used_below(new, after) if new.generated is not None and "generated" in fields else frozenset[ObjectId]()
        if not new.inherited or fields <= {"not_null"}:
            return below
        above = parents_of(new.relation, after)
        return below.union(id for p in above if (id := p.child("column", new.name)) in after)

    def _alter_generated(self, old: Column, new: Column, before: Catalog, after: Catalog) -> list[Statement] | None:
        """DROP EXPRESSION keeps the values; SET EXPRESSION (17) rewrites; everything else drops the column."""
        head = sql("ALTER {} ALTER COLUMN {}", relation_clause(new), ident(new.name))
        if changed_fields(old, new) & {"type", "collation", "virtual"} and new.generated is not None:
            return None
        if new.generated is None and old.generated is not None and not old.virtual:
            drop = Statement(sql("{} DROP EXPRESSION", head), AX)
            plain = replace(old, generated=None)
            return [drop, *(self.alter(plain, new, before, after) or [])]
        if new.generated is not None and old.generated is not None and after.major >= 17:
            computed = set_expressions(new, before, after)
            return [*computed, *(self.alter(replace(old, generated=new.generated), new, before, after) or [])]
        return None

    def reshapes(self, old: Column, new: Column) -> bool:
        """How values are stored and counted is nothing that anybody stands on, nor how rows are numbered."""
        numbered = old.identity is not None and new.identity is not None
        return bool(changed_fields(old, new) - _OF_STORAGE - ({"identity"} if numbered else set()))

    def contract(self, old: Column, new: Column) -> str | None:
        fields = changed_fields(old, new)
        if fields & {"type", "collation"}:
            return f"tolerates both {old.type} and {new.type} in {new.id}"
        if "not_null" in fields and new.not_null is not None and (old.not_null is None or not old.not_null.valid):
            return f"writes no NULL to {new.id}"
        if "identity" in fields and old.identity is not None and new.identity is None:
            return f"gives {new.id} a value in every INSERT"
        if "identity" in fields and new.identity and new.identity.always and not (old.identity and old.identity.always):
            return f"gives {new.id} no value"
        return None

    def drop_contract(self, obj: Column) -> str | None:
        return f"neither reads nor writes {obj.id}"

    def drop_loses(self, obj: Column) -> str | None:
        return None if obj.generated is not None else f"the values of {obj.id}"

    def carried(self, old: Column, new: Column, before: Catalog) -> frozenset[ObjectId]:
        if changed_fields(old, new) & {"type", "collation"}:
            return self.carried_when_following(old, before)
        return _losing_their_target(old, before) if old.generated != new.generated else frozenset()

    def follows(self, obj: Column, lost: Iterable[ObjectId]) -> bool:
        return any(id.kind in TYPE_KINDS for id in lost)

    def follow(self, old: Column, new: Column) -> list[Statement]:
        """An inherited column's type changes with its parent's."""
        if old.inherited:
            return []
        return change_type(new, cast_by_text(ident(new.name), old.type, new.type))

    def below(self, obj: Column, before: Catalog) -> frozenset[ObjectId]:
        found = (r.child("column", obj.name) for r in descendants(obj.relation, before))
        return frozenset(id for id in found if id in before)

    def carried_when_following(self, obj: Column, before: Catalog) -> frozenset[ObjectId]:
        """A column's type can't change under a view, rule, trigger, policy, generated column, or SQL-standard body;
        a default may not be castable; a foreign key wants both of its sides changed at once."""
        relations = (obj.relation, *descendants(obj.relation, before))
        direct = {u for r in relations for u in before.used_by.get(r.child("column", obj.name), ())}
        stopped = {id for id in direct if id.kind in _STOPS_TYPE_CHANGE or _is_foreign_key(id, before)}
        defaults = {r.child("default", obj.name) for r in relations} & before.objects.keys()
        return frozenset(stopped | _foreign_keys_to(obj, before) | defaults | _losing_their_target(obj, before))

    def sql_name(self, obj: Column) -> Sql:
        return ident(*obj.id.path)

    def grant_statements(self, obj: Column, old: Iterable[Grant], new: Iterable[Grant], owner: str) -> list[Statement]:
        target = sql("TABLE {}", ident(*obj.relation.path))
        return [
            Statement(s, LockMode.ACCESS_SHARE) for s in _acl.change_grants(target, old, new, owner, ident(obj.name))
        ]


_STOPS_TYPE_CHANGE = frozenset(
    {
        "view",
        "materialized_view",
        "rule",
        "trigger",
        "policy",
        "function",
        "procedure",
        "publication",
        "column",
    }
)


def _added(column: Column, default: Default | None, catalog: Catalog) -> list[Statement]:
    """PostgreSQL adds no column with an identity where tables inherit it, before 17 not even to partitioned tables: a
    sequence numbers the rows, and the column becomes one once it is there. Those below have none."""
    below = heirs(column.relation, catalog) if catalog.major >= 17 else descendants(column.relation, catalog)
    if column.identity is None or next(iter(below), None) is None:
        return [add_column(column, default, catalog)]
    head = sql("ALTER {} ALTER COLUMN {}", relation_clause(column), ident(column.name))
    stand_in, made, gone, behind = numbering(column.identity, ident(*column.relation.path), ident(column.name))
    numbers = Default(
        id=column.id.parent("table").child("default", column.name), relation=column.relation, expression=stand_in
    )
    numbered, *_ = change_identity(None, column.identity, column.type, head)
    plain = replace(column, identity=None)
    dropped = Statement(sql("{} DROP DEFAULT", head), AX)
    return [made, add_column(plain, numbers, catalog, column), dropped, gone, numbered, behind]


def _no_longer_valid(old: Column, new: Column) -> bool:
    if old.not_null is None or new.not_null is None:
        return False
    return new.inherited and old.not_null.valid and not new.not_null.valid


def _changed_type(old: Column, new: Column, before: Catalog) -> list[Statement]:
    """Rows that stay as they are aren't written, and read only to try the checks over the column again."""
    relations = (old.relation, *descendants(old.relation, before))
    said = new.using is not None or old.reverse is not None
    foreign = any(r.kind == "foreign_table" for r in relations)
    statements = change_type(new, conversion(old, new), by_itself=foreign and not said)
    if said or old.collation != new.collation or not keeps_rows(old.type, new.type):
        return statements
    users = (u for r in relations for u in before.used_by.get(r.child("column", old.name), ()))
    checked = any(getattr(before[u], "type", None) == "c" for u in users if u.kind == "constraint")
    timing = Timing.LONG if checked else Timing.QUICK
    return [replace(s, rewrite=False, scan=checked, timing=timing) for s in statements]


def _drop(column: Column, table: Sql, catalog: Catalog) -> Iterable[Statement]:
    """18 forgets that children no longer inherit the NOT NULL of a column that only their parent loses."""
    name = ident(column.name)
    if column.not_null is not None and catalog.major >= 18 and table != relation_clause(column):
        yield Statement(sql("ALTER {} ALTER COLUMN {} DROP NOT NULL", table, name), AX)
    yield Statement(sql("ALTER {} DROP COLUMN {}", table, name), AX)


def _merged(add: Statement, children: Iterable[Column]) -> Statement:
    """It looks for NULLs in the columns that children have already, if they get their NOT NULL only now."""
    return replace(add, scan=True) if any(map(comes_with_its_parents, children)) else add


def _losing_their_target(column: Column, catalog: Catalog) -> frozenset[ObjectId]:
    """Statistics objects and indexes that PostgreSQL makes anew by itself when a column changes, without targets."""
    relations = (column.relation, *descendants(column.relation, catalog))
    users = (u for r in relations for u in catalog.used_by.get(r.child("column", column.name), ()))
    return frozenset(u for u in users if _has_target(catalog[u]))


def _has_target(obj: DbObject) -> bool:
    if obj.id.kind == "index":
        return bool(getattr(obj, "statistics", ()))
    return obj.id.kind == "statistics" and getattr(obj, "target", None) is not None


def _is_foreign_key(id: ObjectId, catalog: Catalog) -> bool:
    found = catalog.objects.get(id)
    return id.kind == "constraint" and getattr(found, "type", "") == "f"


def _foreign_keys_to(column: Column, catalog: Catalog) -> set[ObjectId]:
    """Foreign keys that hang on a key of the column's table: they depend on its index, not on the column."""
    users = catalog.used_by.get(column.id, frozenset())
    keys = {id for id in users if id.kind in ("constraint", "index")}
    return {fk for key in keys for fk in catalog.used_by.get(key, frozenset()) if _is_foreign_key(fk, catalog)}


def _type_storage(column: Column) -> str:
    """Before 16 there is no SET STORAGE DEFAULT; every type whose storage can be changed is varlena: EXTENDED, but
    numeric, inet and a few, which are MAIN."""
    return "MAIN" if column.type.startswith(("numeric", "inet", "cidr", "tsquery")) else "EXTENDED"


def _not_null_sql(major: int) -> tuple[str, str]:
    if major < 18:
        return "NULL::oid, NULL::text, false, true, true", ""
    return (
        "nn.oid, nn.conname::text, nn.connoinherit, nn.convalidated, nn.conislocal",
        "LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[a.attnum]",
    )


KINDS = (ColumnKind(),)
