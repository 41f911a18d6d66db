"""What rows keep to because of another moment of the plan: keys, checks and types that come, or are still there.

A plan counts the rows that break what comes, and stops. An application that is as its checkpoint says writes none of
them, so the generated rows and applications don't either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Final, LiteralString, TypeVar

import psycopg

from migplan.core.records import record
from migplan.core.sql import deparsed, ident, join, sql
from migplan.rehearse.passing_values import for_value
from migplan.rehearse.shapes import CheckShape, ColumnShape, ForeignKeyShape, KeyShape, TableShape
from migplan.rehearse.values import highest_of, length_of
from migplan.source.connect import Connection
from migplan.source.text.lexer import tokens

T = TypeVar("T")
Made = Mapping[tuple[str, str], str]
"""The columns of one moment, by table's title and name, as expressions over the columns that they have at another."""
_ASSIGNED: Final = """
SELECT a.t = b.t OR b.category = 'S' OR EXISTS (
  SELECT FROM pg_cast c WHERE c.castsource = a.t AND c.casttarget = b.t AND c.castcontext IN ('a', 'i'))
FROM (SELECT %s::regtype::oid AS t) a,
     (SELECT oid AS t, typcategory AS category FROM pg_type WHERE oid = %s::regtype) b
"""
_IMPLIED: Final = """
SELECT EXISTS (SELECT FROM pg_cast c WHERE c.castsource = %s::regtype AND c.casttarget = %s::regtype
               AND c.castcontext = 'i')
"""


@record(slots=False)
class Moment:
    """Another moment of the plan: its tables, and how they are seen from the one that rows are made for.

    ``tables`` leads from a table's title here to the one there, where they differ. ``filled`` are columns there whose
    NULLs the plan fills.
    """

    shapes: Mapping[int, TableShape]
    made: Made
    tables: Mapping[str, str] = field(default_factory=dict[str, str])
    filled: frozenset[tuple[str, str]] = frozenset()

    def table(self, title: str) -> TableShape | None:
        """The table that has that title here; partitions as well."""
        wanted = self.tables.get(title, title)
        return next((s for s in self.shapes.values() if s.title == wanted), None)


def complying(
    connection: Connection,
    own: Mapping[int, TableShape],
    moment: Moment,
    known: Mapping[tuple[str, str], object] | None = None,
) -> dict[int, TableShape]:
    """The tables with what the other moment asks of their rows as well.

    ``known`` are columns of which the target's values are known: they keep their type, for what those values become is
    the plan's to say; but for keys, whose values are made up to differ.
    """
    titles = {s.title: s.oid for s in own.values()}
    found: dict[int, TableShape] = {}
    for oid, shape in own.items():
        theirs = moment.table(shape.title)
        found[oid] = shape if theirs is None else _Table(connection, shape, theirs, moment, known or {}).whole(titles)
    return found


