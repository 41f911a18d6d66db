"""Aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.rebuild import assert_both_ways, assert_made_again

if TYPE_CHECKING:
    from tests.conftest import MakeDb

FUNCTIONS = """
CREATE FUNCTION add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION adds(int, VARIADIC int[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION addbig(bigint, int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION final(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE FUNCTION mfinal(int, int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
"""
ALL = """
CREATE AGGREGATE every_option(x int) (
  SFUNC = add, STYPE = int, SSPACE = 100, FINALFUNC = final, FINALFUNC_MODIFY = READ_WRITE, COMBINEFUNC = add,
  INITCOND = '0', MSFUNC = add, MINVFUNC = add, MSTYPE = int, MSSPACE = 50, MFINALFUNC = mfinal, MFINALFUNC_EXTRA,
  MINITCOND = '1', PARALLEL = SAFE);
CREATE AGGREGATE no_argument(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
CREATE AGGREGATE many(VARIADIC int[]) (SFUNC = adds, STYPE = int);
CREATE AGGREGATE least_of(int) (SFUNC = int4smaller, STYPE = int, SORTOP = OPERATOR(pg_catalog.<));
CREATE AGGREGATE ordered(float8 ORDER BY anyelement) (
  SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE hypothetical(VARIADIC "any" ORDER BY VARIADIC "any") (
  SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE parallel_state(int8) (
  SFUNC = int8_avg_accum, STYPE = internal, FINALFUNC = numeric_poly_avg, SERIALFUNC = int8_avg_serialize,
  DESERIALFUNC = int8_avg_deserialize, COMBINEFUNC = int8_avg_combine);
COMMENT ON AGGREGATE no_argument(*) IS 'a';
COMMENT ON AGGREGATE ordered(float8 ORDER BY anyelement) IS 'b';
GRANT EXECUTE ON FUNCTION no_argument() TO pg_monitor;
REVOKE EXECUTE ON FUNCTION every_option(int) FROM PUBLIC;
"""


def test_every_option_survives(make_db: MakeDb) -> None:
    assert_made_again(make_db, FUNCTIONS + ALL)


def test_replaced_in_place(make_db: MakeDb) -> None:
    old = "CREATE AGGREGATE a(int) (SFUNC = add, STYPE = int, INITCOND = '0'); CREATE VIEW v AS SELECT a(1)"
    new = "CREATE AGGREGATE a(int) (SFUNC = add, STYPE = int, PARALLEL = SAFE); CREATE VIEW v AS SELECT a(1)"
    assert assert_both_ways(make_db, FUNCTIONS, old, new) == {"alter:aggregate:public.a(integer)"}


def test_rebuilt_with_its_dependants_when_the_result_changes(make_db: MakeDb) -> None:
    old = "CREATE AGGREGATE a(int) (SFUNC = add, STYPE = int); CREATE VIEW v AS SELECT a(1)"
    new = "CREATE AGGREGATE a(int) (SFUNC = addbig, STYPE = bigint); CREATE VIEW v AS SELECT a(1)"
    assert "create:view:public.v" in assert_both_ways(make_db, FUNCTIONS, old, new)
