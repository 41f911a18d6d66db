"""Whole worlds, and what else they hold: publications, event triggers, foreign data, default privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.properties.wild import parts, relations, routines, types
from tests.properties.wild.draw import READER, WRITER, name, pick, some
from tests.properties.wild.model import Part, Thing, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


_NAMED: Final = {
    **{kind: kind for kind in ("SEQUENCE", "TYPE", "DOMAIN", "PROCEDURE", "COLLATION", "SCHEMA", "PUBLICATION")},
    **{kind: kind for kind in ("SERVER", "TEXT SEARCH DICTIONARY", "TEXT SEARCH CONFIGURATION")},
    "WRAPPER": "FOREIGN DATA WRAPPER",
}
"""How COMMENT and GRANT call what has one name."""


def publication(world: World, r: Random) -> str:
    """A publication of some tables, with columns and row filters."""
    tables = [_published(world, r, key) for key in some(r, world.of("TABLE"), 1, 3)]
    listed, whole = f"FOR TABLE {', '.join(tables)}", "FOR TABLES IN SCHEMA [[s2]]"
    what = r.choice([listed, listed, "FOR ALL TABLES", whole]) if tables else ""
    options = r.choice(["", " WITH (publish = 'insert')", " WITH (publish_via_partition_root)"])
    return _global(world, "PUBLICATION", name(r), f"CREATE PUBLICATION [[me]] {what}{options}")


def _published(world: World, r: Random, key: str) -> str:
    columns = sorted(world.columns(key))
    listed = f" ({', '.join(some(r, columns, 1, 3))})" if columns and r.random() < 0.3 else ""
    where = f" WHERE ({r.choice(columns)} IS NOT NULL)" if columns and r.random() < 0.2 else ""
    return f"{r.choice(['', 'ONLY '])}[[{key}]]{listed}{where}"


def default_privileges(world: World, r: Random) -> str:
    """Default privileges in a schema or everywhere."""
    place = r.choice(["", " IN SCHEMA [[s2]]"])
    kind = r.choice(["TABLES", "FUNCTIONS", "SEQUENCES", "TYPES"])
    what = {"TABLES": "SELECT", "FUNCTIONS": "EXECUTE", "SEQUENCES": "USAGE", "TYPES": "USAGE"}[kind]
    made = f"ALTER DEFAULT PRIVILEGES{place} GRANT {what} ON {kind} TO {r.choice([READER, WRITER])}"
    return _global(world, "DEFAULT PRIVILEGES", "", made)


def foreign(world: World, r: Random) -> str:
    """A wrapper, a server and a table of it."""
    wrapper = _global(world, "WRAPPER", name(r), "CREATE FOREIGN DATA WRAPPER [[me]]")
    server = _global(world, "SERVER", name(r), f"CREATE SERVER [[me]] FOREIGN DATA WRAPPER [[{wrapper}]]")
    key = relations.table(world, r)
    found = world.things[key]
    found.template = f"CREATE FOREIGN TABLE [[me]] (\n[[columns]]\n) SERVER [[{server}]]"
    return key


def grant(world: World, r: Random) -> str | None:
    """A grant on something that is no relation, or a comment on it."""
    key = pick(r, world.of(*_NAMED))
    if key is None:
        return None
    kind = _NAMED[world.things[key].kind]
    text = r.choice([f"GRANT ALL ON {kind} [[me]] TO {READER}", f"COMMENT ON {kind} [[me]] IS 'it''s one'"])
    world.things[key].parts[world.key("p")] = Part("", text)
    return key


def _global(world: World, kind: str, named: str, template: str) -> str:
    key = world.key("g")
    world.things[key] = Thing(kind, "", named, template)
    return key


MAKERS: Final[dict[str, tuple[Callable[[World, Random], str | None], ...]]] = {
    "types": (types.enum, types.enum, types.domain, types.domain, types.composite, types.range_type),
    "few": (types.sequence, types.sequence, types.collation, types.text_search),
    "functions": (
        *(routines.scalar, routines.scalar, routines.for_triggers, routines.of_types, routines.of_types),
        *(routines.procedure, routines.aggregate, routines.operator, routines.cast),
    ),
    "tables": (relations.table,),
    "over tables": (routines.of_rows, relations.view, relations.view),
    "rest": (publication, default_privileges, foreign, grant, grant),
}
ALL: Final = tuple(maker for makers in MAKERS.values() for maker in makers)
_MOST: Final = {"types": 3, "few": 2, "functions": 4, "tables": 4, "over tables": 5, "rest": 2}


def world(r: Random) -> World:
    """A schema of some objects that stand on each other."""
    made = World({"s1": "public", "s2": r.choice(["Other schema", "app"])})
    made.things["s2"] = Thing("SCHEMA", "", made.schemas["s2"], "CREATE SCHEMA [[me]]")
    for group, makers in MAKERS.items():
        for _ in range(r.randint(0 if group != "tables" else 1, _MOST[group])):
            r.choice(makers)(made, r)
        if group == "tables":
            hang(made, r)
    hang(made, r)
    return made


def hang(made: World, r: Random) -> None:
    """Parts on relations."""
    for key in made.of("TABLE", "VIEW"):
        for _ in range(r.choice([0, 1, 1, 2])):
            parts.add(made, r, key)