@record(slots=False)
class _Table:
    connection: Connection
    own: TableShape
    theirs: TableShape
    moment: Moment
    known: Mapping[tuple[str, str], object]

    def whole(self, titles: Mapping[str, int]) -> TableShape:
        """All of it: types first, since checks are tried on them."""
        shape = replace(self.own, columns=tuple(self._column(c) for c in self.own.columns))
        checks = [c for c in self._checks() if _holds_up(self.connection, shape, c)]
        return replace(
            shape,
            checks=_added(shape.checks, checks),
            keys=_added(shape.keys, self._keys()),
            unique_sets=_added(shape.unique_sets, self._unique_sets()),
            foreign_keys=_added(shape.foreign_keys, self._foreign_keys(titles)),
        )

    def _made(self, column: str) -> str | None:
        return self.moment.made.get((self.theirs.title, column))

    def _columns_of(self, column: str) -> list[str]:
        """The own columns that one of theirs is made of."""
        named = {t.name for t in tokens(self._made(column) or "") if t.is_name}
        return [c.name for c in self.own.columns if c.name in named]

    def _counterpart(self, column: str) -> ColumnShape | None:
        """The one of theirs that is this column, maybe by another name."""
        return next((c for c in self.theirs.columns if self._made(c.name) == ident(column)), None)

    def _column(self, column: ColumnShape) -> ColumnShape:
        theirs = self._counterpart(column.name)
        if theirs is None:
            return column
        filled = (self.theirs.title, theirs.name) in self.moment.filled
        column = replace(column, required=column.required or (theirs.required and not filled))
        drawn = (self.own.title, column.name) in self.known and (column.name,) not in self.own.unique_sets
        return column if drawn else self._typed(column, theirs)

    def _typed(self, column: ColumnShape, theirs: ColumnShape) -> ColumnShape:
        """The column with the type whose values fit both, part by part where both types have them."""
        if column.parts and theirs.kind == column.kind and theirs.category == column.category:
            by_name = {p.name: p for p in theirs.parts}
            parts = (self._part(p, by_name[p.name]) if p.name in by_name else p for p in column.parts)
            return replace(column, parts=tuple(parts))
        if not _narrower(self.connection, theirs, column):
            return column
        return replace(
            column,
            base=theirs.base,
            base_name=theirs.base_name,
            category=theirs.category,
            kind=theirs.kind,
            parts=theirs.parts,
        )

    def _part(self, part: ColumnShape, theirs: ColumnShape) -> ColumnShape:
        """A part of a type, with what the domain of the other one asks as well."""
        found = replace(self._typed(part, theirs), required=part.required or theirs.required)
        row = replace(self.own, columns=(found,))
        asked = (CheckShape(c, for_value(c, part.name), (part.name,)) for c in theirs.checks)
        checks = (c.name for c in asked if _holds_up(self.connection, row, c))
        return replace(found, checks=tuple(dict.fromkeys([*part.checks, *checks])))

    def _unique_sets(self) -> Iterator[tuple[str, ...]]:
        for columns in self.theirs.unique_sets:
            parts = [self._columns_of(c) for c in columns]
            if all(parts):
                yield tuple(sorted({c for part in parts for c in part}))

    def _keys(self) -> Iterator[KeyShape]:
        known = {frozenset(k.columns) for k in self.own.keys}
        for key in self.theirs.keys:
            parts = [self._columns_of(c) for c in key.columns]
            columns = tuple(c for part in parts for c in part)
            if all(len(part) == 1 for part in parts) and frozenset(columns) not in known:
                yield KeyShape(columns, primary=False, promised=True)

    def _checks(self) -> Iterator[CheckShape]:
        for check in self.theirs.checks:
            yield from self._seen(check.expression, check.columns)
        for column in self.theirs.columns:
            for check in column.checks:
                yield from self._seen(for_value(check, column.name), (column.name,))
            filled = (self.theirs.title, column.name) in self.moment.filled
            if column.required and not filled and self._made(column.name) not in (None, ident(column.name)):
                yield from self._seen(f"{ident(column.name)} IS NOT NULL", (column.name,))
        parts = self._bounds()
        if parts:
            either = " OR ".join(f"({p})" for p in parts)
            names = {t.name for t in tokens(either) if t.is_name}
            yield from self._seen(either, [c.name for c in self.theirs.columns if c.name in names])

    def _bounds(self) -> list[str]:
        """What partitions take, where the table is one only there, or has some. A hash is told by another number."""
        parts = [self.theirs.bound] if self.theirs.bound is not None and self.own.bound is None else []
        if self.theirs.partitioned:
            parts += [s.bound for s in self.moment.shapes.values() if s.root == self.theirs.oid]
        found = [p for p in parts if p is not None]
        return [] if any("satisfies_hash_partition" in p for p in found) else found

    def _seen(self, expression: str, columns: Sequence[str]) -> Iterator[CheckShape]:
        """The expression over the own columns; nothing where one of theirs isn't told by them."""
        made = {c: self._made(c) for c in columns}
        told = {c: e for c, e in made.items() if e is not None}
        own = {c for name in columns for c in self._columns_of(name)}
        if len(told) == len(made) and own:
            yield CheckShape("", substituted(expression, told), tuple(sorted(own)))

    def _foreign_keys(self, titles: Mapping[str, int]) -> Iterator[ForeignKeyShape]:
        back = {theirs: own for own, theirs in self.moment.tables.items()}
        for key in self.theirs.foreign_keys:
            target = self.moment.shapes[key.target]
            oid = titles.get(back.get(target.title, target.title))
            columns = [self._columns_of(c) for c in key.columns]
            targets = [self.moment.made.get((target.title, c)) for c in key.target_columns]
            names = [[t.name for t in tokens(t or "") if t.is_name] for t in targets]
            if oid is not None and all(len(c) == 1 for c in columns) and all(len(n) == 1 for n in names):
                yield ForeignKeyShape(tuple(c[0] for c in columns), oid, tuple(n[0] for n in names))


def substituted(expression: str, values: Mapping[str, str]) -> str:
    """An expression with other ones for its columns."""
    text, last = "", 0
    for token in tokens(expression):
        if token.is_name and token.name in values:
            value = values[token.name]
            text += expression[last : token.offset] + (value if value.startswith(("(", '"')) else f"({value})")
            last = token.end
    return text + expression[last:]


def _added(present: tuple[T, ...], more: Iterator[T] | Sequence[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys([*present, *more]))


def _holds_up(connection: Connection, shape: TableShape, check: CheckShape) -> bool:
    """Whether the check can be asked of rows as they are made: what it calls may not be there yet, or no longer."""
    row = join(", ", (sql("NULL::{} AS {}", deparsed(c.base), ident(c.name)) for c in shape.columns))
    try:
        connection.execute(sql("SELECT {} FROM (SELECT {}) made", deparsed(check.expression), row).encode())
    except psycopg.Error:
        return False
    return True


def _narrower(connection: Connection, theirs: ColumnShape, own: ColumnShape) -> bool:
    """Whether values of their type fit both columns, and not every value of the own type does."""
    if theirs.base == own.base or theirs.kind != "b" or own.kind != "b":
        return False
    if theirs.base_name == own.base_name:
        length, room = length_of(theirs), length_of(own)
        shorter = length is not None and (room is None or length < room)
        return shorter or highest_of(theirs) < highest_of(own)
    return assignable(connection, theirs.base, own.base) and not _asked(connection, _IMPLIED, own.base, theirs.base)


def assignable(connection: Connection, source: str, target: str) -> bool:
    """Whether a value of one type may be sent to a column of the other."""
    return _asked(connection, _ASSIGNED, source, target)


def comparable(connection: Connection, one: str, other: str) -> bool:
    """Whether values of both types can be compared as they are."""
    try:
        connection.execute(sql("SELECT NULL::{} = NULL::{} WHERE false", deparsed(one), deparsed(other)).encode())
    except (psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedObject):
        return False
    return True


def _asked(connection: Connection, query: LiteralString, source: str, target: str) -> bool:
    try:
        row = connection.execute(query, (_plain(source), _plain(target))).fetchone()
    except psycopg.errors.UndefinedObject:  # an extension's type, which only one of both moments knows
        return False
    return row is not None and bool(row[0])


def _plain(type: str) -> str:
    """A type without its length."""
    head, open, rest = type.partition("(")
    return head + rest.partition(")")[2] if open else type
