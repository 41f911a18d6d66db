"""What becomes of a world: anything comes, goes, changes, is renamed, moves, or takes another's name."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from tests.properties.wild import make, parts, relations, types
from tests.properties.wild.draw import COLUMN_NAMES, PLAIN, name, pick, schema, value

from migplan.core.sql import literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.properties.wild.model import Column, Part, Thing, World

_GROUPS: Final = {"y": "types", "f": "functions", "t": "tables", "v": "over tables", "q": "few"}


@dataclass(frozen=True)
class WildPair:
    """A world, what is to become of it, and the names of the edits."""

    old: World
    new: World
    edits: tuple[str, ...]


def pair(seed: int, most: int = 6) -> WildPair:
    """The pair of that number: a world and the same after some edits, now and then another world altogether."""
    r = Random(seed)
    old = make.world(r)
    if r.random() < 0.15:
        return WildPair(old, make.world(r), ("another world",))
    new = copy.deepcopy(old)
    chosen = [r.choice(sorted(EDITS)) for _ in range(r.randint(1, most))]
    for edit in chosen:
        EDITS[edit](new, r)
    return WildPair(old, new, tuple(chosen))


def _any(world: World, r: Random) -> str | None:
    return pick(r, (key for key, thing in world.things.items() if thing.kind not in ("SCHEMA", "DEFAULT PRIVILEGES")))


def _add(world: World, r: Random) -> None:
    r.choice(make.ALL)(world, r)


def _drop(world: World, r: Random) -> None:
    if key := _any(world, r):
        del world.things[key]


def _remake(world: World, r: Random) -> None:
    """Another object of the same family under the name of one that goes; what stood on it stands on the new one."""
    key = _any(world, r)
    if key is None or key[0] not in _GROUPS:
        return
    old = world.things[key]
    made = r.choice(make.MAKERS[_GROUPS[key[0]]])(world, r)
    if made is None or made == key or made not in world.things:
        return
    new = world.things.pop(made)
    if key in _line(world, new.parent):
        return
    new.template = new.template.replace(f"[[{made}", f"[[{key}")
    new.schema, new.name, new.was = old.schema, old.name, old.was
    world.things[key] = new


def _other_kind(world: World, r: Random) -> None:
    """The name of something that goes is taken by something new."""
    key = _any(world, r)
    if key is None:
        return
    old = world.things.pop(key)
    made = r.choice(make.ALL)(world, r)
    if made is not None and made in world.things and world.things[made].schema:
        world.things[made].schema, world.things[made].name = old.schema or "s1", old.name


def _rename(world: World, r: Random) -> None:
    if (thing := _movable(world, r)) is not None:
        thing.was = thing.was or (thing.schema, thing.name)
        thing.name = name(r)


def _rename_silently(world: World, r: Random) -> None:
    """Dropped and created, for all that one can tell."""
    if (thing := _movable(world, r)) is not None and thing.was is None:
        thing.name = name(r)


def _move(world: World, r: Random) -> None:
    if (thing := _movable(world, r)) is not None:
        thing.was = thing.was or (thing.schema, thing.name)
        thing.schema = schema(world, r)


def _move_silently(world: World, r: Random) -> None:
    if (thing := _movable(world, r)) is not None and thing.was is None:
        thing.schema = schema(world, r)


def _movable(world: World, r: Random) -> Thing | None:
    key = pick(r, (key for key, thing in world.things.items() if thing.schema and thing.kind != "OPERATOR"))
    return world.things[key] if key else None


def _swap(world: World, r: Random) -> None:
    """Two things of one kind take each other's name, said by directives or not."""
    one, kind = _movable(world, r), None
    if one is not None:
        kind = one.kind
        other = r.choice([t for t in world.things.values() if t.kind == kind])
        said = r.random() < 0.5
        if said:
            one.was, other.was = one.was or (one.schema, one.name), other.was or (other.schema, other.name)
        (one.schema, one.name), (other.schema, other.name) = (other.schema, other.name), (one.schema, one.name)


def _rename_schema(world: World, r: Random) -> None:
    found = world.things.get("s2")
    if found is not None and "renamed-from" not in found.template:
        old, world.schemas["s2"] = world.schemas["s2"], r.choice(["renamed", "other"])
        found.name = world.schemas["s2"]
        found.template = f"-- migplan: renamed-from {literal(old).replace(chr(39), chr(34))}\nCREATE SCHEMA [[me]]"


def _with_columns(world: World, r: Random) -> str | None:
    return pick(r, (key for key in world.of("TABLE") if world.things[key].columns))


def _add_column(world: World, r: Random) -> None:
    if key := _with_columns(world, r):
        relations.column(world, r, key)


def _drop_column(world: World, r: Random) -> None:
    if key := _with_columns(world, r):
        columns = world.things[key].columns
        del columns[r.choice(sorted(columns))]


def _column(world: World, r: Random) -> tuple[str, Column] | None:
    key = _with_columns(world, r)
    return (key, r.choice(list(world.things[key].columns.values()))) if key else None


def _reshape_column(world: World, r: Random) -> None:
    if found := _column(world, r):
        relations.shape(world, r, *found)


def _retype_column(world: World, r: Random) -> None:
    """To another of PostgreSQL's types, or to and from types of the world, with an expression where need be."""
    if found := _column(world, r):
        _, column = found
        old, column.type, column.backfill = column.type, r.choice(PLAIN), None
        if old not in PLAIN and column.type != "text":
            column.type = "text"
        if "GENERATED" not in column.rest:
            column.rest = r.choice(["", f"DEFAULT {value(world, column.type, 1)}"])


