"""Rows for the tables of a world, as templates; the server says which of them can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.properties.wild.draw import value
from tests.properties.wild.model import DanglingError, rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.properties.wild.model import World

_COMPUTED = ("GENERATED", "nextval")
_THEN = "'2026-01-03 00:00+00'::timestamptz"
"""The partition of a row by hash must not depend on the moment."""


def inserts(world: World, each: int = 3) -> Iterator[str]:
    """INSERT statements for every table that isn't a partition."""
    for key in world.of("TABLE"):
        thing = world.things[key]
        if "PARTITION OF" in thing.template or "FOREIGN TABLE" in thing.template:
            continue
        columns = {f"[[{key}.{c}]]": column for c, column in thing.columns.items()}
        given = {
            c: f.type for c, f in columns.items() if f.type != "serial" and not any(w in f.rest for w in _COMPUTED)
        }
        for number in range(each):
            values = ", ".join(value(world, type, number) for type in given.values()).replace("now()", _THEN)
            what = f"({', '.join(given)}) VALUES ({values})" if given else "DEFAULT VALUES"
            try:
                yield rendered(world, f"INSERT INTO [[me]] {what}", key)
            except DanglingError:
                break
