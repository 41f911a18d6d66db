"""Fills the tables of a scratch database with generated rows: parents first, as many as the live ones, scaled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final

import psycopg

from migplan.core.records import record
from migplan.core.sql import EMPTY, ident, join, literal, sql
from migplan.kinds.equality import has_equality
from migplan.rehearse.recipes import Cook, Recipe
from migplan.rehearse.shapes import TableShape, leaves, written
from migplan.rehearse.statistics import Statistics
from migplan.source.connect import Connection
from migplan.source.text.lexer import TokenKind, tokens

UNKNOWN_ROWS: Final = 1_000
_ROUNDS: Final = 8


@record(slots=False)
class Filled:
    """``rows`` by table's oid; ``next`` is the first row number that nobody has used; ``gaps`` are sentences."""

    rows: Mapping[int, int]
    next: Mapping[int, int]
    gaps: list[str] = field(default_factory=list[str])


def wanted_rows(shapes: Mapping[int, TableShape], live: Statistics, scale: float, most: int) -> dict[int, int]:
    """How many rows each table gets: the live number times ``scale``, at most ``most``; 1,000 where nobody knows."""
    found: dict[int, int] = {}
    for shape in written(shapes):
        parts = leaves(shapes, shape) if shape.partitioned else [shape]
        known = [live.rows.get(p.title, -1) for p in parts]
        rows = sum(UNKNOWN_ROWS // max(len(parts), 1) if n < 0 else n for n in known)
        found[shape.oid] = min(most, math.ceil(rows * scale))
    return found


def fill(cook: Cook, wanted: Mapping[int, int]) -> Filled:
    """Fill every table. Triggers and foreign keys don't fire: rows refer only to what is there."""
    connection = cook.connection
    _quietly(connection, "SET session_replication_role = replica")
    rows, following = dict[int, int](), dict[int, int]()
    recipes: list[Recipe] = []
    try:
        for shape in parents_first(cook.shapes):
            recipe = cook.recipe(shape, rows) if wanted[shape.oid] else None
            rows[shape.oid], following[shape.oid] = _insert(cook, recipe, wanted[shape.oid]) if recipe else (0, 1)
            if recipe is not None:
                recipes.append(recipe)
        for recipe in recipes:
            for key in recipe.left_null:
                _link(cook, recipe, key.columns, key.target_columns, cook.shapes[key.target])
            _advance(cook, recipe.shape)
    finally:
        _quietly(connection, "RESET session_replication_role")
    connection.execute("ANALYZE")
    return Filled(rows, following, cook.gaps)


def parents_first(shapes: Mapping[int, TableShape]) -> Iterator[TableShape]:
    """The tables that rows go into, each behind those it refers to, but for circles."""
    seen: set[int] = set()

    def visit(shape: TableShape) -> Iterator[TableShape]:
        if shape.oid in seen:
            return
        seen.add(shape.oid)
        for key in shape.foreign_keys:
            parent = shapes.get(key.target)
            if parent is not None and parent.root is None:
                yield from visit(parent)
        yield shape

    for shape in sorted(written(shapes), key=lambda s: s.title):
        yield from visit(shape)


def _insert(cook: Cook, recipe: Recipe, wanted: int) -> tuple[int, int]:
    """Rows inserted, and the next free row number."""
    shape, done, number = recipe.shape, 0, 1
    names = join(", ", map(ident, recipe.columns))
    conflicts = sql(" ON CONFLICT DO NOTHING")
    for _ in range(_ROUNDS):
        count = wanted - done
        head = sql("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE {}", shape.sql_name, names, recipe.rows(number, count))
        try:
            try:
                added = cook.connection.execute(sql("{}{}", head, conflicts).encode()).rowcount
            except (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.FeatureNotSupported):
                # a deferrable key tells no conflicts, and a table with rules takes no such clause
                conflicts = EMPTY
                added = cook.connection.execute(head.encode()).rowcount
        except psycopg.Error as error:
            cook.gaps.append(f"{shape.title}: {done} rows: {error.diag.message_primary}")
            return done, number
        done, number = done + added - _without_twins(cook, shape), number + count
        if done >= wanted:
            return done, number
    cook.gaps.append(f"{shape.title}: {done} rows instead of {wanted}: its constraints refuse the others")
    return done, number


def _without_twins(cook: Cook, shape: TableShape) -> int:
    """Take out the rows that have the values of another one in a key that comes, or goes, with the plan; how many."""
    gone = 0
    for key in (k for k in shape.keys if k.promised):
        columns = [shape.column(c) for c in key.columns]
        alike = join(", ", (ident(c.name) if has_equality(c.base) else sql("{}::text", ident(c.name)) for c in columns))
        given = join(" AND ", (sql("{} IS NOT NULL", ident(c.name)) for c in columns))
        ranked = sql(
            "SELECT tableoid AS part, ctid AS place, row_number() OVER (PARTITION BY {} ORDER BY tableoid, ctid) AS n"
            " FROM {} WHERE {}",
            alike,
            shape.sql_name,
            given,
        )
        statement = sql(
            "DELETE FROM {} t USING ({}) twin WHERE twin.n > 1 AND t.tableoid = twin.part AND t.ctid = twin.place",
            shape.sql_name,
            ranked,
        )
        gone += cook.connection.execute(statement.encode()).rowcount
    return gone


def _link(cook: Cook, recipe: Recipe, columns: tuple[str, ...], targets: tuple[str, ...], parent: TableShape) -> None:
    """Let half of the rows refer to a table that was filled after them, or to their own."""
    if any(recipe.shape.column(c).required for c in columns):
        return
    table = recipe.shape.sql_name
    statement = sql(
        "UPDATE {} t SET {} FROM (SELECT tableoid AS part, ctid AS place, row_number() OVER () AS n FROM {}) own"
        " JOIN (SELECT row_number() OVER () AS k, {} FROM {}) other ON other.k = own.n / 2"
        " WHERE t.tableoid = own.part AND t.ctid = own.place",
        table,
        join(", ", (sql("{} = other.{}", ident(c), ident(t)) for c, t in zip(columns, targets, strict=True))),
        table,
        join(", ", (ident(t) for t in dict.fromkeys(targets))),
        parent.sql_name,
    )
    try:
        cook.connection.execute(statement.encode())
    except psycopg.Error as error:
        cook.gaps.append(f"{recipe.shape.title}: {', '.join(columns)} stay NULL: {error.diag.message_primary}")


def _advance(cook: Cook, shape: TableShape) -> None:
    """Let the sequences go on behind the rows."""
    for column in shape.columns:
        if not column.numbered:
            continue
        named = next((t.value for t in tokens(column.default or "") if t.kind is TokenKind.STRING), None)
        sequence = (
            literal(named)
            if named is not None
            else sql("pg_get_serial_sequence({}, {})", literal(shape.sql_name), literal(column.name))
        )
        statement = sql(
            "SELECT setval({}::regclass, greatest(max({}), 1)) FROM {}", sequence, ident(column.name), shape.sql_name
        )
        try:
            cook.connection.execute(statement.encode())
        except psycopg.Error as error:
            cook.gaps.append(f"{shape.title}.{column.name}: its sequence stays: {error.diag.message_primary}")


def _quietly(connection: Connection, statement: str) -> None:
    """Where the role may not, triggers fire as they do for everybody."""
    try:
        connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return
