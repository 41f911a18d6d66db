"""CREATE TABLE with all that belongs into it or right behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds._replica_identity import set_replica_identity
from migplan.kinds.base import option_list
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import column_clause, column_extras, not_null_of_table, required_here, set_not_null
from migplan.kinds.constraint import Constraint, add_constraint, brought_by, inline_in
from migplan.kinds.default import Default
from migplan.kinds.table import Table, columns_of

AX = LockMode.ACCESS_EXCLUSIVE


def creation(table: Table, catalog: Catalog) -> Part:
    name = ident(*table.id.path)
    columns = columns_of(table.id, catalog)
    parents = table.inherits
    written = {c.name for c in columns if c.local or not parents}
    defaults = {
        d.id.path[-1]: d
        for d in catalog.members_of(table.id, Default)
        if d.id.path[-1] in written and not _needs_more_than_types(d.id, catalog)
    }
    inline = sorted(
        (
            c
            for c in catalog.members_of(table.id, Constraint)
            if inline_in(c, table.partition_key, table.partition_of, catalog)
        ),
        key=lambda c: (c.type != "p", c.id),
    )
    named = catalog.major >= 18 and any(t.kind == "table" for t in catalog.tables_below.get(table.id, ()))
    clauses = [
        column_clause(
            _computed_above(c, parents, catalog) if catalog.major < 16 else c,
            defaults.get(c.id.path[-1]),
            typed=table.of_type is not None,
            named=named,
        )
        for c in columns
        if c.name in written
    ]
    required = required_here(columns, parents, catalog) if parents else []
    clauses += [not_null_of_table(c) for c in required if catalog.major >= 18]
    later = [c for c in inline if not _said(c) or _declares_not_null(c, columns)]
    clauses += [sql("CONSTRAINT {} {}", ident(c.id.path[-1]), c.clause) for c in inline if c not in later]
    if table.of_type is not None:
        clauses = [c for c in clauses if c]
    body = sql("\n  {}\n", join(",\n  ", clauses)) if clauses else EMPTY
    of_type = sql(" OF {}", deparsed(table.of_type)) if table.of_type else EMPTY
    command = sql(
        "CREATE {}TABLE {}{}{}{}{}{}{}{}",
        Sql("UNLOGGED ") if table.unlogged else EMPTY,
        name,
        of_type,
        sql(" ({})", body) if clauses or not of_type else EMPTY,
        sql("\nINHERITS ({})", join(", ", (ident(*p.path) for p in parents))) if parents else EMPTY,
        sql("\nPARTITION BY {}", deparsed(table.partition_key)) if table.partition_key else EMPTY,
        sql("\nUSING {}", ident(table.access_method)) if table.access_method else EMPTY,
        sql("\nWITH ({})", option_list(table.options)) if table.options else EMPTY,
        sql("\nTABLESPACE {}", ident(table.tablespace)) if table.tablespace else EMPTY,
    )
    extras = [s for c in columns for s in column_extras(c, name)]
    extras += [add_constraint(c) for c in later]
    extras += [set_not_null(c) for c in required if catalog.major < 18]
    if parents:
        extras += _overrides(table, columns, catalog)
    if table.row_security:
        extras.append(set_row_security(table))
    if table.force_row_security:
        extras.append(set_force_row_security(table))
    if table.replica_identity in ("f", "n"):
        extras += set_replica_identity(table)
    inlined = [d.id for d in defaults.values()]
    brought = brought_by(parents, table.id, catalog) if parents else {}
    provided = {table.id, *(c.id for c in columns), *inlined, *(c.id for c in inline), *brought}
    uses = {u for id in provided for u in catalog.uses.get(id, ())} | set(parents).union(*brought.values())
    inherited = (p.child("column", c.name) for p in parents for c in columns if not c.local)
    uses |= {id for id in inherited if id in catalog}
    if table.partition_of is not None:
        uses.discard(table.partition_of)
    lock = LockMode.SHARE_UPDATE_EXCLUSIVE if parents else LockMode.NONE
    return Part(
        (Statement(command, lock), *extras),
        (Statement(sql("DROP TABLE {}", name), AX),),
        frozenset(provided),
        frozenset(uses - provided),
    )


def _computed_above(column: Column, parents: Iterable[ObjectId], catalog: Catalog) -> Column:
    """Up to 15 a child computes a column as its parents do, if they do: CREATE TABLE doesn't let it say so."""
    above = (catalog.get(parent.child("column", column.name), Column) for parent in parents)
    computed = any(c is not None and c.generated is not None for c in above)
    return replace(column, generated=None) if computed and column.generated is not None else column


def _declares_not_null(constraint: Constraint, columns: Iterable[Column]) -> bool:
    """In CREATE TABLE a primary key makes NOT NULL the table's own, from 18 on; later it takes what is inherited."""
    names = set(constraint.columns) if constraint.type == "p" else set[str]()
    return any(c.name in names and c.not_null is not None and not c.not_null.local for c in columns)


def _said(constraint: Constraint) -> bool:
    """CREATE TABLE takes every check for valid, the table being empty."""
    return constraint.validated or not constraint.enforced


def _overrides(table: Table, columns: list[Column], catalog: Catalog) -> list[Statement]:
    """An inherited column takes over its parent's default: say so where the child has none."""
    name = ident(*table.id.path)
    statements: list[Statement] = []
    for column in columns:
        inherited = any(p.child("default", column.id.path[-1]) in catalog for p in table.inherits)
        if not column.local and inherited and ObjectId("default", column.id.path) not in catalog:
            column_name = ident(column.id.path[-1])
            statements.append(Statement(sql("ALTER TABLE ONLY {} ALTER COLUMN {} DROP DEFAULT", name, column_name)))
    return statements


_SIMPLE_FOR_DEFAULT = frozenset(
    {"table", "column", "sequence", "enum", "domain", "range", "composite_type", "schema", "extension"}
)


def _needs_more_than_types(default: ObjectId, catalog: Catalog) -> bool:
    """Whether a default stands on something (a function, mostly) that may itself stand on the table."""
    own = {default.parent("table"), ObjectId("column", default.path)}
    return any(
        u.kind not in _SIMPLE_FOR_DEFAULT or (u.kind == "table" and u != ObjectId("table", default.path[:-1]))
        for u in catalog.uses.get(default, frozenset()) - own
    )


def set_row_security(table: Table) -> Statement:
    verb = Sql("ENABLE" if table.row_security else "DISABLE")
    return Statement(sql("ALTER TABLE {} {} ROW LEVEL SECURITY", ident(*table.id.path), verb), AX)


def set_force_row_security(table: Table) -> Statement:
    verb = Sql("FORCE" if table.force_row_security else "NO FORCE")
    return Statement(sql("ALTER TABLE {} {} ROW LEVEL SECURITY", ident(*table.id.path), verb), AX)
