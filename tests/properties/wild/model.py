"""A schema as templates over keys, so that renames are followed and what stands on something that went goes as well.

``[[t1]]`` is the qualified name of the thing ``t1``, ``[[t1!]]`` its bare one, ``[[t1']]`` the qualified one as a literal,
``[[t1.c2]]`` the name of its column, ``[[me]]`` the thing itself and ``[[name]]`` the part that the template is of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from migplan.core.sql import ident, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFERENCE: Final = re.compile(r"\[\[(\w+)(?:\.(\w+))?([!']?)\]\]")


class DanglingError(Exception):
    """A template names something that isn't there any more."""


@dataclass
class Column:
    """A column: its type, and what follows it. ``backfill`` is a value for rows that are there."""

    name: str
    type: str
    rest: str = ""
    backfill: str | None = None
    was: str | None = None


@dataclass
class Part:
    """Something that belongs to a thing: an index, a constraint, a trigger, a comment."""

    name: str
    template: str
    was: str | None = None


@dataclass
class Thing:
    """An object with a name in a schema. ``template`` makes it; in a table's, ``[[columns]]`` stands for its columns.

    ``values`` are some of a type's, ``offered`` the columns of others that a view shows under their own names.
    """

    kind: str
    schema: str
    name: str
    template: str
    columns: dict[str, Column] = field(default_factory=dict[str, Column])
    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    parent: str | None = None
    values: list[str] = field(default_factory=list[str])
    offered: dict[str, str] = field(default_factory=dict[str, str])
    was: tuple[str, str] | None = None


@dataclass
class World:
    """Things by keys that stay through renames."""

    schemas: dict[str, str]
    things: dict[str, Thing] = field(default_factory=dict[str, Thing])
    last: int = 0

    def key(self, letter: str) -> str:
        """A key that was never used."""
        self.last += 1
        return f"{letter}{self.last}"

    def of(self, *kinds: str) -> list[str]:
        """The keys of the things of those kinds."""
        return [key for key, thing in self.things.items() if thing.kind in kinds]

    def columns(self, key: str) -> dict[str, str]:
        """References to the columns of a relation, its ancestors' included, with their types."""
        thing = self.things[key]
        above = self.columns(thing.parent) if thing.parent in self.things else {}
        return above | thing.offered | {f"[[{key}.{c}]]": column.type for c, column in thing.columns.items()}

    def qualified(self, key: str) -> str:
        """The name of a thing as SQL."""
        thing = self.things.get(key)
        if thing is None:
            raise DanglingError(key)
        return ident(thing.name) if thing.schema == "" else ident(self.schemas[thing.schema], thing.name)


def statements(world: World) -> Iterator[str]:
    """Every statement whose references are there, in the order in which things were made."""
    for key in list(world.things):
        yield from _of_thing(world, key)


def forget_renames(new: World, old: World, taken: set[str]) -> None:
    """Leave out the directives about what the old world doesn't hold after all: ``taken`` are its statements."""
    for key, thing in new.things.items():
        before = old.things.get(key)
        head = next(iter(_of_thing(old, key)), "") if before is not None else ""
        if before is None or head not in taken:
            thing.was = None
            head = ""
        elif thing.was is not None:
            thing.was = (before.schema, before.name)
        for number, column in thing.columns.items():
            known = before.columns.get(number) if before is not None else None
            if known is None or f"\n{ident(known.name)} " not in head:
                column.was = None
        for number, part in thing.parts.items():
            known_part = before.parts.get(number) if before is not None else None
            if known_part is None or not head or rendered_part(old, key, known_part) not in taken:
                part.was = None


def rendered_part(world: World, key: str, part: Part) -> str:
    """The part's statement; empty where it names something that isn't there."""
    try:
        return rendered(world, part.template, key, part.name)
    except DanglingError:
        return ""


def rendered(world: World, template: str, key: str, part: str = "") -> str:
    """The template with its references filled in. Raises ``DanglingError``."""

    def fill(found: re.Match[str]) -> str:
        name, column, how = found.groups()
        if name == "name":
            return ident(part)
        if name == "schema":
            return ident(world.schemas[world.things[key].schema])
        target = key if name == "me" else name
        if column is not None:
            return ident(_column(world, target, column).name)
        whole = world.qualified(target)
        return ident(world.things[target].name) if how == "!" else literal(whole) if how else whole

    return _REFERENCE.sub(fill, template)


def _column(world: World, key: str, column: str) -> Column:
    thing = world.things.get(key)
    if thing is None or column not in thing.columns:
        raise DanglingError(f"{key}.{column}")
    return thing.columns[column]


def _of_thing(world: World, key: str) -> Iterator[str]:
    thing = world.things[key]
    try:
        template = thing.template.replace("[[columns]]", ",\n".join(_columns(world, key)))
        text = rendered(world, template, key)
    except DanglingError:
        return
    yield _renamed(thing.was and ident(world.schemas.get(thing.was[0], thing.was[0]), thing.was[1])) + text
    for part in thing.parts.values():
        if made := rendered_part(world, key, part):
            yield _renamed(part.was and ident(part.was)) + made


def _columns(world: World, key: str) -> Iterator[str]:
    for column in world.things[key].columns.values():
        try:
            text = rendered(world, f"{ident(column.name)} {column.type} {column.rest}".rstrip(), key)
            backfill = column.backfill and rendered(world, column.backfill, key)
        except DanglingError:
            continue
        said = f"-- migplan: backfill {backfill}\n" if backfill else ""
        yield f"{_renamed(column.was and ident(column.was))}{said}{text}"


def _renamed(name: str | None) -> str:
    return f"-- migplan: renamed-from {name}\n" if name else ""
