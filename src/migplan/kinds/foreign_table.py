"""Foreign tables. Their columns, defaults and checks are kinds of their own, which CREATE FOREIGN TABLE takes along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, ident, join, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds import _acl
from migplan.kinds._foreign_options import (
    Options,
    fdw_option_changes,
    hidden_names,
    may_be_secret,
    options_clause,
    readable,
)
from migplan.kinds.attachment import attach_partition, attachment, detach_partition
from migplan.kinds.base import PG_CLASS, PG_TYPE, Address, Found, Kind, Reading, not_of_extension, options
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import column_clause, column_extras, not_null_of_table, required_here, set_not_null
from migplan.kinds.constraint import Constraint, brought_by, inline_in
from migplan.kinds.default import Default
from migplan.kinds.table import columns_of

AX = LockMode.ACCESS_EXCLUSIVE
_WITHOUT_RELATIONS = frozenset("sequence enum domain range composite_type schema extension server".split())


@packed
class ForeignTable(DbObject):
    """A table of the foreign server ``server`` (its raw name).

    ``bound`` is the deparsed ``FOR VALUES …`` of a partition of ``partition_of``; ``inherits`` are plain parents, in
    order. ``hidden`` names options that may hold a secret: their values are neither read nor touched.
    """

    server: str
    options: Options = ()
    hidden: tuple[str, ...] = field(default=(), compare=False)
    partition_of: ObjectId | None = None
    bound: str | None = None
    inherits: tuple[ObjectId, ...] = ()


class ForeignTableKind(Kind[ForeignTable]):
    """Relations of relkind f."""

    name = "foreign_table"
    keyword = "FOREIGN TABLE"
    holds = "pg_foreign_table"
    grant_keyword = "TABLE"
    privileges = _acl.TABLE
    owned = True

    def query(self, major: int) -> str:
        secret = may_be_secret("o")
        return f"""
SELECT c.oid, n.nspname::text, c.relname::text, c.relowner, c.relacl::text[], c.reltype, s.srvname::text,
       {readable("f.ftoptions", secret)}, {hidden_names("f.ftoptions", secret)},
       (SELECT array_agg(ARRAY[CASE WHEN p.relkind = 'f' THEN 'foreign_table' ELSE 'table' END,
                               pn.nspname::text, p.relname::text] ORDER BY i.inhseqno)
          FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
         WHERE i.inhrelid = c.oid),
       c.relispartition, pg_get_expr(c.relpartbound, c.oid)
FROM pg_foreign_table f
JOIN pg_class c ON c.oid = f.ftrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_foreign_server s ON s.oid = f.ftserver
WHERE n.oid = ANY(%(ns)s::oid[]) AND {not_of_extension(PG_CLASS, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[ForeignTable]]:
        oid, schema, name, owner, acl, row_type, server, visible, hidden, parents, is_partition, bound = row
        parent_ids = tuple(ObjectId(kind, (s, n)) for kind, s, n in parents or ())
        table = ForeignTable(
            id=ObjectId("foreign_table", (schema, name)),
            comment=reading.comment(PG_CLASS, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            server=server,
            options=options(visible),
            hidden=tuple(hidden or ()),
            partition_of=parent_ids[0] if is_partition and parent_ids else None,
            bound=bound,
            inherits=() if is_partition else parent_ids,
        )
        yield Address(PG_CLASS, oid), table
        yield Address(PG_TYPE, row_type), table

    def parts(self, obj: ForeignTable, catalog: Catalog) -> list[Part]:
        parts = [_creation(obj, catalog)]
        if obj.partition_of is not None:
            attach, detach = attach_partition(obj), detach_partition(obj)
            uses = frozenset({obj.id, obj.partition_of})
            parts.append(Part((attach,), (detach,), frozenset({attachment(obj.id)}), uses))
        return parts

    def alter(self, old: ForeignTable, new: ForeignTable, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new)
        if "server" in fields:
            return None
        moves = bool(fields & {"partition_of", "bound"})
        head = sql("ALTER FOREIGN TABLE {}", self.sql_name(new))
        statements: list[Statement] = []
        if moves and old.partition_of is not None:
            statements.append(detach_partition(old))
        if "options" in fields:
            statements.append(Statement(sql("{} {}", head, fdw_option_changes(old.options, new.options)), AX))
        if moves and new.partition_of is not None:
            statements.append(attach_partition(new))
        return statements

    def set_aside(self, obj: ForeignTable, name: str) -> list[Statement] | None:
        return [Statement(sql("ALTER FOREIGN TABLE {} RENAME TO {}", self.sql_name(obj), ident(name)), AX)]

    def contract(self, old: ForeignTable, new: ForeignTable) -> str | None:
        if old.partition_of is not None and old.partition_of != new.partition_of:
            return f"doesn't expect the rows of {new.id} in {old.partition_of}"
        return None

    def drop_loses(self, obj: ForeignTable) -> str | None:
        return f"the values of {', '.join(obj.hidden)} of {obj.id}" if obj.hidden else None


def _creation(table: ForeignTable, catalog: Catalog) -> Part:
    name = ident(*table.id.path)
    columns = columns_of(table.id, catalog)
    defaults = _inline_defaults(table.id, catalog)
    checks = [c for c in catalog.members_of(table.id, Constraint) if inline_in(c, None, table.partition_of, catalog)]
    clauses = [_column(c, defaults, catalog) for c in columns if c.local or not table.inherits]
    required = required_here(columns, table.inherits, catalog) if table.inherits else []
    clauses += [not_null_of_table(c) for c in required if catalog.major >= 18]
    clauses += [sql("CONSTRAINT {} {}", ident(c.name), c.clause) for c in checks]
    body = sql("\n  {}\n", join(",\n  ", clauses)) if clauses else EMPTY
    parents = join(", ", (ident(*p.path) for p in table.inherits))
    command = sql(
        "CREATE FOREIGN TABLE {} ({}){} SERVER {}{}",
        name,
        body,
        sql(" INHERITS ({})", parents) if table.inherits else EMPTY,
        ident(table.server),
        options_clause(table.options),
    )
    extras = [s for c in columns for s in column_extras(c, name)]
    extras += [set_not_null(c) for c in required if catalog.major < 18]
    brought = brought_by(table.inherits, table.id, catalog) if table.inherits else {}
    inlined = {*(c.id for c in columns), *(d.id for d in defaults.values()), *(c.id for c in checks)}
    provided = {table.id, *inlined, *brought}
    uses = {u for id in provided for u in catalog.uses.get(id, ())} | set(table.inherits).union(*brought.values())
    return Part(
        (Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE if table.inherits else LockMode.NONE), *extras),
        (Statement(sql("DROP FOREIGN TABLE {}", name), AX),),
        frozenset(provided),
        frozenset(uses - provided - {table.partition_of}),
    )


def _column(column: Column, defaults: dict[str, Default], catalog: Catalog) -> Sql:
    return column_clause(column, defaults.get(column.name), named=catalog.major >= 18)


def _inline_defaults(table: ObjectId, catalog: Catalog) -> dict[str, Default]:
    """The defaults that need nothing which might itself stand on the table."""
    found: dict[str, Default] = {}
    for default in catalog.members_of(table, Default):
        used = catalog.uses.get(default.id, frozenset()) - {table, default.column}
        if all(u.kind in _WITHOUT_RELATIONS for u in used):
            found[default.id.path[-1]] = default
    return found


KINDS = (ForeignTableKind(),)
