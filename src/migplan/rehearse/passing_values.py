"""Which value a column gets: one that its table's checks, its unique keys and its partitions let pass, tried out on the
server, as much as possible like those of the target."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

import psycopg

from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, literal, sql
from migplan.rehearse.shapes import CheckShape, ColumnShape, TableShape
from migplan.rehearse.statistics import ColumnStatistics, Statistics
from migplan.rehearse.values import NUMBER, composed, distinct_value, pooled_value, random_value, with_nulls
from migplan.source.connect import Connection
from migplan.source.text.lexer import TokenKind, tokens

TRIED: Final = 40
FEW: Final = 0.1
"""Of so many rows tried, the share that has to pass before values are drawn from the checks' own constants."""
_FORMS: Final = (
    "'v' || ~n || '@example.com'",
    "'https://example.com/' || ~n",
    "lpad((~n)::text, 5, '0')",
    "lpad((~n)::text, 10, '0')",
    "'+4930' || lpad((~n)::text, 8, '0')",
    "translate((~n)::text, '0123456789', 'abcdefghij')",
    "lpad(translate((~n)::text, '0123456789', 'ABCDEFGHIJ'), 3, 'A')",
)
"""What checks often ask of text: addresses, numbers of some length, letters only."""


class Unknown(Exception):
    """A column that must have a value and whose type is not known here."""


