"""Hypothesis strategies: a random world, and a random number of edits of it, weighted to tangles."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from hypothesis import strategies as st
from tests.properties.world import (
    INT,
    Check,
    Column,
    ForeignKey,
    Function,
    Index,
    Key,
    Table,
    View,
    World,
    repair,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")
Draw = st.DrawFn
CASTABLE: Final = (INT, "bigint", "text", "varchar(20)", "numeric(8,2)", "numeric(10,2)")
OTHER: Final = ("jsonb", "date", "text[]")
COLUMN_NAMES: Final = ("a", "b", "Mixed", "with space", 'q"uote', "select", "überfluß", "c" * 63, "it's")
BASES: Final = ("plain", "Mixed", "with space", 'q"uote', "ü", "long" * 20)
SCHEMAS: Final = ("public", "Other schema")


class Names:
    """Names that nothing else has, at most 63 bytes of them."""

    def __init__(self, draw: Draw, used: int = 0) -> None:
        self._draw = draw
        self.used = used

    def __call__(self, kind: str) -> str:
        self.used += 1
        return f"{kind}{self.used}{self._draw(st.sampled_from(BASES))}".encode()[:63].decode(errors="ignore")


@dataclass(frozen=True)
class Pair:
    """A world, what is to become of it, and the names of the edits."""

    old: World
    new: World
    edits: tuple[str, ...]


@st.composite
def worlds(draw: Draw) -> World:
    """A schema of a few objects that stand on each other."""
    world, _ = _world(draw)
    return world


@st.composite
def pairs(draw: Draw, most: int = 6) -> Pair:
    """A schema and the same after some edits."""
    old, names = _world(draw)
    new = copy.deepcopy(old)
    chosen = draw(st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=most))
    for edit in chosen:
        EDITS[edit](draw, new, names)
        repair(new)
    return Pair(old, new, tuple(chosen))


def _world(draw: Draw) -> tuple[World, Names]:
    names = Names(draw)
    world = World(schemas=list(SCHEMAS))
    for _ in range(draw(st.integers(0, 2))):
        world.enums[names("e")] = ["x", "y", "it's"]
    for _ in range(draw(st.integers(0, 1))):
        world.domains[names("d")] = draw(st.booleans())
    for number in range(draw(st.integers(0, 3))):
        _function(draw, world, names, f"f{number}")
    for number in range(draw(st.integers(1, 4))):
        world.tables[f"t{number}"] = _table(draw, world, names)
    for table in world.tables.values():
        for _ in range(draw(st.integers(0, 3))):
            draw(st.sampled_from(_ADDITIONS))(draw, world, table, names)
    for number in range(draw(st.integers(0, 4))):
        _view(draw, world, names, f"v{number}")
    return repair(world), names


def _schema(draw: Draw) -> str:
    return draw(st.sampled_from(SCHEMAS))


def _pick(draw: Draw, items: Iterable[T]) -> T | None:
    found = list(items)
    return draw(st.sampled_from(found)) if found else None


def _maybe(draw: Draw, items: Iterable[T]) -> T | None:
    return _pick(draw, items) if draw(st.booleans()) else None


def _table(draw: Draw, world: World, names: Names) -> Table:
    name = names("t")
    parts = draw(st.sampled_from([None, None, None, [0], [0, 100]]))
    key = draw(st.sampled_from([f"{name.encode()[:50].decode(errors='ignore')}_pkey", names("k")]))
    table = Table(_schema(draw), name, [Column("id", INT, not_null=True)], key, parts=parts)
    for _ in range(draw(st.integers(1, 4))):
        _add_column(draw, world, table, names)
    return table


def _types(world: World) -> list[str]:
    return [*CASTABLE, *OTHER, *world.enums, *(f"{e}[]" for e in world.enums), *world.domains]


def _add_column(draw: Draw, world: World, table: Table, names: Names) -> None:
    free = [n for n in COLUMN_NAMES if table.column(n) is None]
    name = draw(st.sampled_from(free)) if free else names("c")
    column = Column(name, draw(st.sampled_from(_types(world))))
    column.default, column.not_null = draw(st.booleans()), draw(st.booleans())
    if column.type == INT and draw(st.booleans()):
        column.generated = _maybe(draw, [c.name for c in table.columns if c.type == INT and c.generated is None])
        column.not_null = column.not_null and column.generated is None
    if draw(st.booleans()):
        column.comment = "it's a column"
    table.columns.append(column)


def _add_index(draw: Draw, world: World, table: Table, names: Names) -> None:
    columns = draw(st.lists(st.sampled_from(table.names()), min_size=1, max_size=2, unique=True))
    unique = draw(st.booleans())
    if unique and "id" not in columns:
        columns.append("id")
    partial = draw(st.booleans())
    table.indexes.append(Index(names("i"), columns, unique, partial, _maybe(draw, world.functions)))


def _add_key(draw: Draw, world: World, table: Table, names: Names) -> None:
    columns = [draw(st.sampled_from(table.names())), "id"]
    table.keys.append(Key(names("u"), list(dict.fromkeys(columns)), draw(st.booleans())))


def _add_check(draw: Draw, world: World, table: Table, names: Names) -> None:
    table.checks.append(Check(names("c"), draw(st.sampled_from(table.names())), _maybe(draw, world.functions)))


def _add_foreign_key(draw: Draw, world: World, table: Table, names: Names) -> None:
    column = _pick(draw, [c.name for c in table.columns if c.type == INT and c.name != "id" and c.generated is None])
    target = _pick(draw, world.tables)
    if column is None or target is None:
        return
    (found,) = [c for c in table.columns if c.name == column]
    if not found.not_null:
        table.foreign_keys.append(ForeignKey(names("f"), column, target, draw(st.booleans()), draw(st.booleans())))


def _add_policy(draw: Draw, world: World, table: Table, names: Names) -> None:
    table.policies[names("p")] = draw(st.sampled_from(table.names()))
    table.row_security = True


def _toggle_trigger(draw: Draw, world: World, table: Table, names: Names) -> None:
    table.trigger = names("g") if table.trigger is None else None


def _change_statistics(draw: Draw, world: World, table: Table, names: Names) -> None:
    table.statistics = names("s") if table.statistics is None else None


def _change_grants(draw: Draw, world: World, table: Table, names: Names) -> None:
    table.grants = set(draw(st.lists(st.sampled_from(["SELECT", "INSERT", "UPDATE"]), max_size=3)))


def _change_comments(draw: Draw, world: World, table: Table, names: Names) -> None:
    table.comment = draw(st.sampled_from([None, "it's a table", "another"]))
    draw(st.sampled_from(table.columns)).comment = draw(st.sampled_from([None, "other"]))


_ADDITIONS: Final[Sequence[Callable[[Draw, World, Table, Names], None]]] = (
    _add_index,
    _add_key,
    _add_check,
    _add_foreign_key,
    _add_policy,
    _toggle_trigger,
    _change_statistics,
    _change_grants,
    _change_comments,
)


def _function(draw: Draw, world: World, names: Names, key: str) -> None:
    calls = _maybe(draw, world.functions)
    late = draw(st.booleans())
    world.functions[key] = Function(_schema(draw), names("f"), calls=calls, late=late)


def _view(draw: Draw, world: World, names: Names, key: str) -> None:
    source = _pick(draw, [*world.tables, *(v for v in world.views if v < key)])
    if source is None:
        return
    found = world.tables.get(source)
    offered = found.names() if found is not None else world.views[source].columns
    columns = draw(st.lists(st.sampled_from(offered), min_size=1, unique=True))
    world.views[key] = View(
        _schema(draw),
        names("v"),
        source,
        columns,
        materialized=draw(st.booleans()),
        barrier=draw(st.booleans()),
        function=_maybe(draw, world.functions),
        comment=draw(st.sampled_from([None, "it's a view"])),
    )


def _of_table(edit: Callable[[Draw, World, Table, Names], None]) -> Callable[[Draw, World, Names], None]:
    """The edit, of any table."""

    def chosen(draw: Draw, world: World, names: Names) -> None:
        table = _pick(draw, world.tables.values())
        if table is not None:
            edit(draw, world, table, names)

    return chosen


def _drop_column(draw: Draw, world: World, table: Table, names: Names) -> None:
    gone = _pick(draw, [c for c in table.columns if c.name != "id"])
    if gone is not None and len(table.columns) > 2:
        table.columns.remove(gone)


def _change_type(draw: Draw, world: World, table: Table, names: Names) -> None:
    column = _pick(draw, [c for c in table.columns if c.type in CASTABLE and c.name != "id" and c.generated is None])
    if column is not None:
        column.type = draw(st.sampled_from(CASTABLE))


def _change_column(draw: Draw, world: World, table: Table, names: Names) -> None:
    column = _pick(draw, [c for c in table.columns if c.name != "id" and c.generated is None])
    if column is not None and column.name not in {f.column for f in table.foreign_keys}:
        column.not_null, column.default = draw(st.booleans()), draw(st.booleans())


def _rename_column(draw: Draw, world: World, table: Table, names: Names) -> None:
    column = _pick(draw, [c for c in table.columns if c.name != "id" and c.renamed_from is None])
    free = [n for n in COLUMN_NAMES if table.column(n) is None]
    if column is None or not free:
        return
    column.renamed_from, old = column.name, column.name
    column.name = draw(st.sampled_from(free))
    for things in (table.indexes, table.keys):
        for thing in things:
            thing.columns = [column.name if n == old else n for n in thing.columns]
    for thing in (*table.checks, *table.foreign_keys):
        thing.column = column.name if thing.column == old else thing.column
    for other in table.columns:
        other.generated = column.name if other.generated == old else other.generated
    table.policies = {n: column.name if c == old else c for n, c in table.policies.items()}


def _rename_table(draw: Draw, world: World, table: Table, names: Names) -> None:
    if table.renamed_from is None and table.parts is None:
        table.renamed_from, table.name = table.name, names("t")


def _drop_something(draw: Draw, world: World, table: Table, names: Names) -> None:
    things: list[list[Index] | list[Key] | list[Check] | list[ForeignKey]]
    things = [t for t in (table.indexes, table.keys, table.checks, table.foreign_keys) if t]
    chosen = _pick(draw, things)
    if chosen:
        chosen.pop()


def _change_index(draw: Draw, world: World, table: Table, names: Names) -> None:
    index = _pick(draw, table.indexes)
    if index is not None:
        index.columns = [draw(st.sampled_from(table.names()))]
        index.unique = False
        index.partial = draw(st.booleans())


def _swap_index_names(draw: Draw, world: World, names: Names) -> None:
    """Index names are taken by each other, or by indexes of other tables in the same schema."""
    found = [(t.schema, i) for t in world.tables.values() for i in t.indexes]
    one, other = _pick(draw, found), _pick(draw, found)
    if one is not None and other is not None and one[0] == other[0]:
        one[1].name, other[1].name = other[1].name, one[1].name


def _swap_key_names(draw: Draw, world: World, names: Names) -> None:
    one, other = _pick(draw, world.tables.values()), _pick(draw, world.tables.values())
    if one is not None and other is not None and one.schema == other.schema:
        one.key_name, other.key_name = other.key_name, one.key_name


def _swap_constraint_names(draw: Draw, world: World, table: Table, names: Names) -> None:
    found = [*table.keys, *table.checks, *table.foreign_keys]
    one, other = _pick(draw, found), _pick(draw, found)
    if one is not None and other is not None:
        one.name, other.name = other.name, one.name


def _change_parts(draw: Draw, world: World, table: Table, names: Names) -> None:
    if table.parts is not None:
        table.parts = [*table.parts[:1], *draw(st.sampled_from([[], [100], [100, 200]]))] or [0]
        table.parts = list(dict.fromkeys(table.parts))


def _add_table(draw: Draw, world: World, names: Names) -> None:
    key = f"t{names.used + 10}"
    world.tables[key] = _table(draw, world, names)
    _add_foreign_key(draw, world, world.tables[key], names)


def _drop_table(draw: Draw, world: World, names: Names) -> None:
    key = _pick(draw, world.tables)
    if key is not None and len(world.tables) > 1:
        del world.tables[key]


def _replace_table(draw: Draw, world: World, names: Names) -> None:
    """A table of another nature under the name of one that goes, and its key's name too."""
    key = _pick(draw, world.tables)
    if key is None:
        return
    old, new = world.tables[key], _table(draw, world, names)
    new.schema, new.name, new.key_name, new.parts = old.schema, old.name, old.key_name, old.parts
    world.tables[key] = new


