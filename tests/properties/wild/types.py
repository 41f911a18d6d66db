"""Enums, domains over domains, composite types in each other, ranges, collations, sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.properties.wild.draw import COLUMN_NAMES, name, some, some_type, thing, value
from tests.properties.wild.model import Part

from migplan.core.sql import ident, literal

if TYPE_CHECKING:
    from random import Random

    from tests.properties.wild.model import World

LABELS: Final = ("a", "b", "it's", "Ü", "d d")


def enum(world: World, r: Random) -> str:
    """An enum of two to four labels."""
    key = world.key("y")
    labels = [literal(label) for label in some(r, LABELS, 2, 4)]
    world.things[key] = thing(world, r, "TYPE", f"CREATE TYPE [[me]] AS ENUM ({', '.join(labels)})")
    world.things[key].values = [f"{label}::[[{key}]]" for label in labels]
    return key


def domain(world: World, r: Random) -> str:
    """A domain over anything, another domain included, with checks."""
    base, key = some_type(world, r, own=0.6), world.key("y")
    values = [value(world, base, n) for n in range(3)]
    rest = r.choice(["", "", f" DEFAULT {values[0]}", " NOT NULL"])
    for _ in range(r.randint(0, 2)):
        rest += f" CONSTRAINT {ident(name(r))} CHECK (VALUE::text {r.choice(['<>', '>'])} '{r.choice(['', '!'])}')"
    world.things[key] = thing(world, r, "DOMAIN", f"CREATE DOMAIN [[me]] AS {base}{rest}")
    world.things[key].values = [f"{v}::[[{key}]]" for v in values]
    return key


def composite(world: World, r: Random) -> str:
    """A composite type, of others as well."""
    key, types = world.key("y"), [some_type(world, r, own=0.5) for _ in range(r.randint(1, 3))]
    names = r.sample(COLUMN_NAMES, len(types))
    attributes = ", ".join(f"{ident(n)} {t}" for n, t in zip(names, types, strict=True))
    world.things[key] = thing(world, r, "TYPE", f"CREATE TYPE [[me]] AS ({attributes})")
    rows = [", ".join(value(world, t, n) for t in types) for n in range(3)]
    world.things[key].values = [f"ROW({row})::[[{key}]]" for row in rows]
    return key


def range_type(world: World, r: Random) -> str:
    """A range over a type of PostgreSQL's or an enum."""
    key, base = world.key("y"), some_type(world, r)
    world.things[key] = thing(world, r, "TYPE", f"CREATE TYPE [[me]] AS RANGE (subtype = {base})")
    world.things[key].values = [f"'empty'::[[{key}]]"]
    return key


def sequence(world: World, r: Random) -> str:
    """A sequence of its own, perhaps owned by a column."""
    key = world.key("q")
    options = r.choice(["", f" INCREMENT {r.randint(1, 5)}", " AS integer", " CYCLE", f" CACHE {r.randint(2, 9)}"])
    world.things[key] = thing(world, r, "SEQUENCE", f"CREATE SEQUENCE [[me]]{options}")
    return key


def collation(world: World, r: Random) -> str:
    """A collation."""
    key = world.key("o")
    template = r.choice(['FROM "C"', "(provider = icu, locale = 'und')", "(provider = icu, locale = 'de')"])
    world.things[key] = thing(world, r, "COLLATION", f"CREATE COLLATION [[me]] {template}")
    return key


def text_search(world: World, r: Random) -> str:
    """A dictionary, or a configuration that may use one."""
    key, used = world.key("x"), r.choice([*world.of("TEXT SEARCH DICTIONARY"), ""])
    if not used or r.random() < 0.3:
        options = r.choice(["", ", StopWords = english", ", Accept = false"])
        made = f"CREATE TEXT SEARCH DICTIONARY [[me]] (TEMPLATE = pg_catalog.simple{options})"
        world.things[key] = thing(world, r, "TEXT SEARCH DICTIONARY", made)
        return key
    made = "CREATE TEXT SEARCH CONFIGURATION [[me]] (COPY = pg_catalog.english)"
    world.things[key] = thing(world, r, "TEXT SEARCH CONFIGURATION", made)
    mapped = f"ALTER TEXT SEARCH CONFIGURATION [[me]] ALTER MAPPING FOR asciiword WITH [[{used}]]"

    world.things[key].parts[world.key("p")] = Part("", mapped)
    return key