class PassingValues:
    """Expressions for the columns of one table, ``pooled`` ones out of the checks' constants where there are any.

    ``referring`` are the columns that foreign keys give a value. What finds none stands in ``gaps``.
    """

    def __init__(
        self,
        connection: Connection,
        statistics: Statistics,
        shape: TableShape,
        checks: Sequence[CheckShape],
        referring: Collection[str],
        gaps: list[str],
        *,
        pooled: bool,
    ) -> None:
        self._connection = connection
        self._statistics = statistics
        self._shape = shape
        self._checks = checks
        self._referring = referring
        self._gaps = gaps
        self._pooled = pooled

    def of(self, column: ColumnShape, seed: int) -> Sql | None:
        """The expression; None, and a gap, where the type is not known here and the column may go without.

        Raises ``Unknown`` where it may not.
        """
        statistics = self._known(column) or self._from_bounds(column)
        if self._tells_apart(column):
            made = self._distinct(column, seed, statistics)
            value = next((v for v in self._variants(column, made) if self._passes(column, v)), None)
            if value is not None:
                return value
        value = self._random(column, seed, statistics)
        constants = self._pool(column) if self._pooled or value is None or not self._passes(column, value) else []
        if constants:
            value = pooled_value(column, seed, constants)
        elif value is not None and not self._passes(column, value):
            made = self._distinct(column, seed, None)
            value = next((v for v in self._variants(column, made) if self._passes(column, v)), value)
        if value is None:
            self._gaps.append(f"{self._shape.title}.{column.name}: no value of type {column.type} is known")
            if column.required and column.default is None:
                raise Unknown(f"{column.name} must have a value of type {column.type}")
            return None
        return with_nulls(column, value, seed, statistics)

    def _distinct(self, column: ColumnShape, seed: int, statistics: ColumnStatistics | None) -> Sql | None:
        """A value that differs in every row: by one of its parts, where its type has some."""
        if not column.parts:
            return distinct_value(column, seed, statistics)
        if not _can_differ(column):
            return None
        inside = self._inside(column)
        return composed(column, [inside.part(p, seed + n, apart=True) for n, p in enumerate(column.parts)])

    def _random(self, column: ColumnShape, seed: int, statistics: ColumnStatistics | None) -> Sql | None:
        """A value as the statistics spread them, else any; of ranges, one that overlaps with none where it can be."""
        drawn = statistics is not None and (statistics.common or len(statistics.bounds) > 1)
        if not column.parts or drawn:
            return random_value(column, seed, statistics)
        inside, apart = self._inside(column), column.kind in "rm"
        return composed(column, [inside.part(p, seed + n, apart=apart) for n, p in enumerate(column.parts)])

    def part(self, part: ColumnShape, seed: int, *, apart: bool) -> Sql | None:
        """A value of a part of a type, ``apart`` from those of other rows where it can be. What its domain refuses is
        NULL: no filter of rows would keep it from an error."""
        value = None
        if apart:
            made = self._distinct(part, seed, None)
            value = next((v for v in self._variants(part, made) if self._passes(part, v)), None)
        value = value or self.of(part, seed)
        if value is None or not part.checks:
            return value
        return sql(
            "(SELECT CASE WHEN {} THEN {name} END FROM (SELECT {} AS {name}) part)",
            join(" AND ", (sql("({}) IS NOT FALSE", deparsed(for_value(c, part.name))) for c in part.checks)),
            value,
            name=ident(part.name),
        )

    def _inside(self, column: ColumnShape) -> PassingValues:
        """The parts of a column's type as columns, with the checks that are about nothing else."""
        checks = [CheckShape("", for_value(c, part.name), (part.name,)) for part in column.parts for c in part.checks]
        for check in self._checks:
            if column.kind == "c" and check.columns == (column.name,):
                checks += _about_parts(check, column)
        shape = replace(
            self._shape, name=f"{self._shape.name}.{column.name}", columns=column.parts, unique_sets=(), root=None
        )
        return PassingValues(self._connection, Statistics(), shape, checks, (), self._gaps, pooled=self._pooled)

    def _known(self, column: ColumnShape) -> ColumnStatistics | None:
        """What the target knows of the column, without values that its type no longer takes once the plan ran."""
        known = self._statistics.columns.get((self._shape.title, column.name))
        if known is None or self._takes(column, [*known.common, *known.bounds]):
            return known
        return replace(known, common=(), frequencies=(), bounds=())

    def _takes(self, column: ColumnShape, values: Sequence[str]) -> bool:
        query = sql("SELECT count(value::{}) FROM unnest(%s::text[]) tried (value)", deparsed(column.base))
        try:
            self._connection.execute(query.encode(), [list(values)])
        except psycopg.errors.DataError:
            return False
        return True

    def _from_bounds(self, column: ColumnShape) -> ColumnStatistics | None:
        """Values spread over all partitions, where nothing else is known of the column that they are told apart by."""
        if not self._shape.partitioned or column.category not in "DN":
            return None
        bounds = {v for c in self._checks[-1:] if column.name in c.columns for v in _bounds(c.expression)}
        known = [v for v in bounds if self._allowed(column, v, ())]
        ordered = sorted(known, key=lambda v: (float(v), "") if column.category == "N" else (0.0, v))
        return ColumnStatistics(0.0, -1.0, 8, bounds=tuple(ordered)) if len(ordered) > 1 else None

    def _variants(self, column: ColumnShape, value: Sql | None) -> Iterator[Sql]:
        """A value that differs in every row, and other forms of it that a check may ask for."""
        if value is None:
            return
        yield value
        if column.category != "S":
            return
        for form in _FORMS:
            yield sql("({})::{}", deparsed(form.replace("~n", NUMBER)), deparsed(column.base))
        for text in self._constants_about(column):
            yield sql("({} || {})::{}", literal(text), NUMBER, deparsed(column.base))
            yield sql("({} || {})::{}", NUMBER, literal(text), deparsed(column.base))

    def _constants_about(self, column: ColumnShape) -> list[str]:
        mentioned = [c for c in self._checks if column.name in c.columns]
        return list(dict.fromkeys(v for c in mentioned for v in _constants(c.expression, column)))

    def _tells_apart(self, column: ColumnShape) -> bool:
        """Whether it is the one column of a unique set that has to differ in every row."""
        if column.numbered:
            return True
        for columns in self._shape.unique_sets:
            own = [self._shape.column(c) for c in columns if c not in self._referring]
            able = [c for c in own if _can_differ(c)]
            able.sort(key=lambda c: (not c.numbered, c.category not in "NUS", c.name))
            if able and able[0].name == column.name:
                return True
        return False

    def _passes(self, column: ColumnShape, value: Sql) -> bool:
        """Whether the checks of that column alone let some of these values pass."""
        alone = [c.expression for c in self._checks if c.columns == (column.name,)]
        if not alone:
            return True
        query = sql(
            "SELECT count(*) FROM (SELECT {} AS {} FROM generate_series(1, {}) AS numbers ({})) tried WHERE {}",
            value,
            ident(column.name),
            TRIED,
            NUMBER,
            join(" AND ", (sql("({}) IS NOT FALSE", deparsed(e)) for e in alone)),
        )
        try:
            row = self._connection.execute(query.encode()).fetchone()
        except psycopg.Error:
            return False
        return row is not None and row[0] >= TRIED * FEW

    def _pool(self, column: ColumnShape) -> list[str]:
        """Values out of the checks' constants that the checks of that column alone let pass."""
        mentioned = [c for c in self._checks if column.name in c.columns]
        alone = [c.expression for c in mentioned if c.columns == (column.name,)]
        return [v for v in self._constants_about(column) if self._allowed(column, v, alone)]

    def _allowed(self, column: ColumnShape, value: str, checks: Sequence[str]) -> bool:
        query = sql(
            "SELECT count(*) FROM (SELECT {}::{} AS {}) tried{}",
            literal(value),
            deparsed(column.base),
            ident(column.name),
            sql(" WHERE {}", join(" AND ", (sql("({}) IS NOT FALSE", deparsed(e)) for e in checks)))
            if checks
            else EMPTY,
        )
        try:
            row = self._connection.execute(query.encode()).fetchone()
        except psycopg.Error:
            return False
        return row is not None and row[0] == 1


