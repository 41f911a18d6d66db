"""A schema as data that can be edited at will: names are raw, and ``repair`` drops whatever an edit left dangling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

INT: Final = "integer"


@dataclass
class Column:
    """A column; ``type`` is SQL, or the name of an enum or domain. ``generated`` doubles another, integer column."""

    name: str
    type: str
    not_null: bool = False
    default: bool = False
    identity: bool = False
    generated: str | None = None
    comment: str | None = None
    renamed_from: str | None = None


@dataclass
class Index:
    """An index over columns; ``function`` puts the first one into a call, ``partial`` leaves its NULLs out."""

    name: str
    columns: list[str]
    unique: bool = False
    partial: bool = False
    function: str | None = None


@dataclass
class Key:
    """A UNIQUE over columns."""

    name: str
    columns: list[str]
    deferrable: bool = False


@dataclass
class Check:
    """``column IS DISTINCT FROM NULL``, or a function of an integer column is not 13."""

    name: str
    column: str
    function: str | None = None


@dataclass
class ForeignKey:
    """An integer column that points at the primary key of a table (its key in the world)."""

    name: str
    column: str
    target: str
    cascade: bool = False
    deferrable: bool = False


@dataclass
class Table:
    """A table with a primary key ``id``. ``parts`` are the bounds of range partitions over it, for a partitioned one."""

    schema: str
    name: str
    columns: list[Column]
    key_name: str
    indexes: list[Index] = field(default_factory=list[Index])
    keys: list[Key] = field(default_factory=list[Key])
    checks: list[Check] = field(default_factory=list[Check])
    foreign_keys: list[ForeignKey] = field(default_factory=list[ForeignKey])
    parts: list[int] | None = None
    trigger: str | None = None
    policies: dict[str, str] = field(default_factory=dict[str, str])
    row_security: bool = False
    comment: str | None = None
    grants: set[str] = field(default_factory=set[str])
    statistics: str | None = None
    renamed_from: str | None = None

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((c for c in self.columns if c.name == name), None)

    def names(self) -> list[str]:
        """The names of its columns."""
        return [c.name for c in self.columns]


@dataclass
class View:
    """A view over a table or another view (by its key in the world), with some of its columns."""

    schema: str
    name: str
    source: str
    columns: list[str]
    materialized: bool = False
    barrier: bool = False
    function: str | None = None
    comment: str | None = None


@dataclass
class Function:
    """``f(integer) RETURNS integer``; the body adds a number, calls another function, or counts a table's rows.

    With ``late`` the body is a string that PostgreSQL doesn't look into, else it is of the SQL standard's form.
    """

    schema: str
    name: str
    number: int = 1
    returns: str = INT
    calls: str | None = None
    counts: str | None = None
    late: bool = True
    comment: str | None = None


@dataclass
class World:
    """A whole schema. Keys are stable through renames: ``t1``, ``v2``, ``f1``; enums and domains go by their names."""

    schemas: list[str]
    enums: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    domains: dict[str, bool] = field(default_factory=dict[str, bool])
    sequences: dict[str, int] = field(default_factory=dict[str, int])
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    tables: dict[str, Table] = field(default_factory=dict[str, Table])
    views: dict[str, View] = field(default_factory=dict[str, View])


def repair(world: World) -> World:
    """Take away what stands on something that isn't there (any more), or not of the right shape."""
    for key, function in world.functions.items():
        if function.calls is not None and not _callable(world, function.calls, below=key):
            function.calls = None
        if function.counts not in world.tables:
            function.counts = None
    for table in world.tables.values():
        _repair_table(world, table)
    for key in list(world.views):
        _repair_view(world, key)
    return world


def _callable(world: World, key: str, *, below: str) -> bool:
    return key in world.functions and key < below


def pure(world: World, key: str | None) -> bool:
    """Whether a function can stand in indexes and checks: integer, and no table read by it or what it calls."""
    function = world.functions.get(key or "")
    if function is None or function.returns != INT or function.counts is not None:
        return False
    return function.calls is None or pure(world, function.calls)


def _repair_table(world: World, table: Table) -> None:
    known = {"integer", "bigint", "text", "varchar(20)", "numeric(8,2)", "numeric(10,2)", "jsonb", "date", "text[]"}
    known |= world.enums.keys() | {f"{e}[]" for e in world.enums} | world.domains.keys()
    table.columns = [c for c in table.columns if c.type in known]
    names = table.names()
    for column in table.columns:
        origin = table.column(column.generated or "")
        if origin is None or origin.type != INT or origin.generated is not None:
            column.generated = None
    integers = {c.name for c in table.columns if c.type == INT}
    table.indexes = [i for i in table.indexes if set(i.columns) <= set(names) and i.columns]
    table.keys = [k for k in table.keys if set(k.columns) <= set(names)]
    table.checks = [c for c in table.checks if c.column in names]
    plain = {c.name for c in table.columns if c.generated is None}
    for index in table.indexes:
        if index.columns[0] not in integers or not pure(world, index.function):
            index.function = None
        comparable = {c.name for c in table.columns if c.type not in ("jsonb",)}
        index.columns = [n for n in index.columns if n in comparable] or ["id"]
    table.keys = [k for k in table.keys if all(_comparable(table, n) for n in k.columns)]
    for check in table.checks:
        if check.column not in integers or not pure(world, check.function):
            check.function = None
    table.foreign_keys = [
        f
        for f in table.foreign_keys
        if f.column in plain & integers and f.target in world.tables and f.column != "id" and table.parts is None
    ]
    table.policies = {n: c for n, c in table.policies.items() if c in names}
    if table.statistics is not None and len([n for n in names if _comparable(table, n)]) < 2:
        table.statistics = None
    if table.parts is not None:
        table.keys = [k for k in table.keys if "id" in k.columns and not k.deferrable]
        for index in table.indexes:
            index.unique = index.unique and "id" in index.columns and not index.partial and index.function is None


def _comparable(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and column.type != "jsonb"


def _repair_view(world: World, key: str) -> None:
    view = world.views[key]
    source = world.tables.get(view.source) or (world.views.get(view.source) if view.source < key else None)
    if source is None:
        del world.views[key]
        return
    offered = source.names() if isinstance(source, Table) else source.columns
    view.columns = [n for n in view.columns if n in offered] or offered[:1]
    if world.functions.get(view.function or "") is None:
        view.function = None