def _add_view(draw: Draw, world: World, names: Names) -> None:
    _view(draw, world, names, f"v{names.used + 10}")


def _change_view(draw: Draw, world: World, names: Names) -> None:
    key = _pick(draw, world.views)
    if key is not None:
        old = world.views[key]
        _view(draw, world, names, key)
        new = world.views[key]
        new.schema, new.name, new.materialized = old.schema, old.name, old.materialized


def _drop_view(draw: Draw, world: World, names: Names) -> None:
    key = _pick(draw, world.views)
    if key is not None:
        del world.views[key]


def _add_function(draw: Draw, world: World, names: Names) -> None:
    _function(draw, world, names, f"f{names.used + 10}")


def _change_function(draw: Draw, world: World, names: Names) -> None:
    key = _pick(draw, world.functions)
    if key is None:
        return
    function = world.functions[key]
    function.number = draw(st.integers(1, 3))
    function.returns = draw(st.sampled_from([INT, INT, "bigint"]))
    function.calls = _maybe(draw, [f for f in world.functions if f < key])
    function.counts = _maybe(draw, world.tables)
    function.late = draw(st.booleans())
    function.comment = draw(st.sampled_from([None, "f"]))


def _change_enum(draw: Draw, world: World, names: Names) -> None:
    name = _pick(draw, world.enums)
    if name is not None:
        labels = draw(st.permutations(world.enums[name]))
        world.enums[name] = [*labels, f"l{len(labels)}"] if draw(st.booleans()) else list(labels)


