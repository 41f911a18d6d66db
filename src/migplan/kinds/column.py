"""Columns of tables and foreign tables, with what belongs to them: type, NOT NULL, identity, generation, storage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from sys import intern
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, Grant, changed_fields
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import LockMode, Part, Statement, Timing
from migplan.kinds import _acl
from migplan.kinds._descendants import descendants
from migplan.kinds.base import (
    PG_ATTRDEF,
    PG_CLASS,
    Address,
    Found,
    Kind,
    Reading,
    not_of_extension,
    option_changes,
    options,
)
from migplan.kinds.default import Default, is_volatile
from migplan.kinds.default_privileges import in_force
from migplan.kinds.domain import Domain
from migplan.kinds.identity import (
    Identity,
    change_identity,
    identity_clause,
    identity_extras,
    read_identity,
    sequence_grants,
)
from migplan.kinds.type_casts import cast, cast_by_text

AX = LockMode.ACCESS_EXCLUSIVE


@dataclass(frozen=True, slots=True)
class NotNull:
    """A NOT NULL constraint; ``name`` only where it isn't the one that PostgreSQL 18 would give by itself.

    An inherited one bears its parent's name or its own, as its history was: ``given`` is no difference.
    """

    name: str | None = None
    given: str | None = field(default=None, compare=False)
    no_inherit: bool = False
    valid: bool = True
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(DbObject):
    """A column of ``relation``. ``collation`` only where it isn't the type's, ``storage`` likewise.

    ``generated`` is the deparsed expression, ``virtual`` tells 18's virtual columns from stored ones.
    ``inherited`` columns follow those of a parent; ``local`` ones were (also) declared here. ``using`` and ``reverse``
    are the directives' expressions that make a declared column out of the present row, and the present one out of it.
    """

    relation: ObjectId = field(compare=False)
    position: int = field(compare=False)
    type: str
    collation: str | None = None
    not_null: NotNull | None = None
    identity: Identity | None = None
    generated: str | None = None
    virtual: bool = False
    storage: str | None = None
    compression: str | None = None
    statistics: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    fdw_options: tuple[tuple[str, str], ...] = ()
    inherited: bool = field(default=False, compare=False)
    local: bool = field(default=True, compare=False)
    using: str | None = field(default=None, compare=False)
    reverse: str | None = field(default=None, compare=False)

    @property
    def table(self) -> ObjectId | None:
        return self.relation

    @property
    def name(self) -> str:
        """The column's raw name."""
        return self.id.path[-1]


_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}


