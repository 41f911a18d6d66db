"""Operators, alone and in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import both_ways, from_nothing

if TYPE_CHECKING:
    from tests.conftest import MakeDb

FUNCTIONS = """
CREATE TABLE t (a int);
CREATE FUNCTION f(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION g(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION u(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
"""
PAIR = """
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = {}, COMMUTATOR = OPERATOR(public.===),
                     NEGATOR = OPERATOR(public.!==), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR !== (LEFTARG = int, RIGHTARG = int, FUNCTION = g, COMMUTATOR = OPERATOR(public.!==),
                     NEGATOR = OPERATOR(public.===), RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE VIEW v AS SELECT a OPERATOR(public.===) 3 AS x FROM t;
"""
ONE = "CREATE OPERATOR << (LEFTARG = int, RIGHTARG = int, FUNCTION = f{});"
OTHER = "CREATE OPERATOR >> (LEFTARG = int, RIGHTARG = int, FUNCTION = g, COMMUTATOR = OPERATOR(public.<<));"


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    prefix = "CREATE OPERATOR @#@ (RIGHTARG = int, FUNCTION = u); COMMENT ON OPERATOR @#@ (NONE, int) IS 'prefix';"
    from_nothing(make_db, FUNCTIONS + PAIR.format("f") + prefix)


def test_another_function_keeps_the_pair_linked(make_db: MakeDb) -> None:
    both_ways(make_db, FUNCTIONS + PAIR.format("f"), FUNCTIONS + PAIR.format("g"))


def test_estimators_change_in_place(make_db: MakeDb) -> None:
    run = both_ways(
        make_db,
        FUNCTIONS + ONE.format(", RESTRICT = eqsel, JOIN = eqjoinsel"),
        FUNCTIONS + ONE.format(", RESTRICT = scalarltsel"),
    )
    assert run.up == (
        "ALTER OPERATOR public.<< (integer, integer) SET (RESTRICT = pg_catalog.scalarltsel, JOIN = NONE)",
    )


@pytest.mark.parametrize("clause", ["", ", COMMUTATOR = OPERATOR(public.>>)"], ids=["silent", "declared"])
def test_a_commutator_comes_to_an_operator(make_db: MakeDb, clause: str) -> None:
    run = both_ways(make_db, FUNCTIONS + ONE.format(""), FUNCTIONS + ONE.format(clause) + OTHER)
    assert not any(statement.startswith("DROP") for statement in run.up)


@pytest.mark.pg(min=17)
def test_hashes_are_set_in_place(make_db: MakeDb) -> None:
    one = "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = f, COMMUTATOR = OPERATOR(public.===){});"
    both_ways(make_db, FUNCTIONS + one.format(""), FUNCTIONS + one.format(", HASHES, MERGES"))
