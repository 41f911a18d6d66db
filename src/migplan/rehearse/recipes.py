"""How a table's rows are made: one SELECT over row numbers, its columns chosen so that constraints let rows pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import psycopg

from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, literal, sql
from migplan.rehearse.shapes import CheckShape, ColumnShape, ForeignKeyShape, TableShape, leaves
from migplan.rehearse.statistics import ColumnStatistics, Statistics
from migplan.rehearse.values import NUMBER, distinct_value, pooled_value, random_value, share, with_nulls
from migplan.source.connect import Connection
from migplan.source.lexer import TokenKind, tokens

_TRIED: Final = 40
_FEW: Final = 0.1
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
_REFERENCES: Final = 20_000
"""As many rows of a parent are referred to."""


@record(slots=False)
class Recipe:
    """``columns`` are those that get a value. ``left_null`` are foreign keys whose other side comes later."""

    shape: TableShape
    columns: tuple[str, ...]
    left_null: tuple[ForeignKeyShape, ...]
    select: Callable[[int, int], Sql]

    def rows(self, start: int, count: int) -> Sql:
        """A SELECT of ``columns`` for row numbers from ``start`` on; fewer rows where checks refuse some."""
        return self.select(start, count)


@dataclass
class Cook:
    """Makes recipes for the tables of one database; what it can't make stands in ``gaps``, in sentences."""

    connection: Connection
    shapes: Mapping[int, TableShape]
    statistics: Statistics
    gaps: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        """Nothing has been analysed yet: without a word the planner would go through parents row by row."""
        self.connection.execute("SET enable_nestloop = off; SET jit = off")

    def recipe(self, shape: TableShape, filled: Iterable[int]) -> Recipe | None:
        """The recipe of a table when these others have their rows. None, and a gap, where there is none."""
        try:
            for pooled in (False, True):
                found = _Draft(self, shape, frozenset(filled), pooled).recipe()
                passing = self.connection.execute(
                    sql("SELECT count(*) FROM ({}) tried", found.rows(1, _TRIED)).encode()
                ).fetchone()
                if passing is not None and passing[0] >= _TRIED * _FEW:
                    return found
            if passing is not None and passing[0]:
                return found
        except (psycopg.Error, _Unknown) as error:
            self.gaps.append(f"{shape.title}: no rows: {' '.join(str(error).split())}")
            return None
        self.gaps.append(f"{shape.title}: no rows: its constraints refuse every row that was tried")
        return None

    def checks_of(self, shape: TableShape) -> list[CheckShape]:
        """The table's checks, the domains' of its columns, and what its partitions take."""
        found = list(shape.checks)
        for column in shape.columns:
            found += [CheckShape("", for_value(c, column.name), (column.name,)) for c in column.checks]
        parts = [leaf.bound for leaf in leaves(self.shapes, shape) if leaf.bound is not None]
        if shape.partitioned:
            either = " OR ".join(f"({p})" for p in parts) or "false"
            names = {t.name for t in tokens(either) if t.is_name}
            found.append(CheckShape("", either, tuple(c.name for c in shape.columns if c.name in names)))
        return found


class _Unknown(Exception):
    """A column that must have a value and whose type is not known here."""


