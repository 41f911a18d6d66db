"""Functions of every form: string bodies that name what comes later, standard bodies, row types, aggregates, operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.properties.wild.draw import pick, schema, some_type, thing, value
from tests.properties.wild.model import Part, Thing

if TYPE_CHECKING:
    from random import Random

    from tests.properties.wild.model import World


def _add(world: World, r: Random, kind: str, head: str, rest: str, called: str) -> str:
    """A routine; ``head`` are its arguments with types. Some share their name with another one."""
    key, other = world.key("f"), pick(r, world.of("FUNCTION", "TRIGGER FUNCTION"))
    made = thing(world, r, kind, f"CREATE {called} [[me]]({head}) {rest}")
    if other is not None and r.random() < 0.25:
        made.schema, made.name = world.things[other].schema, world.things[other].name
    world.things[key] = made
    if r.random() < 0.2:
        made.parts[world.key("p")] = Part("", f"COMMENT ON {called} [[me]]({head.split(' DEFAULT')[0]}) IS 'it''s one'")
    return key


def scalar(world: World, r: Random) -> str:
    """``f(integer) RETURNS integer``, which may call another and be called in checks, indexes, defaults."""
    callee = pick(r, world.of("SCALAR"))
    call = f" + [[{callee}]](a)" if callee and r.random() < 0.5 else ""
    total = f"a + {r.randint(1, 3)}{call}"
    body = r.choice(
        [
            f"LANGUAGE sql IMMUTABLE AS $f$ SELECT {total} $f$",
            f"LANGUAGE sql IMMUTABLE RETURN {total}",
            f"LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT {total}; END",
            f"LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN {total}; END $f$",
        ]
    )
    more = ", b integer DEFAULT 1" if r.random() < 0.2 else ""
    key = _add(world, r, "SCALAR", f"a integer{more}", f"RETURNS integer {body}", "FUNCTION")
    if more:
        world.things[key].parts.clear()
    return key


def of_rows(world: World, r: Random) -> str | None:
    """A function over a relation: it counts it, takes its rows, or returns them."""
    relation = pick(r, world.of("TABLE", "VIEW"))
    if relation is None:
        return None
    column = pick(r, world.columns(relation)) or "1"
    head, rest = r.choice(
        [
            ("", f"RETURNS bigint LANGUAGE sql STABLE AS $f$ SELECT count(*) FROM [[{relation}]] $f$"),
            ("", f"RETURNS bigint LANGUAGE sql STABLE RETURN (SELECT count({column}) FROM [[{relation}]])"),
            ("", f"RETURNS SETOF [[{relation}]] LANGUAGE sql STABLE AS $f$ SELECT * FROM [[{relation}]] $f$"),
            ("", f"RETURNS SETOF [[{relation}]] LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM [[{relation}]]; END"),
            (f"r [[{relation}]]", f"RETURNS boolean LANGUAGE sql IMMUTABLE AS $f$ SELECT r.{column} IS NULL $f$"),
            (f"r [[{relation}]]", f"RETURNS boolean LANGUAGE sql IMMUTABLE RETURN (r).{column} IS NULL"),
            (
                "",
                f"RETURNS void LANGUAGE plpgsql AS $f$ DECLARE x [[{relation}]]; BEGIN SELECT * INTO x FROM [[{relation}]]; END $f$",
            ),
        ]
    )
    return _add(world, r, "FUNCTION", head, rest, "FUNCTION")


def of_types(world: World, r: Random) -> str:
    """A function whose arguments and results are of the world's types."""
    type, other = some_type(world, r, own=0.8), some_type(world, r, own=0.5)
    default = f" DEFAULT {value(world, type, 0)}" if r.random() < 0.3 else ""
    head, rest = r.choice(
        [
            (f"e {type}{default}", f"RETURNS {type} LANGUAGE sql IMMUTABLE AS $f$ SELECT e $f$"),
            (f"e {type}", f"RETURNS {type} LANGUAGE sql IMMUTABLE RETURN e"),
            (f"e {type}", f"RETURNS {other} LANGUAGE plpgsql AS $f$ DECLARE x {type}; BEGIN RETURN NULL; END $f$"),
            (f"e {type}, OUT x {type}, OUT y integer", "LANGUAGE sql AS $f$ SELECT e, 1 $f$"),
            ("", f"RETURNS TABLE(x {type}, y {other}) LANGUAGE sql AS $f$ SELECT NULL, NULL $f$"),
            (f"VARIADIC e {type.removesuffix('[]')}[]", "RETURNS integer LANGUAGE sql AS $f$ SELECT 1 $f$"),
        ]
    )
    return _add(world, r, "FUNCTION", head, rest, "FUNCTION")


