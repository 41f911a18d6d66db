"""NOT NULL constraints of columns: their names, which PostgreSQL 18 made objects of their own, and their statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import EMPTY, Sql, ident, literal, sql
from migplan.core.steps import LockMode, Statement, Timing
from migplan.kinds.column import Column, NotNull, relation_clause

AX = LockMode.ACCESS_EXCLUSIVE


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


def change_not_null(old: Column, new: Column) -> list[Statement]:
    """SET, DROP, rename or (18) validate a NOT NULL; the direct form, which scans."""
    head = sql("ALTER {} ALTER COLUMN {}", relation_clause(new), ident(new.name))
    if new.not_null is None:
        return [Statement(sql("{} DROP NOT NULL", head), AX)]
    statements: list[Statement] = []
    was = old.not_null
    if was is None or was.no_inherit != new.not_null.no_inherit:
        if was is not None:
            statements.append(Statement(sql("{} DROP NOT NULL", head), AX))
        plain = new.not_null.name is None and is_made_up(new.not_null.given, new.id.path[1], new.name)
        if plain and not new.not_null.no_inherit and new.not_null.valid:
            statements.append(Statement(sql("{} SET NOT NULL", head), AX, scan=True))
        else:
            statements.append(add_not_null(new, new.not_null))
    else:
        old_name, new_name = not_null_name(old, was), not_null_name(new, new.not_null)
        if old_name != new_name:
            statements.append(rename_not_null(new, old_name, new_name))
        if new.not_null.valid and not was.valid:
            command = sql("ALTER {} VALIDATE CONSTRAINT {}", relation_clause(new), ident(new_name))
            statements.append(Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE, scan=True, timing=Timing.LONG))
        if was.valid and not new.not_null.valid:
            statements.append(Statement(sql("{} DROP NOT NULL", head), AX))
            statements.append(add_not_null(new, new.not_null))
    if new.not_null.comment != (was.comment if was else None):
        statements.append(comment_not_null(new, new.not_null))
    return statements


def rename_not_null(column: Column, old: str, new: str) -> Statement:
    """ALTER TABLE, for ALTER FOREIGN TABLE doesn't know RENAME CONSTRAINT."""
    names = (ident(*column.relation.path), ident(old), ident(new))
    return Statement(sql("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", *names), AX)


def not_null_name(column: Column, constraint: NotNull) -> str:
    """The name that the constraint has from 18 on."""
    return constraint.name or constraint.given or object_name(column.id.path[1], column.name, "not_null")


def is_made_up(name: str | None, relation: str, column: str) -> bool:
    """Whether it is the name that PostgreSQL makes up, and that pg_dump leaves out.

    One with a number behind it isn't: PostgreSQL puts it there where another constraint of the schema has the plain
    name at that moment, which the next one who loads the schema can't know.
    """
    plain = f"{relation}_{column}_not_null"
    return name is None or name == plain or name == object_name(relation, column, "not_null")


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


def add_not_null(column: Column, constraint: NotNull) -> Statement:
    command = sql(
        "ALTER {} ADD CONSTRAINT {} NOT NULL {}{}{}",
        relation_clause(column),
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


def not_null_clause(constraint: NotNull) -> Sql:
    name = sql("CONSTRAINT {} ", ident(constraint.name)) if constraint.name else EMPTY
    return sql("{}NOT NULL{}", name, Sql(" NO INHERIT" if constraint.no_inherit else ""))