def _rename_column(world: World, r: Random) -> None:
    if found := _column(world, r):
        _, column = found
        column.was = column.was or column.name
        column.name = r.choice(COLUMN_NAMES)


def _swap_columns(world: World, r: Random) -> None:
    if key := _with_columns(world, r):
        one, other = (
            r.choice(list(world.things[key].columns.values())),
            r.choice(list(world.things[key].columns.values())),
        )
        one.name, other.name = other.name, one.name


def _partition(world: World, r: Random) -> str | None:
    return pick(r, (k for k in world.of("TABLE") if " PARTITION OF " in world.things[k].template))


def _move_partition(world: World, r: Random) -> None:
    """To another parent, if that takes it, or to other bounds of its own."""
    key, parent = _partition(world, r), pick(r, (k for k in world.of("TABLE") if _method(world, k)))
    if key is None or parent is None or key in _line(world, parent):
        return
    made = world.things[key]
    parent = parent if r.random() < 0.5 or made.parent not in world.things else made.parent
    method, column = _method(world, parent) or ("HASH", "")
    found = [*relations.bounds(world, method, world.columns(parent).get(column, "integer")), "DEFAULT"]
    below = made.template[made.template.index(" PARTITION BY ") :] if " PARTITION BY " in made.template else ""
    made.parent = parent
    made.template = f"CREATE TABLE [[me]] PARTITION OF [[{parent}]] {r.choice(found)}{below}"


def _line(world: World, key: str | None) -> list[str]:
    """The relation and those that it is a part of, upwards."""
    return [] if key is None or key not in world.things else [key, *_line(world, world.things[key].parent)]


def _method(world: World, key: str) -> tuple[str, str] | None:
    """By what a table is partitioned."""
    _, _, rest = world.things[key].template.partition(" PARTITION BY ")
    method, _, column = rest.partition(" ")
    return (method, column.strip("()")) if rest else None


def _leave_parent(world: World, r: Random) -> None:
    """A partition becomes a table of its own, with the columns that it has."""
    key = _partition(world, r)
    if key is None:
        return
    made, above = world.things[key], world.things[key].parent
    while above in world.things:
        copied = {world.key("c"): copy.copy(c) for c in world.things[above].columns.values()}
        made.columns, above = copied | made.columns, world.things[above].parent
    for column in made.columns.values():
        column.was = column.backfill = None
    made.parent, made.template = None, "CREATE TABLE [[me]] (\n[[columns]]\n)"


def _add_part(world: World, r: Random) -> None:
    if key := pick(r, world.of("TABLE", "VIEW")):
        parts.add(world, r, key)


def _part(world: World, r: Random) -> tuple[Thing, str] | None:
    key = pick(r, (key for key, thing in world.things.items() if thing.parts))
    return (world.things[key], r.choice(sorted(world.things[key].parts))) if key else None


def _drop_part(world: World, r: Random) -> None:
    if found := _part(world, r):
        thing, key = found
        del thing.parts[key]


def _remake_part(world: World, r: Random) -> None:
    """Another part takes its name."""
    if found := _part(world, r):
        thing, key = found
        old = thing.parts.pop(key)
        before = set(thing.parts)
        owner = next(k for k, t in world.things.items() if t is thing)
        if thing.kind in ("TABLE", "VIEW"):
            parts.add(world, r, owner)
        for new in set(thing.parts) - before:
            thing.parts[new].name = old.name


def _rename_part(world: World, r: Random) -> None:
    """All templates of the part follow; only the first one, which makes it, bears the directive."""
    if found := _part(world, r):
        thing, key = found
        _renamed_together(thing, thing.parts[key].name, name(r), said=r.random() < 0.6)


def _renamed_together(thing: Thing, old: str, new: str, *, said: bool) -> None:
    same: list[Part] = [p for p in thing.parts.values() if p.name == old and old]
    for part in same:
        part.name = new
        if said and ("ADD CONSTRAINT" in part.template or part.template.startswith("CREATE")):
            part.was = part.was or old


def _swap_parts(world: World, r: Random) -> None:
    """Parts of one thing or two exchange their names."""
    one, other = _part(world, r), _part(world, r)
    if one and other:
        (a, b) = (one[0].parts[one[1]], other[0].parts[other[1]])
        a.name, b.name = b.name, a.name


def _change_enum(world: World, r: Random) -> None:
    """Labels come, go or change places."""
    key = pick(r, (k for k in world.of("TYPE") if "AS ENUM" in world.things[k].template))
    if key is None:
        return
    labels = [literal(label) for label in r.sample(types.LABELS, r.randint(2, 5))]
    if r.random() < 0.6:
        old = [v.split("::")[0] for v in world.things[key].values]
        labels = [*old, *(label for label in labels if label not in old)]
    world.things[key].template = f"CREATE TYPE [[me]] AS ENUM ({', '.join(labels)})"


EDITS: Final[dict[str, Callable[[World, Random], None]]] = {
    edit.__name__.lstrip("_"): edit
    for edit in (
        *(_add, _drop, _remake, _other_kind, _rename, _rename_silently, _move, _move_silently, _swap, _rename_schema),
        *(_add_column, _drop_column, _reshape_column, _retype_column, _rename_column, _swap_columns),
        *(_move_partition, _leave_parent),
        *(_add_part, _drop_part, _remake_part, _rename_part, _swap_parts, _change_enum),
    )
}
