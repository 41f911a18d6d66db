"""Names, types and values, drawn from small pools so that they meet again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.properties.wild.model import Thing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from tests.properties.wild.model import World

READER, WRITER = "migplan_property_reader", "migplan_property_writer"
NAMES: Final = (
    *"item Item order a_b node".split(),
    'q"x',
    "it's",
    "über uns",
    "n" * 63,
    "ünïcödé" * 5,
    "a_name_that_is_cut_off_when_something_is_hung_to_its_end_below",
)
COLUMN_NAMES: Final = ("a", "b", "Mixed", "with space", 'q"uote', "select", "überfluß", "c" * 63, "it's", "value")


def _uuid(number: int) -> str:
    return f"'{number}0000000-0000-0000-0000-000000000000'::uuid"


VALUES: Final[dict[str, tuple[str, str, str]]] = {
    "integer": ("1", "2", "3"),
    "bigint": ("1", "2", "3"),
    "smallint": ("1", "2", "3"),
    "text": ("'1'", "'2'", "'3'"),
    "varchar(20)": ("'1'", "'2'", "'3'"),
    "numeric(8,2)": ("1.5", "2", "3"),
    "boolean": ("true", "false", "true"),
    "date": ("'2026-01-01'::date", "'2026-01-02'::date", "'2026-01-03'::date"),
    "timestamptz": ("'2026-01-01 00:00+00'::timestamptz", "'2026-01-02 00:00+00'::timestamptz", "now()"),
    "jsonb": ("'{\"a\": 1}'::jsonb", "'2'::jsonb", "'[]'::jsonb"),
    "uuid": (_uuid(1), _uuid(2), _uuid(3)),
    "text[]": ("ARRAY['1'::text]", "'{}'::text[]", "ARRAY['3'::text]"),
    "int4range": ("'[1,2)'::int4range", "'[2,3)'::int4range", "'empty'::int4range"),
    "tsvector": ("'a'::tsvector", "'b'::tsvector", "'c'::tsvector"),
    "point": ("'(1,1)'::point", "'(2,2)'::point", "'(3,3)'::point"),
}
PLAIN: Final = ("integer", "integer", "integer", "bigint", "text", "text", "varchar(20)", "numeric(8,2)", "date")


def name(r: Random) -> str:
    """A name out of the pool, sometimes with a number."""
    found = r.choice(NAMES)
    return found if r.random() < 0.5 else f"{found.encode()[:60].decode(errors='ignore')}{r.randint(1, 9)}"


def schema(world: World, r: Random) -> str:
    """The key of a schema."""
    return r.choice(sorted(world.schemas))


def thing(world: World, r: Random, kind: str, template: str, **more: object) -> Thing:
    """A thing of a random name somewhere."""
    return Thing(kind, schema(world, r), name(r), template, **more)  # pyright: ignore[reportArgumentType]


def pick(r: Random, items: Iterable[str]) -> str | None:
    """One of them, or None where there is none."""
    found: Sequence[str] = list(items)
    return r.choice(found) if found else None


def some(r: Random, items: Iterable[str], low: int, high: int) -> list[str]:
    """Between ``low`` and ``high`` different ones, in any order."""
    found = list(items)
    return r.sample(found, min(len(found), r.randint(low, high)))


def some_type(world: World, r: Random, *, own: float = 0.4) -> str:
    """A type as a template: one of the world's, an array of it, or PostgreSQL's own."""
    key = pick(r, world.of("TYPE", "DOMAIN")) if r.random() < own else None
    if key is None:
        return r.choice(PLAIN) if r.random() < 0.7 else r.choice(sorted(VALUES))
    if r.random() < 0.06 and (table := pick(r, world.of("TABLE"))):
        key = table
    return f"[[{key}]]" + ("[]" if r.random() < 0.25 else "")


def value(world: World, type: str, number: int) -> str:
    """A value of the type, as a template."""
    if type in VALUES:
        return VALUES[type][number % 3]
    bare = type.removesuffix("[]")
    found = world.things.get(bare.strip("[]"))
    if bare != type:
        return f"ARRAY[{value(world, bare, number)}]::{type}" if found else f"'{{}}'::{type}"
    return found.values[number % len(found.values)] if found and found.values else f"NULL::{type}"


def of_type(columns: dict[str, str], *types: str) -> list[str]:
    """The references to columns of those types."""
    return [reference for reference, type in columns.items() if type in types]