class ColumnKind(Kind[Column]):
    """Rows of pg_attribute of tables, partitioned tables and foreign tables."""

    name = "column"
    keyword = "COLUMN"

    def query(self, major: int) -> str:
        not_null, join_not_null = _not_null_columns(major)
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
       a.attinhcount > 0, a.attislocal, c.relispartition
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
LEFT JOIN (
  SELECT dep.refobjid, dep.refobjsubid,
         json_build_array(sn.nspname, sc.relname, format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin,
                          q.seqmax, q.seqcache, q.seqcycle, sc.relpersistence, sc.relacl::text[], sc.oid::bigint) AS seq
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
        not_null, nn_oid, nn_name, nn_no_inherit, nn_valid, identity, sequence = row[9:16]
        generated, default_oid, expression, storage, compression, statistics = row[16:22]
        attoptions, fdw_options, acl, inherited, local, is_partition = row[22:]
        owner_name = reading.roles.get(owner, "")
        constraint = None
        if not_null:
            constraint = NotNull(
                name=None if inherited or _is_made_up(nn_name, relation, name) else nn_name,
                given=nn_name,
                no_inherit=bool(nn_no_inherit),
                valid=nn_valid is not False,
                comment=None if nn_oid is None else reading.comment(2606, nn_oid),
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
        )
        yield Address(PG_CLASS, relid, number), column
        if default_oid is not None:
            yield Address(PG_ATTRDEF, default_oid), column

    def roles(self, obj: Column) -> frozenset[str]:
        own = _acl.grantees(obj.grants)
        return own if obj.identity is None else own | _acl.grantees(obj.identity.grants)

    def parts(self, obj: Column, catalog: Catalog) -> list[Part]:
        default = catalog.get(ObjectId("default", obj.id.path), Default)
        table = _relation(obj)
        drop = sql("ALTER {} DROP COLUMN {}", table, ident(obj.name))
        provided = {obj.id, default.id} if default else {obj.id}
        uses = {u for id in provided for u in catalog.uses.get(id, ())} - provided
        name = ident(*obj.relation.path)
        return [
            Part(
                (add_column(obj, default, catalog), *column_extras(obj, name)),
                (Statement(drop, AX),),
                frozenset(provided),
                frozenset(uses),
            )
        ]

    def alter(self, old: Column, new: Column, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        if "generated" in fields or "virtual" in fields:
            return self._alter_generated(old, new, before, after)
        head = sql("ALTER {} ALTER COLUMN {}", _relation(new), ident(new.name))
        statements: list[Statement] = []
        if old.identity is not None and new.identity is None:
            statements.append(Statement(sql("{} DROP IDENTITY", head), AX))
        if fields & {"type", "collation"}:
            statements += change_type(new, conversion(old, new))
        if "not_null" in fields:
            statements += change_not_null(old, new)
        if new.identity is not None and "identity" in fields:
            statements += change_identity(old.identity, new.identity, head)
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
        statements += _attribute_options(head, old, new)
        if "fdw_options" in fields:
            statements.append(Statement(sql("{} {}", head, fdw_option_changes(old.fdw_options, new.fdw_options)), AX))
        return statements

    def _alter_generated(self, old: Column, new: Column, before: Catalog, after: Catalog) -> list[Statement] | None:
        """DROP EXPRESSION keeps the values; SET EXPRESSION (17) rewrites; everything else drops the column."""
        head = sql("ALTER {} ALTER COLUMN {}", _relation(new), ident(new.name))
        if changed_fields(old, new) & {"type", "collation", "virtual"} and new.generated is not None:
            return None
        if new.generated is None and old.generated is not None and not old.virtual:
            drop = Statement(sql("{} DROP EXPRESSION", head), AX)
            plain = replace(old, generated=None)
            return [drop, *(self.alter(plain, new, before, after) or [])]
        if new.generated is not None and old.generated is not None and after.major >= 17:
            expression = deparsed(new.generated)
            statement = Statement(
                sql("{} SET EXPRESSION AS ({})", head, expression),
                AX,
                rewrite=not new.virtual,
                timing=Timing.LONG,
            )
            return [statement, *(self.alter(replace(old, generated=new.generated), new, before, after) or [])]
        return None

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
        return change_type(new, cast_by_text(ident(new.name), new.type))

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


def add_column(column: Column, default: Default | None, catalog: Catalog, known: Column | None = None) -> Statement:
    """``ADD COLUMN``, and whether it writes or reads every row.

    ``known`` is the column of the catalog that this one stands for, where it isn't in there itself.
    """
    checks = _has_checks(known or column, catalog)
    named = catalog.major >= 18 and any(u.kind == "table" for u in catalog.used_by.get(column.relation, ()))
    return Statement(
        sql("ALTER {} ADD COLUMN {}", _relation(column), column_clause(column, default, named=named)),
        AX,
        rewrite=checks or _computes(column, default),
        scan=_verifies(column, default),
        timing=Timing.LONG if checks else Timing.QUICK,
    )


def refuses_null(column: Column, catalog: Catalog) -> bool:
    """Whether the column's domain does: then even an INSERT whose trigger would fill the column fails."""
    return not column.type.endswith("[]") and _required_domain(column.id, catalog)


def _required_domain(id: ObjectId, catalog: Catalog) -> bool:
    domains = (catalog.get(used, Domain) for used in catalog.uses.get(id, ()))
    return any(d is not None and (d.not_null or _required_domain(d.id, catalog)) for d in domains)


def beneath_domain(column: Column, catalog: Catalog) -> Column:
    """The column over the type that its domain is made of, where the domain has constraints: without a rewrite."""
    domains = (catalog.get(used, Domain) for used in catalog.uses.get(column.id, ()))
    domain = next((d for d in domains if d is not None and ident(*d.id.path) == column.type), None)
    if domain is None or not _has_checks(column, catalog):
        return column
    return replace(column, type=_type_beneath(domain, catalog), collation=column.collation or domain.collation)


def _type_beneath(domain: Domain, catalog: Catalog) -> str:
    domains = (catalog.get(used, Domain) for used in catalog.uses.get(domain.id, ()))
    beneath = next((d for d in domains if d is not None and ident(*d.id.path) == domain.type), None)
    return domain.type if beneath is None else _type_beneath(beneath, catalog)


def _computes(column: Column, default: Default | None) -> bool:
    """Whether ADD COLUMN has to compute a value for every row."""
    computed = column.identity is not None or (column.generated is not None and not column.virtual)
    return computed or (default is not None and is_volatile(default))


def _verifies(column: Column, default: Default | None) -> bool:
    """Whether ADD COLUMN has to look for NULLs; a default leaves none."""
    return column.not_null is not None and default is None


def _has_checks(column: Column, catalog: Catalog) -> bool:
    """Whether every value must satisfy the constraints of a domain, NULL included; PostgreSQL rewrites to check it."""
    return not column.type.endswith("[]") and _constrained_domain(column.id, catalog)


def _constrained_domain(id: ObjectId, catalog: Catalog) -> bool:
    domains = (catalog.get(used, Domain) for used in catalog.uses.get(id, ()))
    return any(d is not None and (d.checks or d.not_null or _constrained_domain(d.id, catalog)) for d in domains)


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
TYPE_KINDS = frozenset({"enum", "domain", "composite_type", "range", "collation"})


def _losing_their_target(column: Column, catalog: Catalog) -> frozenset[ObjectId]:
    """Statistics objects that PostgreSQL makes anew by itself when a column changes, without their target."""
    relations = (column.relation, *descendants(column.relation, catalog))
    users = (u for r in relations for u in catalog.used_by.get(r.child("column", column.name), ()))
    return frozenset(u for u in users if u.kind == "statistics" and getattr(catalog[u], "target", None) is not None)


def _is_foreign_key(id: ObjectId, catalog: Catalog) -> bool:
    found = catalog.objects.get(id)
    return id.kind == "constraint" and getattr(found, "type", "") == "f"


def _foreign_keys_to(column: Column, catalog: Catalog) -> set[ObjectId]:
    """Foreign keys that hang on a key of the column's table: they depend on its index, not on the column."""
    users = catalog.used_by.get(column.id, frozenset())
    keys = {id for id in users if id.kind in ("constraint", "index")}
    return {fk for key in keys for fk in catalog.used_by.get(key, frozenset()) if _is_foreign_key(fk, catalog)}


def object_name(table: str, column: str, label: str) -> str:
    """The name that PostgreSQL makes up (makeObjectName): the longer part is cut until the whole fits 63 bytes."""
    first, second = table.encode(), column.encode()
    room = 63 - len(label) - 2
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    return f"{first.decode(errors='ignore')}_{second.decode(errors='ignore')}_{label}"


def column_clause(column: Column, default: Default | None, *, typed: bool = False, named: bool = False) -> Sql:
    """The column as CREATE TABLE and ADD COLUMN write it; empty for a column that its table's type fully says.

    ``named`` spells out the NOT NULL constraint's name: PostgreSQL 18 counts those of other tables when it makes one
    up.
    """
    constraints: list[Sql] = []
    if column.generated is not None:
        kind = Sql("VIRTUAL" if column.virtual else "STORED")
        constraints.append(sql("GENERATED ALWAYS AS ({}) {}", deparsed(column.generated), kind))
    if default is not None:
        constraints.append(sql("DEFAULT {}", deparsed(default.expression)))
    if column.identity is not None:
        constraints.append(identity_clause(column.identity))
    if column.not_null is not None and column.not_null.valid:
        name = not_null_name(column, column.not_null) if named or column.inherited else column.not_null.name
        if column.not_null.given is None:
            name = column.not_null.name
        constraints.append(_not_null_clause(replace(column.not_null, name=name)))
    if typed:
        return sql("{} WITH OPTIONS {}", ident(column.name), join(" ", constraints)) if constraints else EMPTY
    parts = [ident(column.name), deparsed(column.type)]
    if column.fdw_options:
        pairs = (sql("{} {}", ident(k), literal(v)) for k, v in column.fdw_options)
        parts.append(sql("OPTIONS ({})", join(", ", pairs)))
    if column.compression is not None:
        parts.append(sql("COMPRESSION {}", Sql(column.compression)))
    if column.collation is not None:
        parts.append(sql("COLLATE {}", deparsed(column.collation)))
    return join(" ", [*parts, *constraints])


def column_extras(column: Column, table: Sql) -> list[Statement]:
    """What CREATE TABLE and ADD COLUMN can't say of a column on every version."""
    head = sql("ALTER TABLE ONLY {} ALTER COLUMN {}", table, ident(column.name))
    statements: list[Statement] = []
    if column.storage is not None:
        statements.append(Statement(sql("{} SET STORAGE {}", head, Sql(column.storage)), AX))
    if column.statistics is not None:
        command = sql("{} SET STATISTICS {}", head, column.statistics)
        statements.append(Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE))
    if column.options:
        statements += _attribute_options(head, replace(column, options=()), column)
    if column.identity is not None:
        statements += identity_extras(None, column.identity)
    if column.not_null is not None and not column.not_null.valid:
        statements.append(_add_named_not_null(column, column.not_null))
    if column.not_null is not None and column.not_null.comment is not None:
        statements.append(comment_not_null(column, column.not_null))
    return statements


def set_compression(column: Column) -> Statement:
    """``SET COMPRESSION``, which new values follow."""
    head = sql("ALTER {} ALTER COLUMN {}", _relation(column), ident(column.name))
    return Statement(sql("{} SET COMPRESSION {}", head, Sql(column.compression or "default")), AX)


def conversion(old: Column, new: Column) -> Sql:
    """The new value over the row: what a directive says (``using`` on the way there, ``reverse`` on the way back), else
    a cast."""
    said = new.using if new.using is not None else old.reverse
    return cast(ident(new.name), old.type, new.type) if said is None else deparsed(said)


def change_type(new: Column, using: Sql | None = None) -> list[Statement]:
    """``ALTER COLUMN … TYPE`` with its USING; an old default that can't be cast is the caller's to move."""
    collate = sql(" COLLATE {}", deparsed(new.collation)) if new.collation else EMPTY
    expression = using if using is not None else sql("{}::{}", ident(new.name), deparsed(new.type))
    clause = EMPTY if new.relation.kind == "foreign_table" else sql(" USING {}", expression)
    command = sql(
        "ALTER {} ALTER COLUMN {} TYPE {}{}{}",
        _relation(new),
        ident(new.name),
        deparsed(new.type),
        collate,
        clause,
    )
    return [Statement(command, AX, rewrite=True, scan=True, timing=Timing.LONG)]


def change_not_null(old: Column, new: Column) -> list[Statement]:
    """SET, DROP, rename or (18) validate a NOT NULL; the direct form, which scans."""
    head = sql("ALTER {} ALTER COLUMN {}", _relation(new), ident(new.name))
    if new.not_null is None:
        return [Statement(sql("{} DROP NOT NULL", head), AX)]
    statements: list[Statement] = []
    was = old.not_null
    if was is None or was.no_inherit != new.not_null.no_inherit:
        if was is not None:
            statements.append(Statement(sql("{} DROP NOT NULL", head), AX))
        if new.not_null.name is None and not new.not_null.no_inherit and new.not_null.valid:
            statements.append(Statement(sql("{} SET NOT NULL", head), AX, scan=True))
        else:
            statements.append(_add_named_not_null(new, new.not_null))
    else:
        old_name, new_name = not_null_name(old, was), not_null_name(new, new.not_null)
        if old_name != new_name:
            statements.append(_renamed_not_null(new, old_name, new_name))
        if new.not_null.valid and not was.valid:
            command = sql("ALTER {} VALIDATE CONSTRAINT {}", _relation(new), ident(new_name))
            statements.append(Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE, scan=True, timing=Timing.LONG))
        if was.valid and not new.not_null.valid:
            statements.append(Statement(sql("{} DROP NOT NULL", head), AX))
            statements.append(_add_named_not_null(new, new.not_null))
    if new.not_null.comment != (was.comment if was else None):
        statements.append(comment_not_null(new, new.not_null))
    return statements


