"""Statistics objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import OFFLINE, both_ways, from_nothing, read

from migplan.planning.diff import diff

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = """
CREATE SCHEMA s; CREATE TABLE t (a int, b int, c text, "D d" date);
CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t;
"""
ALL = """
CREATE STATISTICS st (ndistinct, dependencies) ON a, b FROM t; COMMENT ON STATISTICS st IS 'st';
CREATE STATISTICS s."S t" ON a, "D d", c FROM t; ALTER STATISTICS s."S t" SET STATISTICS 33;
CREATE STATISTICS ex (mcv) ON a, (b + 1), (f(b)) FROM t; CREATE STATISTICS one ON (a + b) FROM t;
CREATE STATISTICS sm ON a, b FROM m;
"""
COLUMN_ORDERS = ("a int, b int, c text", "c text, b int, a int")
CHANGES = (
    ("CREATE STATISTICS x ON a, b FROM t", "CREATE STATISTICS x (mcv) ON a, b FROM t"),
    ("CREATE STATISTICS x ON a, b FROM t", "CREATE STATISTICS x ON a, b FROM t; ALTER STATISTICS x SET STATISTICS 0"),
    ("CREATE STATISTICS x ON a, b FROM t", "CREATE STATISTICS x ON a, b FROM m"),
)


def test_every_attribute(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, TABLE + ALL)


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_changes_both_ways(make_db: Callable[[str], str], old: str, new: str) -> None:
    both_ways(make_db, TABLE + old, TABLE + new)


def test_a_column_of_it_goes(make_db: Callable[[str], str]) -> None:
    old = "CREATE TABLE t (a int, b int, c int); CREATE STATISTICS x ON a, b FROM t"
    both_ways(make_db, old, "CREATE TABLE t (a int, c int); CREATE STATISTICS x ON a, c FROM t")
    both_ways(make_db, old, "CREATE TABLE t (a int, c int)")


def test_a_column_of_it_changes_its_type(make_db: Callable[[str], str]) -> None:
    script = (
        "CREATE TABLE t (a {}, b int); CREATE STATISTICS x ON a, b FROM t; CREATE STATISTICS y ON (a + 1), b FROM t"
    )
    both_ways(make_db, script.format("int"), script.format("bigint"), settings=OFFLINE)


def test_the_order_of_the_table_s_columns_is_no_difference(make_db: Callable[[str], str]) -> None:
    statistics = "CREATE STATISTICS x (mcv) ON a, b, (lower(c)) FROM t"
    live, declared = (read(make_db(f"CREATE TABLE t ({c}); {statistics}")) for c in COLUMN_ORDERS)
    assert diff(live, declared, OFFLINE) == []
