"""Columns as statements write them: in CREATE TABLE, ADD COLUMN and ALTER COLUMN … TYPE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import LockMode, Statement, Timing
from migplan.kinds.base import option_changes
from migplan.kinds.column import Column, relation_clause
from migplan.kinds.column_domains import checks_every_value
from migplan.kinds.default import Default, is_volatile
from migplan.kinds.identity import identity_clause, identity_extras
from migplan.kinds.not_null import add_not_null, comment_not_null, not_null_clause, not_null_name
from migplan.kinds.type_casts import cast

AX = LockMode.ACCESS_EXCLUSIVE


def add_column(column: Column, default: Default | None, catalog: Catalog, known: Column | None = None) -> Statement:
    """``ADD COLUMN``, and whether it writes or reads every row.

    ``known`` is the column of the catalog that this one stands for, where it isn't in there itself.
    """
    checks = checks_every_value(known or column, catalog)
    named = catalog.major >= 18 and any(t.kind == "table" for t in catalog.tables_below.get(column.relation, ()))
    return Statement(
        sql("ALTER {} ADD COLUMN {}", relation_clause(column), column_clause(column, default, named=named)),
        AX,
        rewrite=checks or _computes(column, default),
        scan=_verifies(column, default),
        timing=Timing.LONG if checks else Timing.QUICK,
    )


def _computes(column: Column, default: Default | None) -> bool:
    """Whether ADD COLUMN has to compute a value for every row."""
    computed = column.identity is not None or (column.generated is not None and not column.virtual)
    return computed or (default is not None and is_volatile(default))


def _verifies(column: Column, default: Default | None) -> bool:
    """Whether ADD COLUMN has to look for NULLs; a default leaves none."""
    return column.not_null is not None and default is None


def column_clause(column: Column, default: Default | None, *, typed: bool = False, named: bool = False) -> Sql:
    """The column as CREATE TABLE and ADD COLUMN write it; empty for a column that its table's type fully says.

    ``named`` spells out the NOT NULL constraint's name: PostgreSQL 18 counts those of other tables when it makes one
    up.
    """
    constraints: list[Sql] = []
    not_null = None if comes_with_its_parents(column) else column.not_null
    if column.generated is not None:
        kind = Sql("VIRTUAL" if column.virtual else "STORED")
        constraints.append(sql("GENERATED ALWAYS AS ({}) {}", deparsed(column.generated), kind))
    if default is not None:
        constraints.append(sql("DEFAULT {}", deparsed(default.expression)))
    if column.identity is not None:
        constraints.append(identity_clause(column.identity, column.type))
    if not_null is not None and not_null.valid:
        name = not_null_name(column, not_null) if named or column.inherited else not_null.name
        if not_null.given is None:
            name = not_null.name
        constraints.append(not_null_clause(replace(not_null, name=name)))
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


def comes_with_its_parents(column: Column) -> bool:
    """Whether an inherited column is declared here as well, but not its NOT NULL: 18 is the first to tell."""
    return column.inherited and column.local and column.not_null is not None and not column.not_null.local


def required_here(columns: Iterable[Column], parents: Sequence[ObjectId], catalog: Catalog) -> list[Column]:
    """Columns that a table only inherits, but which are NOT NULL by its own word; before 18 that shows where the
    parents' aren't."""
    required = (c for c in columns if not c.local and c.not_null is not None and c.not_null.valid and c.not_null.local)
    if catalog.major >= 18:
        return list(required)
    above = {c.name for p in parents for c in catalog.members_of(p, Column) if c.not_null is not None}
    return [c for c in required if c.name not in above]


def not_null_of_table(column: Column) -> Sql:
    """A NOT NULL beside the columns, as 18 knows it."""
    assert column.not_null is not None
    no_inherit = Sql(" NO INHERIT" if column.not_null.no_inherit else "")
    name = ident(not_null_name(column, column.not_null))
    return sql("CONSTRAINT {} NOT NULL {}{}", name, ident(column.name), no_inherit)


def set_not_null(column: Column) -> Statement:
    """The same behind CREATE TABLE, before 18."""
    head = sql("ALTER TABLE ONLY {} ALTER COLUMN {}", ident(*column.relation.path), ident(column.name))
    return Statement(sql("{} SET NOT NULL", head), AX)


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
        statements += set_attribute_options(head, replace(column, options=()), column)
    if column.identity is not None:
        statements += identity_extras(column.identity, column.type)
    if column.not_null is not None and not column.not_null.valid:
        statements.append(add_not_null(column, column.not_null))
    if column.not_null is not None and column.not_null.comment is not None:
        statements.append(comment_not_null(column, column.not_null))
    return statements


def set_compression(column: Column) -> Statement:
    """``SET COMPRESSION``, which new values follow."""
    head = sql("ALTER {} ALTER COLUMN {}", relation_clause(column), ident(column.name))
    return Statement(sql("{} SET COMPRESSION {}", head, Sql(column.compression or "default")), AX)


def conversion(old: Column, new: Column) -> Sql:
    """The new value over the row: what a directive says (``using`` on the way there, ``reverse`` on the way back), else
    a cast."""
    said = new.using if new.using is not None else old.reverse
    return cast(ident(new.name), old.type, new.type) if said is None else deparsed(said)


def change_type(new: Column, using: Sql | None = None, *, by_itself: bool = False) -> list[Statement]:
    """``ALTER COLUMN … TYPE`` with its USING; an old default that can't be cast is the caller's to move. What is stored
    of an expression is worked out anew, and takes no USING; nor does what foreign tables inherit (``by_itself``)."""
    collate = sql(" COLLATE {}", deparsed(new.collation)) if new.collation else EMPTY
    expression = using if using is not None else sql("{}::{}", ident(new.name), deparsed(new.type))
    given = new.relation.kind != "foreign_table" and new.generated is None and not by_itself
    clause = sql(" USING {}", expression) if given else EMPTY
    command = sql(
        "ALTER {} ALTER COLUMN {} TYPE {}{}{}",
        relation_clause(new),
        ident(new.name),
        deparsed(new.type),
        collate,
        clause,
    )
    change = Statement(command, AX, rewrite=True, scan=True, timing=Timing.LONG)
    return [change, *kept_by_no_type(new)]


def kept_by_no_type(column: Column) -> list[Statement]:
    """ALTER TYPE sets storage and compression back to what the type has."""
    head = sql("ALTER {} ALTER COLUMN {}", relation_clause(column), ident(column.name))
    head = Sql(head.replace("ALTER TABLE ", "ALTER TABLE ONLY ", 1))
    storage = [] if column.storage is None else [Statement(sql("{} SET STORAGE {}", head, Sql(column.storage)), AX)]
    return [*storage, *([] if column.compression is None else [set_compression(column)])]


def set_attribute_options(head: Sql, old: Column, new: Column) -> list[Statement]:
    changed = option_changes(EMPTY, old.options, new.options)
    return [
        Statement(sql("{}{}", head, Sql(s.sql.removeprefix("ALTER "))), LockMode.SHARE_UPDATE_EXCLUSIVE)
        for s in changed
    ]