def _renamed_not_null(column: Column, old: str, new: str) -> Statement:
    """ALTER TABLE, for ALTER FOREIGN TABLE doesn't know RENAME CONSTRAINT."""
    names = (ident(*column.relation.path), ident(old), ident(new))
    return Statement(sql("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", *names), AX)


def not_null_name(column: Column, constraint: NotNull) -> str:
    """The name that the constraint has from 18 on."""
    return constraint.name or constraint.given or object_name(column.id.path[1], column.name, "not_null")


def _is_made_up(name: str | None, relation: str, column: str) -> bool:
    """Whether PostgreSQL chose the name: with a number behind it where another constraint of the schema has it."""
    number = "" if name is None else name[len(name.rstrip("0123456789")) :]
    return name is None or name in (
        object_name(relation, column, "not_null"),
        object_name(relation, column, f"not_null{number}"),
    )


def with_not_null_names(catalog: Catalog, tables: Iterable[ObjectId]) -> Catalog:
    """The catalog with the NOT NULL names of those tables spelled out: while a table is set aside it keeps its names,
    and PostgreSQL 18 would make up others for the one that takes its place."""
    named = {
        c.id: with_not_null_name(c) for t in tables for c in catalog.members_of(t, Column) if c.not_null is not None
    }
    if catalog.major < 18 or not named:
        return catalog
    return replace(catalog, objects={**catalog.objects, **named})


