"""Constraints as the catalog has them: read, created, altered and dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, changed_fields
from migplan.core.sql import Sql, ident, sql
from migplan.core.steps import LockMode, Part, Statement, Timing
from migplan.kinds._descendants import behind_bare, changes_parents, must_let_go, partitions
from migplan.kinds.base import (
    PG_CLASS,
    PG_CONSTRAINT,
    Address,
    Found,
    Kind,
    Reading,
    column_names,
    not_of_extension,
    option_changes,
    options,
    simple_part,
)
from migplan.kinds.constraint import (
    ATTACHABLE,
    EXCLUSION,
    FOREIGN_KEY,
    INDEXED,
    PRIMARY_KEY,
    UNIQUE,
    Constraint,
    add_constraint,
    column_ids,
    comment_on_index,
    drop_constraint,
    key_extras,
    key_of,
    local_below,
    only_inherited,
    root_of,
    set_clustered,
    unread_below,
    validate_constraint,
)
from migplan.kinds.equal_keys import behind_chosen
from migplan.kinds.index import Index
from migplan.kinds.persistence import persistence

AX = LockMode.ACCESS_EXCLUSIVE
_OPTIONS = re.compile(r""" WITH \((?:"?\w+"?='?[^'()]*'?(?:, )?)+\)""")


class ConstraintKind(Kind[Constraint]):
    """Rows of pg_constraint that belong to a table or foreign table."""

    name = "constraint"
    keyword = "CONSTRAINT"
    settles = True

    def query(self, major: int) -> str:
        enforced = "k.conenforced" if major >= 18 else "true"
        return f"""
SELECT k.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relowner, k.conname::text, k.contype::text,
       pg_get_constraintdef(k.oid),
       {column_names("k.conrelid", "k.conkey")},
       fn.nspname::text, fc.relname::text,
       {column_names("k.confrelid", "k.confkey")},
       k.convalidated, {enforced}, k.connoinherit, k.coninhcount > 0, k.conislocal,
       i.oid, i.reloptions, ts.spcname::text, ix.indisclustered,
       CASE WHEN k.conparentid <> 0 THEN
         (SELECT ARRAY[pn.nspname::text, pt.relname::text, pk.conname::text]
            FROM pg_constraint pk JOIN pg_class pt ON pt.oid = pk.conrelid
            JOIN pg_namespace pn ON pn.oid = pt.relnamespace
           WHERE pk.oid = k.conparentid)
       WHEN i.relispartition THEN
         (SELECT ARRAY[pn.nspname::text, p.relname::text]
            FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
           WHERE h.inhrelid = i.oid) END,
       k.contype = 'x' AND EXISTS (
         SELECT FROM pg_inherits h WHERE h.inhparent = c.oid
            AND NOT EXISTS (SELECT FROM pg_constraint part
                             WHERE part.conrelid = h.inhrelid AND part.conparentid = k.oid))
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class fc ON fc.oid = k.confrelid
LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
LEFT JOIN pg_class i ON i.oid = k.conindid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_index ix ON ix.indexrelid = i.oid
LEFT JOIN pg_tablespace ts ON ts.oid = i.reltablespace
WHERE k.conrelid <> 0 AND k.contype IN ('c', 'f', 'u', 'p', 'x')
  AND NOT (k.contype = 'f' AND k.conparentid <> 0
           AND k.conrelid = (SELECT pk.conrelid FROM pg_constraint pk WHERE pk.oid = k.conparentid))
  AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Constraint]]:
        oid, schema, relation, relkind, owner, name, type, definition, columns = row[:9]
        target_schema, target_name, target_columns, validated, enforced, no_inherit, inherited, local = row[9:17]
        index, index_options, tablespace, clustered, parent_path, alone = row[17:]
        of_index = parent_path is not None and len(parent_path) == len(("schema", "index"))
        parent = ObjectId("index" if of_index else "constraint", tuple(parent_path)) if parent_path else None
        table = reading.relation("foreign_table" if relkind == "f" else "table", schema, relation)
        attachable = type in ATTACHABLE
        constraint = Constraint(
            id=table.child("constraint", name),
            comment=reading.comment(PG_CONSTRAINT, oid),
            owner=reading.roles.get(owner, ""),
            relation=table,
            type=type,
            definition=_without_options(definition.removesuffix(" NOT VALID").removesuffix(" NOT ENFORCED")),
            columns=tuple(columns or ()),
            target=reading.relation("table", target_schema, target_name) if target_name else None,
            target_columns=tuple(target_columns or ()),
            validated=validated,
            enforced=enforced,
            no_inherit=no_inherit,
            inherited=inherited,
            local=local,
            index_parent=parent if attachable else None,
            clone_of=None if attachable else parent,
            index_options=options(index_options),
            index_tablespace=tablespace,
            index_comment=reading.comment(PG_CLASS, index) if index else None,
            clustered=bool(clustered),
            alone=alone and relkind == "p",
        )
        yield Address(PG_CONSTRAINT, oid), constraint
        if index:
            yield Address(PG_CLASS, index), constraint

    def parts(self, obj: Constraint, catalog: Catalog) -> list[Part]:
        uses = {*catalog.uses.get(obj.id, ()), obj.relation, *column_ids(obj)} - {obj.index_parent, _part_of(obj)}
        uses |= catalog.index_children.get(obj.id, frozenset()) | local_below(obj, catalog)
        below = unread_below(obj, catalog)
        uses |= _behind_twins(obj, catalog) | behind_chosen(obj, catalog) | {c.relation for c in below}
        uses |= _behind_partitions_without(obj, catalog) | _behind_parts(obj, catalog)
        above = None if obj.index_parent is None or obj.index_parent not in catalog else catalog[obj.index_parent].table
        if above is not None:
            uses |= {above.child("column", c) for c in obj.columns}
        if obj.target is not None:
            uses |= {obj.target, key_of(obj, catalog), persistence(obj.relation), persistence(obj.target)}
            uses |= {obj.target.child("column", c) for c in obj.target_columns}
            uses |= _attachments_of(obj.target, catalog)
        comes_along = obj.type == EXCLUSION and obj.clone_of is not None
        made = simple_part(
            obj.id,
            [] if comes_along else [_create(obj, catalog), *key_extras(obj)],
            [drop_constraint(obj)],
            {u for u in uses if u and u != obj.id},
        )
        parts = [replace(made, provides=made.provides.union(c.id for c in below))]
        if obj.index_parent is not None:
            parts.append(_attachment(obj))
        return parts

    def alter(self, old: Constraint, new: Constraint, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new) - {"comment", "owner", "grants"}
        if "index_parent" in fields and old.index_parent is not None and new.index_parent is not None:
            if not changes_parents(new.relation, before, after):
                return None
            fields -= {"index_parent"}
        released = "index_parent" in fields and new.index_parent is None
        if released and must_let_go(new.relation, old.index_parent, before, after):
            return None
        if fields - {"validated", "index_options", "index_tablespace", "index_comment", "clustered", "index_parent"}:
            return self._alter_deferrability(old, new, fields)
        if "validated" in fields and not new.validated:
            return None
        statements: list[Statement] = []
        if "index_parent" in fields and new.index_parent is not None:
            statements += _attachment(new).create
        if "validated" in fields:
            statements.append(validate_constraint(new))
        index = sql("INDEX {}", ident(new.id.path[0], new.name))
        light = LockMode.SHARE_UPDATE_EXCLUSIVE
        statements += option_changes(index, old.index_options, new.index_options, light)
        if "index_tablespace" in fields:
            space = ident(new.index_tablespace or "pg_default")
            statements.append(Statement(sql("ALTER {} SET TABLESPACE {}", index, space), AX, rewrite=True))
        if "index_comment" in fields:
            statements += comment_on_index(new)
        if "clustered" in fields:
            statements.append(set_clustered(new))
        return statements

    def _alter_deferrability(self, old: Constraint, new: Constraint, fields: frozenset[str]) -> list[Statement] | None:
        """ALTER CONSTRAINT can change how a foreign key is deferred, and nothing else before 18."""
        if old.type != FOREIGN_KEY or new.type != FOREIGN_KEY or fields != frozenset({"definition"}):
            return None
        was, old_clause = _split_deferrable(old.definition)
        is_, new_clause = _split_deferrable(new.definition)
        if was != is_ or old_clause == new_clause:
            return None
        name = ident(new.name)
        clause = Sql(new_clause or "NOT DEFERRABLE")
        return [Statement(sql("ALTER TABLE {} ALTER CONSTRAINT {} {}", ident(*new.relation.path), name, clause), AX)]

    def settle(self, live: Constraint | None, declared: Constraint | None) -> Constraint | None:
        """Whether a check that is only inherited was validated depends on whether its table was there before it."""
        if live is None or declared is None or not live.validated or declared.validated or not declared.enforced:
            return declared
        along = only_inherited(live) and only_inherited(declared) and live.definition == declared.definition
        return replace(declared, validated=True) if along else declared

    def alter_uses(self, old: Constraint, new: Constraint, after: Catalog) -> frozenset[ObjectId]:
        """Only a key of a partition can be attached."""
        attaches = new.index_parent is not None and new.index_parent != old.index_parent
        return frozenset({new.relation.child("attachment", "")} if attaches else ())

    def reshapes(self, old: Constraint, new: Constraint) -> bool:
        return False

    def create_contract(self, obj: Constraint, before: Catalog) -> str | None:
        return _complies(obj) if obj.relation in before else None

    def contract(self, old: Constraint, new: Constraint) -> str | None:
        fields = changed_fields(old, new)
        tightened = fields & {"definition", "type", "enforced"} or (new.validated and not old.validated)
        return _complies(new) if tightened else None

    def drop_contract(self, obj: Constraint) -> str | None:
        if obj.type in (UNIQUE, PRIMARY_KEY):
            return f"doesn't rely on {obj.id} (ON CONFLICT, duplicate-key errors)"
        return None

    def reference(self, obj: Constraint) -> Sql:
        return sql("CONSTRAINT {} ON {}", ident(obj.name), ident(*obj.relation.path))


def _complies(constraint: Constraint) -> str:
    if constraint.type in INDEXED:
        return f"handles the errors of {constraint.id} (duplicates, conflicts)"
    return f"complies with {constraint.id}"


def _create(constraint: Constraint, catalog: Catalog) -> Statement:
    """A partitioned table has no rows of its own: with ONLY nothing is read, and its partitions' keys are attached."""
    relation = catalog.objects.get(constraint.relation)
    attached = constraint.type in ATTACHABLE and getattr(relation, "partition_key", None) is not None
    statement = add_constraint(constraint)
    return replace(statement, scan=False, timing=Timing.QUICK) if attached or constraint.alone else statement


def _behind_partitions_without(constraint: Constraint, catalog: Catalog) -> set[ObjectId]:
    """ATTACH would give them a part of it."""
    if constraint.alone:
        clones = (c for c in catalog.of(Constraint) if c.clone_of == constraint.id)
        having = {c.relation for c in clones}
        without = (id for id in partitions(constraint.relation, catalog) if id not in having)
        return {partition.child("attachment", "") for partition in without}
    return behind_bare(constraint.id, constraint.relation, catalog) if constraint.type in ATTACHABLE else set()


def _part_of(part: Constraint) -> ObjectId | None:
    return part.clone_of if part.type == FOREIGN_KEY else None


def _behind_parts(key: Constraint, catalog: Catalog) -> set[ObjectId]:
    """A foreign key's parts that partitions have to themselves for a while, because their parent is made anew: it takes
    those that fit, and would make others beside those that don't."""
    if key.type != FOREIGN_KEY:
        return set()
    parts = (catalog.get(id.child("constraint", key.name), Constraint) for id in partitions(key.relation, catalog))
    return {c.id for c in parts if c is not None and c.clone_of == key.id}


def _attachments_of(table: ObjectId, catalog: Catalog) -> set[ObjectId]:
    """A partitioned table's key is valid, and fit for a foreign key, once every partition's index is attached; so is a
    unique index."""
    todo = [c.id for c in catalog.members_of(table, Constraint) if c.type in INDEXED]
    todo += [i.id for i in catalog.members_of(table, Index) if i.unique]
    found: set[ObjectId] = set()
    while todo:
        children = catalog.index_children.get(todo.pop(), frozenset())
        found |= {child.child("attachment", "") for child in children}
        todo += children
    return found


def _behind_twins(key: Constraint, catalog: Catalog) -> set[ObjectId]:
    """ATTACH takes the first key of a partition that fits: one beside those that are declared to hang comes later. So
    does a foreign key beside one of the parent's: either way PostgreSQL takes it for the partition's part of that."""
    if key.type == FOREIGN_KEY:
        return _behind_clones(key, catalog)
    twins = (
        c
        for c in catalog.members_of(key.relation, Constraint)
        if key.index_parent is None and c.index_parent is not None and _says_the_same(key, c)
    )
    found = {attached for t in twins for attached in (t.id.child("attachment", ""), t.relation.child("attachment", ""))}
    return found | _behind_partitions(key, catalog)


def _behind_clones(key: Constraint, catalog: Catalog) -> set[ObjectId]:
    if key.clone_of is not None:
        return set()
    clones = (c for c in catalog.members_of(key.relation, Constraint) if c.type == FOREIGN_KEY and c.clone_of)
    roots = {root_of(c, catalog) for c in clones if c.definition == key.definition}
    return {id for root in roots if root is not None for id in (root, key.relation.child("attachment", ""))}


def _behind_partitions(key: Constraint, catalog: Catalog) -> set[ObjectId]:
    """Of two equal keys of a partitioned table, ATTACH could take one for the other: the partitions are there first."""
    if not any(_says_the_same(key, c) for c in catalog.members_of(key.relation, Constraint)):
        return set()
    children = catalog.index_children.get(key.id, frozenset[ObjectId]())
    return {child.parent("table").child("attachment", "") for child in children}


def _says_the_same(key: Constraint, other: Constraint) -> bool:
    """Up to 16 a unique constraint is taken for a primary key as well."""
    alike = other.type == key.type or {other.type, key.type} == {UNIQUE, PRIMARY_KEY}
    return alike and other.id != key.id and other.columns == key.columns


def _attachment(constraint: Constraint) -> Part:
    """The parent's index takes the partition's; there is no way to detach one, so the drop of either ends it."""
    assert constraint.index_parent is not None
    parent, child = constraint.index_parent, constraint.id
    command = sql(
        "ALTER INDEX {} ATTACH PARTITION {}",
        ident(parent.path[0], parent.path[-1]),
        ident(child.path[0], child.path[-1]),
    )
    uses = frozenset({parent, child, constraint.relation.child("attachment", "")})
    return Part((Statement(command, AX),), (), frozenset({child.child("attachment", "")}), uses)


def _split_deferrable(definition: str) -> tuple[str, str]:
    for suffix in (" DEFERRABLE INITIALLY DEFERRED", " DEFERRABLE"):
        if definition.endswith(suffix):
            return definition.removesuffix(suffix), suffix.strip()
    return definition, ""


def _without_options(definition: str) -> str:
    """PostgreSQL prints an index's options with exclusion constraints, and not with keys."""
    return _OPTIONS.sub("", definition, count=1) if definition.startswith("EXCLUDE ") else definition


KINDS = (ConstraintKind(),)