def for_value(check: str, column: str) -> str:
    """A domain's check with the column's name for VALUE."""
    text, last = "", 0
    for token in tokens(check):
        if token.upper == "VALUE":
            text += check[last : token.offset] + ident(column)
            last = token.end
    return text + check[last:]


def _can_differ(column: ColumnShape) -> bool:
    """Whether there are as many values of its type as there are rows."""
    if column.parts:
        return any(map(_can_differ, column.parts))
    return distinct_value(column, 0) is not None


def _about_parts(check: CheckShape, column: ColumnShape) -> Iterator[CheckShape]:
    """The check of a column of a composite type as one of its attributes, if it is about nothing else."""
    text = check.expression
    for part in column.parts:
        text = text.replace(f"({ident(column.name)}).{ident(part.name)}", ident(part.name))
    names = {t.name for t in tokens(text) if t.is_name}
    if column.name not in names:
        yield CheckShape(check.name, text, tuple(p.name for p in column.parts if p.name in names))


def _constants(expression: str, column: ColumnShape) -> Iterator[str]:
    """The constants of an expression, with their neighbours where they are numbers; a pattern's without its marks."""
    for token in tokens(expression):
        if token.kind is TokenKind.STRING:
            text = token.value
            yield text
            yield text.replace("%", "x").replace("_", "x")
            yield text.replace("%", "")
        elif token.kind is TokenKind.NUMBER and column.category == "N":
            yield token.text
            if token.text.isdigit():
                yield from (str(int(token.text) + step) for step in (1, -1, 10))
        elif token.kind is TokenKind.NUMBER and column.category == "S" and token.text.isdigit():
            yield "x" * min(int(token.text), 1000)
    if column.default is not None and not column.numbered:
        yield from (t.value for t in tokens(column.default) if t.kind in (TokenKind.STRING, TokenKind.NUMBER))


def _bounds(expression: str) -> Iterator[str]:
    """The constants of what partitions take."""
    yield from (t.value for t in tokens(expression) if t.kind in (TokenKind.STRING, TokenKind.NUMBER))
