"""Ranges with their multiranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import OFFLINE, both_ways, from_nothing

from migplan.core.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import MakeDb


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        """
        CREATE TYPE c AS (a int);
        CREATE FUNCTION diff(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT a - b';
        CREATE TYPE f AS RANGE (subtype = float8, subtype_diff = diff);
        CREATE TYPE t AS RANGE
          (subtype = text, collation = "C", subtype_opclass = text_pattern_ops, multirange_type_name = "Many t");
        CREATE TYPE r AS RANGE (subtype = c);
        CREATE TABLE u (a f, b "Many t" DEFAULT "Many t"(t('a', 'b')), c f_multirange[], d t[]);
        COMMENT ON TYPE f IS 'f';
        REVOKE USAGE ON TYPE f FROM PUBLIC;
        """,
    )


@pytest.mark.parametrize("settings", [OFFLINE, Settings()], ids=["offline", "online"])
def test_another_definition_makes_a_new_type(make_db: MakeDb, settings: Settings) -> None:
    users = """
        CREATE TABLE t (r r, m r_multirange, CHECK (NOT isempty(r)));
        CREATE INDEX i ON t USING gist (r);
        CREATE VIEW v AS SELECT lower(r) FROM t;
        CREATE FUNCTION f(r) RETURNS bool LANGUAGE sql AS 'SELECT true';
        INSERT INTO t VALUES ('[a,b)', '{[a,b)}');
    """
    both_ways(
        make_db,
        'CREATE TYPE r AS RANGE (subtype = text, collation = "C");' + users,
        'CREATE TYPE r AS RANGE (subtype = text, collation = "POSIX");' + users,
        settings=settings,
    )