def _replace_enum(draw: Draw, world: World, names: Names) -> None:
    """The type goes under a new name, and every column follows."""
    name = _pick(draw, world.enums)
    if name is None:
        return
    new = names("e")
    world.enums[new] = world.enums.pop(name)
    for table in world.tables.values():
        for column in table.columns:
            if column.type.removesuffix("[]") == name:
                column.type = new + column.type[len(name) :]


def _change_domain(draw: Draw, world: World, names: Names) -> None:
    name = _pick(draw, world.domains)
    if name is not None:
        world.domains[name] = not world.domains[name]


def _change_sequence(draw: Draw, world: World, names: Names) -> None:
    name = _pick(draw, world.sequences)
    if name is None:
        world.sequences[names("q")] = 1
    else:
        world.sequences[name] += 1


EDITS: Final[dict[str, Callable[[Draw, World, Names], None]]] = {
    "add_column": _of_table(_add_column),
    "drop_column": _of_table(_drop_column),
    "change_type": _of_table(_change_type),
    "change_column": _of_table(_change_column),
    "rename_column": _of_table(_rename_column),
    "rename_table": _of_table(_rename_table),
    "drop_something": _of_table(_drop_something),
    "change_index": _of_table(_change_index),
    "swap_constraint_names": _of_table(_swap_constraint_names),
    "change_parts": _of_table(_change_parts),
    **{edit.__name__.lstrip("_"): _of_table(edit) for edit in _ADDITIONS},
    "swap_index_names": _swap_index_names,
    "swap_key_names": _swap_key_names,
    "add_table": _add_table,
    "drop_table": _drop_table,
    "replace_table": _replace_table,
    "add_view": _add_view,
    "change_view": _change_view,
    "drop_view": _drop_view,
    "add_function": _add_function,
    "change_function": _change_function,
    "change_enum": _change_enum,
    "replace_enum": _replace_enum,
    "change_domain": _change_domain,
    "change_sequence": _change_sequence,
}
