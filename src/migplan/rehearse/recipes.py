"""How a table's rows are made: one SELECT over row numbers, its columns chosen so that constraints let rows pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg

from migplan.core.records import record
from migplan.core.sql import EMPTY, Sql, deparsed, ident, join, sql
from migplan.rehearse.passing_values import FEW, TRIED, PassingValues, Unknown, for_value
from migplan.rehearse.shapes import CheckShape, ForeignKeyShape, TableShape, leaves
from migplan.rehearse.statistics import Statistics
from migplan.rehearse.values import NUMBER, share
from migplan.source.connect import Connection
from migplan.source.text.lexer import tokens

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
                    sql("SELECT count(*) FROM ({}) tried", found.rows(1, TRIED)).encode()
                ).fetchone()
                if passing is not None and passing[0] >= TRIED * FEW:
                    return found
            if passing is not None and passing[0]:
                return found
        except (psycopg.Error, Unknown) as error:
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


class _Draft:
    def __init__(self, cook: Cook, shape: TableShape, filled: frozenset[int], pooled: bool) -> None:
        self._cook = cook
        self._shape = shape
        self._checks = cook.checks_of(shape)
        self._values: dict[str, Sql] = {}
        self._with: list[Sql] = []
        self._joins: list[Sql] = []
        self._later = tuple(k for k in shape.foreign_keys if k.target not in filled)
        self._now = [k for k in shape.foreign_keys if k.target in filled]
        referring = {c for k in self._now for c in k.columns}
        self._passing = PassingValues(
            cook.connection, cook.statistics, shape, self._checks, referring, cook.gaps, pooled=pooled
        )
        self._seed = sum(shape.title.encode()) * 1000

    def recipe(self) -> Recipe:
        for foreign_key in self._now:
            self._refer(foreign_key)
        for column in self._shape.columns:
            if column.name not in self._values and not column.generated:
                value = self._passing.of(column, self._next())
                if value is not None:
                    self._values[column.name] = value
        for foreign_key in self._later:
            self._refer_later(foreign_key)
        return Recipe(self._shape, tuple(self._values), self._later, self._select())

    def _select(self) -> Callable[[int, int], Sql]:
        given = [sql("{} AS {}", v, ident(n)) for n, v in self._values.items()]
        left = [c for c in self._shape.columns if c.name not in self._values and not c.generated]  # checks read them
        given += [sql("NULL::{} AS {}", deparsed(c.base), ident(c.name)) for c in left]
        values = join(", ", (*given, sql("{}::oid AS tableoid", self._shape.oid)))
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
                raise Unknown(f"{column} must refer to a table that has no rows yet")

    def _next(self) -> int:
        self._seed += 10
        return self._seed
