"""Collations of every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import OFFLINE, both_ways, from_nothing, read

from migplan.core.ids import ObjectId
from migplan.core.settings import Settings
from migplan.kinds.collation import Collation

if TYPE_CHECKING:
    from tests.conftest import MakeDb


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        """
        CREATE COLLATION one_name (provider = libc, locale = 'C.UTF-8');
        CREATE COLLATION two_names (lc_collate = 'C', lc_ctype = 'C.UTF-8');
        CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE t (a text COLLATE loose);
        COMMENT ON COLLATION loose IS 'c';
        """,
    )


@pytest.mark.pg(min=16)
def test_rules(make_db: MakeDb) -> None:
    from_nothing(make_db, "CREATE COLLATION r (provider = icu, locale = 'de', rules = '&a < g')")


@pytest.mark.pg(min=17)
def test_builtin(make_db: MakeDb) -> None:
    url = make_db("CREATE COLLATION b (provider = builtin, locale = 'C.UTF-8')")
    found = read(url).get(ObjectId("collation", ("public", "b")), Collation)
    assert found is not None
    assert (found.provider, found.locale) == ("builtin", "C.UTF-8")
    from_nothing(make_db, "CREATE COLLATION b (provider = builtin, locale = 'C.UTF-8')")


@pytest.mark.parametrize("settings", [OFFLINE, Settings()], ids=["offline", "online"])
def test_another_definition_keeps_the_columns(make_db: MakeDb, settings: Settings) -> None:
    collation = "CREATE COLLATION c (provider = icu, locale = 'und-u-ks-level{}', deterministic = false);"
    users = """
        CREATE TABLE t (a text COLLATE c PRIMARY KEY, b text);
        CREATE INDEX i ON t (b COLLATE c);
        CREATE DOMAIN d AS text COLLATE c;
        INSERT INTO t VALUES ('a', 'b');
    """
    run = both_ways(make_db, collation.format(2) + users, collation.format(1) + users, settings=settings)
    assert not any("DROP COLUMN" in statement for statement in run.up)
