"""Default privileges, and what they do to objects that the same plan creates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import both_ways, from_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = """
CREATE SCHEMA s;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO pg_monitor;
ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor REVOKE ALL ON TABLES FROM pg_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT, INSERT ON TABLES TO pg_monitor WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT USAGE ON SEQUENCES TO pg_monitor;
ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor IN SCHEMA s GRANT EXECUTE ON ROUTINES TO PUBLIC;
"""
CHANGES = (
    (
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO pg_monitor WITH GRANT OPTION",
    ),
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO pg_monitor",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO pg_read_all_stats",
    ),
)
OBJECTS = """
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, s serial); CREATE VIEW v AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE SEQUENCE q; CREATE TYPE e AS ENUM ('a'); CREATE SCHEMA n;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE EXTENSION citext; GRANT SELECT ON v TO pg_monitor;
"""
IN_FORCE = """
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO pg_monitor; ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO pg_monitor;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO pg_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON FUNCTIONS TO pg_monitor;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;
"""


def test_every_attribute(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, ALL)


@pytest.mark.pg(18)
def test_large_objects(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO pg_monitor")


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_altered_in_place(make_db: Callable[[str], str], old: str, new: str) -> None:
    both_ways(make_db, old, new)


def test_objects_created_before_them_are_not_granted_anything(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, OBJECTS + IN_FORCE)


def test_objects_created_under_them_are_granted_it(make_db: Callable[[str], str]) -> None:
    both_ways(make_db, IN_FORCE, IN_FORCE + OBJECTS.replace("CREATE EXTENSION citext;", ""))


def test_objects_created_under_them_may_do_without(make_db: Callable[[str], str]) -> None:
    """Declared before the default privileges, created where those are in force already."""
    both_ways(make_db, IN_FORCE, OBJECTS.replace("CREATE EXTENSION citext;", "") + IN_FORCE)