def procedure(world: World, r: Random) -> str:
    """A procedure."""
    table, type = pick(r, world.of("TABLE")), some_type(world, r, own=0.7)
    body = f"DELETE FROM [[{table}]]" if table else "SELECT 1"
    rest = r.choice([f"AS $f$ {body} $f$", f"BEGIN ATOMIC {body}; END"])
    return _add(world, r, "PROCEDURE", f"e {type}", f"LANGUAGE sql {rest}", "PROCEDURE")


def for_triggers(world: World, r: Random) -> str:
    """A trigger function."""
    table = pick(r, world.of("TABLE"))
    body = r.choice(["", f"PERFORM count(*) FROM [[{table}]];" if table else "", "NEW := NEW;"])
    rest = f"RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {body} RETURN NEW; END $f$"
    return _add(world, r, "TRIGGER FUNCTION", "", rest, "FUNCTION")


def aggregate(world: World, r: Random) -> str | None:
    """An aggregate over a function of two integers that comes with it."""
    type = r.choice(["integer", some_type(world, r, own=0.8)])
    step = _add(
        world,
        r,
        "STEP",
        f"s {type}, v {type}",
        f"RETURNS {type} LANGUAGE sql IMMUTABLE AS $f$ SELECT {r.choice('sv')} $f$",
        "FUNCTION",
    )
    key = world.key("a")
    made = f"CREATE AGGREGATE [[me]]({type}) (SFUNC = [[{step}]], STYPE = {type})"
    world.things[key] = thing(world, r, "AGGREGATE", made)
    return key


def operator(world: World, r: Random) -> str | None:
    """An operator over a step function of two integers."""
    step = pick(r, world.of("STEP"))
    if step is None:
        return None
    key, made = world.key("z"), world.things[step].template
    type = made[made.index("(s ") + 3 : made.index(", v ")]
    sign = r.choice(["###", "<<!>>"])
    operands = f"LEFTARG = {type}, RIGHTARG = {type}"
    home = schema(world, r)
    world.things[key] = Thing(
        "OPERATOR", home, sign, f"CREATE OPERATOR [[schema]].{sign} (FUNCTION = [[{step}]], {operands})"
    )
    return key


def cast(world: World, r: Random) -> str | None:
    """A cast between a type of the world and integer, by a function that comes with it."""
    type = pick(r, world.of("TYPE"))
    if type is None:
        return None
    rest = "RETURNS integer LANGUAGE sql IMMUTABLE AS $f$ SELECT 1 $f$"
    function = _add(world, r, "FUNCTION", f"e [[{type}]]", rest, "FUNCTION")
    world.things[function].parts.clear()
    key = world.key("k")
    how = r.choice(["", " AS ASSIGNMENT"])
    made = f"CREATE CAST ([[{type}]] AS integer) WITH FUNCTION [[{function}]]([[{type}]]){how}"
    world.things[key] = Thing("CAST", "", f"cast {key}", made)
    return key


def default_of(world: World, r: Random, column: str) -> str | None:
    """A default that calls something, for an integer column."""
    function, sequence = pick(r, world.of("SCALAR")), pick(r, world.of("SEQUENCE"))
    if function and r.random() < 0.5:
        return f"[[{function}]](1)"
    return f"nextval([[{sequence}']]::regclass)" if sequence else None
