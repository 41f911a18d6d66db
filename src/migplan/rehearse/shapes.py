"""The tables of a database as whoever writes rows sees them: columns, keys, foreign keys, checks, partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, LiteralString, TypeVar

from migplan.core.records import record
from migplan.core.sql import Sql, ident
from migplan.rehearse.shape_queries import CHECKS, COLUMNS, FOREIGN_KEYS, KEYS, PARTS, TABLES, UNIQUE
from migplan.source.connect import Connection

T = TypeVar("T")
OURS: Final = "~migplan"
"""How the names of columns begin that a plan makes for itself."""
_OID: Final = 8
"""Where the oid of the type without domains stands in what is read of a column, or of a part of a type."""


@record
class ColumnShape:
    """``type`` is the declared one, ``base`` what lies below its domains, as SQL writes them.

    ``category`` is pg_type's, ``labels`` an enum's or those of an array's, ``checks`` the domains' with VALUE for the
    value. ``identity`` is a, d or "" as in pg_attribute; ``numbered`` says that a sequence gives the default.
    ``number`` is the type's oid where it isn't PostgreSQL's own, else 0. ``parts`` are what the type is made of: a
    composite type's attributes, a range's bound, a multirange's range, an array's element.
    """

    name: str
    type: str
    base: str
    base_name: str
    category: str
    kind: str
    checks: tuple[str, ...]
    number: int
    labels: tuple[str, ...]
    parts: tuple[ColumnShape, ...]
    required: bool
    identity: str = ""
    generated: str = ""
    default: str | None = None

    @property
    def numbered(self) -> bool:
        """Whether an application leaves the value to a sequence."""
        return bool(self.identity) or (self.default is not None and self.default.startswith("nextval("))


@record
class ForeignKeyShape:
    """Columns and the other side's, pairwise."""

    columns: tuple[str, ...]
    target: int
    target_columns: tuple[str, ...]


@record
class KeyShape:
    """A unique index that ON CONFLICT can name: over columns, of all rows, checked at once.

    A ``promised`` one isn't there, or no longer: rows keep to it, and no statement can name it.
    """

    columns: tuple[str, ...]
    primary: bool
    promised: bool = False


@record
class CheckShape:
    """An expression over the row, and the columns in it."""

    name: str
    expression: str
    columns: tuple[str, ...]


@record
class TableShape:
    """One table. ``root`` is the partitioned table that a partition lies under, ``bound`` a leaf's rows."""

    oid: int
    schema: str
    name: str
    partitioned: bool
    root: int | None
    bound: str | None
    columns: tuple[ColumnShape, ...]
    keys: tuple[KeyShape, ...]
    foreign_keys: tuple[ForeignKeyShape, ...]
    checks: tuple[CheckShape, ...]
    unique_sets: tuple[tuple[str, ...], ...]

    @property
    def title(self) -> str:
        """``schema.name``, as reports write it."""
        return f"{self.schema}.{self.name}"

    @property
    def sql_name(self) -> Sql:
        """The name as SQL writes it."""
        return ident(self.schema, self.name)

    @property
    def key(self) -> KeyShape | None:
        """What its rows are told apart by: the primary key, else a unique key that has no NULL."""
        required = {c.name for c in self.columns if c.required}
        fit = [k for k in self.keys if k.primary or required.issuperset(k.columns)]
        return min(fit, key=lambda k: (k.promised, not k.primary, len(k.columns), k.columns), default=None)

    def column(self, name: str) -> ColumnShape:
        """One of its columns."""
        return next(c for c in self.columns if c.name == name)


def read_shapes(connection: Connection) -> dict[int, TableShape]:
    """Every table by its oid, but PostgreSQL's, extensions' and the ledger's."""
    found_columns = connection.execute(COLUMNS).fetchall()
    parts = _parts(connection, (row[1 + _OID] for row in found_columns))
    columns = dict[int, list[ColumnShape]]()
    for table, *row in found_columns:
        columns.setdefault(table, []).append(_column(row, parts[row[_OID]]))
    keys = _grouped(connection, KEYS, lambda r: KeyShape(tuple(r[0]), r[1]))
    foreign = _grouped(connection, FOREIGN_KEYS, lambda r: ForeignKeyShape(tuple(r[0]), r[1], tuple(r[2])))
    checks = _grouped(connection, CHECKS, lambda r: CheckShape(r[0], r[1], tuple(r[2])))
    unique = _grouped(connection, UNIQUE, lambda r: tuple[str, ...](r[0]))
    found: dict[int, TableShape] = {}
    for oid, schema, name, kind, root, bound in connection.execute(TABLES).fetchall():
        found[oid] = TableShape(
            oid,
            schema,
            name,
            kind == "p",
            root,
            bound,
            tuple(columns.get(oid, ())),
            tuple(keys.get(oid, ())),
            tuple(foreign.get(oid, ())),
            tuple(checks.get(oid, ())),
            tuple(unique.get(oid, ())),
        )
    return found


def leaves(shapes: Mapping[int, TableShape], root: TableShape) -> list[TableShape]:
    """The partitions of a table that hold rows."""
    return [s for s in shapes.values() if s.root == root.oid and s.bound is not None]


def written(shapes: Mapping[int, TableShape]) -> list[TableShape]:
    """The tables that an application names: partitions are reached by their root."""
    return [s for s in shapes.values() if s.root is None]


def _parts(connection: Connection, types: Iterable[int]) -> dict[int, tuple[ColumnShape, ...]]:
    """What these types are made of, and those in turn, by oid; no type is made of itself."""
    rows, wanted = dict[int, list[Sequence[Any]]](), set(types)
    while wanted:
        rows |= {oid: [] for oid in wanted}
        for type, *row in connection.execute(PARTS, [list(wanted)]).fetchall():
            rows[type].append(row)
        wanted = {row[_OID] for found in rows.values() for row in found} - rows.keys()
    made = dict[int, tuple[ColumnShape, ...]]()

    def make(type: int) -> tuple[ColumnShape, ...]:
        if type not in made:
            made[type] = tuple(_column(row, make(row[_OID])) for row in rows[type])
        return made[type]

    for type in rows:
        make(type)
    return made


def _column(row: Sequence[Any], parts: tuple[ColumnShape, ...]) -> ColumnShape:
    name, type, base, base_name, category, kind, checks, number, _, labels = row[: _OID + 2]
    if category == "A" and base.endswith("[]"):  # the length of an array's elements is said of the array
        bare = base.removesuffix("[]")
        parts = tuple(replace(p, type=bare, base=bare) if p.type == p.base else p for p in parts)
    more = row[_OID + 2 :]
    return ColumnShape(name, type, base, base_name, category, kind, tuple(checks), number, tuple(labels), parts, *more)


def _grouped(connection: Connection, query: LiteralString, build: Callable[[Sequence[Any]], T]) -> dict[int, list[T]]:
    """What a query gives for each table, by the oid in its first column."""
    found: dict[int, list[T]] = {}
    for row in connection.execute(query).fetchall():
        found.setdefault(row[0], []).append(build(row[1:]))
    return found
