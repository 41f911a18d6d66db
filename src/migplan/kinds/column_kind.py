"""Columns as the catalog has them: read, created, altered and dropped, with what stands in the way of their types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, Grant, changed_fields
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement, Timing
from migplan.kinds import _acl
from migplan.kinds._descendants import descendants, heirs, parents_of
from migplan.kinds._foreign_options import fdw_option_changes
from migplan.kinds.base import Found, Kind, Reading
from migplan.kinds.behind_rows import behind_rows
from migplan.kinds.column import TYPE_KINDS, Column, relation_clause
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
from migplan.kinds.column_domains import domains_checked_first
from migplan.kinds.column_expressions import set_expressions, sets_expression, used_below
from migplan.kinds.column_in_the_way import in_the_way_of_type, losing_their_target
from migplan.kinds.column_indexes import reads_for_indexes
from migplan.kinds.column_reading import built_column, column_query
from migplan.kinds.declared_below import going, local_below
from migplan.kinds.default import Default
from migplan.kinds.default_privileges import in_force
from migplan.kinds.identity import change_identity, numbering, sequence_grants
from migplan.kinds.kept_not_null import drop_not_null
from migplan.kinds.named_below import keys_in_the_way, with_room
from migplan.kinds.not_null import change_not_null
from migplan.kinds.persistence import persistence
from migplan.kinds.stricter_not_null import loosened
from migplan.kinds.type_casts import cast_by_text
from migplan.kinds.type_changes import keeps_rows

AX = LockMode.ACCESS_EXCLUSIVE


_OF_STORAGE = frozenset(
    {"storage", "compression", "statistics", "options", "fdw_options", "comment", "grants", "owner"}
)


class ColumnKind(Kind[Column]):
    """Rows of pg_attribute of tables, partitioned tables and foreign tables."""

    name = "column"
    keyword = "COLUMN"
    printed = 19

    def query(self, major: int) -> str:
        return column_query(major)

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Column]]:
        return built_column(row, reading)

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
                frozenset(uses | {c.id for c in declared} | domains_checked_first(obj, catalog)),
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
            statements += with_room(old, _changed_type(old, new, before), before)
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
                if new.relation.kind == "table":
                    statements.append(behind_rows(new, new.identity.sequence, new.identity, before, after))
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
        below |= domains_checked_first(new, after) if "type" in fields else frozenset()
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
        if new.generated is not None and old.generated is not None and sets_expression(new, before, after):
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
        if "generated" in fields and old.generated is None:
            return f"gives {new.id} no value, for it is computed"
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
        return losing_their_target(old, before) if old.generated != new.generated else frozenset()

    def follows(self, obj: Column, lost: Iterable[ObjectId]) -> bool:
        return any(id.kind in TYPE_KINDS for id in lost)

    def follow(self, old: Column, new: Column) -> list[Statement]:
        """An inherited column's type changes with its parent's, and how it is stored with that."""
        if old.inherited:
            return kept_by_no_type(new)
        said = new.using is not None or old.reverse is not None
        return change_type(new, conversion(old, new) if said else cast_by_text(ident(new.name), old.type, new.type))

    def below(self, obj: Column, before: Catalog) -> frozenset[ObjectId]:
        found = (r.child("column", obj.name) for r in descendants(obj.relation, before))
        return frozenset(id for id in found if id in before)

    def carried_when_following(self, obj: Column, before: Catalog) -> frozenset[ObjectId]:
        return in_the_way_of_type(obj, before) | keys_in_the_way(obj, before)

    def sql_name(self, obj: Column) -> Sql:
        return ident(*obj.id.path)

    def grant_statements(self, obj: Column, old: Iterable[Grant], new: Iterable[Grant], owner: str) -> list[Statement]:
        target = sql("TABLE {}", ident(*obj.relation.path))
        return [
            Statement(s, LockMode.ACCESS_SHARE) for s in _acl.change_grants(target, old, new, owner, ident(obj.name))
        ]


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
    """Rows that stay as they are aren't written, and read only to try the checks over the column again, or where
    indexes are built anew."""
    relations = (old.relation, *descendants(old.relation, before))
    said = new.using is not None or old.reverse is not None
    foreign = any(r.kind == "foreign_table" for r in relations)
    statements = change_type(new, conversion(old, new), by_itself=foreign and not said)
    if said or old.collation != new.collation or not keeps_rows(old.type, new.type):
        return statements
    users = (u for r in relations for u in before.used_by.get(r.child("column", old.name), ()))
    checked = any(getattr(before[u], "type", None) == "c" for u in users if u.kind == "constraint")
    read = checked or reads_for_indexes(old, before)
    timing = Timing.LONG if read else Timing.QUICK
    return [replace(s, rewrite=False, scan=read, timing=timing) for s in statements]


def _drop(column: Column, table: Sql, catalog: Catalog) -> Iterable[Statement]:
    """18 forgets that children no longer inherit the NOT NULL of a column that only their parent loses."""
    name = ident(column.name)
    if column.not_null is not None and catalog.major >= 18 and table != relation_clause(column):
        yield Statement(sql("ALTER {} ALTER COLUMN {} DROP NOT NULL", table, name), AX)
    yield Statement(sql("ALTER {} DROP COLUMN {}", table, name), AX)


def _merged(add: Statement, children: Iterable[Column]) -> Statement:
    """It looks for NULLs in the columns that children have already, if they get their NOT NULL only now."""
    return replace(add, scan=True) if any(map(comes_with_its_parents, children)) else add


def _type_storage(column: Column) -> str:
    """Before 16 there is no SET STORAGE DEFAULT; every type whose storage can be changed is varlena: EXTENDED, but
    numeric, inet and a few, which are MAIN."""
    return "MAIN" if column.type.startswith(("numeric", "inet", "cidr", "tsquery")) else "EXTENDED"


KINDS = (ColumnKind(),)
