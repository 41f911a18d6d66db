"""Values that a new type can't read are counted, where PostgreSQL would only name the first of them under its lock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.plans import CAREFUL
from tests.support.windows import plan, psql, query, there_and_back

from migplan.core.ids import ObjectId

if TYPE_CHECKING:
    from tests.conftest import MakeDb

    from migplan.core.settings import Settings

ROWS = "INSERT INTO t SELECT g, CASE g WHEN 1 THEN '1' ELSE 'x' END FROM generate_series(1, 3) g;"
SETTINGS = {"large": replace(CAREFUL, small_rows=0), "small": CAREFUL, "offline": replace(CAREFUL, offline=True)}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_values_are_counted_before_the_type_changes(make_db: MakeDb, settings: Settings) -> None:
    old, new = (f"CREATE TABLE t (id int PRIMARY KEY, a {type});" for type in ("text", "int"))
    found = plan(make_db, old, new, rows=ROWS, settings=settings)
    up = "".join(file.up for file in found.files)
    with pytest.raises(AssertionError, match=r"values of public.t.a that integer can't read \(2 rows\)"):
        psql(found.live, up)
    query(found.live, "UPDATE t SET a = id::text RETURNING id")
    psql(found.live, up)
    query(found.live, "UPDATE t SET a = a + 1 RETURNING id")


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_so_are_bytes_that_are_no_text(make_db: MakeDb, settings: Settings) -> None:
    old, new = (f"CREATE TABLE t (id int PRIMARY KEY, a {type});" for type in ("bytea", "jsonb"))
    rows = "INSERT INTO t VALUES (1, '{}'), (2, '\\xa5'), (3, '\\x00'), (4, 'no json'), (5, NULL);"
    found = plan(make_db, old, new, rows=rows, settings=settings)
    up = "".join(file.up for file in found.files)
    with pytest.raises(AssertionError, match=r"values of public.t.a that jsonb can't read \(3 rows\)"):
        psql(found.live, up)
    query(found.live, "DELETE FROM t WHERE id IN (2, 3, 4) RETURNING id")
    psql(found.live, up)


def test_so_they_are_on_the_way_back(make_db: MakeDb) -> None:
    old, new = (f"CREATE TABLE t (id int PRIMARY KEY, a {type});" for type in ("json", "text"))
    found = plan(make_db, old, new, rows="INSERT INTO t VALUES (1, '{}'), (2, NULL);", settings=CAREFUL)
    there_and_back(found)
    psql(found.live, "".join(file.up for file in found.files))
    query(found.live, "UPDATE t SET a = 'no json' WHERE id = 2 RETURNING id")
    with pytest.raises(AssertionError, match=r"values of public.t.a that json can't read \(1 rows\)"):
        psql(found.live, "".join(file.down for file in reversed(found.files)))


@pytest.mark.parametrize(("type", "rows"), [("smallint", 2), ("numeric(3,1)", 3), ("numeric(5,-1)", 1)])
@pytest.mark.parametrize("held", ["bigint", "numeric"])
def test_so_are_numbers_that_have_no_room(make_db: MakeDb, pg_major: int, held: str, type: str, rows: int) -> None:
    if pg_major < 15 and "-" in type:
        pytest.skip("a scale below 0 is known from 15 on")
    old, new = (f"CREATE TABLE t (id int PRIMARY KEY, a {t});" for t in (held, type))
    values = "INSERT INTO t VALUES (1, 90), (2, -32768), (3, 32768), (4, -10000000), (5, NULL);"
    found = plan(make_db, old, new, rows=values, settings=CAREFUL)
    with pytest.raises(AssertionError, match=rf"values of public.t.a that .* has no room for \({rows} rows\)"):
        psql(found.live, "".join(file.up for file in found.files))
    query(found.live, "DELETE FROM t WHERE id > 1 RETURNING id")
    psql(found.live, "".join(file.up for file in found.files))


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize(
    ("held", "type", "fits", "cut"),
    [
        ("varchar(9)", "varchar(3)", "'abc'", "'abcd'"),
        ("text[]", "varchar(3)[]", "ARRAY['abc']", "ARRAY['abc', 'abcd']"),
        ("numeric(9,3)", "numeric(9,1)", "1.200", "1.25"),
        ("double precision", "int", "2", "2.5"),
        ("timestamp", "date", "'2026-01-02'", "'2026-01-02 03:04:05'"),
        ("int", "varchar(3)", "123", "1234"),
        ("text", "numeric(9,1)", "'1.20'", "'1.25'"),
        ("text", "date", "'2026-01-02'", "'2026-01-02 03:04:05'"),
        ("inet", "cidr", "'10.0.0.0/8'", "'10.1.2.3/8'"),
        ("int", "boolean", "1", "2"),
        ("nine", "varchar(3)", "'abc'", "'abcd'"),
        ("varchar(9)", "three", "'abc'", "'abcd'"),
        ("nine[]", "three[]", "ARRAY['abc']::nine[]", "ARRAY['abc', 'abcd']::nine[]"),
    ],
)
def test_so_are_values_that_a_cast_would_cut(
    make_db: MakeDb, settings: Settings, held: str, type: str, fits: str, cut: str
) -> None:
    domains = "CREATE DOMAIN nine AS varchar(9); CREATE DOMAIN three AS varchar(3);"
    old, new = (f"{domains} CREATE TABLE t (id int PRIMARY KEY, a {t});" for t in (held, type))
    found = plan(make_db, old, new, rows=f"INSERT INTO t VALUES (1, {fits}), (2, {cut}), (3, NULL);", settings=settings)
    up = "".join(file.up for file in found.files)
    with pytest.raises(
        AssertionError,
        match=r"values of public.t.a that (don't fit .*: 'using' says what becomes of them|.*three.* can't read) \(1 rows\)",
    ):
        psql(found.live, up)
    query(found.live, f"UPDATE t SET a = {fits} WHERE id = 2 RETURNING id")
    psql(found.live, up)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize(
    "table", ["CREATE TABLE t (id int PRIMARY KEY, a d);", "CREATE TABLE t (id int PRIMARY KEY, a d[]);"]
)
def test_so_are_those_of_a_domain_that_changes(make_db: MakeDb, settings: Settings, table: str) -> None:
    old, new = (f"CREATE DOMAIN d AS {type}; {table}" for type in ("varchar(9)", "varchar(3)"))
    long, short = ("'{abcd}'", "'{abc}'") if "[]" in table else ("'abcd'", "'abc'")
    found = plan(make_db, old, new, rows=f"INSERT INTO t VALUES (1, {long}), (2, {short});", settings=settings)
    up = "".join(file.up for file in found.files)
    with pytest.raises(AssertionError, match=r"values of public.t.a that don't fit .* \(1 rows\)"):
        psql(found.live, up)


def test_so_are_those_that_are_written_behind_the_first_count(make_db: MakeDb) -> None:
    old, new = (f"CREATE TABLE t (id int PRIMARY KEY, a {type});" for type in ("text", "varchar(3)"))
    found = plan(make_db, old, new, rows="INSERT INTO t VALUES (1, 'abc');", settings=SETTINGS["large"])
    *ahead, last = (file.up for file in found.files)
    psql(found.live, "".join(ahead))
    query(found.live, "UPDATE t SET a = 'abcd' RETURNING id")
    with pytest.raises(
        AssertionError, match=r"that don't fit character varying\(3\), which cuts texts to 3 characters"
    ):
        psql(found.live, last)
    assert query(found.live, "SELECT a FROM t") == [("abcd",)]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("domain", [False, True])
def test_what_is_said_by_using_is_not(make_db: MakeDb, settings: Settings, domain: bool) -> None:
    tables = (
        "CREATE TABLE t (id int PRIMARY KEY, a {});",
        "CREATE DOMAIN d AS {}; CREATE TABLE t (id int PRIMARY KEY, a d);",
    )
    old, new = (tables[domain].format(type) for type in ("text", "varchar(3)"))
    said = [(ObjectId("column", ("public", "t", "a")), "using", "right(a, 3)")]
    found = plan(make_db, old, new, rows="INSERT INTO t VALUES (1, 'abcd');", directives=said, settings=settings)
    psql(found.live, "".join(file.up for file in found.files))
    assert query(found.live, "SELECT a FROM t") == [("bcd",)]
