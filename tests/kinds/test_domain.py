"""Domains: what changes in place, and what needs a new type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import OFFLINE, both_ways, from_nothing
from tests.support.rebuild import assert_both_ways

from migplan.core.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import MakeDb

ONLINE = Settings()
BOTH = pytest.mark.parametrize("settings", [OFFLINE, ONLINE], ids=["offline", "online"])


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        """
        CREATE TYPE mood AS ENUM ('a', 'b');
        CREATE DOMAIN positive AS integer DEFAULT 3 NOT NULL CONSTRAINT "po s" CHECK (VALUE > 0) CHECK (VALUE < 100);
        CREATE DOMAIN without_default AS positive DEFAULT NULL;
        CREATE DOMAIN with_default AS positive;
        CREATE DOMAIN txt AS varchar(20) COLLATE "C" DEFAULT 'x'::text;
        ALTER DOMAIN txt ADD CONSTRAINT later CHECK (VALUE <> 'q') NOT VALID;
        CREATE DOMAIN moods AS mood[] CHECK (VALUE <> '{a}'::mood[]);
        CREATE DOMAIN moment AS timestamptz DEFAULT now();
        CREATE TABLE t (p positive, m moods[]);
        COMMENT ON DOMAIN txt IS 'd';
        COMMENT ON CONSTRAINT later ON DOMAIN txt IS 'c';
        GRANT USAGE ON DOMAIN txt TO pg_monitor WITH GRANT OPTION;
        """,
    )


@pytest.mark.pg(min=17)
def test_the_name_and_comment_of_not_null(make_db: MakeDb) -> None:
    named = "CREATE DOMAIN d AS int CONSTRAINT given NOT NULL; COMMENT ON CONSTRAINT given ON DOMAIN d IS 'c'"
    from_nothing(make_db, named)
    run = both_ways(make_db, "CREATE DOMAIN d AS int NOT NULL", named)
    assert run.up[0] == "ALTER DOMAIN public.d RENAME CONSTRAINT d_not_null TO given"
    both_ways(make_db, "CREATE DOMAIN d AS int", named)


@BOTH
def test_default_not_null_and_checks_change_in_place(make_db: MakeDb, settings: Settings) -> None:
    table = "CREATE TABLE t (d d);"
    run = both_ways(
        make_db,
        "CREATE DOMAIN d AS int DEFAULT 1 CONSTRAINT a CHECK (VALUE > 0) CONSTRAINT b CHECK (VALUE < 10);" + table,
        "CREATE DOMAIN d AS int DEFAULT 2 NOT NULL CONSTRAINT a CHECK (VALUE > 1) CONSTRAINT c CHECK (VALUE < 11);"
        "ALTER DOMAIN d ADD CONSTRAINT n CHECK (VALUE <> 5) NOT VALID;" + table,
        settings=settings,
    )
    assert "ALTER DOMAIN public.d ADD CONSTRAINT a CHECK ((VALUE > 1)) NOT VALID" in run.up
    assert "ALTER DOMAIN public.d VALIDATE CONSTRAINT a" in run.up
    assert "ALTER DOMAIN public.d VALIDATE CONSTRAINT n" not in run.up
    assert not any("DROP DOMAIN" in statement for statement in run.up)


def test_a_check_is_validated_in_place(make_db: MakeDb) -> None:
    run = both_ways(
        make_db,
        "CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CONSTRAINT a CHECK (VALUE > 0) NOT VALID",
        "CREATE DOMAIN d AS int CONSTRAINT a CHECK (VALUE > 0)",
    )
    assert run.up == ("ALTER DOMAIN public.d VALIDATE CONSTRAINT a",)


@BOTH
def test_another_base_type_makes_a_new_domain(make_db: MakeDb, settings: Settings) -> None:
    users = """
        CREATE TABLE t (d d DEFAULT 1, ds d[], CHECK (d > 2));
        CREATE VIEW v AS SELECT * FROM t;
        CREATE FUNCTION f(d) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE DOMAIN e AS d;
        INSERT INTO t VALUES (3, '{1}');
    """
    both_ways(
        make_db,
        "CREATE DOMAIN d AS int CHECK (VALUE > 0);" + users,
        "CREATE DOMAIN d AS bigint CHECK (VALUE > 0);" + users,
        settings=settings,
    )


@BOTH
def test_checks_and_defaults_outlive_the_functions_they_call(make_db: MakeDb, settings: Settings) -> None:
    """The domain stays when a function that it calls is replaced, or when its own attributes change along."""
    body = "RETURNS {} LANGUAGE sql IMMUTABLE AS 'SELECT {}';"
    users = "CREATE TABLE t (d d); INSERT INTO t VALUES ('a');"
    run = both_ways(
        make_db,
        f"CREATE FUNCTION ok(text) {body.format('bool', 'true')} CREATE FUNCTION f() {body.format('text', '1')}"
        "CREATE DOMAIN d AS text DEFAULT f() CHECK (ok(VALUE));" + users,
        f"CREATE FUNCTION ok(text, int DEFAULT 3) {body.format('bool', 'true')}"
        "CREATE DOMAIN d AS text DEFAULT 'x' NOT NULL CHECK (ok(VALUE));" + users,
        settings=settings,
    )
    assert not any("DROP DOMAIN" in statement for statement in run.up)


def test_an_enum_takes_its_name(make_db: MakeDb) -> None:
    table = "CREATE TABLE t (d d DEFAULT 'a'); INSERT INTO t VALUES ('b');"
    both_ways(
        make_db,
        "CREATE DOMAIN d AS text CHECK (VALUE <> 'c');" + table,
        "CREATE TYPE d AS ENUM ('a', 'b');" + table,
    )


def test_a_column_of_a_constrained_domain_announces_its_rewrite(make_db: MakeDb) -> None:
    domains = "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE DOMAIN e AS d; CREATE TABLE t (a int"
    assert_both_ways(make_db, "", f"{domains});", f"{domains}, b d, c e, f d[]);")


@BOTH
@pytest.mark.parametrize(
    "holder",
    [
        "CREATE TABLE t (id d PRIMARY KEY, ds d[]); INSERT INTO t VALUES ('a', '{b}');",
        "CREATE DOMAIN e AS d; CREATE TABLE t (ds e[]); INSERT INTO t VALUES ('{b}');",
        "CREATE TYPE c AS (d d); CREATE TABLE t (c c); INSERT INTO t VALUES (ROW('a'));",
        "CREATE TYPE c AS (d d);",
    ],
    ids=["array", "domain in array", "composite", "unused composite"],
)
@pytest.mark.parametrize("tighter", ["CHECK (VALUE <> 'x')", "NOT NULL"])
def test_a_domain_inside_other_values_is_tightened_by_another(
    make_db: MakeDb, holder: str, tighter: str, settings: Settings
) -> None:
    """PostgreSQL refuses to check a domain that columns hold inside arrays and composites."""
    view = "CREATE FUNCTION f(d) RETURNS d LANGUAGE sql AS 'SELECT $1';"
    both_ways(
        make_db,
        "CREATE DOMAIN d AS text;" + holder + view,
        f"CREATE DOMAIN d AS text {tighter};" + holder + view,
        settings=settings,
    )