def with_not_null_name(column: Column) -> Column:
    """The column with the name of its NOT NULL said."""
    assert column.not_null is not None
    return replace(column, not_null=replace(column.not_null, name=not_null_name(column, column.not_null)))


def _add_named_not_null(column: Column, constraint: NotNull) -> Statement:
    command = sql(
        "ALTER {} ADD CONSTRAINT {} NOT NULL {}{}{}",
        _relation(column),
        ident(not_null_name(column, constraint)),
        ident(column.name),
        Sql(" NO INHERIT" if constraint.no_inherit else ""),
        Sql("" if constraint.valid else " NOT VALID"),
    )
    return Statement(command, AX, scan=constraint.valid)


def comment_not_null(column: Column, constraint: NotNull) -> Statement:
    """``COMMENT ON CONSTRAINT`` of a NOT NULL (from 18 on)."""
    text = Sql("NULL") if constraint.comment is None else literal(constraint.comment)
    name = ident(not_null_name(column, constraint))
    return Statement(sql("COMMENT ON CONSTRAINT {} ON {} IS {}", name, ident(*column.relation.path), text))


def _not_null_clause(constraint: NotNull) -> Sql:
    name = sql("CONSTRAINT {} ", ident(constraint.name)) if constraint.name else EMPTY
    return sql("{}NOT NULL{}", name, Sql(" NO INHERIT" if constraint.no_inherit else ""))


