"""Operator classes and families, with the members that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.both_ways import both_ways, from_nothing

if TYPE_CHECKING:
    from tests.conftest import MakeDb

FUNCTION = "CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';"
CLASS = """
CREATE OPERATOR CLASS o FOR TYPE int USING btree AS
  OPERATOR 1 <(int, int), {} OPERATOR 3 =(int, int), OPERATOR 5 >(int, int), FUNCTION 1 cmp(int, int);
CREATE TABLE t (a int);
CREATE INDEX i ON t (a o);
"""
LOOSE = "ALTER OPERATOR FAMILY o USING btree ADD FUNCTION 1 (int, int8) btint48cmp(int, int8), OPERATOR 1 <(int, int8);"


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        FUNCTION
        + CLASS.format("OPERATOR 2 <=(int, int),")
        + LOOSE
        + """
        CREATE OPERATOR FAMILY "Fam" USING hash;
        CREATE OPERATOR CLASS h FOR TYPE int USING hash FAMILY "Fam" AS
          OPERATOR 1 =(int, int), FUNCTION 1 hashint4(int);
        CREATE OPERATOR CLASS g FOR TYPE int[] USING gin AS
          OPERATOR 1 &&(anyarray, anyarray), OPERATOR 2 @>(anyarray, anyarray),
          FUNCTION 1 btint4cmp(int, int), FUNCTION 2 ginarrayextract(anyarray, internal, internal),
          FUNCTION 3 ginqueryarrayextract(anyarray, internal, smallint, internal, internal, internal, internal),
          FUNCTION 4 ginarrayconsistent(internal, smallint, anyarray, integer, internal, internal, internal, internal),
          STORAGE int4;
        CREATE OPERATOR CLASS p FOR TYPE point USING gist AS
          OPERATOR 1 <<, OPERATOR 15 <->(point, point) FOR ORDER BY float_ops,
          FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal),
          FUNCTION 2 gist_box_union(internal, internal), FUNCTION 3 gist_point_compress(internal),
          FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal),
          FUNCTION 7 gist_box_same(box, box, internal),
          FUNCTION 8 (point, point) gist_point_distance(internal, point, smallint, oid, internal), STORAGE box;
        COMMENT ON OPERATOR CLASS o USING btree IS 'class';
        COMMENT ON OPERATOR FAMILY "Fam" USING hash IS 'family';
        """,
    )


def test_a_type_of_its_own_with_a_default_class(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        """
        CREATE TYPE c AS (a int);
        CREATE FUNCTION eq(c, c) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = ($2).a';
        CREATE FUNCTION hash(c) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a';
        CREATE OPERATOR === (LEFTARG = c, RIGHTARG = c, FUNCTION = eq, COMMUTATOR = OPERATOR(public.===), HASHES);
        CREATE OPERATOR CLASS c_ops DEFAULT FOR TYPE c USING hash AS OPERATOR 1 ===, FUNCTION 1 hash(c);
        CREATE TABLE t (c c);
        CREATE INDEX i ON t USING hash (c);
        """,
    )


def test_another_class_carries_its_indexes(make_db: MakeDb) -> None:
    new = CLASS.format("OPERATOR 2 <=(int, int),")
    run = both_ways(make_db, FUNCTION + CLASS.format(""), FUNCTION + new)
    assert any(statement.startswith("CREATE INDEX i") for statement in run.up)


def test_loose_members_come_in_place(make_db: MakeDb) -> None:
    run = both_ways(make_db, FUNCTION + CLASS.format(""), FUNCTION + CLASS.format("") + LOOSE)
    assert [statement.split(" ADD")[0] for statement in run.up] == ["ALTER OPERATOR FAMILY public.o USING btree"]
