"""Casts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.both_ways import both_ways, from_nothing, read

from migplan.kinds.cast import Cast

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TYPE = """
CREATE TYPE e AS ENUM ('a');
CREATE FUNCTION to_int(e) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
"""


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        TYPE
        + """
        CREATE CAST (e AS int) WITH FUNCTION to_int(e) AS ASSIGNMENT;
        CREATE CAST (text AS e) WITH INOUT AS IMPLICIT;
        CREATE CAST (e[] AS text) WITH INOUT;
        CREATE CAST (varchar AS bytea) WITHOUT FUNCTION;
        COMMENT ON CAST (text AS e) IS 'c';
        """,
    )


def test_the_casts_of_a_range_come_with_it(make_db: MakeDb) -> None:
    assert not list(read(make_db("CREATE TYPE r AS RANGE (subtype = float8)")).of(Cast))


def test_another_context(make_db: MakeDb) -> None:
    cast = "CREATE CAST (e AS int) WITH FUNCTION to_int(e)"
    run = both_ways(make_db, TYPE + cast, TYPE + cast + " AS ASSIGNMENT")
    assert run.up == (
        "DROP CAST (public.e AS integer)",
        "CREATE CAST (public.e AS integer) WITH FUNCTION public.to_int(public.e) AS ASSIGNMENT",
    )