def _attribute_options(head: Sql, old: Column, new: Column) -> list[Statement]:
    changed = option_changes(EMPTY, old.options, new.options)
    return [
        Statement(sql("{}{}", head, Sql(s.sql.removeprefix("ALTER "))), LockMode.SHARE_UPDATE_EXCLUSIVE)
        for s in changed
    ]


def fdw_option_changes(old: tuple[tuple[str, str], ...], new: tuple[tuple[str, str], ...]) -> Sql:
    """``OPTIONS (ADD …, SET …, DROP …)`` that turns one set of foreign options into the other."""
    before, after = dict(old), dict(new)
    items = [sql("DROP {}", ident(k)) for k in before if k not in after]
    items += [sql("SET {} {}", ident(k), literal(v)) for k, v in new if k in before and before[k] != v]
    items += [sql("ADD {} {}", ident(k), literal(v)) for k, v in new if k not in before]
    return sql("OPTIONS ({})", join(", ", items))


def _relation(column: Column) -> Sql:
    keyword = Sql("FOREIGN TABLE" if column.relation.kind == "foreign_table" else "TABLE")
    return sql("{} {}", keyword, ident(*column.relation.path))


def _type_storage(column: Column) -> str:
    """Before 16 there is no SET STORAGE DEFAULT; every type whose storage can be changed is varlena: EXTENDED, but
    numeric, inet and a few, which are MAIN."""
    return "MAIN" if column.type.startswith(("numeric", "inet", "cidr", "tsquery")) else "EXTENDED"


def _not_null_columns(major: int) -> tuple[str, str]:
    if major < 18:
        return "NULL::oid, NULL::text, false, true", ""
    return (
        "nn.oid, nn.conname::text, nn.connoinherit, nn.convalidated",
        "LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[a.attnum]",
    )


KINDS = (ColumnKind(),)
