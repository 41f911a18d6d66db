"""Schemas, and `public`, which is there before anybody creates anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import both_ways, from_nothing, read

from migplan.core.model import OWNER, PUBLIC, Grant
from migplan.kinds.schema import PUBLIC_SCHEMA, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

BARE = "CREATE SCHEMA a;"
FULL = """
CREATE SCHEMA a; COMMENT ON SCHEMA a IS 'it''s "a"'; GRANT USAGE ON SCHEMA a TO PUBLIC;
GRANT CREATE ON SCHEMA a TO pg_monitor WITH GRANT OPTION; CREATE SCHEMA "A b"; CREATE TABLE "A b".t (id int);
"""
CHANGES_OF_PUBLIC = (
    "COMMENT ON SCHEMA public IS 'ours'",
    "COMMENT ON SCHEMA public IS NULL",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT CREATE ON SCHEMA public TO PUBLIC",
    "GRANT USAGE ON SCHEMA public TO pg_monitor",
    "DROP SCHEMA public",
    "DROP SCHEMA public; CREATE SCHEMA public",
    "DROP SCHEMA public; CREATE SCHEMA public; COMMENT ON SCHEMA public IS 'ours'",
)


def test_all_attributes_both_ways(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, FULL)
    both_ways(make_db, BARE, FULL)


@pytest.mark.parametrize("change", CHANGES_OF_PUBLIC)
def test_public_both_ways(make_db: Callable[[str], str], change: str) -> None:
    both_ways(make_db, "", change)
    both_ways(make_db, change, "")


def test_public_of_a_new_database_is_nothing_declared(make_db: Callable[[str], str]) -> None:
    public = read(make_db("")).get(PUBLIC_SCHEMA, Schema)
    assert public is not None
    assert (public.comment, public.grants) == (None, None)


def test_public_without_grants_is_told_from_the_initial_one(make_db: Callable[[str], str]) -> None:
    public = read(make_db("DROP SCHEMA public; CREATE SCHEMA public")).get(PUBLIC_SCHEMA, Schema)
    assert public is not None
    assert (public.comment, public.grants) == ("", (Grant(OWNER, "CREATE"), Grant(OWNER, "USAGE")))


def test_initial_grants_of_public_differ_by_version(make_db: Callable[[str], str], pg_major: int) -> None:
    public = read(make_db("GRANT USAGE ON SCHEMA public TO pg_monitor")).get(PUBLIC_SCHEMA, Schema)
    assert public is not None
    assert public.grants is not None
    everybody = {g.privilege for g in public.grants if g.grantee == PUBLIC}
    assert everybody == ({"USAGE", "CREATE"} if pg_major == 14 else {"USAGE"})