class _Draft:
    def __init__(self, cook: Cook, shape: TableShape, filled: frozenset[int], pooled: bool) -> None:
        self._cook = cook
        self._shape = shape
        self._pooled = pooled
        self._checks = cook.checks_of(shape)
        self._values: dict[str, Sql] = {}
        self._with: list[Sql] = []
        self._joins: list[Sql] = []
        self._later = tuple(k for k in shape.foreign_keys if k.target not in filled)
        self._now = [k for k in shape.foreign_keys if k.target in filled]
        self._seed = sum(shape.title.encode()) * 1000

    def recipe(self) -> Recipe:
        for foreign_key in self._now:
            self._refer(foreign_key)
        for column in self._shape.columns:
            if column.name not in self._values and not column.generated:
                value = self._value(column)
                if value is not None:
                    self._values[column.name] = value
        for foreign_key in self._later:
            self._refer_later(foreign_key)
        return Recipe(self._shape, tuple(self._values), self._later, self._select())

    def _select(self) -> Callable[[int, int], Sql]:
        values = join(", ", (sql("{} AS {}", v, ident(n)) for n, v in self._values.items()))
        computed = [c for c in self._shape.columns if c.generated and c.default is not None]
        more = join("", (sql(", {} AS {}", deparsed(c.default or ""), ident(c.name)) for c in computed))
        required = [c.name for c in self._shape.columns if c.required and c.name in self._values]
        filters = [sql("({}) IS NOT FALSE", deparsed(c.expression)) for c in self._checks]
        filters += [sql("{} IS NOT NULL", ident(name)) for name in required]
        names = join(", ", (ident(n) for n in self._values))
        head = sql("WITH {} ", join(", ", self._with)) if self._with else EMPTY

        def select(start: int, count: int) -> Sql:
            return sql(
                "{head}SELECT {names} FROM (SELECT made.*{more} FROM (SELECT {values}"
                " FROM generate_series({first}::bigint, {last}::bigint) AS numbers ({number}){joins}) made)"
                " row_{filters}",
                head=head,
                names=names,
                more=more,
                values=values,
                first=start,
                last=start + count - 1,
                number=NUMBER,
                joins=join("", self._joins),
                filters=sql(" WHERE {}", join(" AND ", filters)) if filters else EMPTY,
            )

        return select

    def _refer(self, key: ForeignKeyShape) -> None:
        """Values of a row of the other side; where another foreign key gave some of them, of one that has those."""
        parent = self._cook.shapes[key.target]
        name = f"~ref{len(self._with)}"
        pairs = list(zip(key.columns, key.target_columns, strict=True))
        given = [(c, t) for c, t in pairs if c in self._values]
        parts = sql("PARTITION BY {}", join(", ", (ident(t) for _, t in given))) if given else EMPTY
        self._with.append(
            sql(
                "{} AS MATERIALIZED (SELECT row_number() OVER ({}) AS k, count(*) OVER ({}) AS n, {}"
                " FROM (SELECT {} FROM {} LIMIT {}) parent)",
                ident(name),
                parts,
                parts,
                join(", ", (sql("{} AS {}", ident(t), ident(f"c{n}")) for n, (_, t) in enumerate(pairs))),
                join(", ", (ident(t) for _, t in pairs)),
                parent.sql_name,
                _REFERENCES,
            )
        )
        one = any(set(u) <= set(key.columns) for u in self._shape.unique_sets)
        count = sql("{}.n", ident(name)) if given else sql("(SELECT max(n) FROM {})", ident(name))
        which = sql("{} - 1", NUMBER) if one else sql("floor({} * 2147483648)::bigint", share(self._next()))
        conditions = [sql("{}.k = 1 + ({}) % {}", ident(name), which, count)]
        conditions += [
            sql("{}.{} = {}", ident(name), ident(f"c{n}"), self._values[c])
            for n, (c, _) in enumerate(pairs)
            if c in self._values
        ]
        kind = sql("JOIN") if len(given) == len(pairs) else sql("LEFT JOIN")
        self._joins.append(sql(" {} {} ON {}", kind, ident(name), join(" AND ", conditions)))
        for n, (column, _) in enumerate(pairs):
            self._values.setdefault(column, sql("{}.{}", ident(name), ident(f"c{n}")))

    def _refer_later(self, key: ForeignKeyShape) -> None:
        """NULL for now; a row that must refer to its own table refers to itself."""
        for column, target in zip(key.columns, key.target_columns, strict=True):
            if not self._shape.column(column).required:
                self._values[column] = sql("NULL::{}", deparsed(self._shape.column(column).base))
            elif key.target == self._shape.oid and target in self._values:
                self._values[column] = self._values[target]
            else:
                raise _Unknown(f"{column} must refer to a table that has no rows yet")

    def _value(self, column: ColumnShape) -> Sql | None:
        statistics = self._known(column) or self._from_bounds(column)
        seed = self._next()
        if self._tells_apart(column):
            made = distinct_value(column, seed, statistics)
            value = next((v for v in self._variants(column, made) if self._passes(column, v)), None)
            if value is not None:
                return value
        value = random_value(column, seed, statistics)
        constants = self._pool(column) if self._pooled or value is None or not self._passes(column, value) else []
        if constants:
            value = pooled_value(column, seed, constants)
        elif value is not None and not self._passes(column, value):
            made = distinct_value(column, seed)
            value = next((v for v in self._variants(column, made) if self._passes(column, v)), value)
        if value is None:
            self._cook.gaps.append(f"{self._shape.title}.{column.name}: no value of type {column.type} is known")
            if column.required and column.default is None:
                raise _Unknown(f"{column.name} must have a value of type {column.type}")
            return None
        return with_nulls(column, value, seed, statistics)

    def _known(self, column: ColumnShape) -> ColumnStatistics | None:
        """What the target knows of the column, without values that its type no longer takes once the plan ran."""
        known = self._cook.statistics.columns.get((self._shape.title, column.name))
        if known is None or self._takes(column, [*known.common, *known.bounds]):
            return known
        return replace(known, common=(), frequencies=(), bounds=())

    def _takes(self, column: ColumnShape, values: Sequence[str]) -> bool:
        query = sql("SELECT count(value::{}) FROM unnest(%s::text[]) tried (value)", deparsed(column.base))
        try:
            self._cook.connection.execute(query.encode(), [list(values)])
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
            own = [self._shape.column(c) for c in columns if not any(c in k.columns for k in self._now)]
            able = [c for c in own if distinct_value(c, 0) is not None]
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
            _TRIED,
            NUMBER,
            join(" AND ", (sql("({}) IS NOT FALSE", deparsed(e)) for e in alone)),
        )
        try:
            row = self._cook.connection.execute(query.encode()).fetchone()
        except psycopg.Error:
            return False
        return row is not None and row[0] >= _TRIED * _FEW

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
            row = self._cook.connection.execute(query.encode()).fetchone()
        except psycopg.Error:
            return False
        return row is not None and row[0] == 1

    def _next(self) -> int:
        self._seed += 10
        return self._seed


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


def for_value(check: str, column: str) -> str:
    """A domain's check with the column's name for VALUE."""
    text, last = "", 0
    for token in tokens(check):
        if token.upper == "VALUE":
            text += check[last : token.offset] + ident(column)
            last = token.end
    return text + check[last:]
